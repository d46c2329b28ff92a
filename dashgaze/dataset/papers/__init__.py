"""What is said of the data set: card, datasheet, croissant, licence, figures."""
