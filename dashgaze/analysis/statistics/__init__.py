"""Intervals, tests and models whose unit is the session."""
