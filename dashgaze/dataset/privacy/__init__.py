"""Faces and plates of others, blurred."""
