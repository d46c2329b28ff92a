"""The eye tracker's phone, over its real-time interface."""
