"""Videos and picture crops of the data set."""
