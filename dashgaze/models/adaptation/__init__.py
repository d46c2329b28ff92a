"""The session-supervised pretext task, and learning from it at test time."""
