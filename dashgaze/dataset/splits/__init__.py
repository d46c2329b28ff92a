"""Which session belongs to training, validation and test."""
