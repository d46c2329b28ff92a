"""Scores of predicted densities of gaze, frame by frame.

Conventions are those of pysaliency and the MIT benchmark; where the two differ, pysaliency's. Each frame has
one true point. Frames whose gaze is outside of the picture have no cell and are counted, not scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashgaze.errors import InputError

from .grid import DensitySource, Grid
from .scores import BoolArray, FloatArray, IndexArray, Scores, mean_or_nan, share_or_nan
from .training_density import TrainingDensity
from .truth_maps import BLUR_SHARE, TruthMaps, truth_maps
from .unit_square import unit_from_px

EPSILON = 2.220446049250313e-16
"""Added within logarithms, as the MIT benchmark does (double precision's step at 1)."""

CHUNK_FRAMES = 64
"""Frames at a time: their densities stay in the processor's cache."""


@dataclass(frozen=True, kw_only=True)
class DensityScores(Scores):
    """Means over frames, each frame counting the same.

    Attributes
    ----------
    frames
        Frames whose truth is in the picture.
    answered, coverage
        Those with a density, and their share. All else is over them.
    outside
        Frames left out because their gaze is known to be outside of the picture.
    without_truth
        Frames left out because their truth is unknown.
    nss, information_gain_bits, auc_judd, shuffled_auc
        See `FrameDensityScores`.
    cc, kl_nats, similarity
        The same; against true gaze blurred by `blur_share` of the width and pooled over
        `pooled_frames` before and after. NaN if not asked for.
    blur_share, pooled_frames
        What the truth was blurred by; None if these scores were not asked for.
    columns, rows
        Of the grid.
    """

    frames: int
    answered: int
    coverage: float
    outside: int
    without_truth: int
    nss: float
    information_gain_bits: float
    auc_judd: float
    shuffled_auc: float
    cc: float
    kl_nats: float
    similarity: float
    blur_share: float | None
    pooled_frames: int | None
    columns: int
    rows: int


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameDensityScores:
    """Scores of n frames, each of shape (n,); NaN where truth or density is missing.

    Attributes
    ----------
    nss
        Normalised scanpath saliency: ``(p(t) − mean p) / sd p`` over cells; 0 for an even density.
    information_gain_bits
        ``log₂(p(t) + ε) − log₂(q(t) + ε)`` with q the training density.
    auc_judd
        Chance that the true cell has more mass than another cell, ties counting half. (The MIT code's
        trapezoid gives ``½ + ½·AUC`` with one point a frame; this is the exact area.)
    shuffled_auc
        The same against true cells of other sessions, each of these weighing the same; NaN with one session.
    cc
        Pearson correlation with the blurred truth.
    kl_nats
        ``Σ g ln(ε + g/(ε + p))`` with g the blurred truth.
    similarity
        ``Σ min(p, g)``.
    summary
        Means.
    """

    nss: FloatArray
    information_gain_bits: FloatArray
    auc_judd: FloatArray
    shuffled_auc: FloatArray
    cc: FloatArray
    kl_nats: FloatArray
    similarity: FloatArray
    summary: DensityScores


def score_density(
    source: DensitySource,
    truth_px: FloatArray,
    size_px: FloatArray,
    session_id: np.ndarray,
    training: TrainingDensity,
    *,
    frame_index: IndexArray | None = None,
    blur_share: float | None = BLUR_SHARE,
    pooled_frames: int = 0,
    elsewhere: Mapping[str, FloatArray | None] | None = None,
) -> FrameDensityScores:
    """Score predicted densities against true points.

    Parameters
    ----------
    source
        Densities on the grid of `training`.
    truth_px
        Gaze in the road view, shape (n, 2), px; NaN where unknown.
    size_px
        Width and height of the road pictures, shape (n, 2), px.
    session_id
        Shape (n,), text; the rows of a session stand together.
    training
        Density of gaze in training.
    frame_index
        Shape (n,); needed to pool frames.
    blur_share
        Standard deviation, over the width, that truth is blurred by for CC, KL and SIM; None leaves
        these out.
    pooled_frames
        Frames before and after whose truth is pooled for the same.
    elsewhere
        What shuffled AUC takes for false points, by session; `shares_elsewhere` of these rows if None. For
        sessions that are scored one after the other.

    Raises
    ------
    InputError
        If a session is scored that the training density comes from.

    References
    ----------
    Kümmerer, Wallis and Bethge, ECCV 2018. Bylinskii et al., IEEE TPAMI 41(3), 2019. Zhang and Cottrell,
    Journal of Vision 8(7), 2008 (shuffled AUC).
    """
    shared = sorted(set(session_id.tolist()) & set(training.sessions))
    if shared:
        raise InputError(
            f"The training density was made of sessions that are scored: {', '.join(shared[:3])}.",
            fix="Make it of the training split only.",
        )
    grid = training.grid
    cell = grid.cell_of(unit_from_px(truth_px, size_px))
    known: BoolArray = np.isfinite(truth_px[:, 0]) & np.isfinite(truth_px[:, 1])
    scores = np.full((7, len(cell)), np.nan)
    maps = None
    if blur_share is not None:
        frames = np.arange(len(cell)) if frame_index is None else frame_index
        maps = truth_maps(
            truth_px,
            size_px,
            session_id,
            frames,
            grid,
            blur_share=blur_share,
            pooled_frames=pooled_frames if frame_index is not None else 0,
        )
    if elsewhere is None:
        elsewhere = shares_elsewhere(cell, session_id, grid)
    for session in sorted(set(session_id.tolist())):
        weights = elsewhere.get(session)
        rows = np.flatnonzero((session_id == session) & (cell >= 0))
        for start in range(0, len(rows), CHUNK_FRAMES):
            chunk = rows[start : start + CHUNK_FRAMES]
            mass = source(chunk)
            scores[:4, chunk] = _point_scores(mass, cell[chunk], training.mass, weights)
            if maps is not None:
                scores[4:, chunk] = _map_scores(mass, maps, chunk)
    return FrameDensityScores(
        nss=scores[0],
        information_gain_bits=scores[1],
        auc_judd=scores[2],
        shuffled_auc=scores[3],
        cc=scores[4],
        kl_nats=scores[5],
        similarity=scores[6],
        summary=_summary(scores, cell, known, grid, blur_share, pooled_frames),
    )


def shares_elsewhere(
    cell: IndexArray, session_id: np.ndarray, grid: Grid
) -> dict[str, FloatArray | None]:
    """Give for each session the share of the others' gaze in each cell; None where there is no other.

    Parameters
    ----------
    cell
        Cells of true points, −1 outside, shape (n,).
    session_id
        Shape (n,), text.
    grid
        The cells.
    """
    shares = {}
    for session in sorted(set(session_id.tolist())):
        inside = cell[(session_id == session) & (cell >= 0)]
        if len(inside):
            shares[session] = np.bincount(inside, minlength=grid.cells) / len(inside)
    if len(shares) < 2:
        return dict.fromkeys(shares)
    total = np.sum(list(shares.values()), axis=0)
    # Cells are whole shares of few frames: what is left after taking away must not be rounding.
    return {
        session: np.where((rest := (total - share) / (len(shares) - 1)) > 1e-12, rest, 0.0)
        for session, share in shares.items()
    }


def _point_scores(
    mass: FloatArray, cell: IndexArray, training: FloatArray, negatives: FloatArray | None
) -> FloatArray:
    """Give NSS, information gain, AUC-Judd and shuffled AUC of a chunk, shape (4, b)."""
    count = mass.shape[1]
    at_truth = mass[np.arange(len(cell)), cell]
    missing = ~np.isfinite(at_truth)
    away = mass - mass.dtype.type(1.0 / count)
    sd = np.sqrt(np.einsum("bc,bc->b", away, away) / count).astype(np.float64)
    # Rounding makes an even density look slightly uneven.
    even = sd * count < 1e-5
    nss = np.where(even, 0.0, (at_truth - 1.0 / count) / np.where(even, 1.0, sd))
    gain = np.log2(at_truth + EPSILON) - np.log2(training[cell] + EPSILON)
    limit = at_truth[:, None]
    less = np.count_nonzero(mass < limit, axis=1)
    equal = np.count_nonzero(mass == limit, axis=1) - 1
    judd = (less + 0.5 * equal) / (count - 1)
    shuffled = np.full(len(cell), np.nan)
    if negatives is not None:
        used = np.flatnonzero(negatives)
        rivals = mass[:, used]
        weights = negatives[used].astype(np.float32)
        shuffled = (rivals < limit).astype(np.float32) @ weights
        shuffled += 0.5 * ((rivals == limit).astype(np.float32) @ weights)
    found: FloatArray = np.where(missing, np.nan, np.stack([nss, gain, judd, shuffled]))
    return found


def _map_scores(mass: FloatArray, maps: TruthMaps, rows: IndexArray) -> FloatArray:
    """Give correlation, divergence and similarity of a chunk, shape (3, b)."""
    truth = maps.of(rows)
    even = 1.0 / mass.shape[1]
    away, truth_away = mass - mass.dtype.type(even), truth - truth.dtype.type(even)
    products = [
        np.einsum("bc,bc->b", a, b).astype(np.float64)
        for a, b in ((away, truth_away), (away, away), (truth_away, truth_away))
    ]
    norm = np.sqrt(products[1] * products[2])
    flat = np.sqrt(products[1] * mass.shape[1]) < 1e-5
    cc = np.where(flat, np.nan, products[0] / np.where(norm > 0, norm, np.nan))
    divergence = (truth * np.log(EPSILON + truth / (EPSILON + mass))).sum(axis=1)
    similarity = np.minimum(mass, truth).sum(axis=1)
    return np.stack([cc, divergence, similarity])


def _summary(
    scores: FloatArray,
    cell: IndexArray,
    known: BoolArray,
    grid: Grid,
    blur_share: float | None,
    pooled_frames: int,
) -> DensityScores:
    answered = np.isfinite(scores[0][cell >= 0])
    names = (
        "nss",
        "information_gain_bits",
        "auc_judd",
        "shuffled_auc",
        "cc",
        "kl_nats",
        "similarity",
    )
    return DensityScores(
        frames=int((cell >= 0).sum()),
        answered=int(answered.sum()),
        coverage=share_or_nan(answered),
        outside=int((known & (cell < 0)).sum()),
        without_truth=int((~known).sum()),
        blur_share=blur_share,
        pooled_frames=pooled_frames if blur_share is not None else None,
        columns=grid.columns,
        rows=grid.rows,
        **{name: mean_or_nan(values) for name, values in zip(names, scores, strict=True)},
    )
