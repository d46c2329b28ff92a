"""A small 3-D world and what cameras see of it."""
