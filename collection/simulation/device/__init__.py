"""An eye tracker to train and test with, that needs no hardware."""
