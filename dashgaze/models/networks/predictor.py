"""A trained network as something that answers frames of a data set."""

import math
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent

from ..contract.batch import Batch, Output
from ..contract.network import GazeNetwork
from ..contract.pictures import PictureSource
from ..contract.predictions import Predictions
from ..contract.samples import Samples
from ..contract.scale import cov_px2_from_unit, px_from_unit

FloatArray = NDArray[np.float64]
WithoutFace = Literal["predict", "leave_out"]


class NetworkPredictor:
    """Answers frames with a network, as it is.

    Parameters
    ----------
    network
        Used in evaluation mode; neither its weights nor its mode are changed in the end.
    name
        What tables call it.
    batch_size
        Frames at a time.
    device
        Where it is computed.
    without_face
        Frames whose face was not found: answer them by what else is seen, or leave them out (NaN).
    """

    oracle = False

    def __init__(
        self,
        network: GazeNetwork,
        *,
        name: str,
        batch_size: int = 64,
        device: torch.device | str = "cpu",
        without_face: WithoutFace = "predict",
    ) -> None:
        if batch_size < 1:
            raise ValueError("batch_size must be at least 1")
        self.network = network
        self.name = name
        self.batch_size = batch_size
        self.device = device
        self.without_face = without_face

    def predict(
        self, samples: Samples, pictures: PictureSource | None, progress: Progress = silent
    ) -> Predictions:
        """Answer all frames of `samples`, in their order.

        Raises
        ------
        InputError
            If the network looks at pictures and there are none.
        """
        source = needed_pictures(self.network, pictures)
        answers = Answers(len(samples))
        training = self.network.training
        self.network.to(self.device).eval()
        try:
            with torch.no_grad():
                for start in range(0, len(samples), self.batch_size):
                    rows = np.arange(start, min(start + self.batch_size, len(samples)))
                    batch = read_batch(self.network, samples, source, rows, samples.sessions)
                    answers.add(rows, self.network(batch.to(self.device)))
                    progress(f"predicting with {self.name}", (rows[-1] + 1) / len(samples))
        finally:
            self.network.train(training)
        return answers.predictions(samples, without_face=self.without_face)


class NoPictures:
    """Stands for pictures where a network takes none."""

    def read(
        self, rows: NDArray[np.int64], name: str, size_px: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Give black pictures, none of them present."""
        width, height = size_px or (1, 1)
        return np.zeros((len(rows), 3, height, width), np.uint8), np.zeros(len(rows), bool)

    def take(self, rows: NDArray[np.int64]) -> "NoPictures":
        """Give the same."""
        return self


def needed_pictures(network: GazeNetwork, pictures: PictureSource | None) -> PictureSource:
    """Give the source of the pictures that a network looks at.

    Raises
    ------
    InputError
        If it looks at some and there is no source.
    """
    if pictures is not None:
        return pictures
    if network.picture_sizes_px:
        raise InputError(
            f"{network.name} looks at pictures ({', '.join(network.picture_sizes_px)}), but there are none.",
            fix="Pack the data set with pictures (dashgaze pack --images).",
        )
    return NoPictures()


def read_batch(
    network: GazeNetwork,
    samples: Samples,
    pictures: PictureSource,
    rows: NDArray[np.int64],
    sessions: list[str],
) -> Batch:
    """Read what a network needs of some rows."""
    from ..feeding.batches import make_batch

    return make_batch(samples, pictures, rows, sessions, network.picture_sizes_px)


class Answers:
    """Collects what a network says of n frames."""

    def __init__(self, count: int) -> None:
        self._xy = np.full((count, 2), np.nan)
        self._xy_sd: FloatArray | None = None
        self._angle: FloatArray | None = None
        self._angle_sd: FloatArray | None = None

    def add(self, rows: NDArray[np.int64], output: Output) -> None:
        """Add the answers to some rows."""
        self._xy[rows] = _numbers(output.xy)
        if output.xy_log_sd is not None:
            self._xy_sd = self._filled(self._xy_sd, rows, np.exp(_numbers(output.xy_log_sd)))
        if output.angle is not None:
            self._angle = self._filled(self._angle, rows, _numbers(output.angle))
        if output.angle_log_sd is not None:
            self._angle_sd = self._filled(
                self._angle_sd, rows, np.exp(_numbers(output.angle_log_sd))
            )

    def _filled(
        self, values: FloatArray | None, rows: NDArray[np.int64], new: FloatArray
    ) -> FloatArray:
        if values is None:
            values = np.full(self._xy.shape, np.nan)
        values[rows] = new
        return values

    def predictions(
        self,
        samples: Samples,
        *,
        without_face: WithoutFace = "predict",
        notes: dict[str, float | str | None] | None = None,
    ) -> Predictions:
        """Give them in px and degrees."""
        left_out = (
            ~samples.has_face if without_face == "leave_out" else np.zeros(len(samples), bool)
        )
        covariance = None
        if self._xy_sd is not None:
            variance = self._xy_sd**2
            unit = np.stack([variance[:, 0], np.zeros(len(samples)), variance[:, 1]], axis=1)
            covariance = _without(cov_px2_from_unit(unit, samples.road_size_px), left_out)
        degrees = math.degrees(1.0)
        return Predictions(
            xy_px=_without(px_from_unit(self._xy, samples.road_size_px), left_out),
            xy_cov_px2=covariance,
            angle_deg=None if self._angle is None else _without(self._angle * degrees, left_out),
            angle_sd_deg=None
            if self._angle_sd is None
            else _without(self._angle_sd * degrees, left_out),
            notes=notes,
        )


def _numbers(values: torch.Tensor) -> FloatArray:
    return values.detach().to("cpu", torch.float64).numpy()


def _without(values: FloatArray, left_out: NDArray[np.bool_]) -> FloatArray:
    return np.where(left_out[:, None], np.nan, values)
