"""From a packed data set to batches."""
