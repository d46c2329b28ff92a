"""The pictures of a view, read as recorded and written as the data set has them."""
