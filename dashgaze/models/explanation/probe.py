"""What else a network's features tell: the session, the driver's eyewear, the turn of the head."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork

from .chosen_frames import Frames, rows_of

FloatArray = NDArray[np.float64]

_PENALTIES = np.logspace(-1, 4, 6)
LEAST_GROUPS = 3
"""Sessions without which nothing can be said of sessions that were not seen."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """How well a linear model reads something off one branch's features.

    Attributes
    ----------
    branch
        Whose features.
    target
        ``session``, ``eyewear``, ``head_yaw``, ``head_pitch``.
    value
        Share of frames named rightly for the first two, else R² (at most 1; below 0 it is worse than the mean).
    chance
        What always saying the most frequent answer would reach; 0 for R².
    tested
        ``later frames of the same sessions``, or ``other drivers``.
    """

    branch: str
    target: str
    value: float
    chance: float
    tested: str


def branch_features(
    network: GazeNetwork, frames: Frames, batch_size: int = 64
) -> Mapping[str, FloatArray]:
    """Give the features of each branch, shape (n, d)."""
    parts: dict[str, list[FloatArray]] = {}
    for first in range(0, len(frames), batch_size):
        rows = np.arange(first, min(first + batch_size, len(frames)), dtype=np.int64)
        with torch.inference_mode():
            features = network(rows_of(frames.batch, rows)).features
        for name, each in features.items():
            parts.setdefault(name, []).append(each.double().cpu().numpy())
    return {name: np.concatenate(each) for name, each in parts.items()}


def probe(network: GazeNetwork, frames: Frames) -> list[Probe]:
    """Read session, eyewear and head pose off each branch.

    The session is learned from the first half of each session and tested on the second: features that name
    it carry the car, the seat or the face, and a network can answer by that instead of by gaze. The others
    are tested on drivers that were not learned from, in turn.

    Parameters
    ----------
    network
        In evaluation mode.
    frames
        Ascending in time within each session.
    """
    found = []
    samples = frames.samples
    for branch, features in branch_features(network, frames).items():
        spread = features.std(axis=0)
        if not (spread > 0).any():
            continue
        inputs = (features - features.mean(axis=0))[:, spread > 0] / spread[spread > 0]
        session = _session_probe(branch, inputs, samples.session_id)
        eyewear = _class_probe(branch, inputs, samples.eyewear, samples.driver_id)
        found += [each for each in (session, eyewear) if each is not None]
        for place, name in enumerate(("head_yaw", "head_pitch")):
            one = _number_probe(
                branch, name, inputs, samples.head_pose_deg[:, place], samples.driver_id
            )
            found += [] if one is None else [one]
    return found


def _session_probe(branch: str, inputs: FloatArray, sessions: NDArray[np.str_]) -> Probe | None:
    names, counts = np.unique(sessions, return_counts=True)
    if len(names) < 2 or counts.min() < 4:
        return None
    early = np.zeros(len(sessions), dtype=np.bool_)
    for name, count in zip(names, counts, strict=True):
        early[np.flatnonzero(sessions == name)[: count // 2]] = True
    said = _classified(inputs[early], sessions[early], inputs[~early])
    return Probe(
        branch=branch,
        target="session",
        value=float((said == sessions[~early]).mean()),
        chance=float(np.unique(sessions[~early], return_counts=True)[1].max() / (~early).sum()),
        tested="later frames of the same sessions",
    )


def _class_probe(
    branch: str, inputs: FloatArray, labels: NDArray[np.str_], drivers: NDArray[np.str_]
) -> Probe | None:
    known = labels != ""
    inputs, labels, drivers = inputs[known], labels[known], drivers[known]
    names = set(labels.tolist())
    # Each answer has to be known from some other driver.
    if len(names) < 2 or any(len(set(drivers[labels == name].tolist())) < 2 for name in names):
        return None
    said = np.empty_like(labels)
    for driver in sorted(set(drivers.tolist())):
        out = drivers == driver
        said[out] = _classified(inputs[~out], labels[~out], inputs[out])
    return Probe(
        branch=branch,
        target="eyewear",
        value=float((said == labels).mean()),
        chance=float(np.unique(labels, return_counts=True)[1].max() / len(labels)),
        tested="other drivers",
    )


def _number_probe(
    branch: str, name: str, inputs: FloatArray, values: FloatArray, drivers: NDArray[np.str_]
) -> Probe | None:
    from sklearn.linear_model import RidgeCV

    known = np.isfinite(values)
    inputs, values, drivers = inputs[known], values[known], drivers[known]
    groups = sorted(set(drivers.tolist()))
    if len(groups) < LEAST_GROUPS or np.ptp(values) == 0:
        return None
    said = np.empty_like(values)
    for driver in groups:
        out = drivers == driver
        said[out] = RidgeCV(alphas=_PENALTIES).fit(inputs[~out], values[~out]).predict(inputs[out])
    rest = ((values - said) ** 2).sum() / ((values - values.mean()) ** 2).sum()
    return Probe(
        branch=branch, target=name, value=float(1 - rest), chance=0.0, tested="other drivers"
    )


def _classified(
    inputs: FloatArray, labels: NDArray[np.str_], asked: FloatArray
) -> NDArray[np.str_]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(set(labels.tolist())) == 1:
        return np.full(len(asked), labels[0])
    with warnings.catch_warnings():
        # A probe that stops early is a little worse; it is no fault of the network.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=0.1, max_iter=300).fit(inputs, labels)
    return np.asarray(model.predict(asked))
