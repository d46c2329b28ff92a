"""The light of a session: what is said of it, and whether sun and pictures agree."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from ..contract.study import FloatArray, SessionData
from .picture_light import PictureLight, tunnels
from .sun import Sun, lighting_is_possible, sun_at

LightingSource = Literal["manifest", "sun", "none"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a session was, coarsely; WGS 84, deg."""

    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """The light of a session.

    Attributes
    ----------
    value
        ``day``, ``twilight`` or ``night``; None if nothing tells it.
    source
        What tells it: ``session.yaml`` before the sun. Pictures check, they do not tell.
    sun
        Where the sun stood at the start; None if place or moment are not known.
    flags
        What does not agree, in sentences; for a person to look at, nothing is changed by them.
    checked_by
        What it was held against: ``sun``, ``hour of day``, ``pictures``.
    tunnels_s
        Stretches of dark pictures in a drive by day, start and end, s.
    """

    value: str | None
    source: LightingSource
    sun: Sun | None = None
    flags: tuple[str, ...] = ()
    checked_by: tuple[str, ...] = ()
    tunnels_s: tuple[tuple[float, float], ...] = ()


def lighting_of(
    session: SessionData,
    *,
    place: Place | None = None,
    moment: datetime | None = None,
    pictures: PictureLight | None = None,
    picture_time_s: FloatArray | None = None,
) -> Lighting:
    """Say what the light was, and what speaks against it.

    The date does not leave the lab. A data set has the hour of day, and, if asked for in packing, coarse
    places; so that the sun itself is known only to who has the date.

    Parameters
    ----------
    session
        The session.
    place
        Where it was (see `place_of`).
    moment
        When it started, with its offset from UTC.
    pictures
        Brightness of its road pictures, in order of time.
    picture_time_s
        Their times, shape (n,), s.

    Raises
    ------
    InputError
        If the moment has no offset from UTC.
    MissingExtraError
        If place and moment are given and `astral` is not installed.
    """
    flags: list[str] = []
    checked: list[str] = []
    sun = None
    if place is not None and moment is not None:
        sun = sun_at(place.latitude_deg, place.longitude_deg, moment)
    value = session.lighting
    source: LightingSource = "manifest"
    if value is None:
        value, source = (None, "none") if sun is None else (sun.lighting, "sun")
    elif sun is not None:
        checked.append("sun")
        _hold_against_sun(value, sun, flags)
    hour = session.facts.get("local_hour")
    if value is not None and source == "manifest" and sun is None and hour is not None:
        checked.append("hour of day")
        _hold_against_hour(session, value, int(hour), place, flags)
    found: tuple[tuple[float, float], ...] = ()
    if pictures is not None and pictures.look is not None and value is not None:
        checked.append("pictures")
        _hold_against_pictures(value, pictures, flags)
        if value == "day" and pictures.look != "dark" and picture_time_s is not None:
            found = tunnels(pictures, picture_time_s)
    return Lighting(
        value=value,
        source=source,
        sun=sun,
        flags=tuple(flags),
        checked_by=tuple(checked),
        tunnels_s=found,
    )


def place_of(latitude_deg: FloatArray, longitude_deg: FloatArray) -> Place | None:
    """Give the middle of the places of a session, from the configuration `location`; None without any.

    Longitudes are averaged as directions, so that drives across the date line have a middle.
    """
    known = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
    if not known.any():
        return None
    around = np.exp(1j * np.radians(longitude_deg[known])).mean()
    return Place(
        latitude_deg=float(np.median(latitude_deg[known])),
        longitude_deg=float(np.degrees(np.angle(around))),
    )


def _hold_against_sun(value: str, sun: Sun, flags: list[str]) -> None:
    slack = 3.0
    low, high = {"day": (0.0, 90.0), "twilight": (-6.0, 0.0), "night": (-90.0, -6.0)}[value]
    if not low - slack <= sun.elevation_deg <= high + slack:
        flags.append(
            f"session.yaml says {value}; the sun stood at {sun.elevation_deg:.0f}°, which is {sun.lighting}."
        )


def _hold_against_hour(
    session: SessionData, value: str, hour: int, place: Place | None, flags: list[str]
) -> None:
    latitude = None if place is None else place.latitude_deg
    duration_s = float(session.time_s[-1]) if len(session) else 0.0
    if not lighting_is_possible(value, hour, latitude_deg=latitude, duration_s=duration_s):
        where = "" if latitude is None else f" at a latitude of {latitude:.0f}°"
        flags.append(
            f"session.yaml says {value}; the drive started at {hour} h local time, when it is never "
            f"{value}{where}."
        )


def _hold_against_pictures(value: str, pictures: PictureLight, flags: list[str]) -> None:
    look = pictures.look
    if (value == "day" and look == "dark") or (value == "night" and look == "bright"):
        flags.append(
            f"session.yaml says {value}; road pictures are {look}: the median of their sky's luma is "
            f"{float(np.nanmedian(pictures.sky_luma)):.0f} of 255."
        )
