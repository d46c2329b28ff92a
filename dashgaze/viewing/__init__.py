"""Rerun: a drive's videos, gaze and all that was measured on one time line, to look around in."""

from .showing import Viewed, ViewOptions, show, view

__all__ = ["ViewOptions", "Viewed", "show", "view"]
