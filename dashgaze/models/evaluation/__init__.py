"""All models on the same frames, with intervals, as one report."""
