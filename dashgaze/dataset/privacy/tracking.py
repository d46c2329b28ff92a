"""Regions that a detector missed in some frames: bridged, and kept a while at their ends.

A face that is blurred in all frames but one is known from that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .regions import REGION_CLASSES, Region, RegionClass

BRIDGE_FRAMES = 15
"""A region that is found again after up to so many frames without it is covered in these as well."""
KEEP_FRAMES = 5
"""A region is covered for so many frames before it is first found and after it is last found."""

# Boxes are compared after being widened by this share on each side, and at least by so much: small ones
# move by more than their own size from one frame to the next.
_REACH, _REACH_PX = 0.5, 6.0
# Intersection over union of widened boxes from which on they are taken for the same region.
_SAME = 0.1
# Frames over which the speed of a region is measured.
_SPEED_FRAMES = 5

Box = NDArray[np.float64]
"""Left, top, right and bottom edge, px; shape (4,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cover:
    """A box to be covered, and why.

    Attributes
    ----------
    kind
        What is in it.
    box
        Where it is.
    found
        Whether it was found in this frame; False for one that was bridged or kept.
    """

    kind: RegionClass
    box: Box
    found: bool


@dataclass(eq=False)
class _Track:
    """Boxes of one region, by frame."""

    frames: list[int] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)

    def add(self, frame: int, box: Box) -> None:
        self.frames.append(frame)
        self.boxes.append(box)

    def at(self, frame: int, *, backward: bool = False) -> Box:
        """Give the box at a frame beyond an end, at the speed that it had there."""
        frames, boxes = np.array(self.frames, dtype=np.float64), np.array(self.boxes)
        end = 0 if backward else -1
        near = np.abs(frames - frames[end]) <= _SPEED_FRAMES
        if near.sum() < 2:
            return self.boxes[end]
        # Edges may move apart; their common motion is what is followed, the size is kept.
        first, last = np.flatnonzero(near)[[0, -1]]
        step = (boxes[last] - boxes[first]) / (frames[last] - frames[first])
        move = np.tile((step[:2] + step[2:]) / 2, 2) * (frame - frames[end])
        ahead: Box = boxes[end] + move
        return ahead


def cover_regions(
    regions: Sequence[Sequence[Region]],
    *,
    shift_px: NDArray[np.float64] | None = None,
    bridge_frames: int = BRIDGE_FRAMES,
    keep_frames: int = KEEP_FRAMES,
) -> list[list[Cover]]:
    """Say what is to be covered in each frame.

    Parameters
    ----------
    regions
        What was found in each frame, in order of time.
    shift_px
        How far each picture is moved as a whole, see `PictureMotion`, shape (n, 2); None for a camera
        that stands still in the car.
    bridge_frames, keep_frames
        See `BRIDGE_FRAMES` and `KEEP_FRAMES`.

    Returns
    -------
    list
        Of each frame, what to cover: everything found, and what was missed.
    """
    covers: list[list[Cover]] = [[] for _ in regions]
    # Followed where it would be if the picture had not moved, and covered where it is.
    moved = np.zeros((len(regions), 4)) if shift_px is None else np.tile(shift_px, 2)
    for kind in REGION_CLASSES:
        found = [
            [_box(region) - move for region in each if region.kind == kind]
            for each, move in zip(regions, moved, strict=True)
        ]
        for track in _link(found, bridge_frames):
            _write(track, kind, covers, keep_frames, moved)
    return covers


def widened(box: Box, share: float, least_px: float) -> Box:
    """Move each edge of a box outward by a share of its width or height, and at least by so much."""
    size = np.maximum(share * (box[2:] - box[:2]), least_px)
    wide: Box = np.concatenate([box[:2] - size, box[2:] + size])
    return wide


def _link(found: Sequence[Sequence[Box]], bridge_frames: int) -> list[_Track]:
    """Follow regions from frame to frame; the pairs that overlap most first."""
    done: list[_Track] = []
    open_tracks: list[_Track] = []
    for frame, boxes in enumerate(found):
        over = [track for track in open_tracks if frame - track.frames[-1] > bridge_frames + 1]
        done.extend(over)
        open_tracks = [track for track in open_tracks if track not in over]
        free = dict(enumerate(boxes))
        for track, number in _pairs(open_tracks, boxes, frame):
            track.add(frame, free.pop(number))
        for box in free.values():
            new = _Track()
            new.add(frame, box)
            open_tracks.append(new)
    return [*done, *open_tracks]


def _pairs(tracks: Sequence[_Track], boxes: Sequence[Box], frame: int) -> list[tuple[_Track, int]]:
    if not tracks or not boxes:
        return []
    ahead = np.array([widened(track.at(frame), _REACH, _REACH_PX) for track in tracks])
    stayed = np.array([widened(track.boxes[-1], _REACH, _REACH_PX) for track in tracks])
    now = np.array([widened(box, _REACH, _REACH_PX) for box in boxes])
    overlap = np.maximum(_overlaps(ahead, now), _overlaps(stayed, now))
    pairs: list[tuple[_Track, int]] = []
    while overlap.max() > _SAME:
        row, column = np.unravel_index(int(overlap.argmax()), overlap.shape)
        pairs.append((tracks[int(row)], int(column)))
        overlap[row, :] = overlap[:, column] = -1.0
    return pairs


def _overlaps(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give intersection over union of all pairs, shape (len(a), len(b))."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0.0), axis=2)
    area_a = np.prod(a[:, 2:] - a[:, :2], axis=1)[:, None]
    area_b = np.prod(b[:, 2:] - b[:, :2], axis=1)[None, :]
    shares: NDArray[np.float64] = common / (area_a + area_b - common)
    return shares


def _write(
    track: _Track,
    kind: RegionClass,
    covers: list[list[Cover]],
    keep_frames: int,
    moved: NDArray[np.float64],
) -> None:
    first, last = track.frames[0], track.frames[-1]
    seen = dict(zip(track.frames, track.boxes, strict=True))
    boxes = np.array(track.boxes)
    for frame in range(max(0, first - keep_frames), min(len(covers), last + keep_frames + 1)):
        if frame in seen:
            covers[frame].append(Cover(kind=kind, box=seen[frame] + moved[frame], found=True))
            continue
        if first < frame < last:
            box = np.array([np.interp(frame, track.frames, boxes[:, edge]) for edge in range(4)])
        else:
            # It may stand still or go on: both places are covered.
            ahead = track.at(frame, backward=frame < first)
            stayed = boxes[0] if frame < first else boxes[-1]
            box = np.concatenate(
                [np.minimum(ahead[:2], stayed[:2]), np.maximum(ahead[2:], stayed[2:])]
            )
        covers[frame].append(Cover(kind=kind, box=box + moved[frame], found=False))


def _box(region: Region) -> Box:
    return np.array(
        [
            region.x_px,
            region.y_px,
            region.x_px + region.width_px,
            region.y_px + region.height_px,
        ]
    )
