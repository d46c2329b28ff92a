"""Gaze on the road for new videos of a driver."""
