"""Shares of looks and of fixations on boxes, in all, by class, and by traffic."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import BoolArray, FloatArray, IndexArray
from .hits import RULES, Hits, Looks
from .placing import PlacedBoxes

SAME_TRACK_SHARE = 0.5
"""A fixation is on a thing if so much of its looks are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """What is counted apart.

    Attributes
    ----------
    kind_of_box
        Number of the class of each box.
    kinds
        Their names.
    level
        Of traffic of each row of the session, −1 unknown.
    levels
        Their names.
    """

    kind_of_box: IndexArray
    kinds: tuple[str, ...]
    level: IndexArray
    levels: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that `count_hits` gives: all, classes, levels of traffic."""
        return (
            "all",
            *(f"class {name}" for name in self.kinds),
            *(f"traffic {name}" for name in self.levels),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class HitCounts:
    """Counts; arrays of shape (3 rules, g groups), or (g,).

    Attributes
    ----------
    looks, fixations
        On boxes; those of the rule by probability are expectations.
    of_looks, of_fixations
        Of how many.
    """

    looks: FloatArray
    fixations: FloatArray
    of_looks: FloatArray
    of_fixations: FloatArray

    @property
    def look_share(self) -> FloatArray:
        """Shape (3, g); NaN of nothing."""
        return _share(self.looks, self.of_looks)

    @property
    def fixation_share(self) -> FloatArray:
        """Shape (3, g); NaN of nothing."""
        return _share(self.fixations, self.of_fixations)

    def __add__(self, other: "HitCounts") -> "HitCounts":
        return HitCounts(
            looks=self.looks + other.looks,
            fixations=self.fixations + other.fixations,
            of_looks=self.of_looks + other.of_looks,
            of_fixations=self.of_fixations + other.of_fixations,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """How much each look and each fixation counts: in all, and in its level of traffic.

    Attributes
    ----------
    look, look_in_level
        Shape (n,); 0 where it doesn't.
    fixation, fixation_in_level
        By number of the fixation, shape (f,).
    """

    look: FloatArray
    look_in_level: FloatArray
    fixation: FloatArray
    fixation_in_level: FloatArray

    @classmethod
    def of(cls, looks: Looks, weight: FloatArray, in_level: FloatArray) -> "Weights":
        """Give fixations the weight of their looks, which is one; shape (n,) each."""
        count = int(looks.fixation.max(initial=-1)) + 1
        inside = looks.fixation >= 0
        found = []
        for each in (weight, in_level):
            of_fixation = np.zeros(count)
            np.maximum.at(of_fixation, looks.fixation[inside], each[inside])
            found.append(of_fixation)
        return cls(
            look=weight, look_in_level=in_level, fixation=found[0], fixation_in_level=found[1]
        )


def count_hits(
    looks: Looks,
    placed: PlacedBoxes,
    groups: Groups,
    hits: Hits,
    level: IndexArray,
    weights: Weights,
) -> HitCounts:
    """Count the hits of some looks.

    Parameters
    ----------
    looks, placed, groups
        Gaze, boxes, and what is counted apart.
    hits
        What the looks are on.
    level
        Of traffic of each look; −1 where it does not count by traffic, shape (n,).
    weights
        How much looks and fixations count.
    """
    kinds, levels = len(groups.kinds), len(groups.levels)
    width = 1 + kinds + levels
    on, of = np.zeros((3, width)), np.zeros(width)
    fixations, of_fixations = np.zeros((3, width)), np.zeros(width)
    in_level = level >= 0
    of[: 1 + kinds] = weights.look.sum()
    of[1 + kinds :] = np.bincount(
        level[in_level], weights=weights.look_in_level[in_level], minlength=levels
    )
    for place, (look, box, mass) in enumerate(_weighted(hits)):
        weight = mass * weights.look[look]
        on[place, 0] = weight.sum()
        on[place, 1 : 1 + kinds] = np.bincount(
            groups.kind_of_box[box], weights=weight, minlength=kinds
        )
        of_level = in_level[look]
        on[place, 1 + kinds :] = np.bincount(
            level[look[of_level]],
            weights=(mass * weights.look_in_level[look])[of_level],
            minlength=levels,
        )
    fixated = (weights.look > 0) & (looks.fixation >= 0)
    counted = _fixations(looks, placed, groups, hits, fixated, weights.fixation)
    of_fixations[: 1 + kinds] = counted[0]
    fixations[:, 0], fixations[:, 1 : 1 + kinds] = counted[1], counted[2]
    for place in range(levels):
        chosen = (weights.look_in_level > 0) & (looks.fixation >= 0) & (level == place)
        counted = _fixations(looks, placed, groups, hits, chosen, weights.fixation_in_level)
        of_fixations[1 + kinds + place] = counted[0]
        fixations[:, 1 + kinds + place] = counted[1]
    return HitCounts(looks=on, fixations=fixations, of_looks=of, of_fixations=of_fixations)


def _weighted(hits: Hits) -> list[tuple[IndexArray, IndexArray, FloatArray]]:
    """Give look, box and mass of the hits by each rule."""
    found = []
    for box in (hits.box, hits.margin):
        look = np.flatnonzero(box >= 0)
        found.append((look, box[look], np.ones(len(look))))
    return [*found, (hits.look, hits.at, hits.mass)]


def _fixations(
    looks: Looks,
    placed: PlacedBoxes,
    groups: Groups,
    hits: Hits,
    chosen: BoolArray,
    weights: FloatArray,
) -> tuple[float, FloatArray, FloatArray]:
    """Count fixations, those on one thing by each rule, and those by class, shapes (3,) and (3, kinds)."""
    total = np.zeros(len(RULES))
    by_kind = np.zeros((len(RULES), len(groups.kinds)))
    if not chosen.any():
        return 0.0, total, by_kind
    size = np.bincount(looks.fixation[chosen], minlength=len(weights))
    count = float(weights[size > 0].sum())
    tracks = int(placed.boxes.track_id.max()) + 2 if len(placed.boxes) else 1
    for place, (look, box, weight) in enumerate(_weighted(hits)):
        kept = chosen[look]
        if not kept.any():
            continue
        look, box, weight = look[kept], box[kept], weight[kept]
        track = placed.boxes.track_id[box].astype(np.int64) + 1
        key = looks.fixation[look] * tracks + track
        unique, first, group = np.unique(key, return_index=True, return_inverse=True)
        fixation = unique // tracks
        share = np.bincount(group, weights=weight) / size[fixation]
        # The track with most of each fixation: sorted by fixation and share, it is the last one.
        order = np.lexsort((share, fixation))
        last = order[np.append(np.diff(fixation[order]) != 0, True)]
        value = share[last]
        if RULES[place] != "probability":
            value = (value >= SAME_TRACK_SHARE).astype(np.float64)
        value = value * weights[fixation[last]]
        total[place] = value.sum()
        kind = groups.kind_of_box[box[first[last]]]
        by_kind[place] = np.bincount(kind, weights=value, minlength=by_kind.shape[1])
    return count, total, by_kind


def areas_of(
    placed: PlacedBoxes, groups: Groups, picture: IndexArray, level: IndexArray
) -> FloatArray:
    """Give the share of the picture that boxes cover where one could look, mean over looks, shape (g,).

    Parameters
    ----------
    placed, groups
        Boxes, and what is counted apart.
    picture, level
        Of each look; −1 where there is none, shape (n,).
    """
    known = picture >= 0
    corners = placed.parts.corners_px
    areas = (corners[:, 2:] - corners[:, :2]).prod(axis=1) / (placed.size_px[0] * placed.size_px[1])
    seen = np.bincount(picture[known], minlength=len(placed.boxes.moment)).astype(np.float64)
    weight = areas * seen[placed.boxes.picture[placed.parts.box]]
    found = [float(weight.sum()) / max(seen.sum(), 1.0)]
    by_kind = np.bincount(
        groups.kind_of_box[placed.parts.box], weights=weight, minlength=len(groups.kinds)
    )
    found += (by_kind / max(seen.sum(), 1.0)).tolist()
    per_picture = placed.area_share
    for place in range(len(groups.levels)):
        rows = picture[known & (level == place)]
        found.append(float(per_picture[rows].mean()) if len(rows) else float("nan"))
    return np.array(found)


def _share(hits: FloatArray, of: FloatArray) -> FloatArray:
    return np.asarray(np.where(of > 0, hits / np.where(of > 0, of, 1.0), np.nan), dtype=np.float64)
