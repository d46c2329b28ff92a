"""A session's tables as the data set has them."""
