"""Smaller networks by chosen filters."""
