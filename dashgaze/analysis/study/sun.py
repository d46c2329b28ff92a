"""Where the sun stands, and what may be said of it without a date."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from dashgaze.errors import InputError, MissingExtraError

TWILIGHT_DEG = -6.0
"""Civil twilight: the sun between this and the horizon."""

GLARE_ELEVATION_DEG = 20.0
GLARE_AZIMUTH_DEG = 30.0
"""The sun dazzles when it stands lower than this and nearer than that to where the car goes."""

_AXIS_DEG = 23.44
_ZONE_SLACK_H = (-1.5, 2.5)
"""By how much clocks may be ahead of the sun: zones are up to 1.5 h off either way, summer time adds one."""

_INHABITED_DEG = 60.0


@dataclass(frozen=True, kw_only=True)
class Sun:
    """Direction of the sun.

    Attributes
    ----------
    elevation_deg
        Above the horizon, without refraction.
    azimuth_deg
        From north over east, 0 … 360.
    """

    elevation_deg: float
    azimuth_deg: float

    @property
    def lighting(self) -> str:
        """``day`` above the horizon, ``twilight`` down to −6°, ``night`` below."""
        if self.elevation_deg > 0:
            return "day"
        return "twilight" if self.elevation_deg >= TWILIGHT_DEG else "night"

    def dazzles(self, heading_deg: float) -> bool:
        """Tell whether a driver who goes some way (from north over east) has the sun in the eyes."""
        apart = abs((self.azimuth_deg - heading_deg + 180) % 360 - 180)
        return 0 <= self.elevation_deg <= GLARE_ELEVATION_DEG and apart <= GLARE_AZIMUTH_DEG


def sun_at(latitude_deg: float, longitude_deg: float, moment: datetime) -> Sun:
    """Give where the sun stands, by `astral`.

    Parameters
    ----------
    latitude_deg, longitude_deg
        WGS 84; a degree is more than enough.
    moment
        With its offset from UTC.

    Raises
    ------
    InputError
        If the moment has no offset, or the place is none.
    MissingExtraError
        If `astral` is not installed.
    """
    try:
        from astral import Observer
        from astral.sun import azimuth, elevation
    except ImportError as error:
        raise MissingExtraError(
            "The position of the sun needs the package astral, which is not installed.",
            fix='Type `pip install "dashgaze[analysis]"`.',
        ) from error
    if moment.tzinfo is None:
        raise InputError(
            f"{moment} does not tell its offset from UTC.", fix="Give a time such as 12:00+00:00."
        )
    if not (abs(latitude_deg) <= 90 and abs(longitude_deg) <= 180):
        raise InputError(
            f"{latitude_deg}, {longitude_deg} is no place.", fix="Give latitude and longitude, deg."
        )
    observer = Observer(latitude=latitude_deg, longitude=longitude_deg)
    at = moment.astimezone(UTC)
    return Sun(
        elevation_deg=float(elevation(observer, at, with_refraction=False)),
        azimuth_deg=float(azimuth(observer, at)),
    )


def possible_elevations_deg(
    local_hour: int, *, latitude_deg: float | None = None, duration_s: float = 0.0
) -> tuple[float, float]:
    """Give the lowest and the highest elevation of the sun in an hour of the day, over all days of the year.

    With δ the sun's declination, φ the latitude and H the hour angle ::

        sin elevation = sin φ sin δ + cos φ cos δ cos H

    Clocks are taken to be 1.5 h behind to 2.5 h ahead of the sun.

    Parameters
    ----------
    local_hour
        Hour at the start of the drive, 0 … 23: the drive starts within it.
    latitude_deg
        Where; anywhere within 60° of the equator if None.
    duration_s
        Of the drive.
    """
    start_h = local_hour - _ZONE_SLACK_H[1]
    end_h = local_hour + 1 + duration_s / 3600 - _ZONE_SLACK_H[0]
    hour_angle = np.radians((np.linspace(start_h, end_h, 49) - 12) * 15)
    declination = np.radians(np.linspace(-_AXIS_DEG, _AXIS_DEG, 25))[:, None]
    latitudes = (
        np.linspace(-_INHABITED_DEG, _INHABITED_DEG, 25)
        if latitude_deg is None
        else np.array([latitude_deg])
    )
    phi = np.radians(latitudes)[:, None, None]
    sine = np.sin(phi) * np.sin(declination)
    sine = sine + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    elevation = np.degrees(np.arcsin(sine.clip(-1, 1)))
    return float(elevation.min()), float(elevation.max())


def lighting_is_possible(
    lighting: str, local_hour: int, *, latitude_deg: float | None = None, duration_s: float = 0.0
) -> bool:
    """Tell whether it can be day, twilight or night in an hour of the day, in some season.

    Weather and street lamps blur the borders: 3° of slack.

    Parameters
    ----------
    lighting
        ``day``, ``twilight`` or ``night``.
    local_hour, latitude_deg, duration_s
        As for `possible_elevations_deg`.
    """
    low, high = possible_elevations_deg(
        local_hour, latitude_deg=latitude_deg, duration_s=duration_s
    )
    slack = 3.0
    if lighting == "day":
        return high > -slack
    if lighting == "night":
        return low < TWILIGHT_DEG + slack
    return low < slack and high > TWILIGHT_DEG - slack
