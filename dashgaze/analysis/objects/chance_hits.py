"""Hits of looks, and of the same looks at other moments."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import FloatArray
from .hit_counts import Groups, HitCounts, Weights, count_hits
from .hits import Hits, Looks, find_hits
from .other_moments import OtherMoments
from .placing import PlacedBoxes

_BLOCK_S = 20.0
"""Looks further apart say different things: for the error of one session's ratio."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ChanceHits:
    """What looks are on, and what they would be on at other moments.

    Attributes
    ----------
    counts, matched
        Of all looks, and of those that have other moments.
    chance
        Of the same looks at their other moments, with the same weights.
    seen, by_chance
        Mass of each of these looks in boxes, and that at other moments, both weighted, shape (n,).
    """

    counts: HitCounts
    matched: HitCounts
    chance: HitCounts
    seen: FloatArray
    by_chance: FloatArray


def hits_and_chance(
    looks: Looks, placed: PlacedBoxes, groups: Groups, others: OtherMoments
) -> ChanceHits:
    """Count hits at the looks' own moments, and at others.

    Parameters
    ----------
    looks, placed, groups
        Gaze, boxes, and what is counted apart.
    others
        Other moments of the looks.
    """
    picture = placed.picture_of_row[looks.row]
    own_level = groups.level[looks.row]
    own = find_hits(looks, placed, picture)
    level = np.where(picture >= 0, own_level, -1)
    ones = (picture >= 0).astype(np.float64)
    counts = count_hits(looks, placed, groups, own, level, Weights.of(looks, ones, ones))
    total, total_in_level = np.zeros(len(looks)), np.zeros(len(looks))
    by_chance = np.zeros(len(looks))
    chance = None
    for row, weight in zip(others.row, others.weight, strict=True):
        there = row >= 0
        hits = find_hits(looks, placed, np.where(there, placed.picture_of_row[row], -1))
        alike = there & (groups.level[row] == own_level)
        in_level = np.where(alike, weight, 0.0)
        counted = count_hits(
            looks,
            placed,
            groups,
            hits,
            np.where(alike, own_level, -1),
            Weights.of(looks, weight, in_level),
        )
        chance = counted if chance is None else chance + counted
        by_chance += _mass_of_look(hits, len(looks)) * weight
        total += weight
        total_in_level += in_level
    # The same pairs with the looks' own pictures: what is held against chance counts as chance does.
    matched = count_hits(
        looks, placed, groups, own, level, Weights.of(looks, total, total_in_level)
    )
    return ChanceHits(
        counts=counts,
        matched=matched,
        chance=matched if chance is None else chance,
        seen=_mass_of_look(own, len(looks)) * total,
        by_chance=by_chance,
    )


def _mass_of_look(hits: Hits, count: int) -> FloatArray:
    mass = np.bincount(hits.look, weights=hits.mass, minlength=count)
    return np.asarray(mass, dtype=np.float64)


def log_ratio_error(time_s: FloatArray, seen: FloatArray, by_chance: FloatArray) -> float:
    """Give the standard error of log Σ seen / Σ by chance, from blocks of 20 s; NaN with fewer than five."""
    total = float(by_chance.sum())
    if not total > 0 or not float(seen.sum()) > 0:
        return float("nan")
    block = np.unique(np.floor(time_s / _BLOCK_S), return_inverse=True)[1]
    count = int(block.max()) + 1
    if count < 5:
        return float("nan")
    ratio = float(seen.sum()) / total
    rest = np.bincount(block, weights=seen - ratio * by_chance)
    return float(np.sqrt(count / (count - 1) * (rest**2).sum()) / (ratio * total))
