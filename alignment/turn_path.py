"""The way the head turned between frames, by gyroscope or by guess, and how far off that is.

How well a turn between two known maps is filled in differs from head to head and from device to device:
the gyroscope also feels the car turn, and its bias drifts. It is therefore measured on the drive itself.
Stretches in which every frame has a direct match are taken for gaps, filled in, and compared.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .finite import finite_rows
from .map_turn import turn_between_maps
from .rotation import rotation_matrix, rotation_vector

GAP_LENGTHS = (2, 4, 8, 16, 32, 64, 128)
"""Lengths of the gaps that are tried, in frames from one known map to the next."""

TRIALS = 150
"""Most gaps that are tried of each length."""

LONGEST_STEP_S = 0.25
"""Frames further apart are not neighbours: nothing is carried from one to the other."""

STEADY_QUANTILE = 0.99
"""For a guess, the trials that went worst count: real gaps are where the head turned fast."""

_LEAST_PART = 0.4
_FEWEST_TRIALS = 8
_WITHOUT_TRIALS_RAD = 0.01
"""Error in the middle of a gap of two frames where it could not be measured; grows with the length."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TurnPath:
    """How the head turned from frame to frame; arrays over n frames.

    Attributes
    ----------
    orientation
        Product of all turns up to each frame, shape (n, 3, 3).
    stretch
        Number of the stretch without missing turns that each frame belongs to, shape (n,).
    turn_rad
        The turns it was added up from, shape (n, 3).
    time_s
        Times of the frames, shape (n,).
    """

    orientation: NDArray[np.float64]
    stretch: NDArray[np.int64]
    turn_rad: NDArray[np.float64]
    time_s: NDArray[np.float64]

    @classmethod
    def from_turns(cls, turn_rad: NDArray[np.float64], time_s: NDArray[np.float64]) -> "TurnPath":
        """Add up turns from frame to frame, shape (n, 3).

        A new stretch begins where one is NaN, and where frames are missing.
        """
        orientation = np.empty((len(turn_rad), 3, 3))
        current = np.eye(3)
        known = finite_rows(turn_rad)
        known[1:] &= np.diff(time_s) <= LONGEST_STEP_S
        for i, turn in enumerate(turn_rad):
            if known[i]:
                current = current @ rotation_matrix(turn)
            orientation[i] = current
        return cls(
            orientation=orientation,
            stretch=np.cumsum(~known),
            turn_rad=turn_rad,
            time_s=time_s,
        )

    def knows(self, first: int, last: int) -> bool:
        """Tell whether the turn between two frames is known."""
        return bool(self.stretch[first] == self.stretch[last])

    def turn(self, first: int, last: int) -> NDArray[np.float64]:
        """Give the rotation from one frame to another, shape (3, 3)."""
        return np.asarray(self.orientation[first].T @ self.orientation[last])

    def closed_turn(
        self, first: int, at: int, last: int, whole: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Give the rotation from a frame to one within a gap whose whole turn is known.

        What the path misses of the whole turn is spread evenly over time, as a bias does.

        Parameters
        ----------
        first, at, last
            The gap's ends and the frame between them.
        whole
            Rotation from the first to the last, shape (3, 3).
        """
        missed = rotation_vector(self.turn(first, last).T @ whole)
        part = (self.time_s[at] - self.time_s[first]) / (self.time_s[last] - self.time_s[first])
        return np.asarray(self.turn(first, at) @ rotation_matrix(part * missed))


@dataclass(frozen=True, kw_only=True, eq=False)
class TurnErrors:
    """How far off a path is, measured; standard deviations per axis, rad.

    Attributes
    ----------
    closed_rad
        In the middle of gaps of `GAP_LENGTHS` with both ends known, shape (k,).
    open_rad
        So many frames after the last known map, shape (k,).
    trials
        Gaps that were tried of each length, shape (k,).
    """

    closed_rad: NDArray[np.float64]
    open_rad: NDArray[np.float64]
    trials: NDArray[np.int64]

    def closed(self, before: int, after: int) -> float:
        """Give the error so many frames after one known map and before the next one."""
        length = before + after
        middle = float(np.interp(np.log(length), np.log(GAP_LENGTHS), self.closed_rad))
        part = before / length
        return middle * 2 * float(np.sqrt(part * (1 - part)))

    def open(self, frames: int) -> float:
        """Give the error so many frames away from the only known map."""
        at_length = float(np.interp(np.log(frames), np.log(GAP_LENGTHS), self.open_rad))
        return at_length * max(1.0, frames / GAP_LENGTHS[-1])


def steady_path(time_s: NDArray[np.float64]) -> TurnPath:
    """Give the path of a head that doesn't turn; closed, that of one that turns evenly."""
    return TurnPath.from_turns(np.zeros((len(time_s), 3)), time_s)


def measure_path(
    path: TurnPath,
    normal_map: NDArray[np.float64],
    height_part: float,
    *,
    noise_rad: float = 0.0,
    quantile: float = 0.75,
    as_if: float = 0.75,
    seed: int = 0,
    known_turns: dict[tuple[int, int], NDArray[np.float64]] | None = None,
) -> tuple[TurnPath, TurnErrors]:
    """Find a path's bias and errors on frames whose maps are known.

    Parameters
    ----------
    path
        The path.
    normal_map
        Direct maps of its frames, shape (n, 3, 3); NaN where there is none that can be trusted.
    height_part
        Height of the road picture divided by its width.
    noise_rad
        Noise of the maps themselves per axis, rad, which is counted elsewhere.
    quantile, as_if
        Which of the trials, ordered by their errors, is taken for which of a normal distribution: the
        same where they are like real gaps, a lower one where real gaps are worse.
    seed
        Of the choice of trials.
    known_turns
        Turns between two frames by their maps, by the frames' rows; those that are found are added. For several paths
        along the same maps, which mostly are tried at the same frames.

    Returns
    -------
    path, errors
        The path with its bias, and how far off it is.
    """
    rng = np.random.default_rng(seed)
    known = finite_rows(normal_map)

    turns = {} if known_turns is None else known_turns

    def turn(first: int, last: int) -> NDArray[np.float64]:
        found = turns.get((first, last))
        if found is None:
            found = rotation_matrix(
                turn_between_maps(normal_map[first], normal_map[last], height_part)
            )
            turns[first, last] = found
        return found

    path = _without_bias(path, turn, known, rng)
    closed, opened, trials = [], [], []
    for length in GAP_LENGTHS:
        first = _starts(path, known, (0, length // 2, length), rng)
        # Gaps that overlap are hardly more than one.
        if known.sum() < _FEWEST_TRIALS * length:
            first = []
        in_gap, after = [], []
        for a in first:
            middle, b = a + length // 2, a + length
            whole = turn(a, b)
            missed = path.closed_turn(a, middle, b, whole).T @ turn(a, middle)
            in_gap.append(rotation_vector(missed)[:2])
            after.append(rotation_vector(path.turn(a, b).T @ whole)[:2])
        closed.append(_spread(in_gap, quantile, as_if))
        opened.append(_spread(after, quantile, as_if))
        trials.append(len(first))
    return path, TurnErrors(
        # in a closed gap three maps are compared, two of them with half a weight
        closed_rad=_filled(_without_noise(closed, noise_rad * np.sqrt(1.5))),
        open_rad=_filled(_without_noise(opened, noise_rad * np.sqrt(2))),
        trials=np.array(trials),
    )


def _without_noise(measured: list[float], noise_rad: float) -> list[float]:
    """Take off the noise of the maps compared with, as far as it can be known."""
    return [
        float(np.sqrt(max(each**2 - noise_rad**2, (_LEAST_PART * each) ** 2))) for each in measured
    ]


def _without_bias(
    path: TurnPath,
    turn: Callable[[int, int], NDArray[np.float64]],
    known: NDArray[np.bool_],
    rng: np.random.Generator,
) -> TurnPath:
    length = 8
    first = _starts(path, known, (0, length), rng)
    if len(first) < _FEWEST_TRIALS:
        return path
    extra = [rotation_vector(turn(a, a + length).T @ path.turn(a, a + length)) for a in first]
    return TurnPath.from_turns(path.turn_rad - np.median(extra, axis=0) / length, path.time_s)


def _starts(
    path: TurnPath, known: NDArray[np.bool_], offsets: tuple[int, ...], rng: np.random.Generator
) -> list[int]:
    """Choose frames from which all offsets lead to known maps over a known way."""
    length = offsets[-1]
    first = np.arange(max(0, len(known) - length))
    good = path.stretch[first] == path.stretch[first + length]
    for offset in offsets:
        good &= known[first + offset]
    first = first[good]
    if len(first) > TRIALS:
        first = np.sort(rng.choice(first, TRIALS, replace=False))
    return [int(each) for each in first]


def _spread(errors: list[NDArray[np.float64]], quantile: float, as_if: float) -> float:
    """Give the standard deviation per axis from a quantile of the lengths, taken for a lower one."""
    if len(errors) < _FEWEST_TRIALS:
        return float("nan")
    lengths = np.hypot(*np.array(errors).T)
    return float(np.quantile(lengths, quantile) / np.sqrt(-2 * np.log(1 - as_if)))


def _filled(measured: list[float]) -> NDArray[np.float64]:
    """Fill lengths that could not be tried from the shorter ones, growing with the length."""
    lengths = np.array(GAP_LENGTHS, dtype=np.float64)
    result = np.empty(len(lengths))
    last = None
    for k, value in enumerate(measured):
        if np.isfinite(value):
            last = k
            result[k] = value
        elif last is None:
            result[k] = _WITHOUT_TRIALS_RAD * lengths[k] / lengths[0]
        else:
            # as a rate does that was not seen to change, with something for what was not seen
            result[k] = 2 * result[last] * lengths[k] / lengths[last]
    return np.maximum.accumulate(result)
