"""All models on the same frames, with intervals, as one report."""

from .evaluate import evaluate
from .options import EvaluateOptions

__all__ = ["EvaluateOptions", "evaluate"]
