"""Gaze on the road in new videos of a dashcam pair, without an eye tracker."""

from .options import PredictOptions
from .predict import predict

__all__ = ["PredictOptions", "predict"]
