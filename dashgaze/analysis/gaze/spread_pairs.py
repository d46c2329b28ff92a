"""Spread in two conditions of a session, measured on equally much gaze."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import BoolArray, FloatArray, Study
from .equal_stretches import equal_stretches
from .options import GazeOptions
from .spread_cells import SpreadCell, counted_gaze, tracks_of
from .spread_contrasts import BothCells
from .spread_values import LOG_MEASURES, ahead_of_car, spread_values, without_their_noise


def pair_cells(
    study: Study,
    directions: Mapping[str, GazeDirections],
    track: str,
    names: Sequence[str],
    pair: tuple[str, str],
    cells: BothCells,
    options: GazeOptions,
) -> BothCells:
    """Give the cells of two conditions of a track, for comparisons within sessions.

    Where a session has both, spreads of the one with more gaze become geometric means over
    `equal_stretches`. What has no bias by size, or is at equal numbers already (shares, entropies), stays,
    and so do areas of highest density.

    Parameters
    ----------
    study, directions, track, names, options
        As for `spread_cells`, which has given the cells.
    pair
        The two.
    cells
        Those of all conditions of the track.
    """
    return BothCells(
        all_frames=_paired(
            study, directions, track, names, pair, cells.all_frames, options, direct_only=False
        ),
        direct_only=_paired(
            study, directions, track, names, pair, cells.direct_only, options, direct_only=True
        ),
    )


def _paired(
    study: Study,
    directions: Mapping[str, GazeDirections],
    track: str,
    names: Sequence[str],
    pair: tuple[str, str],
    cells: Sequence[SpreadCell],
    options: GazeOptions,
    *,
    direct_only: bool,
) -> list[SpreadCell]:
    by_session: dict[str, dict[str, SpreadCell]] = {}
    for cell in cells:
        if cell.condition in pair:
            by_session.setdefault(cell.session_id, {})[cell.condition] = cell
    found: list[SpreadCell] = []
    for session in study.sessions:
        own = by_session.get(session.session_id, {})
        if len(own) == 2:
            gaze = directions[session.session_id]
            usable = counted_gaze(session, gaze, direct_only=direct_only)
            values = getattr(tracks_of(session, options), track)
            first, second = (usable & (values == names.index(name)) for name in pair)
            larger = pair[int(np.count_nonzero(first) < np.count_nonzero(second))]
            many, few = (first, second) if larger == pair[0] else (second, first)
            own[larger] = _like(own[larger], gaze, usable, many, few)
        found += own.values()
    return found


def _like(
    cell: SpreadCell, gaze: GazeDirections, usable: BoolArray, many: BoolArray, few: BoolArray
) -> SpreadCell:
    around = gaze.from_reference_deg
    ahead = ahead_of_car(around, usable)
    drawn = [spread_values(around, rows, ahead) for rows in equal_stretches(many, few)]
    values = dict(cell.values)
    for name in LOG_MEASURES:
        if name in drawn[0]:
            values[name] = _geometric_mean(np.array([each[name] for each in drawn]))
    return replace(cell, values=values | without_their_noise(values, gaze.noise_sd_deg))


def _geometric_mean(values: FloatArray) -> float:
    # One draw without any spread has no logarithm: then there is no mean.
    if not (values > 0).all():
        return float("nan")
    return float(np.exp(np.mean(np.log(values))))
