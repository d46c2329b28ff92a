"""Gaze density, and how well saliency maps foretell it."""
