"""Is what a map calls important what moves the answer? Parts of faces are blurred, in the map's order and at random."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.progress import Progress, silent

from .branch_cache import BranchCache
from .canonical import LaidFace, lay_face
from .chosen_frames import Frames, rows_of
from .covering import filled
from .displacement import Answers, Head, answers_of, apart, truth_of
from .face_surface import FaceSurface
from .names import PATCH_PX, InputName
from .session_means import Interval, session_interval

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.85, 1.0)
"""Shares of the face's area in its pictures that are blurred, or kept."""

SALIENT_SHARE = 0.2
"""The share of which the summary speaks."""

RANDOM_ORDERS = 3
"""Orders without knowledge, each frame: places by their distance from a place drawn at random, so that what is
blurred hangs together as salient places do."""


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What blurring more and more of the face does to one head's answer.

    Attributes
    ----------
    shares
        Of the face's area.
    deletion, random_deletion
        Mean displacement (over sessions) if the most salient parts are blurred first, and if random ones are.
    insertion, random_insertion
        The same if the whole face is blurred but these parts.
    """

    shares: tuple[float, ...]
    deletion: tuple[float, ...]
    random_deletion: tuple[float, ...]
    insertion: tuple[float, ...]
    random_insertion: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """Whether a map tells what matters; a fifth of the face's area is blurred.

    Attributes
    ----------
    salient, random
        Displacement if the most salient fifth is blurred, and a random one; px or degrees.
    gain
        The difference frame by frame; a faithful map's interval lies above 0.
    win_share
        Share of the frames in which the salient fifth matters more than the mean random one.
    error_growth
        How much the error grows if the salient fifth is blurred; None if no truth is known.
    error_falls_share
        Share of the frames whose error falls by it.
    curves
        For all shares.
    """

    salient: Interval
    random: Interval
    gain: Interval
    win_share: float
    error_growth: Interval | None
    error_falls_share: float | None
    curves: Curves


def faithfulness(
    network: GazeNetwork,
    frames: Frames,
    surface: FaceSurface,
    name: InputName,
    maps: Mapping[Head, tuple[FloatArray, FloatArray]],
    *,
    seed: int,
    patch_px: float = PATCH_PX,
    progress: Progress = silent,
) -> dict[Head, Faithfulness]:
    """Blur parts of the frames' faces.

    Parameters
    ----------
    network, frames, surface, name, patch_px
        As in `model_saliency.frame_maps`.
    maps
        By head, two canonical maps: frames of even number are tested with the first, the others with the second.
        Each should come from the other half, so that no frame judges a map that it is part of.
    seed
        Of the random orders.
    progress
        Told of each frame.
    """
    random = np.random.default_rng(seed)
    rows = []
    deleted: dict[Head, list[FloatArray]] = {head: [] for head in maps}
    inserted: dict[Head, list[FloatArray]] = {head: [] for head in maps}
    grown: dict[Head, list[float]] = {head: [] for head in maps}
    for row in range(len(frames)):
        progress("blurring parts of faces", (row + 1) / len(frames))
        laid = lay_face(network, frames, row, surface, name, patch_px=patch_px)
        points = None if laid is None else laid.covered_points
        if laid is None or points is None or len(points) < 2:
            continue
        rows.append(row)
        blind = [_around_one(surface, points, random) for _ in range(RANDOM_ORDERS)]
        for head, halves in maps.items():
            best = _by_map(surface, points, halves[row % 2])
            own, answers = _blurred(network, frames, row, laid, points, [best, *blind])
            count = 1 + RANDOM_ORDERS
            off = apart(answers.of(head), own.of(head)[0], head).reshape(2, count, len(SHARES))
            deleted[head].append(off[0])
            inserted[head].append(off[1])
            truth = truth_of(frames.samples, head)[row]
            place = SHARES.index(SALIENT_SHARE)
            after = apart(answers.of(head)[place : place + 1], truth, head)
            grown[head].append(float((after - apart(own.of(head), truth, head))[0]))
    sessions = frames.sessions[np.array(rows, dtype=np.int64)]
    return {
        head: _summary(
            np.stack(deleted[head]), np.stack(inserted[head]), np.array(grown[head]), sessions
        )
        for head in maps
        if deleted[head]
    }


def _summary(
    deleted: FloatArray, inserted: FloatArray, grown: FloatArray, sessions: NDArray[np.str_]
) -> Faithfulness:
    """Put numbers of n frames, shape (n, orders, shares), together."""
    place = SHARES.index(SALIENT_SHARE)
    salient, blind = deleted[:, 0, place], deleted[:, 1:, place].mean(axis=1)
    known = grown[np.isfinite(grown)]
    return Faithfulness(
        salient=_interval(salient, sessions),
        random=_interval(blind, sessions),
        gain=_interval(salient - blind, sessions),
        win_share=float((salient > blind).mean()),
        error_growth=session_interval(grown, sessions),
        error_falls_share=float((known < 0).mean()) if len(known) else None,
        curves=Curves(
            shares=SHARES,
            deletion=_means(deleted[:, 0], sessions),
            random_deletion=_means(deleted[:, 1:].mean(axis=1), sessions),
            insertion=_means(inserted[:, 0], sessions),
            random_insertion=_means(inserted[:, 1:].mean(axis=1), sessions),
        ),
    )


def _blurred(
    network: GazeNetwork,
    frames: Frames,
    row: int,
    laid: LaidFace,
    points: IndexArray,
    orders: list[IndexArray],
) -> tuple[Answers, Answers]:
    """Answer a frame and its versions: deletion then insertion, order by order, share by share."""
    frame = rows_of(frames.batch, np.array([row], dtype=np.int64))
    cache = BranchCache(network, frame)
    windows = laid.windows(points)
    sizes: dict[str, tuple[int, int]] = {name: laid.sizes_px[name] for name in laid.places}
    cuts = [_cuts(order, windows, sizes) for order in orders]
    masks = {name: _masks(windows[name], size_px, orders, cuts) for name, size_px in sizes.items()}
    versions = rows_of(frame, np.zeros(2 * len(orders) * len(SHARES), dtype=np.int64))
    for name, mask in masks.items():
        given = frame.pictures[name][0]
        widths = windows[name][:, 2] - windows[name][:, 0]
        soft = filled(given, "blur", float(widths.max(initial=1)))
        flags = torch.from_numpy(mask)[:, None].to(given.device)
        versions.pictures[name].copy_(torch.where(flags, soft[None], given[None]))
    road_px = frames.samples.road_size_px[row]
    return answers_of(cache.output, road_px), answers_of(cache.answer(versions, masks), road_px)


def _cuts(
    order: IndexArray, windows: Mapping[str, IndexArray], sizes_px: Mapping[str, tuple[int, int]]
) -> IndexArray:
    """Say how many places of an order cover each share of the whole area, all pictures together."""
    covered = np.zeros(len(order))
    for name, own in windows.items():
        width, height = sizes_px[name]
        free = np.ones((height, width), dtype=np.bool_)
        for place, (left, top, right, bottom) in enumerate(own[order].tolist()):
            part = free[top:bottom, left:right]
            covered[place] += np.count_nonzero(part)
            part[:] = False
    reached = np.cumsum(covered) / max(1.0, covered.sum())
    return np.searchsorted(reached, np.array(SHARES) - 1e-9).astype(np.int64) + 1


def _masks(
    own: IndexArray, size_px: tuple[int, int], orders: list[IndexArray], cuts: list[IndexArray]
) -> NDArray[np.bool_]:
    """Mark what is blurred in one picture, shape (2 · orders · shares, height, width)."""
    width, height = size_px
    deleted = []
    for order, counts in zip(orders, cuts, strict=True):
        mask, first = np.zeros((height, width), dtype=np.bool_), 0
        for last in counts.tolist():
            for left, top, right, bottom in own[order[first:last]].tolist():
                mask[top:bottom, left:right] = True
            first = last
            deleted.append(mask.copy())
    stacked = np.stack(deleted)
    # The last share of any order is the whole.
    return np.concatenate([stacked, deleted[-1] & ~stacked])


def _by_map(surface: FaceSurface, points: IndexArray, of_map: FloatArray) -> IndexArray:
    """Order places by a map, the most salient first; unknown ones last."""
    x, y = np.rint(surface.frontal_px[points]).astype(np.int64).T
    height, width = of_map.shape
    values = of_map[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable").astype(np.int64)


def _around_one(
    surface: FaceSurface, points: IndexArray, random: np.random.Generator
) -> IndexArray:
    places = surface.points_mm[points]
    middle = places[random.integers(len(points))]
    return np.argsort(np.linalg.norm(places - middle, axis=1), kind="stable").astype(np.int64)


def _interval(values: FloatArray, sessions: NDArray[np.str_]) -> Interval:
    interval = session_interval(values, sessions)
    if interval is None:
        raise ValueError("an answer that is no number")
    return interval


def _means(values: FloatArray, sessions: NDArray[np.str_]) -> tuple[float, ...]:
    return tuple(_interval(each, sessions).mean for each in values.T)
