"""What the phone's satellite receiver says of a simulated drive."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from dashgaze.files import write_text

from ...location import EARTH_RADIUS_M
from .ride import Ride
from .streams import Stream, stream

FloatArray = NDArray[np.float64]

START_DEG = (17.4450, 78.3490)
"""Latitude and longitude of the beginning of all simulated roads."""

LAG_S = 0.6
"""What a receiver says is this old."""
_PLACE_SD_M, _PLACE_S = 2.5, 40.0
_SPEED_SD_M_S = 0.15
_BEARING_SD_DEG = 1.5
_LEAST_FOR_BEARING_M_S = 1.0
_OUTAGE_CHANCE, _OUTAGE_S = 0.35, (8.0, 40.0)
_LEAST_DRIVE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class LocationRows:
    """Fixes once a second; arrays of shape (n,).

    Attributes
    ----------
    time_s
        On the phone's clock.
    latitude_deg, longitude_deg
        WGS 84.
    speed_m_s
        Over ground.
    bearing_deg
        Clockwise from north, 0 to 360; NaN below 1 m/s.
    accuracy_m
        As the receiver states it.
    """

    time_s: FloatArray
    latitude_deg: FloatArray
    longitude_deg: FloatArray
    speed_m_s: FloatArray
    bearing_deg: FloatArray
    accuracy_m: FloatArray


def location_rows(
    seed: int, ride: Ride, seconds: float, *, outage: bool | None = None
) -> LocationRows:
    """Give the fixes of a drive: each second, 0.6 s late, with errors as a phone has them.

    Positions are off by 2.5 m (SD of each axis), changing within 40 s; speeds by 0.15 m/s, and they are
    exactly 0 at standstill, as receivers hold them there.

    Parameters
    ----------
    seed
        Of the story.
    ride
        Of the car.
    seconds
        Length of the drive.
    outage
        Whether there is a stretch of 8 to 40 s without fixes. If None, in 35 % of all drives of more than
        two minutes.
    """
    rng = stream(seed, Stream.LOCATION)
    time_s = np.arange(0.0, max(seconds, 1.0)) + rng.uniform(0.0, 0.2)
    count = len(time_s)
    keep = np.exp(-1.0 / _PLACE_S)
    first = rng.standard_normal((1, 2)) * _PLACE_SD_M
    steps = rng.standard_normal((count, 2)) * _PLACE_SD_M * np.sqrt(1 - keep**2)
    wrong_m, _ = lfilter([1.0], [1.0, -keep], steps, axis=0, zi=keep * first)
    noise = rng.standard_normal((count, 2))
    accuracy = 3.0 + rng.gamma(2.0, 0.8, count)
    missing = (rng.random(), rng.random(), rng.uniform(*_OUTAGE_S))
    then_s = time_s - LAG_S
    place_m = ride.ground_from(then_s).origin_m[:, ::2] + wrong_m
    true_speed = ride.speed_m_s(then_s)
    speed = np.maximum(true_speed + _SPEED_SD_M_S * noise[:, 0], 0.0)
    speed[true_speed < 0.1] = 0.0
    heading = np.degrees(ride.travel_heading_rad(then_s)) + _BEARING_SD_DEG * noise[:, 1]
    latitude = START_DEG[0] + np.degrees(place_m[:, 1] / EARTH_RADIUS_M)
    shrink = np.cos(np.radians(START_DEG[0]))
    longitude = START_DEG[1] + np.degrees(place_m[:, 0] / (EARTH_RADIUS_M * shrink))
    has = missing[0] < _OUTAGE_CHANCE and seconds >= _LEAST_DRIVE_S if outage is None else outage
    from_s = missing[1] * max(seconds - missing[2], 0.0)
    kept = np.full(count, True)
    if has:
        kept = (time_s < from_s) | (time_s > from_s + missing[2])
    return LocationRows(
        time_s=time_s[kept],
        latitude_deg=latitude[kept],
        longitude_deg=longitude[kept],
        speed_m_s=speed[kept],
        bearing_deg=np.where(speed < _LEAST_FOR_BEARING_M_S, np.nan, heading % 360.0)[kept],
        accuracy_m=accuracy[kept],
    )


def write_location(path: Path, rows: LocationRows, *, start_ns: int) -> Path:
    """Write fixes as a logger's CSV.

    Parameters
    ----------
    path
        The file.
    rows
        The fixes.
    start_ns
        Unix time of the phone's time zero, ns.
    """
    lines = ["timestamp [ns],latitude,longitude,speed [m/s],bearing [deg],accuracy [m]"]
    for each in zip(
        (start_ns + np.round(rows.time_s * 1e9).astype(np.int64)).tolist(),
        rows.latitude_deg.tolist(),
        rows.longitude_deg.tolist(),
        rows.speed_m_s.tolist(),
        rows.bearing_deg.tolist(),
        rows.accuracy_m.tolist(),
        strict=True,
    ):
        stamp, latitude, longitude, speed, bearing, accuracy = each
        turned = "" if np.isnan(bearing) else f"{bearing:.1f}"
        lines.append(f"{stamp},{latitude:.7f},{longitude:.7f},{speed:.2f},{turned},{accuracy:.1f}")
    return write_text(path, "\n".join(lines) + "\n")
