"""The page that makes a phone's browser the camera, and the server behind it."""
