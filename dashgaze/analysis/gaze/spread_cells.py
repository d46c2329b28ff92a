"""Spread of gaze in each session and condition."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import BoolArray, IndexArray, SessionData, Study
from ..study.centre import mode
from ..study.condition_tracks import ConditionTracks, condition_tracks
from ..study.directions import MOVING_M_S
from ..study.motion import frame_step_s
from .fixation_list import fixation_list
from .gaze_density import gaze_density, highest_density_area_deg2
from .gaze_entropy import gaze_entropy, grid_bins, rarefied_entropy
from .options import GazeOptions
from .road_centre import share_within, windows_road_centre
from .spread_values import ahead_of_car, spread_values, without_their_noise

FIXATIONS_OF_A_BLOCK = 100
"""Entropies are given at so many fixations."""

SPEED_GROUPS = "speed groups"
"""Not a field of `ConditionTracks`: what a session drove, in groups of equal size by its own speeds. Fixed bins
leave most of a short drive in one of them, and no slope."""

_MOST_GROUPS = 4


@dataclass(frozen=True, kw_only=True)
class SpreadCell:
    """Gaze of one session in one condition.

    Attributes
    ----------
    session_id, driver_id, lighting
        Of the session.
    condition
        Name of the condition; "" for all of the session.
    seconds
        Valid gaze.
    speed_m_s
        Mean speed in it; NaN if unknown.
    values
        Measures by name: those of `LOG_MEASURES`, the same with ``_corrected`` (without noise) for the
        ``ahead_h``, ``ahead_v``, ``sd_h`` and ``sd_v``, ``correlation``, ``road_centre``, ``stationary_entropy``, ``transition_entropy``
        (at an equal number of fixations, corrected), ``off_frame``; NaN where one can't be given.
    """

    session_id: str
    driver_id: str
    lighting: str | None
    condition: str
    seconds: float
    speed_m_s: float
    values: Mapping[str, float]


def tracks_of(session: SessionData, options: GazeOptions) -> ConditionTracks:
    """Give the conditions of a session: those of the options, or what speed and manifest tell."""
    given = options.tracks.get(session.session_id)
    return condition_tracks(session) if given is None else given


def lighting_value(tracks: ConditionTracks) -> str | None:
    """Give the light of a session; None if nothing tells it."""
    return tracks.session_lighting.value


def counted_gaze(session: SessionData, gaze: GazeDirections, *, direct_only: bool) -> BoolArray:
    """Tell which frames have gaze that counts, shape (n,); with direct homographies only, if so asked."""
    known = np.isfinite(gaze.from_reference_deg).all(axis=1)
    if direct_only and "homography_source" in session.known:
        known &= session.homography_source == "direct"
    return np.asarray(known, dtype=np.bool_)


def spread_cells(
    study: Study,
    directions: Mapping[str, GazeDirections],
    track: str,
    names: Sequence[str],
    options: GazeOptions,
    *,
    direct_only: bool = False,
    full: bool = True,
) -> list[SpreadCell]:
    """Reduce each session to one cell for each value of a condition.

    Parameters
    ----------
    study, directions
        Sessions, and their directions by name; those without any have no cells.
    track
        Field of `ConditionTracks` with places in `names`; `SPEED_GROUPS`, which need no names; "" for one cell a
        session.
    names
        Names of its values.
    options
        How.
    direct_only
        Whether frames with propagated homographies are left out.
    full
        Whether densities, entropies and the road's centre are wanted too.
    """
    cells: list[SpreadCell] = []
    for session in study.sessions:
        gaze = directions.get(session.session_id)
        if gaze is None:
            continue
        tracks = tracks_of(session, options)
        usable = counted_gaze(session, gaze, direct_only=direct_only)
        step_s = frame_step_s(session.time_s)
        parts: Iterable[tuple[str, BoolArray]]
        if track == SPEED_GROUPS:
            parts = _speed_groups(session, tracks, usable, options.least_cell_s / step_s)
        elif track:
            values: IndexArray = getattr(tracks, track)
            parts = [(name, usable & (values == place)) for place, name in enumerate(names)]
        else:
            parts = [("", usable)]
        kept = []
        for name, rows in parts:
            stop = track == "stopped" and name == "stopped"
            least_s = options.least_stop_s if stop else options.least_cell_s
            if np.count_nonzero(rows) * step_s >= least_s:
                kept.append((name, rows))
        cells += _cells_of(session, gaze, tracks, usable, kept, full=full)
    return cells


def _speed_groups(
    session: SessionData, tracks: ConditionTracks, usable: BoolArray, least_frames: float
) -> list[tuple[str, BoolArray]]:
    """Split what was driven into up to four groups of equal size, by speed, each as large as a cell has to be."""
    moving = usable & (tracks.stopped == 0) & np.isfinite(session.speed_m_s)
    count = int(np.count_nonzero(moving))
    groups = min(int(count // max(least_frames, 1)), _MOST_GROUPS)
    if groups < 1:
        return []
    order = np.flatnonzero(moving)[np.argsort(session.speed_m_s[moving], kind="stable")]
    found = []
    for number, rows in enumerate(np.array_split(order, groups), start=1):
        flags = np.zeros(len(session), dtype=np.bool_)
        flags[rows] = True
        found.append((f"driving, speed group {number}", flags))
    return found


def _cells_of(
    session: SessionData,
    gaze: GazeDirections,
    tracks: ConditionTracks,
    usable: BoolArray,
    parts: Sequence[tuple[str, BoolArray]],
    *,
    full: bool,
) -> list[SpreadCell]:
    if not parts:
        return []
    around = gaze.from_reference_deg
    step_s = frame_step_s(session.time_s)
    moving = usable & (session.speed_m_s > MOVING_M_S)
    at_modes = around[moving if np.count_nonzero(moving) * step_s >= 60 else usable]
    centre = mode(at_modes[:: max(len(at_modes) // 3000, 1)], bandwidth=1.5) if full else None
    fixations = fixation_list(session, around, usable) if full else None
    ahead = ahead_of_car(around, usable)
    result = []
    for name, rows in parts:
        values = spread_values(around, np.flatnonzero(rows), ahead)
        values |= without_their_noise(values, gaze.noise_sd_deg)
        if "gaze_in_view" in session.known:
            values["off_frame"] = float(np.mean(~session.gaze_in_view[rows]))
        if centre is not None:
            density = gaze_density(around[rows])
            values["hdr_68_deg2"] = highest_density_area_deg2(density, 0.68)
            values["hdr_95_deg2"] = highest_density_area_deg2(density, 0.95)
            values["road_centre"] = share_within(around[rows], centre)
            if name == "":
                windows = windows_road_centre(
                    np.where(rows[:, None], around, np.nan), session.time_s
                )
                values["road_centre_60s"] = float(np.mean(windows)) if len(windows) else np.nan
        if fixations is not None:
            bins = grid_bins(fixations.direction_deg)
            # A fixation of another condition breaks the sequence.
            bins = np.where(rows[fixations.middle], bins, -1)
            # Trimmed to the condition's own stretches, so that a block has its fixations.
            bins = bins[(bins >= 0) | (np.concatenate([[-1], bins[:-1]]) >= 0)]
            whole = gaze_entropy(bins)
            values["fixations"] = float(whole.count)
            equal = rarefied_entropy(bins, FIXATIONS_OF_A_BLOCK)
            values["stationary_entropy"] = equal.stationary_corrected
            values["transition_entropy"] = equal.transition_corrected
            values["stationary_entropy_all"] = whole.stationary_corrected
            values["transition_entropy_all"] = whole.transition_corrected
        speed = session.speed_m_s[rows]
        known = np.isfinite(speed)
        result.append(
            SpreadCell(
                session_id=session.session_id,
                driver_id=session.driver_id,
                lighting=lighting_value(tracks),
                condition=name,
                seconds=float(np.count_nonzero(rows) * step_s),
                speed_m_s=float(np.mean(speed[known])) if known.any() else float("nan"),
                values=values,
            )
        )
    return result
