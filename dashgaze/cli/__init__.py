"""The command line: parses, calls one library function, prints."""

from .application import app, main

__all__ = ["app", "main"]
