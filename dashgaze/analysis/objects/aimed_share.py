"""How much of gaze is aimed at objects, with the eye tracker's error taken out."""

import numpy as np

from ..contract.study import FloatArray, IndexArray
from .hits import Looks, find_hits
from .placing import PlacedBoxes

_GRID = (48, 27)
_SMOOTHING_CELLS = 1.5
_ROUNDS = 60
_FLOOR = 0.02
"""Of the background that is spread evenly: a look where no other was is not impossible."""


def aimed_share(looks: Looks, placed: PlacedBoxes, picture: IndexArray) -> float:
    """Estimate the share of looks that were aimed at a box, by maximum likelihood.

    A look is a draw from one of two: evenly from what is seen of one of the picture's boxes, each as likely as
    the others, then moved by its error N(0, Σ) — whose density at gaze g is mass of N(g, Σ) in the box / area of
    the box — or from where the driver looks in this session whatever there is, a smooth density over the
    picture that is estimated along with the share (EM). What goes with the boxes as they move is told from
    what does not. It needs boxes that move, and Σ has to be right; the rules of `find_hits` need neither, but
    don't undo what the error does.

    Parameters
    ----------
    looks
        Gaze.
    placed
        Boxes.
    picture
        As of `find_hits`.

    Returns
    -------
    float
        Share of the looks whose pictures were searched; NaN if there are none with boxes.
    """
    known = picture >= 0
    parts = placed.parts
    areas = (parts.corners_px[:, 2:] - parts.corners_px[:, :2]).prod(axis=1)
    seen = np.bincount(parts.box, weights=areas, minlength=len(placed.boxes))
    visible = np.bincount(placed.boxes.picture[seen > 0], minlength=len(placed.boxes.moment))
    count = np.where(known, visible[np.where(known, picture, 0)], 0) if len(visible) else known * 0
    rows = np.flatnonzero(known & (count > 0))
    if len(rows) < 2:
        return float("nan") if not known.any() or len(rows) else 0.0
    hits = find_hits(looks, placed, picture)
    density = np.bincount(hits.look, weights=hits.mass / seen[hits.at], minlength=len(looks))
    density = np.where(count > 0, density / np.maximum(count, 1), 0.0)
    size = np.array(placed.size_px, dtype=np.float64)
    cell = np.clip((looks.gaze_px / size * _GRID).astype(np.int64), 0, np.array(_GRID) - 1)
    cells = cell[:, 0] * _GRID[1] + cell[:, 1]
    share = 0.2
    aimed = np.zeros(len(looks))
    for _ in range(_ROUNDS):
        background = _background(cells[known], 1 - aimed[known], size)[cells]
        both = share * density + (1 - share) * background
        aimed = np.where(count > 0, share * density / np.where(both > 0, both, 1.0), 0.0)
        before, share = share, float(aimed[rows].mean())
        if abs(share - before) < 1e-5:
            break
    return float(aimed[known].mean())


def _background(cells: IndexArray, weights: FloatArray, size_px: FloatArray) -> FloatArray:
    """Give the density of gaze in each cell of the picture, per px²."""
    from scipy.ndimage import gaussian_filter

    total = np.bincount(cells, weights=weights, minlength=_GRID[0] * _GRID[1])
    smooth = gaussian_filter(total.reshape(_GRID), _SMOOTHING_CELLS, mode="constant").ravel()
    share = smooth / max(float(smooth.sum()), 1e-12)
    share = (1 - _FLOOR) * share + _FLOOR / len(share)
    return np.asarray(share * len(share) / size_px.prod(), dtype=np.float64)
