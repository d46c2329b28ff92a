"""Looks that were kept while somebody else decoded the video, and those that still have to be taken."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashgaze.media import LumaReader

from .picture_flow import Luma
from .road_flow import Look, Onlooker, RoadFlowPlan, load_looks, save_looks

_PREFIX = "looks_"


@dataclass(frozen=True, kw_only=True, eq=False)
class KeptLooks:
    """Looks at just this video, stretch by stretch, with gaps and overlaps.

    Attributes
    ----------
    usable
        What `static_road_parts` gave for the video.
    paths
        Files that `keep_looks` wrote.
    """

    usable: Luma | None
    paths: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path, usable: Luma | None) -> "KeptLooks":
        """Find what is kept in a folder."""
        return cls(usable=usable, paths=tuple(sorted(folder.glob(f"{_PREFIX}*.npz"))))


def keep_looks(looks: Sequence[Look], folder: Path) -> None:
    """Keep the looks of a stretch, if there are any.

    Raises
    ------
    OutputError
        If they can't be written.
    """
    if looks:
        name = f"{_PREFIX}{looks[0].index:08d}_{looks[-1].index:08d}.npz"
        save_looks(looks, folder / name)


class LookSource:
    """Gives the looks of a plan one after the other; what is not kept is decoded.

    Parameters
    ----------
    plan
        Of the whole video.
    reader
        The video, opened.
    kept
        What is kept of it. What is in it belongs to the same plan, but for whether lines were looked for.
    """

    def __init__(self, plan: RoadFlowPlan, reader: LumaReader, kept: KeptLooks | None) -> None:
        self._plan, self._reader = plan, reader
        self._waiting = deque(() if kept is None else kept.paths)
        self._kept: dict[int, Look] = {}
        self._onlooker = Onlooker(plan)

    def __iter__(self) -> Iterator[Look]:
        """Give a look for each picture of the plan; only those of a stretch or two are held in memory."""
        before_seen = False
        for row, index in enumerate(self._plan.index.tolist()):
            self._load(index)
            compared = before_seen and bool(self._plan.follows[row])
            look = self._kept.pop(index, None)
            if look is None or self._lacks(look, row, compared=compared):
                look = self._take(row, compared=compared)
            before_seen = look.seen
            yield look

    def _load(self, index: int) -> None:
        while self._waiting and _first(self._waiting[0]) <= index:
            for look in load_looks(self._waiting.popleft()):
                before = self._kept.get(look.index)
                # The first look of a stretch has nothing to be compared with; the stretch before may have.
                if look.index >= index and (before is None or before.flow is None):
                    self._kept[look.index] = look

    def _lacks(self, look: Look, row: int, *, compared: bool) -> bool:
        asked = bool(self._plan.lines[row])
        return look.seen and (
            (compared and look.flow is None) or (asked and look.line_ends is None)
        )

    def _take(self, row: int, *, compared: bool) -> Look:
        if compared and self._onlooker.last != row - 1:
            self._see(row - 1)
        return self._see(row)

    def _see(self, row: int) -> Look:
        (item,) = self._reader.read([int(self._plan.index[row])])
        look = self._onlooker.see(item)
        if look is None:
            raise ValueError(f"picture {item.index} is not in the plan")
        return look


def _first(path: Path) -> int:
    number = path.name.removeprefix(_PREFIX).split("_")[0]
    return int(number) if number.isdigit() else 0
