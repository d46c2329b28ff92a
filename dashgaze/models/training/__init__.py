"""Training, resumable, and checkpoints."""
