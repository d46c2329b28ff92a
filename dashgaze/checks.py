"""What is in a session folder, what is missing, and how to mend it."""
