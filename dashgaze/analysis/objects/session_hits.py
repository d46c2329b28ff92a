"""Gaze of one session on objects, and what it would be by chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import FloatArray, IndexArray, SessionData
from ..study.traffic import TRAFFIC
from .chance_hits import hits_and_chance, log_ratio_error
from .hit_counts import Groups, HitCounts, areas_of
from .hits import Looks, margin_px, whole_covariance
from .options import ObjectOptions
from .other_moments import other_moments
from .placing import PlacedBoxes
from .surroundings import BendSource, surroundings_of

SHORTEST_APARTS = 4
"""A session has to be so many times as long as moments have to be apart."""

_LEAST_CHANCE_LOOKS = 3.0
"""Independent looks on boxes that chance has to give for the ratio of one session to say anything."""
_LOOKS_A_SECOND = 2.0
"""Independent ones, where fixations are not known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionHits:
    """Hits of a session; shares have the shape (3 rules, g groups).

    Attributes
    ----------
    session_id, driver_id
        Whose.
    groups
        Names of the g groups: ``all``, ``class …``, ``traffic …``.
    seconds, matched_seconds
        Of looks, and of those for which there are other moments like theirs, shape (g,).
    counts
        Of looks and fixations.
    matched, chance
        Of those for which there are other moments, and the same with the boxes of these: means over moments.
    log_ratio_error
        Standard error of the log of the ratio to chance of this session alone, by probability; NaN if unknown.
    area
        Share of the picture that boxes cover, mean over looks, shape (g,).
    unknown
        What could not be kept alike, or not well: ``speed``, ``bends``.
    bend_source
        What tells bends.
    error_deg, error_is_assumed
        Of the eye tracker.
    boxes_a_picture
        Mean.
    median_size_deg
        Of boxes, width and height.
    cannot_say
        Why there is no chance; "" if there is.
    """

    session_id: str
    driver_id: str
    groups: tuple[str, ...]
    seconds: FloatArray
    matched_seconds: FloatArray
    counts: HitCounts
    matched: HitCounts
    chance: HitCounts
    log_ratio_error: float
    area: FloatArray
    unknown: tuple[str, ...]
    bend_source: BendSource
    error_deg: float
    error_is_assumed: bool
    boxes_a_picture: float
    median_size_deg: tuple[float, float]
    cannot_say: str = ""

    def place(self, group: str) -> int | None:
        """Give the column of a group; None if the session has it not."""
        return self.groups.index(group) if group in self.groups else None

    def observed_expected(
        self, rule: int, group: int, *, fixations: bool = False
    ) -> tuple[float, float]:
        """Give the share of looks (or of fixations) on boxes, and that by chance, of the same looks; NaN if there are none."""
        if fixations:
            seen, chance = self.matched.fixation_share, self.chance.fixation_share
        else:
            seen, chance = self.matched.look_share, self.chance.look_share
        return float(seen[rule, group]), float(chance[rule, group])

    def log_ratio(self, rule: int, group: int) -> float:
        """Give the log of this session's ratio to chance; NaN if chance gives too little to say anything.

        Half a look is added to both. It describes the session; over sessions sums are compared, not logs.
        """
        seen, chance = self.observed_expected(rule, group)
        looks = self.independent(group)
        if not np.isfinite(chance) or chance * looks < _LEAST_CHANCE_LOOKS:
            return float("nan")
        return float(np.log((seen * looks + 0.5) / (chance * looks + 0.5)))

    def independent(self, group: int) -> float:
        """Give the number of looks of a group that have chance, frames of one fixation as one."""
        fixations = float(self.matched.of_fixations[group])
        seconds = float(self.matched_seconds[group])
        return fixations if fixations > 0 else seconds * _LOOKS_A_SECOND


def session_hits(
    session: SessionData,
    directions: GazeDirections,
    placed: PlacedBoxes,
    level: IndexArray,
    kinds: Sequence[str],
    options: ObjectOptions,
    *,
    seed: int,
) -> SessionHits:
    """Count a session's looks and fixations on boxes, and those of chance.

    Parameters
    ----------
    session, directions, placed
        Gaze and boxes.
    level
        Of traffic, of each frame, shape (n,).
    kinds
        Classes that are counted apart.
    options
        How.
    seed
        Of the draws of other moments.
    """
    error_deg, assumed = options.error_deg(session.session_id)
    looks = looks_of(session, directions, options)
    boxes = placed.boxes
    names = {name: place for place, name in enumerate(kinds)}
    different, code = np.unique(boxes.kind, return_inverse=True)
    numbers = np.array([names.get(str(name), len(kinds)) for name in different], dtype=np.int64)
    # What is none of the classes that are counted apart gets a column that is dropped.
    groups = Groups(
        kind_of_box=numbers[code] if len(different) else np.zeros(0, dtype=np.int64),
        kinds=(*kinds, ""),
        level=level,
        levels=TRAFFIC,
    )
    around = surroundings_of(session)
    length_s = float(session.time_s[-1] - session.time_s[0]) if len(session) > 1 else 0.0
    least_s = SHORTEST_APARTS * options.least_apart_s
    picture = placed.picture_of_row[looks.row]
    why = ""
    if length_s < least_s:
        why = (
            f"It is {length_s:.0f} s long; other moments at least {options.least_apart_s:g} s apart need "
            f"{least_s:g} s."
        )
    elif not (picture >= 0).any():
        why = "None of its gaze falls on frames whose pictures were searched."
    others = other_moments(
        looks.row,
        looks.fixation,
        # Of a session that is too short no moment counts.
        (placed.picture_of_row >= 0) & (not why),
        session.time_s,
        around,
        draws=options.moments,
        least_apart_s=options.least_apart_s,
        seed=seed,
    )
    found = hits_and_chance(looks, placed, groups, others)
    step_s = _look_step_s(session, options)[1]
    if not why and not found.matched.of_looks[0]:
        why = "Too little driving at any speed and in any bend: no look has other moments like its own."
    sizes = boxes.corners_px[:, 2:] - boxes.corners_px[:, :2]
    size = np.median(sizes, axis=0) if len(sizes) else np.full(2, np.nan)
    usual = np.degrees(2 * np.arctan(size / 2 / directions.focal_px))
    return SessionHits(
        session_id=session.session_id,
        driver_id=session.driver_id,
        groups=groups.names,
        seconds=found.counts.of_looks * step_s,
        matched_seconds=found.matched.of_looks * step_s,
        counts=found.counts,
        matched=found.matched,
        chance=found.chance,
        log_ratio_error=log_ratio_error(session.time_s[looks.row], found.seen, found.by_chance),
        area=areas_of(placed, groups, picture, groups.level[looks.row]),
        unknown=around.unknown,
        bend_source=around.bend_source,
        error_deg=error_deg,
        error_is_assumed=assumed,
        boxes_a_picture=len(boxes) / max(len(boxes.moment), 1),
        median_size_deg=(float(usual[0]), float(usual[1])),
        cannot_say=why,
    )


def looks_of(session: SessionData, directions: GazeDirections, options: ObjectOptions) -> Looks:
    """Give the gaze that counts: selected, in view, thinned.

    Parameters
    ----------
    session, directions
        Of the session; frames whose direction is NaN don't count.
    options
        The tracker's error, the margin, and how many looks a second.
    """
    usable = np.isfinite(directions.camera_deg).all(axis=1) & session.gaze_in_view
    step = _look_step_s(session, options)[0]
    row = np.flatnonzero(usable & (np.arange(len(session)) % step == 0))
    gaze = session.gaze_road_px[row]
    stated = session.gaze_road_cov_px2[row]
    if "gaze_road_cov_px2" not in session.known:
        error = session.homography_error_px[row] ** 2
        stated = np.column_stack([error, np.zeros(len(row)), error])
    size_px = session.road_size_px or (0, 0)
    error_deg = options.error_deg(session.session_id)[0]
    fixation = np.full(len(row), -1, dtype=np.int64)
    if "fixation_id" in session.known:
        ids = session.fixation_id[row]
        fixation[ids >= 0] = np.unique(ids[ids >= 0], return_inverse=True)[1]
    return Looks(
        row=row.astype(np.int64),
        gaze_px=gaze,
        covariance_px2=whole_covariance(gaze, stated, error_deg, directions.focal_px, size_px),
        margin_px=margin_px(gaze, options.margin_deg, directions.focal_px, size_px),
        fixation=fixation,
    )


def _look_step_s(session: SessionData, options: ObjectOptions) -> tuple[int, float]:
    """Give how many frames make a look, and how long that is."""
    frame_s = float(np.median(np.diff(session.time_s))) if len(session) > 1 else 1.0
    step = max(1, round(1 / options.looks_per_s / frame_s)) if frame_s > 0 else 1
    return step, step * frame_s
