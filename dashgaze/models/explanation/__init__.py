"""What a trained network looks at, and whether to believe it."""
