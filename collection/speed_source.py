"""Which of several sources tells the speed of the car."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .location import LocationTrack
from .speed_obd import SpeedTrack
from .speed_units import UnitVerdict, check_speed_units

FloatArray = NDArray[np.float64]
Source = Literal["car", "location", "none"]


@dataclass(frozen=True, kw_only=True, eq=False)
class BestSpeed:
    """Speed on the phone's clock.

    Attributes
    ----------
    time_s, speed_m_s
        Ascending times and speeds, shape (n,); speed may be NaN. Empty if there is no source.
    source
        ``car`` (OBD or CAN), or ``location`` (of a receiver, or of positions where it gives no speed).
    units
        What holding the car's speed against positions said; None if there was nothing to hold it against.
    notes
        What was chosen, mended or left out, in sentences.
    """

    time_s: FloatArray
    speed_m_s: FloatArray
    source: Source
    units: UnitVerdict | None = None
    notes: tuple[str, ...] = ()


def best_speed(
    car: SpeedTrack | None, location: LocationTrack | None, *, start_ns: int
) -> BestSpeed:
    """Take the car's own speed if positions do not contradict it, else that of the location track.

    A unit that positions show to be another one is mended, and a note says so. A car that no unit brings
    together with the positions is left out: its clock or its column is wrong.

    Parameters
    ----------
    car
        What `read_obd` gave.
    location
        What `read_location` gave.
    start_ns
        Unix time of the phone's time zero, ns.
    """
    notes: list[str] = []
    units = None
    if car is not None and car.is_elapsed:
        notes.append(
            f"{car.column} is left out: its times count from its own start, which is not known."
        )
        car = None
    if car is not None:
        time_s, speed = (car.timestamp_ns - start_ns) / 1e9, car.speed_m_s
        if location is not None:
            units = check_speed_units(time_s, speed, location, start_ns=start_ns)
        notes += car.notes
        if units is None or units.verdict == "too_little":
            why = "there are no positions" if units is None else units.text
            notes.append(f"The unit of {car.column}, {car.unit}, is unchecked: {why}")
        elif units.verdict == "wrong_unit":
            notes.append(f"{car.column} is mended. {units.text}")
        elif units.verdict == "unclear":
            notes.append(f"{car.column} is left out. {units.text}")
        if units is None or units.verdict != "unclear":
            factor = 1.0 if units is None or units.factor is None else units.factor
            return BestSpeed(
                time_s=time_s,
                speed_m_s=speed * factor,
                source="car",
                units=units,
                notes=tuple(notes),
            )
    if location is None:
        empty = np.zeros(0)
        return BestSpeed(time_s=empty, speed_m_s=empty, source="none", notes=tuple(notes))
    return BestSpeed(
        time_s=(location.timestamp_ns - start_ns) / 1e9,
        speed_m_s=location.speed_m_s,
        source="location",
        units=units,
        notes=tuple(notes),
    )
