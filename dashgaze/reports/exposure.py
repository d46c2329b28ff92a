"""How bright a video is over the drive: a keyframe every few seconds, looked at for its luma."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.media import FrameTimes, LumaReader
from dashgaze.progress import Progress

INTERVAL_S = 5.0
"""Light changes in seconds (tunnels, low sun); one picture in five seconds shows it."""

MOST_PICTURES = 240
"""So that an hour takes no longer than twenty minutes do."""

BLACK_LUMA = 40.0
"""A picture whose brightest hundredth is darker than this shows nothing: black is 16, and even at night the
headlamps light the road, and lamps and signs are far brighter."""

WHITE_LUMA = 225.0
"""A picture whose median is brighter than this is washed out: white is 235."""

NIGHT_LUMA, DAY_LUMA = 45.0, 75.0
"""Median luma of a road view over a drive, below and above which it was night and day. Road footage by day had
105 to 130; phones at night leave the sky and the verge black. Between the two, and behind a tinted windscreen,
nothing is said."""

_BACKDROP_WIDTH_PX = 480
_BACKDROP_PICTURES = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Exposure:
    """Light in one video.

    Attributes
    ----------
    time_s
        When the pictures were taken, on the drive's clock, shape (n,), s.
    luma
        Their median luma, 16 … 235 in most files, shape (n,).
    black, white
        Whether each shows nothing, or is washed out, shape (n,).
    backdrop
        The median of some of the pictures, grey: the view without what passes by, shape (h, w); None where
        it was not asked for.
    """

    time_s: NDArray[np.float64]
    luma: NDArray[np.float64]
    black: NDArray[np.bool_]
    white: NDArray[np.bool_]
    backdrop: NDArray[np.uint8] | None = field(default=None, repr=False)

    @property
    def median_luma(self) -> float | None:
        """Median over the drive; None without pictures."""
        return float(np.median(self.luma)) if len(self.luma) else None

    @property
    def black_share(self) -> float | None:
        """Share of pictures that show nothing."""
        return float(np.mean(self.black)) if len(self.luma) else None

    @property
    def white_share(self) -> float | None:
        """Share of pictures that are washed out."""
        return float(np.mean(self.white)) if len(self.luma) else None

    @property
    def light_seen(self) -> str | None:
        """``day`` or ``night``, where the pictures leave no doubt."""
        median = self.median_luma
        if median is None or NIGHT_LUMA <= median <= DAY_LUMA:
            return None
        return "night" if median < NIGHT_LUMA else "day"

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        return {
            "picture_count": len(self.luma),
            "median_luma": self.median_luma,
            "black_share": self.black_share,
            "white_share": self.white_share,
            "light_seen": self.light_seen,
        }


def spaced_keyframes(times: FrameTimes) -> NDArray[np.int64]:
    """Choose keyframes at least five seconds apart, not more than 240; shape (n,), ascending."""
    keyframes = np.flatnonzero(times.keyframe)
    if not len(keyframes):
        return keyframes
    time_s = times.time_s[keyframes]
    slot = np.floor((time_s - time_s[0]) / INTERVAL_S + 1e-6)
    _, first = np.unique(slot, return_index=True)
    chosen = keyframes[first]
    if len(chosen) > MOST_PICTURES:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_PICTURES).round().astype(np.int64)]
    return np.asarray(chosen, dtype=np.int64)


def measure_exposure(
    path: Path,
    times: FrameTimes,
    time_s: NDArray[np.float64],
    progress: Progress,
    *,
    with_backdrop: bool = False,
) -> Exposure:
    """Look at the light in a video.

    Parameters
    ----------
    path, times
        The file, and when its frames are shown.
    time_s
        The same times on the drive's clock, shape (n,), s.
    progress
        Where to report to.
    with_backdrop
        Whether to make a picture of what stays the same.

    Raises
    ------
    MediaError
        If the file can't be opened.
    """
    chosen = spaced_keyframes(times)
    kept = set(
        chosen[np.linspace(0, len(chosen) - 1, _BACKDROP_PICTURES).round().astype(int)].tolist()
        if with_backdrop and len(chosen)
        else []
    )
    rows: list[tuple[float, float, float]] = []
    small: list[NDArray[np.uint8]] = []
    with LumaReader(path, times, thread_type="NONE", thread_count=1) as reader:
        for count, item in enumerate(reader.read(chosen)):
            progress("looking at the light", count / len(chosen))
            luma = getattr(item, "luma", None)
            if luma is None:
                continue
            sample = luma[::4, ::4]
            bright = float(np.percentile(sample, 99))
            rows.append((float(time_s[item.index]), float(np.median(sample)), bright))
            if item.index in kept:
                small.append(_reduced(luma))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Exposure(
        time_s=table[:, 0],
        luma=table[:, 1],
        black=table[:, 2] < BLACK_LUMA,
        white=table[:, 1] > WHITE_LUMA,
        backdrop=np.median(np.stack(small), axis=0).astype(np.uint8) if small else None,
    )


def joined(parts: list[Exposure]) -> Exposure:
    """Join what was seen in the parts of one video."""
    empty = np.empty(0)
    return Exposure(
        time_s=np.concatenate([empty, *(part.time_s for part in parts)]),
        luma=np.concatenate([empty, *(part.luma for part in parts)]),
        black=np.concatenate([empty, *(part.black for part in parts)]).astype(np.bool_),
        white=np.concatenate([empty, *(part.white for part in parts)]).astype(np.bool_),
    )


def _reduced(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = luma.shape
    size = (_BACKDROP_WIDTH_PX, max(1, round(height * _BACKDROP_WIDTH_PX / width)))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
