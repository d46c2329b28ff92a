"""Errors, densities, uncertainty, and intervals over sessions."""
