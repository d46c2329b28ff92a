"""The error on the validation sessions, while training; needs torch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..contract.network import GazeNetwork
from ..contract.pictures import PictureSource
from ..contract.samples import Samples
from ..contract.scale import direction, px_from_unit, unit_from_px
from ..feeding.batches import Feed, feed

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How well a network does on some sessions.

    Attributes
    ----------
    error_px
        Mean over sessions of their mean Euclidean error; None where no location is known.
    by_session_px
        Of each session.
    angle_deg
        Mean over sessions of their mean angle between gaze and answer; None where unknown or not given.
    """

    error_px: float | None
    by_session_px: dict[str, float]
    angle_deg: float | None


def judged_rows(samples: Samples) -> NDArray[np.int64]:
    """Choose the frames that count: gaze in view, eyes open; with or without a face."""
    located = samples.has_location & samples.gaze_in_view
    return np.flatnonzero((located | samples.has_angle) & ~samples.blink)


def judge(
    network: GazeNetwork,
    samples: Samples,
    pictures: PictureSource,
    how: Feed,
    *,
    device: torch.device | str = "cpu",
    add: Callable[[Tensor], Tensor] = lambda sums: sums,
    precision: Callable[[], AbstractContextManager[object]] | None = None,
) -> Judgement:
    """Measure a network; it is in evaluation mode meanwhile.

    Parameters
    ----------
    network
        On `device`.
    samples, pictures
        The frames (`judged_rows`); where gaze is out of view only the angle counts.
    how
        How they are fed.
    add
        Adds up what several processes found, each on its part of the frames.
    precision
        What the forward pass runs in.
    """
    sessions = samples.sessions
    number = {name: place for place, name in enumerate(sessions)}
    sums = np.zeros((len(sessions), 4))
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            for batch in feed(samples, pictures, how, sizes_px=network.picture_sizes_px):
                some = samples.take(batch.rows.numpy())
                places = np.array([number[name] for name in some.session_id.tolist()], np.int64)
                if precision is None:
                    output = network(batch.to(device))
                else:
                    with precision():
                        output = network(batch.to(device))
                xy = output.xy.double().cpu().numpy()
                errors = np.linalg.norm(
                    px_from_unit(xy, some.road_size_px) - some.gaze_road_px, axis=1
                )
                errors[~some.gaze_in_view] = np.nan
                _add(sums[:, :2], places, errors)
                if output.angle is not None:
                    angle_deg = np.degrees(output.angle.double().cpu().numpy())
                    _add(sums[:, 2:], places, _between_deg(angle_deg, some.gaze_angle_deg))
    finally:
        network.train(was_training)
    total = add(torch.from_numpy(sums).to(device)).cpu().numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        error_px, angle_deg = total[:, 0] / total[:, 1], total[:, 2] / total[:, 3]
    return Judgement(
        error_px=_mean(error_px),
        by_session_px={
            name: float(error_px[place]) for name, place in number.items() if total[place, 1]
        },
        angle_deg=_mean(angle_deg),
    )


def constant_error_px(train: Samples, validation: Samples) -> float | None:
    """Give the error of always answering the median of the training frames: what has to be beaten."""
    learned = train.has_location & train.gaze_in_view
    asked = validation.has_location & validation.gaze_in_view
    if not learned.any() or not asked.any():
        return None
    points = unit_from_px(train.gaze_road_px[learned], train.road_size_px[learned])
    some = validation.take(asked)
    answer = np.tile(np.median(points, axis=0), (len(some), 1))
    errors = np.linalg.norm(px_from_unit(answer, some.road_size_px) - some.gaze_road_px, axis=1)
    means = [errors[some.session_id == name].mean() for name in some.sessions]
    return float(np.mean(means))


def _add(sums: FloatArray, places: NDArray[np.int64], values: FloatArray) -> None:
    known = np.isfinite(values)
    np.add.at(sums[:, 0], places[known], values[known])
    np.add.at(sums[:, 1], places[known], 1.0)


def _between_deg(one_deg: FloatArray, other_deg: FloatArray) -> FloatArray:
    """Give angles between directions, shape (n,); NaN where one is unknown."""
    one, other = direction(one_deg), direction(other_deg)
    across = np.linalg.norm(np.cross(one, other), axis=1)
    between: FloatArray = np.degrees(np.arctan2(across, (one * other).sum(axis=1)))
    return between


def _mean(values: FloatArray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
