"""Other moments of the same drive that are like a look's own: what chance is made of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..contract.study import BoolArray, FloatArray, IndexArray
from .surroundings import Surroundings

SPEED_SHARE, BEND_DEG = 0.2, 2.0
"""Speed and bend are alike within an ellipse with these half-axes: a car ahead is then as near, and as far aside. That
of speed is a share of speed and 10 km/h together, as gaps to a car ahead grow with speed and are not 0 at rest."""

_SPEED_ADDED_KM_H = 10.0
_MOMENT_S = 0.5
_ROWS_AT_ONCE = 512


@dataclass(frozen=True, kw_only=True, eq=False)
class OtherMoments:
    """Other moments of n looks.

    Attributes
    ----------
    row
        Frames, −1 where there is none, shape (draws, n).
    weight
        How much each pair counts, 0 where there is none, shape (draws, n). Its sum over draws and looks is the number of
        looks that have other moments.
    """

    row: IndexArray
    weight: FloatArray


def other_moments(
    row: IndexArray,
    together: IndexArray,
    searched: BoolArray,
    time_s: FloatArray,
    around: Surroundings,
    *,
    draws: int,
    least_apart_s: float,
    seed: int,
) -> OtherMoments:
    """Draw for each look frames of other looks of the session, at the same speed and in the same bend.

    Standing is held against standing, and moving against moving. Looks of one fixation are moved together, so that
    a fixation stays one. What of speed and bend is known of no frame is not kept alike; frames of which it is
    not known are left out, else.

    Every pair of moments counts as much one way as the other: 1 / √(a b) for moments that have a and b others like them.
    So each moment's objects have the same say in what is seen as in chance. If looks counted alike instead, those of a
    long spell of traffic would be held against a short one elsewhere, which has fewer objects: more than chance, without
    anybody looking.

    Parameters
    ----------
    row
        Frames of the looks, ascending, shape (n,).
    together
        Number of the fixation of each look; −1 for looks outside of any, shape (n,).
    searched
        Frames whose pictures were searched for objects, shape (f,).
    time_s, around
        Of the session's f frames.
    draws
        How many frames are drawn for each look.
    least_apart_s
        Moments that are nearer in time don't count: a look and its object last longer than a frame.
    seed
        Of the draws.
    """
    found = np.full((draws, len(row)), -1, dtype=np.int64)
    weight = np.zeros((draws, len(row)))
    if not len(row):
        return OtherMoments(row=found, weight=weight)
    unit = _units(together, time_s[row])
    middle = np.rint(np.bincount(unit, weights=row) / np.bincount(unit)).astype(np.int64)
    usable = searched[middle]
    others = np.array(
        [
            count
            for _, alike in _alike(middle, usable, time_s, around, least_apart_s)
            for count in alike.sum(axis=1).tolist()
        ],
        dtype=np.float64,
    )
    rng = np.random.default_rng(seed)
    offset = np.full((len(middle), draws), len(time_s), dtype=np.int64)
    pair_weight = np.zeros((len(middle), draws))
    for start, alike in _alike(middle, usable, time_s, around, least_apart_s):
        flat = np.flatnonzero(alike)
        count = alike.sum(axis=1)
        first = np.concatenate([[0], np.cumsum(count)[:-1]])
        # With replacement, so that a moment that is one of few counts as often as it has to.
        pick = (rng.random((len(count), draws)) * count[:, None]).astype(np.int64)
        some = np.flatnonzero(count)
        drawn = flat[(first[:, None] + pick)[some]] % len(middle)
        offset[start + some] = middle[drawn] - middle[start + some][:, None]
        pair_weight[start + some] = np.sqrt(others[start + some][:, None] / others[drawn])
    moved = row[None, :] + offset.T[:, unit]
    inside = (moved >= 0) & (moved < len(time_s))
    inside &= searched[np.where(inside, moved, 0)] & searched[row]
    found[inside] = moved[inside]
    weight[inside] = pair_weight.T[:, unit][inside]
    total = float(weight.sum())
    kept = int(np.count_nonzero(inside.any(axis=0)))
    return OtherMoments(row=found, weight=weight * (kept / total) if total > 0 else weight)


def _units(together: IndexArray, time_s: FloatArray) -> IndexArray:
    """Give what is moved together a number from 0: fixations, and looks outside of any in the same half second."""
    alone = together < 0
    span = np.floor(time_s / _MOMENT_S).astype(np.int64)
    key = np.where(alone, together.max(initial=0) + 1 + span, together)
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def _alike(
    middle: IndexArray,
    usable: BoolArray,
    time_s: FloatArray,
    around: Surroundings,
    least_apart_s: float,
) -> Iterator[tuple[int, BoolArray]]:
    """Tell for some moments at a time which of all moments are like them, shape (some, moments)."""
    tracks = []
    if around.speed_known:
        # Standing and moving are as far apart as can be.
        tracks.append(np.where(around.stopped >= 0, 1e9 * around.stopped, np.nan))
        moving = np.log(around.speed_km_h + _SPEED_ADDED_KM_H) / SPEED_SHARE
        tracks.append(np.where(around.stopped == 1, 0.0, moving))
    if around.bend_source != "none":
        tracks.append(around.bend_deg / BEND_DEG)
    for start in range(0, len(middle), _ROWS_AT_ONCE):
        rows = middle[start : start + _ROWS_AT_ONCE]
        alike = np.abs(time_s[rows][:, None] - time_s[middle][None, :]) >= least_apart_s
        alike &= usable[start : start + _ROWS_AT_ONCE][:, None] & usable[None, :]
        distance = np.zeros(alike.shape)
        for track in tracks:
            distance += (track[rows][:, None] - track[middle][None, :]) ** 2
        # NaN is like nothing: no comparison with it holds.
        yield start, alike & (distance < 1.0)
