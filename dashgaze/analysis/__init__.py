"""Analyses of a packed data set that hold up to review: sessions are the units, never frames."""
