"""Gaze of one session on objects, and what it would be by chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import FloatArray, IndexArray, SessionData
from ..statistics.shifts import LEAST_SHIFTS_LONG
from ..study.traffic import TRAFFIC
from .hit_counts import Groups, HitCounts, count_hits
from .hits import Looks, margin_px, whole_covariance
from .options import ObjectOptions
from .placing import PlacedBoxes

_LEAST_CHANCE_LOOKS = 3.0
"""Independent looks on boxes that chance has to give for a ratio to say anything."""
_LOOKS_A_SECOND = 2.0
"""Independent ones, where fixations are not known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionHits:
    """Hits of a session; shares have the shape (3 rules, g groups), those of chance (shifts, 3, g).

    Attributes
    ----------
    session_id, driver_id
        Whose.
    groups
        Names of the g groups: ``all``, ``class …``, ``traffic …``.
    seconds
        Of looks, shape (g,).
    counts
        Of looks and fixations.
    chance
        The same with boxes moved in time; empty if the session is too short.
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
    counts: HitCounts
    chance: tuple[HitCounts, ...]
    error_deg: float
    error_is_assumed: bool
    boxes_a_picture: float
    median_size_deg: tuple[float, float]
    cannot_say: str = ""

    def place(self, group: str) -> int | None:
        """Give the column of a group; None if the session has it not."""
        return self.groups.index(group) if group in self.groups else None

    def shifted_shares(self, rule: int, group: int, *, fixations: bool = False) -> FloatArray:
        """Give the share by each shift that has enough looks."""
        found = [
            (each.fixation_share if fixations else each.look_share)[rule, group]
            for each in self.chance
            if each.of_looks[group] >= 0.25 * self.counts.of_looks[group]
        ]
        shares = np.array(found, dtype=np.float64)
        return np.asarray(shares[np.isfinite(shares)], dtype=np.float64)

    def log_ratio(self, rule: int, group: int, *, fixations: bool = False) -> float:
        """Give the log of the share less the mean log of the shares by chance; NaN if that says nothing.

        Observed and shifted shares are treated alike, so that a stare that sees nothing has a mean of 0: the
        log of a mean would be larger than the mean of logs, and the ratio too small. Half a look is added
        to both.
        """
        shares = self.shifted_shares(rule, group, fixations=fixations)
        looks = self._independent(group)
        if len(shares) < 5 or shares.mean() * looks < _LEAST_CHANCE_LOOKS:
            return float("nan")
        seen = (self.counts.fixation_share if fixations else self.counts.look_share)[rule, group]
        half = 0.5 / looks
        return float(np.log(seen + half) - np.log(shares + half).mean())

    def _independent(self, group: int) -> float:
        fixations = float(self.counts.of_fixations[group])
        return fixations if fixations > 0 else float(self.seconds[group]) * _LOOKS_A_SECOND


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
        Of the shifts.
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
    counts = count_hits(looks, placed, groups)
    length_s = float(session.time_s[-1] - session.time_s[0]) if len(session) > 1 else 0.0
    least_s = LEAST_SHIFTS_LONG * options.least_shift_s
    why = ""
    chance: tuple[HitCounts, ...] = ()
    shifts = np.zeros(0, dtype=np.int64)
    if length_s < least_s:
        why = f"It is {length_s:.0f} s long; shifts of at least {options.least_shift_s:g} s need {least_s:g} s."
    elif not counts.of_looks[0]:
        why = "None of its gaze falls on frames whose pictures were searched."
    else:
        shifts = _shifts(len(session), length_s, options, seed)
        chance = tuple(count_hits(looks, placed, groups, shift=int(each)) for each in shifts)
    sizes = boxes.corners_px[:, 2:] - boxes.corners_px[:, :2]
    size = np.median(sizes, axis=0) if len(sizes) else np.full(2, np.nan)
    usual = np.degrees(2 * np.arctan(size / 2 / directions.focal_px))
    step_s = _look_step_s(session, options)[1]
    return SessionHits(
        session_id=session.session_id,
        driver_id=session.driver_id,
        groups=groups.names,
        seconds=counts.of_looks * step_s,
        counts=counts,
        chance=chance,
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


def _shifts(count: int, length_s: float, options: ObjectOptions, seed: int) -> IndexArray:
    """Give shifts that cover what is allowed evenly, from a random start."""
    least = int(np.ceil(options.least_shift_s * (count - 1) / length_s))
    start = np.random.default_rng(seed).random()
    places = (np.arange(options.shifts) + start) / options.shifts
    return (least + places * (count - 2 * least)).astype(np.int64)
