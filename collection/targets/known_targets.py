"""Where to look, for each picture that was shown: ``field/known_targets.parquet``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.files import replacing

from .target_log import LOG_NAME, read_log

KNOWN_NAME = "field/known_targets.parquet"
KNOWN_SCHEMA = "dashgaze/known-targets/1"

_GOOD_SHARE = 0.25
# Over less time the two clocks' difference in speed is far below the error of its estimate.
_DRIFT_FROM_S = 120.0

_FIELDS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("host_ns", pa.int64(), "When it was expected on the screen, Unix time of this computer, ns."),
    ("tracker_ns", pa.int64(), "The same on the eye tracker's clock, ns; null if not measured."),
    ("phase", pa.string(), "before (dots), film, or after (dots)."),
    ("media_time_s", pa.float64(), "Time of the film's frame, s; null for dots."),
    ("target_id", pa.string(), "What to look at; null if nothing."),
    ("x_px", pa.float64(), "Where it is, px of the film."),
    ("y_px", pa.float64(), "Where it is, px of the film."),
    ("x_screen_px", pa.float64(), "Where it is in the window, CSS px."),
    ("y_screen_px", pa.float64(), "Where it is in the window, CSS px."),
    ("frames_missed", pa.int32(), "Frames of the film that were not shown before this one."),
    ("seen", pa.bool_(), "Whether the page was visible, and filled the screen."),
)


@dataclass(frozen=True, kw_only=True)
class PageClock:
    """How the page's clock stands to this computer's: ``host = rate · page + offset``.

    Attributes
    ----------
    offset_ns, rate
        ``host_ns = rate · (page_ms − middle_ms) · 1e6 + offset_ns``.
    middle_ms
        Page time at which `offset_ns` holds, ms.
    uncertainty_ms
        Half of the longest round trip of those that it rests on: the true offset lies within.
    count
        How many questions it rests on.
    """

    offset_ns: int
    rate: float
    middle_ms: float
    uncertainty_ms: float
    count: int

    def host_ns(self, page_ms: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give times of the page on this computer's clock, ns."""
        away_ns = np.round(self.rate * (page_ms - self.middle_ms) * 1e6).astype(np.int64)
        return np.asarray(self.offset_ns + away_ns, dtype=np.int64)


def page_clock(lines: list[dict[str, Any]]) -> PageClock:
    """Work out the page's clock from its questions, of which those with short ways count.

    Raises
    ------
    InputError
        If there are none.
    """
    asked = [
        (line["sent_ms"], line["back_ms"], int(line["host_received_ns"]), int(line["host_sent_ns"]))
        for line in lines
        if line.get("kind") == "clock"
    ]
    if not asked:
        raise InputError(
            "The page never asked for this computer's time: its frames have none.",
            fix="Record again; if that does not help, open the page on this computer.",
        )
    base_ns = asked[0][2]
    sent, back = (np.array([each[i] for each in asked], dtype=np.float64) for i in (0, 1))
    host_ms = np.array([(each[2] + each[3]) / 2 - base_ns for each in asked]) / 1e6
    held_ms = np.array([each[3] - each[2] for each in asked]) / 1e6
    trip_ms = np.maximum(back - sent - held_ms, 0.0)
    good = trip_ms <= np.quantile(trip_ms, _GOOD_SHARE)
    page_ms = ((sent + back) / 2)[good]
    apart_ms = host_ms[good] - page_ms
    middle_ms = float(np.mean(page_ms))
    rate, centre_ms = 1.0, float(np.median(apart_ms))
    if len(page_ms) >= 8 and np.ptp(page_ms) > _DRIFT_FROM_S * 1e3:
        slope, centre_ms = (float(value) for value in np.polyfit(page_ms - middle_ms, apart_ms, 1))
        rate = 1.0 + slope
    return PageClock(
        offset_ns=base_ns + round((centre_ms + middle_ms) * 1e6),
        rate=rate,
        middle_ms=middle_ms,
        # Each of them may have been held up on one way only.
        uncertainty_ms=float(trip_ms[good].max() / 2),
        count=int(good.sum()),
    )


def pack_targets(session: Path) -> Path:
    """Make the table of what was shown when, and where the target was, of the last run of the page.

    The target's place is worked out anew from the way that the server gave out, at the media time of
    each frame. ``tracker_ns`` is given where ``field/clocks.json`` has the tracker's offset.

    Parameters
    ----------
    session
        The session folder.

    Returns
    -------
    Path
        ``field/known_targets.parquet``.

    Raises
    ------
    InputError
        If no film was shown, the page told no clock, or a line of its log makes no sense.
    OutputError
        If it can't be written.
    """
    try:
        return _pack(session, read_log(session))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InputError(
            f"{session / LOG_NAME} holds a line that makes no sense: {type(error).__name__} {error}.",
            fix="Look for the line that was changed; the page writes no such ones.",
            path=session / LOG_NAME,
        ) from error


def _pack(session: Path, lines: list[dict[str, Any]]) -> Path:
    runs = [line["run"] for line in lines if line.get("kind") == "frame"]
    if not runs:
        raise InputError(
            f"{session / LOG_NAME} tells of no film that was shown.",
            fix=f"Type: dashgaze collect targets VIDEO {session}",
            path=session / LOG_NAME,
        )
    first = next(n for n, line in enumerate(lines) if line.get("run") == runs[-1])
    film = next((line for line in reversed(lines[:first]) if line.get("kind") == "film"), None)
    own = [line for line in lines if line.get("run") == runs[-1]]
    clock = page_clock(own)
    shown = [line for line in own if line.get("kind") in ("frame", "dot")]
    page_ms = np.array([line.get("expected_ms", line["page_ms"]) for line in shown])
    host_ns = clock.host_ns(page_ms)
    tracker_ns = on_tracker_clock(session, host_ns)
    rows: dict[str, list[Any]] = {name: [] for name, _, _ in _FIELDS}
    screen: dict[str, Any] | None = None
    screens = [line for line in own if line.get("kind") == "screen"]
    missed = _missed(shown)
    for number, line in enumerate(shown):
        while screens and screens[0]["page_ms"] <= line["page_ms"]:
            screen = screens.pop(0)
        is_frame = line["kind"] == "frame"
        target, x_px, y_px = line["target"], line["x_px"], line["y_px"]
        if is_frame and film is not None:
            target, x_px, y_px = _target_at(film["targets"], line["media_s"])
        place = _on_screen(x_px, y_px, screen, film)
        values = (
            int(host_ns[number]),
            None if tracker_ns is None else int(tracker_ns[number]),
            "film" if is_frame else line["phase"],
            line["media_s"] if is_frame else None,
            target,
            x_px,
            y_px,
            *place,
            missed[number],
            bool(line["visible"] and line["full"]),
        )
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
    about = {
        "schema": KNOWN_SCHEMA,
        "run": runs[-1],
        "video": None if film is None else film["video"],
        "clock_uncertainty_ms": clock.uncertainty_ms,
        "clock_count": clock.count,
        "what": "times are those at which the browser expected a picture on the screen; the screen's "
        "own delay, some 5 to 50 ms, comes on top",
    }
    fields = [
        pa.field(name, kind, metadata={"meaning": meaning}) for name, kind, meaning in _FIELDS
    ]
    table = pa.table(rows, schema=pa.schema(fields, metadata={"dashgaze": json.dumps(about)}))
    path = session / KNOWN_NAME
    with replacing(path) as temporary:
        pq.write_table(table.sort_by("host_ns"), temporary)
    return path


def on_tracker_clock(session: Path, host_ns: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Give times on the eye tracker's clock, between its measured offsets; None if there are none."""
    try:
        content = json.loads((session / "field" / "clocks.json").read_text(encoding="utf-8"))
        measured = sorted(
            (int(each["host_ns"]), float(each["offset_ms"]))
            for each in content["measurements"]
            if each["role"] == "tracker"
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    if not measured:
        return None
    base_ns = measured[0][0]
    at = np.array([each[0] - base_ns for each in measured], dtype=np.float64)
    offsets_ms = np.interp(
        (host_ns - base_ns).astype(np.float64), at, [each[1] for each in measured]
    )
    return np.asarray(host_ns + np.round(offsets_ms * 1e6).astype(np.int64), dtype=np.int64)


def _missed(shown: list[dict[str, Any]]) -> list[int]:
    """Count the frames before each that nobody was told of: not decoded in time, or not looked at."""
    missed = [0] * len(shown)
    frames = [number for number, line in enumerate(shown) if line["kind"] == "frame"]
    media_s = np.array([shown[number]["media_s"] for number in frames], dtype=np.float64)
    steps_s = np.diff(media_s)
    if not (steps_s > 0).any():
        return missed
    # Most steps may be of two frames on a slow computer, hardly nine of ten.
    interval_s = float(np.quantile(steps_s[steps_s > 0], 0.1))
    for place, step_s in enumerate(steps_s, 1):
        number, before = frames[place], frames[place - 1]
        untold = shown[number]["count"] - shown[before]["count"] - 1
        missed[number] = max(0, untold, round(float(step_s) / interval_s) - 1)
    return missed


def _target_at(
    targets: list[dict[str, Any]], media_s: float
) -> tuple[str | None, float | None, float | None]:
    for target in targets:
        points = np.array(target["points"], dtype=np.float64)
        if points[0, 0] <= media_s <= points[-1, 0]:
            x_px, y_px = (float(np.interp(media_s, points[:, 0], points[:, i])) for i in (1, 2))
            return target["id"], x_px, y_px
    return None, None, None


def _on_screen(
    x_px: float | None,
    y_px: float | None,
    screen: dict[str, Any] | None,
    film: dict[str, Any] | None,
) -> tuple[float | None, float | None]:
    if x_px is None or y_px is None or screen is None or film is None:
        return None, None
    return (
        screen["film_left"] + (x_px + 0.5) / film["width_px"] * screen["film_width"],
        screen["film_top"] + (y_px + 0.5) / film["height_px"] * screen["film_height"],
    )
