"""A drive from form to stop: what has to hold, in which order, and what survives a crash."""
