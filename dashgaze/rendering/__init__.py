"""Overlay videos: all views of a drive side by side, with gaze."""

from .options import RenderOptions
from .overlay import Overlay, make_overlay, render

__all__ = ["Overlay", "RenderOptions", "make_overlay", "render"]
