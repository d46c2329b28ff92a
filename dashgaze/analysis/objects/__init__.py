"""Gaze on things: boxes, hits, and what chance would give."""
