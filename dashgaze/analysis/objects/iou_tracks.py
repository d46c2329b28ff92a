"""Which boxes of one picture and the next are the same thing, by how much they overlap."""

from dataclasses import replace

import numpy as np

from ..contract.study import FloatArray
from .boxes import NO_TRACK, ObjectBoxes

LEAST_OVERLAP = 0.3
"""Of intersection to union (Bochinski, Eiselein & Sikora 2017 take the same kind of tracker)."""

_PATIENCE = 3


def with_tracks(boxes: ObjectBoxes) -> ObjectBoxes:
    """Give boxes numbers of tracks where some have none; given numbers stay as they are.

    Pairs of the same class are joined by overlap, the largest first. A track waits for three pictures.

    References
    ----------
    Bochinski, Eiselein & Sikora (2017), High-speed tracking-by-detection without using image information.
    """
    if not len(boxes) or (boxes.track_id != NO_TRACK).all():
        return boxes
    if (boxes.track_id != NO_TRACK).any():
        # Numbers of a few boxes only would split one thing into two.
        note = "Some boxes have no track_id: tracks are made of overlaps for all of them."
        boxes = replace(boxes, notes=(*boxes.notes, note))
    tracks = np.full(len(boxes), NO_TRACK, dtype=np.int64)
    starts = np.searchsorted(boxes.picture, np.arange(len(boxes.moment) + 1)).tolist()
    open_box = np.zeros((0, 4))
    open_track = np.zeros(0, dtype=np.int64)
    open_seen = np.zeros(0, dtype=np.int64)
    open_kind = np.zeros(0, dtype=np.int64)
    kinds = np.unique(boxes.kind, return_inverse=True)[1]
    following = 0
    for place in range(len(boxes.moment)):
        start, end = starts[place], starts[place + 1]
        if start == end:
            continue
        now, kind = boxes.corners_px[start:end], kinds[start:end]
        fresh = place - open_seen <= _PATIENCE
        open_box, open_track = open_box[fresh], open_track[fresh]
        open_seen, open_kind = open_seen[fresh], open_kind[fresh]
        given = _joined(open_box, open_kind, now, kind)
        tracks[start:end] = np.where(given >= 0, open_track[given] if len(open_track) else 0, -1)
        new = given < 0
        count = int(np.count_nonzero(new))
        tracks[start:end][new] = following + np.arange(count)
        following += count
        kept = np.ones(len(open_track), dtype=np.bool_)
        kept[given[~new]] = False
        open_box = np.concatenate([open_box[kept], now])
        open_track = np.concatenate([open_track[kept], tracks[start:end]])
        open_seen = np.concatenate([open_seen[kept], np.full(end - start, place)])
        open_kind = np.concatenate([open_kind[kept], kind])
    return replace(boxes, track_id=tracks)


def _joined(
    before: FloatArray, before_kind: np.ndarray, now: FloatArray, now_kind: np.ndarray
) -> np.ndarray:
    """Give for each box now the place of its box before; −1 for none."""
    found = np.full(len(now), -1, dtype=np.int64)
    if not len(before):
        return found
    low = np.maximum(before[:, None, :2], now[None, :, :2])
    high = np.minimum(before[:, None, 2:], now[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area_before = (before[:, 2:] - before[:, :2]).prod(axis=1)
    area_now = (now[:, 2:] - now[:, :2]).prod(axis=1)
    overlap = shared / (area_before[:, None] + area_now[None] - shared)
    overlap[before_kind[:, None] != now_kind[None]] = 0.0
    taken = np.zeros(len(before), dtype=np.bool_)
    ones, others = np.nonzero(overlap >= LEAST_OVERLAP)
    for number in np.argsort(-overlap[ones, others], kind="stable").tolist():
        one, other = int(ones[number]), int(others[number])
        if not taken[one] and found[other] < 0:
            found[other] = one
            taken[one] = True
    return found
