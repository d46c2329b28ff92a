"""When each part began, on the phone's and on this computer's clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .parts import Part
from .phone_log import PhoneLog

# Frames whose capture times have to agree with the file's, and how well (root mean square).
_MIN_FRAMES = 20
_MAX_ERROR_MS = 3.0
# A frame that is off by more counts as this: lost frames must not decide.
_CLIP_MS = 10.0
# A recorder begins with a frame that was captured so long before or after it says that it started.
_EARLIEST_MS, _LATEST_MS = -1000.0, 250.0
# Shifts that fit about as well as the best, by ratio: frames that came too evenly to be told apart.
# At the true one only the file's rounding to milliseconds is left; one frame beside it the unevenness
# of real cameras makes that 0.8 ms and more.
_ALIKE = 1.2
_ROUNDED_MS = 0.29
# Shifts within this put the file onto the same frames.
_SAME_FRAME_MS = 5.0
# What is left of the file's and the log's roundings where the frames tell the shift.
_ROUNDING_MS = 1.0
_WITHOUT_FRAMES_MS = 100.0
# More frames tell no more.
_ENOUGH_FRAMES = 600


@dataclass(frozen=True, kw_only=True)
class PartStart:
    """Time of a part's container zero.

    Attributes
    ----------
    page_ms
        On the page's own clock, ms: parts of one page are told apart by it, whatever the pings say.
    wall_ns
        On the phone's wall clock, Unix ns.
    host_ns
        On this computer's clock, Unix ns; None without a ping.
    host_uncertainty_ms
        Half of the ping's round trip.
    from_frames
        Whether it was told by the capture times of frames; otherwise by the recorder's start.
    error_ms
        How far the start may be off on the phone's own clock, ms. One frame or more where the frames
        came too evenly to tell which of them was the first; a tenth of a second without frames.
    """

    page_ms: float
    wall_ns: int
    host_ns: int | None
    host_uncertainty_ms: float | None
    from_frames: bool
    error_ms: float


def part_start(part: Part, log: PhoneLog, pts_ms: NDArray[np.float64]) -> PartStart:
    """Tell when a part began.

    Parameters
    ----------
    part
        The part of a camera.
    log
        The log of its page.
    pts_ms
        Times of its frames in its file, shape (n,), ms.
    """
    opening = part.opening
    refined = _by_frames(opening.start_ms, pts_ms, log.frames_ms.get(opening.key, []))
    page_ms, error_ms = (opening.start_ms, _WITHOUT_FRAMES_MS) if refined is None else refined
    ping = log.offset_at(page_ms)
    return PartStart(
        page_ms=page_ms,
        wall_ns=round((page_ms + opening.wall_minus_page_ms) * 1e6),
        host_ns=None if ping is None else round((page_ms - ping.offset_ms) * 1e6),
        host_uncertainty_ms=None if ping is None else ping.rtt_ms / 2,
        from_frames=refined is not None,
        error_ms=error_ms,
    )


def _by_frames(
    start_ms: float, pts_ms: NDArray[np.float64], captured_ms: Sequence[float]
) -> tuple[float, float] | None:
    """Find the shift that puts the file's frame times onto the capture times, and its error, ms.

    The unevenness of frames tells it. Where they are too even for that, the recorder is taken to
    have begun with the first frame that the page saw after it was told to. A busy browser does not
    show the page each frame, so that one may be another than the file's first: the error is then the
    way to the next shift that fits as well.
    """
    captured = np.unique(np.asarray(captured_ms, dtype=np.float64))
    times = pts_ms[:_ENOUGH_FRAMES]
    if len(captured) < _MIN_FRAMES or len(times) < _MIN_FRAMES:
        return None
    shifts = start_ms + np.arange(_EARLIEST_MS, _LATEST_MS)
    # each to the middle of its frames: their rounding is less than the steps between the shifts
    shifts = np.array([shift + _middle_ms(times + shift, captured) for shift in shifts])
    errors = np.array([_error_ms(times + shift, captured) for shift in shifts])
    if errors.min() > _MAX_ERROR_MS:
        return None
    alike = shifts[errors <= max(errors.min(), _ROUNDED_MS) * _ALIKE]
    best = float(alike[np.argmin(np.abs(alike - captured[0]))])
    others = np.abs(alike - best)
    others = others[others > _SAME_FRAME_MS]
    return best, float(others.min()) if len(others) else _ROUNDING_MS


def _middle_ms(times_ms: NDArray[np.float64], captured: NDArray[np.float64]) -> float:
    return float(np.median(_residual_ms(times_ms, captured)))


def _error_ms(times_ms: NDArray[np.float64], captured: NDArray[np.float64]) -> float:
    # Beyond the log's ends there is nothing to compare with: that speaks neither for nor against.
    inside = (times_ms > captured[0] - _CLIP_MS) & (times_ms < captured[-1] + _CLIP_MS)
    if inside.sum() < _MIN_FRAMES:
        return math.inf
    residual = _residual_ms(times_ms[inside], captured).clip(-_CLIP_MS, _CLIP_MS)
    return float(np.sqrt(np.mean(residual**2)))


def _residual_ms(
    times_ms: NDArray[np.float64], captured: NDArray[np.float64]
) -> NDArray[np.float64]:
    place = np.searchsorted(captured, times_ms).clip(1, len(captured) - 1)
    before, after = captured[place - 1], captured[place]
    residual: NDArray[np.float64] = (
        np.where(times_ms - before < after - times_ms, before, after) - times_ms
    )
    return residual
