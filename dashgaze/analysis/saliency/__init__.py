"""Gaze density, and how well saliency maps foretell it."""

from .density_maps import DensityMapOptions, density_maps
from .evaluation import evaluate_saliency
from .options import LabelledBoxes, SaliencyOptions

__all__ = [
    "DensityMapOptions",
    "LabelledBoxes",
    "SaliencyOptions",
    "density_maps",
    "evaluate_saliency",
]
