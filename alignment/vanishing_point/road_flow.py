"""Looks at a road video: points followed through it, and its lines, in pixels of reduced pictures.

A look asks for no camera. So whoever decodes the road video anyway can take them in passing, stretch by stretch,
before the road camera's focal length is known, and keep them for `scan_video`.
"""

import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dashgaze.files import replacing
from dashgaze.media import FrameTimes, LumaFrame, LumaGap

from .picture_flow import FlowFinder, Luma, PixelFlow, reduced
from .road_lines import line_ends

GAP_S = 0.1
"""From one picture to the next that is looked at: three frames of thirty a second."""

_LONGEST_GAP_S = 0.4
_LINES_EVERY_S = 1.0
_NONE = -1
"""In place of a number of points or lines that were not looked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadFlowPlan:
    """Which pictures of a video are looked at; arrays over n of them, ascending.

    Attributes
    ----------
    index
        Their positions in the video, shape (n,).
    follows
        Whether the picture before is near enough in time to be compared with, shape (n,).
    lines
        Whether lines are looked for, shape (n,).
    size_px
        Width and height of the reduced picture.
    usable
        0 on what never changes, in that size; None if there is nothing of that kind.
    """

    index: NDArray[np.int64]
    follows: NDArray[np.bool_]
    lines: NDArray[np.bool_]
    size_px: tuple[int, int]
    usable: Luma | None

    def __len__(self) -> int:
        return len(self.index)

    @classmethod
    def of(
        cls, times: FrameTimes, *, size_px: tuple[int, int], usable: Luma | None, lines: bool
    ) -> "RoadFlowPlan":
        """Choose about ten pictures a second, whatever the frame rate, and one a second for its lines.

        Parameters
        ----------
        times
            Times of the video's frames.
        size_px, usable
            See above.
        lines
            Whether lines are asked for at all.
        """
        index = np.array(_thinned(times.time_s, GAP_S * 0.9), dtype=np.int64)
        time_s = times.time_s[index]
        asked = np.zeros(len(index), dtype=np.bool_)
        if lines:
            asked[_thinned(time_s, _LINES_EVERY_S)] = True
        return cls(
            index=index,
            follows=np.diff(time_s, prepend=-np.inf) <= _LONGEST_GAP_S,
            lines=asked,
            size_px=size_px,
            usable=usable,
        )

    def window(self, first: int, last: int) -> "RoadFlowPlan":
        """Give the plan of the frames from `first` to `last`, and of the picture before them."""
        start = max(int(np.searchsorted(self.index, first)) - 1, 0)
        rows = slice(start, int(np.searchsorted(self.index, last, side="right")))
        return replace(
            self, index=self.index[rows], follows=self.follows[rows], lines=self.lines[rows]
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What was seen in a picture.

    Attributes
    ----------
    index
        Its position in the video.
    seen
        Whether it could be had.
    flow
        Points followed from the picture before; None where the two were not compared.
    line_ends
        Ends of its lines, see `line_ends`; None where they were not looked for.
    """

    index: int
    seen: bool
    flow: PixelFlow | None = None
    line_ends: NDArray[np.float32] | None = None


class Onlooker:
    """Looks at pictures of a plan as they come, ascending.

    Parameters
    ----------
    plan
        Which pictures.
    """

    def __init__(self, plan: RoadFlowPlan) -> None:
        self.plan = plan
        self._row_of = {int(index): row for row, index in enumerate(plan.index)}
        self._finder = FlowFinder(plan.usable)
        self._last = -2

    @property
    def last(self) -> int:
        """Row of the picture that was looked at last."""
        return self._last

    def see(self, item: LumaFrame | LumaGap) -> Look | None:
        """Look at a picture; None if it is not in the plan."""
        row = self._row_of.get(item.index)
        if row is None:
            return None
        follows = bool(self.plan.follows[row]) and row == self._last + 1
        self._last = row
        if not isinstance(item, LumaFrame):
            self._finder.forget()
            return Look(index=item.index, seen=False)
        if not follows:
            self._finder.forget()
        picture = reduced(item.luma, self.plan.size_px)
        return Look(
            index=item.index,
            seen=True,
            flow=self._finder.follow(picture),
            line_ends=line_ends(picture, self.plan.usable) if self.plan.lines[row] else None,
        )


def save_looks(looks: Sequence[Look], path: Path) -> None:
    """Write looks, in one step.

    Raises
    ------
    OutputError
        If they can't be written.
    """
    flows = [each.flow for each in looks if each.flow is not None]
    lines = [each.line_ends for each in looks if each.line_ends is not None]
    no_points = np.zeros((0, 2), dtype=np.float32)
    arrays = {
        "index": np.array([each.index for each in looks], dtype=np.int64),
        "seen": np.array([each.seen for each in looks], dtype=np.bool_),
        "flow_count": np.array(
            [_NONE if each.flow is None else len(each.flow) for each in looks], dtype=np.int32
        ),
        "line_count": np.array(
            [_NONE if each.line_ends is None else len(each.line_ends) for each in looks],
            dtype=np.int32,
        ),
        "from_px": np.concatenate([no_points, *(each.from_px for each in flows)]),
        "to_px": np.concatenate([no_points, *(each.to_px for each in flows)]),
        "line_ends": np.concatenate([no_points.reshape(0, 2, 2), *lines]),
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # of allow_pickle


def load_looks(path: Path) -> list[Look]:
    """Read looks that were saved; none if there are none, or they are damaged."""
    try:
        return list(_looks(load_arrays(path)))
    except (KeyError, ValueError):
        return []


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read an archive of arrays.

    Raises
    ------
    ValueError
        If there is none, or it is damaged.
    """
    try:
        packed = io.BytesIO(path.read_bytes())
        with np.load(packed, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    # a damaged archive may also seem to be encrypted or compressed in unknown ways
    except (
        *(OSError, ValueError, KeyError, EOFError, RuntimeError, SyntaxError, MemoryError),
        *(TokenError, BadZipFile, zlib.error, AttributeError),
    ) as error:
        raise ValueError(f"{path} can't be read as arrays") from error


def _looks(found: dict[str, NDArray[Any]]) -> Iterator[Look]:
    flow_at = np.cumsum(np.maximum(found["flow_count"], 0), dtype=np.int64)
    line_at = np.cumsum(np.maximum(found["line_count"], 0), dtype=np.int64)
    for row, (index, seen) in enumerate(zip(found["index"], found["seen"], strict=True)):
        flow = ends = None
        if (count := int(found["flow_count"][row])) != _NONE:
            points = slice(flow_at[row] - count, flow_at[row])
            flow = PixelFlow(from_px=found["from_px"][points], to_px=found["to_px"][points])
        if (count := int(found["line_count"][row])) != _NONE:
            ends = found["line_ends"][line_at[row] - count : line_at[row]]
        yield Look(index=int(index), seen=bool(seen), flow=flow, line_ends=ends)


def _thinned(time_s: NDArray[np.float64], gap_s: float) -> list[int]:
    """Choose times that are at least a gap apart."""
    chosen: list[int] = []
    last = -np.inf
    for row, now in enumerate(time_s.tolist()):
        if now - last >= gap_s:
            chosen.append(row)
            last = now
    return chosen
