"""A session folder: one drive, its manifest and its files."""
