"""Whole session folders of simulated drives: files as devices make them, and the truth beside them."""
