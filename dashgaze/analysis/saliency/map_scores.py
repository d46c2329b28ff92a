"""Scores of maps, and of what knows nothing of a frame, on the same frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from dashgaze.densities.density import score_density, shares_elsewhere
from dashgaze.densities.grid import (
    DensitySource,
    Grid,
    array_source,
    constant_source,
    gaussian_mass,
)
from dashgaze.densities.training_density import TrainingDensity, training_density
from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent

from ..contract.study import BoolArray, FloatArray
from .gaze_frames import GazeFrames
from .map_folder import MapFolder, read_map
from .options import SaliencyOptions

METRICS: dict[str, str] = {
    "information_gain_bits": "IG (bits)",
    "nss": "NSS",
    "auc_judd": "AUC-Judd",
    "shuffled_auc": "s-AUC",
    "cc": "CC",
    "kl_nats": "KL (nats)",
    "similarity": "SIM",
}
"""Higher is better, but for KL."""

SOURCES: dict[str, str] = {
    "maps": "the maps",
    "others": "gaze of other drivers",
    "centre": "centre of the picture",
    "shuffled": "maps of other sessions",
}

CENTRE_SD = (0.25, 0.25)
"""Standard deviations of the centre prior, over width and height."""

_BANK = 24
"""Maps of a session that stand in for those of others."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionScores:
    """Scores of n frames of a session.

    Attributes
    ----------
    frames
        Those that have a map that says something.
    scores
        By source and metric, shape (n,) each; NaN where it can't be given.
    eligible
        Frames with gaze, whether there is a map or not.
    with_map
        Frames with a map.
    empty
        Scored frames whose map is 0 everywhere.
    """

    frames: GazeFrames
    scores: Mapping[str, Mapping[str, FloatArray]]
    eligible: int
    with_map: int
    empty: int

    def mean(self, source: str, metric: str, rows: BoolArray | None = None) -> float:
        """Give the mean over frames, or over some of them; NaN of none."""
        values = self.scores[source][metric]
        values = values if rows is None else values[rows]
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else float("nan")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Read:
    frames: GazeFrames
    maps: FloatArray
    eligible: int
    with_map: int
    empty: int


def score_sessions(
    sessions: Sequence[GazeFrames],
    folder: MapFolder,
    options: SaliencyOptions,
    progress: Progress = silent,
) -> tuple[SessionScores, ...]:
    """Score the maps of each session, and beside them what knows nothing of the frames.

    Gaze of other drivers is what information gain is measured against; with one driver, that of the other
    sessions; with one session, the centre of the picture.

    Parameters
    ----------
    sessions
        All sessions of the data set: those without maps tell where drivers look.
    folder
        The maps.
    options
        How they are scored.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If no frame with gaze has a map, or a map is not what it has to be.
    """
    grid = options.grid
    holding = [each for each in sessions if len(each) and each.session_id in folder.paths]
    elsewhere = shares_elsewhere(
        np.concatenate([each.cell for each in sessions] or [np.zeros(0, np.int64)]),
        np.repeat([each.session_id for each in sessions], [len(each) for each in sessions]),
        grid,
    )
    bank: dict[str, FloatArray] = {}
    found = []
    for done, frames in enumerate(holding, start=1):
        read = _read(frames, folder, options)
        if len(read.frames):
            bank[frames.session_id] = read.maps[:: max(1, len(read.maps) // _BANK)][:_BANK]
            found.append(_scored(read, sessions, elsewhere, options))
        progress("scoring maps", done / len(holding))
    if not found:
        raise InputError(
            f"No frame with gaze in the road picture has a map in {folder.folder}.",
            fix="Name maps by road_frame_index of the data set's frames; check that they are not 0 everywhere.",
            path=folder.folder,
        )
    return tuple(_with_shuffled(each, bank, elsewhere, sessions, options) for each in found)


def centre_mass(size_px: tuple[int, int], grid: Grid) -> FloatArray:
    """Give a Gaussian at the middle of the picture, shape (cells,)."""
    variance = (2 * np.array(CENTRE_SD)) ** 2
    covariance = np.array([[variance[0], 0.0, variance[1]]])
    found: FloatArray = gaussian_mass(np.zeros((1, 2)), covariance, grid, np.float32)[0]
    return found


def _read(frames: GazeFrames, folder: MapFolder, options: SaliencyOptions) -> _Read:
    paths = folder.paths[frames.session_id]
    there = np.flatnonzero(np.isin(frames.road_frame_index, np.fromiter(paths, np.int64)))
    count = min(len(there), options.frames_per_session)
    rows = there[np.linspace(0, len(there) - 1, count).round().astype(np.int64)] if count else there
    maps = np.full((len(rows), options.grid.cells), np.nan, dtype=np.float32)
    last, read = -1, maps[0] if len(rows) else None
    for place, index in enumerate(frames.road_frame_index[rows].tolist()):
        # Two scene frames may share a road frame.
        if index != last or read is None:
            read = read_map(paths[index], frames.size_px, options.grid)
            last = index
        maps[place] = read
    says = np.isfinite(maps[:, 0])
    maps = (1 - options.uniform_share) * maps[says] + options.uniform_share / options.grid.cells
    return _Read(
        frames=_rows(frames, rows[says]),
        maps=cast(FloatArray, maps),  # float32 halves memory; sources take either
        eligible=len(frames),
        with_map=len(there),
        empty=int((~says).sum()),
    )


def _rows(frames: GazeFrames, rows: np.ndarray) -> GazeFrames:
    return replace(
        frames,
        road_frame_index=frames.road_frame_index[rows],
        gaze_px=frames.gaze_px[rows],
        vanishing_point_px=frames.vanishing_point_px[rows],
        cell=frames.cell[rows],
    )


def _scored(
    read: _Read,
    sessions: Sequence[GazeFrames],
    elsewhere: Mapping[str, FloatArray | None],
    options: SaliencyOptions,
) -> SessionScores:
    frames = read.frames
    prior = others_density(frames, sessions, options.grid)
    centre = centre_mass(frames.size_px, options.grid)
    centre = (1 - options.uniform_share) * centre + options.uniform_share / options.grid.cells
    sources = {
        "maps": array_source(read.maps),
        "others": constant_source(prior.mass.astype(np.float32)),
        "centre": constant_source(centre.astype(np.float32)),
    }
    return SessionScores(
        frames=frames,
        scores={
            name: _frame_scores(source, frames, prior, elsewhere, options)
            for name, source in sources.items()
        },
        eligible=read.eligible,
        with_map=read.with_map,
        empty=read.empty,
    )


def others_density(
    frames: GazeFrames, sessions: Sequence[GazeFrames], grid: Grid
) -> TrainingDensity:
    """Give the density of gaze of other drivers, else of other sessions, else the picture's centre.

    Parameters
    ----------
    frames
        Of the session that is scored.
    sessions
        All of them.
    grid
        The cells.
    """
    others = [each for each in sessions if len(each) and each.driver_id != frames.driver_id]
    if not others:
        others = [each for each in sessions if len(each) and each.session_id != frames.session_id]
    if not others:
        return TrainingDensity(mass=centre_mass(frames.size_px, grid), grid=grid, sessions=())
    counts = [len(each) for each in others]
    return training_density(
        np.concatenate([each.gaze_px for each in others]),
        np.repeat(np.array([each.size_px for each in others], dtype=np.float64), counts, axis=0),
        np.repeat([each.session_id for each in others], counts),
        grid,
    )


def _frame_scores(
    source: DensitySource,
    frames: GazeFrames,
    prior: TrainingDensity,
    elsewhere: Mapping[str, FloatArray | None],
    options: SaliencyOptions,
) -> dict[str, FloatArray]:
    found = score_density(
        source,
        frames.gaze_px,
        np.full((len(frames), 2), frames.size_px, dtype=np.float64),
        np.full(len(frames), frames.session_id),
        prior,
        blur_share=options.blur_share,
        elsewhere=elsewhere,
    )
    return {name: getattr(found, name) for name in METRICS}


def _with_shuffled(
    scored: SessionScores,
    bank: Mapping[str, FloatArray],
    elsewhere: Mapping[str, FloatArray | None],
    sessions: Sequence[GazeFrames],
    options: SaliencyOptions,
) -> SessionScores:
    """Score maps of other sessions on the frames of this one: what maps say without looking at a frame."""
    frames = scored.frames
    others = [maps for name, maps in sorted(bank.items()) if name != frames.session_id]
    if not others:
        nothing = np.full(len(frames), np.nan)
        return replace(
            scored, scores={**scored.scores, "shuffled": dict.fromkeys(METRICS, nothing)}
        )
    rng = np.random.default_rng([options.seed, *frames.session_id.encode()])
    pool = np.concatenate(others)
    # Each session is drawn alike, however many of its maps are in the bank.
    starts = np.cumsum([0, *(len(each) for each in others)])
    session = rng.integers(len(others), size=len(frames))
    inside = rng.random(len(frames)) * np.diff(starts)[session]
    drawn = pool[starts[session] + inside.astype(np.int64)]
    prior = others_density(frames, sessions, options.grid)
    scores = _frame_scores(array_source(drawn), frames, prior, elsewhere, options)
    return replace(scored, scores={**scored.scores, "shuffled": scores})
