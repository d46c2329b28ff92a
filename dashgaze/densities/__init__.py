"""Densities of gaze on a grid over the road picture, and how well they tell where gaze is.

Arrays in, dataclasses out; models are scored by these, and maps that others made.
"""
