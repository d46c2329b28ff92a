"""What the page wrote down beside its videos: pings, fixes, frames."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dashgaze.collection.field.json_lines import parse_lines
from dashgaze.collection.location_fix import Fix

from .parts import Part

_NEAREST_PINGS = 7


@dataclass(frozen=True, kw_only=True)
class PingSample:
    """One ping: ``page = host + offset``, at a time on the page's clock."""

    page_ms: float
    offset_ms: float
    rtt_ms: float


@dataclass(frozen=True, kw_only=True)
class PhoneLog:
    """The log of one loaded page; times are its clock, ms.

    Attributes
    ----------
    pings
        In the order of time.
    fixes
        With the phone's own time stamps.
    frames_ms
        When each frame was captured, by the key of the part it went to.
    """

    pings: list[PingSample] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    frames_ms: dict[str, list[float]] = field(default_factory=dict)

    def offset_at(self, page_ms: float) -> PingSample | None:
        """Give the quickest of the pings around a time: the shorter the way, the less it errs."""
        near = sorted(self.pings, key=lambda ping: abs(ping.page_ms - page_ms))[:_NEAREST_PINGS]
        return min(near, key=lambda ping: ping.rtt_ms, default=None)


def read_logs(parts: Iterable[Part]) -> dict[str, PhoneLog]:
    """Read the logs of all pages, by the page's key. Lines that make no sense are passed over."""
    logs: dict[str, PhoneLog] = {}
    for part in parts:
        log = logs.setdefault(part.opening.page, PhoneLog())
        content = part.path.read_bytes() if part.path.exists() else b""
        for line in parse_lines(content).entries:
            try:
                _take(log, line)
            except (ValueError, TypeError, KeyError, OverflowError):
                continue
    for log in logs.values():
        log.pings.sort(key=lambda ping: ping.page_ms)
    return logs


def _take(log: PhoneLog, line: dict[str, Any]) -> None:
    match line.get("k"):
        case "clock":
            t0, t1, t2, t3 = (_number(line[name]) for name in ("t0", "t1", "t2", "t3"))
            rtt = (t3 - t0) - (t2 - t1)
            if rtt >= 0:
                offset = ((t0 - t1) + (t3 - t2)) / 2
                log.pings.append(PingSample(page_ms=t0, offset_ms=offset, rtt_ms=rtt))
        case "fix":
            log.fixes.append(
                Fix(
                    timestamp_ns=round(_number(line["t"]) * 1e6),
                    latitude_deg=_number(line["lat"]),
                    longitude_deg=_number(line["lon"]),
                    speed_m_s=math.nan if line.get("speed") is None else _number(line["speed"]),
                )
            )
        case "frames":
            times = [_number(row[0]) for row in line["rows"]]
            log.frames_ms.setdefault(str(line["key"]), []).extend(times)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number
