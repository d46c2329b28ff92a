"""The phone's location track: CSV, GPX or NMEA, told apart by content."""

import itertools
import math
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from .location_csv import read_csv
from .location_fix import Fix
from .location_gpx import read_gpx
from .location_nmea import is_nmea, read_nmea

Format = Literal["csv", "gpx", "nmea"]

MAX_BYTES = 256 * 2**20
"""Largest file that is read: a day of GPX at 10 Hz has about half of it."""

MAX_STEP_S = 5.0
"""Positions further apart in time than this don't tell the speed at either of them."""

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG); distances are within 0.6 % of the ellipsoid's."""


@dataclass(frozen=True, kw_only=True)
class LocationTrack:
    """Location fixes, at least one; arrays of shape (n,).

    Attributes
    ----------
    timestamp_ns
        Unix time as the file has it, strictly ascending, ns: the phone's wall clock in an app's CSV,
        satellite time in GPX and NMEA.
    latitude_deg, longitude_deg
        WGS 84, deg; NaN where missing.
    speed_m_s
        Speed over ground, m/s; NaN where missing.
    format
        What the file turned out to be.
    notes
        What was left out, sorted, assumed or computed, in sentences.
    """

    timestamp_ns: NDArray[np.int64]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    speed_m_s: NDArray[np.float64]
    format: Format
    notes: tuple[str, ...] = ()


def read_location(path: Path) -> LocationTrack:
    """Read a location track.

    Where the file gives no speed at all, it is computed from the positions, and a note says so.

    Parameters
    ----------
    path
        CSV with a header that names time and position or speed (with units, in any order), GPX, or
        NMEA with RMC sentences.

    Raises
    ------
    InputError
        If the file can't be read, is none of these, declares a DTD, or holds no usable fix.
    """
    content = _read_bytes(path)
    format_ = _tell_format(path, content)
    notes: list[str] = []
    if format_ == "gpx":
        fixes = read_gpx(content, path)
    else:
        fixes, notes = read_nmea(content) if format_ == "nmea" else read_csv(content)
    usable = [fix for fix in fixes if _is_usable(fix)]
    if not usable:
        raise InputError(
            f"{path} holds no fix with a time and a position or speed.",
            fix="Expected is a CSV with a header such as "
            '"timestamp [ns],latitude,longitude,speed [m/s]", a GPX track with times, or NMEA RMC '
            "sentences with checksums.",
            path=path,
        )
    if left_out := len(fixes) - len(usable):
        notes.append(f"{left_out} of {len(fixes)} rows have no usable time or place; left out.")
    return _to_track(usable, format_, notes)


def speed_from_positions(
    timestamp_ns: NDArray[np.int64],
    latitude_deg: NDArray[np.float64],
    longitude_deg: NDArray[np.float64],
    *,
    segment: NDArray[np.int64] | None = None,
    max_step_s: float = MAX_STEP_S,
) -> NDArray[np.float64]:
    """Estimate the speed at each fix: the way from the last fix and to the next one over its time.

    Only one of the two steps counts at the ends of a segment and beside a long step.

    Parameters
    ----------
    timestamp_ns
        Strictly ascending, shape (n,), ns.
    latitude_deg, longitude_deg
        Positions, shape (n,), deg.
    segment
        Number of the piece of track that each fix belongs to, shape (n,); one piece if None.
    max_step_s
        Longest step that counts, included, s.

    Returns
    -------
    NDArray[np.float64]
        Shape (n,), m/s; NaN where no step counts.
    """
    step_s = np.diff(timestamp_ns) / 1e9
    step_m = _step_m(latitude_deg, longitude_deg)
    counts = (step_s <= max_step_s) & np.isfinite(step_m)
    if segment is not None:
        counts &= np.diff(segment) == 0
    way_m = np.pad(np.where(counts, step_m, 0.0), 1)
    time_s = np.pad(np.where(counts, step_s, 0.0), 1)
    around_m, around_s = way_m[1:] + way_m[:-1], time_s[1:] + time_s[:-1]
    speed = np.full(len(timestamp_ns), np.nan)
    known = around_s > 0
    speed[known] = around_m[known] / around_s[known]
    return speed


def _step_m(
    latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Great circle distances between consecutive positions (haversine), shape (n - 1,), m."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    haversine = (
        np.sin(np.diff(latitude) / 2) ** 2
        + np.cos(latitude[1:]) * np.cos(latitude[:-1]) * np.sin(np.diff(longitude) / 2) ** 2
    )
    distance: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(haversine.clip(0, 1)))
    return distance


def _read_bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # to open a pipe is to wait without end
            raise OSError("it is not a file")
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Check phone.location in session.yaml.",
            path=path,
        ) from error
    if size > MAX_BYTES:
        raise InputError(
            f"{path} has {size / 2**20:.0f} MiB; a location track has at most "
            f"{MAX_BYTES / 2**20:.0f}.",
            fix="Check phone.location in session.yaml.",
            path=path,
        )
    return content


def _tell_format(path: Path, content: bytes) -> Format:
    if path.suffix.lower() == ".gpx" or content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        return "gpx"
    return "nmea" if is_nmea(content) else "csv"


def _is_usable(fix: Fix) -> bool:
    if fix.timestamp_ns is None or not 0 <= fix.timestamp_ns < 2**63:
        return False
    if math.isnan(fix.latitude_deg) or math.isnan(fix.longitude_deg):
        return math.isfinite(fix.speed_m_s)
    return abs(fix.latitude_deg) <= 90 and abs(fix.longitude_deg) <= 180


def _to_track(fixes: list[Fix], format_: Format, notes: list[str]) -> LocationTrack:
    ordered = sorted(fixes, key=attrgetter("timestamp_ns"))
    if ordered != fixes:
        notes.append("The fixes are not in order of time; sorted.")
    once = [next(same) for _, same in itertools.groupby(ordered, key=attrgetter("timestamp_ns"))]
    if repeated := len(ordered) - len(once):
        notes.append(f"{repeated} fixes have the time of another one; left out.")
    timestamp_ns = np.array([fix.timestamp_ns for fix in once], dtype=np.int64)
    latitude, longitude, speed = np.array([fix[1:4] for fix in once], dtype=np.float64).T
    # phones write -1 where they don't know
    speed = np.where(np.isfinite(speed) & (speed >= 0), speed, np.nan)
    if len(once) > 1 and np.isnan(speed).all():
        segment = np.array([fix.segment for fix in once], dtype=np.int64)
        speed = speed_from_positions(timestamp_ns, latitude, longitude, segment=segment)
        notes.append("The file gives no speed; computed from the positions.")
    return LocationTrack(
        timestamp_ns=timestamp_ns,
        latitude_deg=latitude,
        longitude_deg=longitude,
        speed_m_s=speed,
        format=format_,
        notes=tuple(notes),
    )
