"""What the analyses pass to one another."""
