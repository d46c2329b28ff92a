"""How good the data are, and the reporting items that journals ask for."""

from .accuracy import Accuracy, read_accuracy
from .data_quality import data_quality
from .methods import methods_text
from .options import QualityLimits, QualityOptions

__all__ = [
    "Accuracy",
    "QualityLimits",
    "QualityOptions",
    "data_quality",
    "methods_text",
    "read_accuracy",
]
