"""Canonical model saliency: the mean of the maps of many frames, and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.progress import Progress, silent

from .canonical import canonical_map, face_effects
from .chosen_frames import Frames
from .displacement import LEAST_EFFECT, Head
from .face_surface import FaceSurface
from .names import PATCH_PX, Fill, InputName

FloatArray = NDArray[np.float64]

LEAST_SEEN = 0.2
"""Share of the frames in which a place has to be seen, or it stays empty."""

_DRAWS = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameMaps:
    """Canonical maps of n frames.

    Attributes
    ----------
    maps
        By head, shape (n, height, width), float32, px or degrees; NaN where a frame shows nothing.
    rows
        Rows of the `Frames`, shape (n,).
    sessions
        The session of each, shape (n,).
    left_out
        Frames over which the plain face could not be laid.
    largest
        By head, the largest displacement of all.
    """

    maps: Mapping[Head, NDArray[np.float32]]
    rows: NDArray[np.int64]
    sessions: NDArray[np.str_]
    left_out: int
    largest: Mapping[Head, float]

    def __len__(self) -> int:
        return len(self.rows)

    def effect(self, head: Head) -> bool:
        """Whether covering anything moves this head's answer at all."""
        return self.largest[head] >= LEAST_EFFECT[head]


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelMap:
    """What a network looks at, on the plain face.

    Attributes
    ----------
    mean
        Mean of the sessions' mean maps, shape (height, width), px or degrees; NaN where seldom seen.
    standard_error
        Over sessions, same shape; None with one session.
    frames, sessions
        How many it is the mean of.
    """

    mean: FloatArray
    standard_error: FloatArray | None
    frames: int
    sessions: int


def frame_maps(
    network: GazeNetwork,
    frames: Frames,
    surface: FaceSurface,
    name: InputName = "face",
    *,
    fill: Fill = "mean",
    patch_px: float = PATCH_PX,
    every: int = 1,
    batch_size: int = 128,
    progress: Progress = silent,
) -> FrameMaps:
    """Make the canonical map of each frame; see `canonical.face_effects`."""
    maps: dict[Head, list[NDArray[np.float32]]] = {}
    largest: dict[Head, float] = {}
    rows = []
    for row in range(len(frames)):
        effects = face_effects(
            network,
            frames,
            row,
            surface,
            name,
            fill=fill,
            patch_px=patch_px,
            every=every,
            batch_size=batch_size,
        )
        progress("covering places of the face", (row + 1) / len(frames))
        if effects is None:
            continue
        rows.append(row)
        for head, moved in effects.moved.items():
            maps.setdefault(head, []).append(
                canonical_map(surface, effects, moved).astype(np.float32)
            )
            largest[head] = max(largest.get(head, 0.0), float(moved.max(initial=0.0)))
    chosen = np.array(rows, dtype=np.int64)
    return FrameMaps(
        maps={head: np.stack(each) for head, each in maps.items()},
        rows=chosen,
        sessions=frames.sessions[chosen],
        left_out=len(frames) - len(rows),
        largest=largest,
    )


def model_map(maps: NDArray[np.float32], sessions: NDArray[np.str_]) -> ModelMap:
    """Average maps: over the frames of each session, then over sessions.

    A place counts in the frames that show it. (Printed is a mean over all frames with 0 where a place is not
    seen, which makes a turned cheek look unimportant.)

    Parameters
    ----------
    maps
        Shape (n, height, width); NaN where not seen.
    sessions
        Shape (n,).
    """
    names = sorted(set(sessions.tolist()))
    seen = np.isfinite(maps).mean(axis=0)
    of_sessions = np.stack([_mean(maps[sessions == name]) for name in names])
    mean = _mean(of_sessions)
    mean[seen < LEAST_SEEN] = np.nan
    error = None
    if len(names) > 1:
        counts = np.isfinite(of_sessions).sum(axis=0)
        off = np.where(np.isfinite(of_sessions), of_sessions - mean, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.sqrt((off**2).sum(axis=0) / (counts - 1) / counts)
        error[(counts < 2) | np.isnan(mean)] = np.nan
    return ModelMap(mean=mean, standard_error=error, frames=len(maps), sessions=len(names))


def convergence(
    maps: NDArray[np.float32], *, seed: int, counts: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """Say how alike the maps of two halves of the frames are, for growing numbers of frames.

    Parameters
    ----------
    maps
        Shape (n, height, width).
    seed
        Of the draws: halves are drawn at random 20 times.
    counts
        Frames in each half; powers of two up to n / 2 if None.

    Returns
    -------
    list
        Frames in each half, and the mean correlation (Pearson) of the halves' maps.
    """
    random = np.random.default_rng(seed)
    half = len(maps) // 2
    if counts is None:
        counts = sorted({min(2**power, half) for power in range(12)} - {0})
    answer = []
    for count in counts:
        values = []
        for _ in range(_DRAWS):
            drawn = random.permutation(len(maps))[: 2 * count]
            values.append(alike(_mean(maps[drawn[:count]]), _mean(maps[drawn[count:]])))
        known = [value for value in values if np.isfinite(value)]
        if known:
            answer.append((int(count), float(np.mean(known))))
    return answer


def alike(one: FloatArray, other: FloatArray) -> float:
    """Give the correlation (Pearson) of two maps where both are known; NaN if one of them is flat."""
    both = np.isfinite(one) & np.isfinite(other)
    a, b = one[both].astype(np.float64), other[both].astype(np.float64)
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _mean(maps: NDArray[np.floating]) -> FloatArray:
    """Mean over the first axis of what is known; NaN where nothing is."""
    known = np.isfinite(maps)
    count = known.sum(axis=0)
    total = np.where(known, maps, 0.0).sum(axis=0, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)
