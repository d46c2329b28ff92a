"""Groups of frames in which errors are looked at apart."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.samples import Samples

BoolArray = NDArray[np.bool_]
Standing = Literal["suppressed", "descriptive", "ok"]

LEAST_SESSIONS = 2
"""With fewer sessions a cell's error is that of a person, and is not shown."""
FEW_SESSIONS = 5
"""With fewer sessions a cell is an anecdote: its error is shown, and nothing is concluded."""

SPEED_EDGES_KM_H = (1.0, 20.0, 40.0, 60.0)
YAW_EDGES_DEG = (-30.0, -10.0, 10.0, 30.0)
CENTRE_EDGES = (0.1, 0.2, 0.35)
"""Distance of gaze from the middle of the road picture, as a share of its width."""

UNKNOWN = "unknown"
_M_S_TO_KM_H = 3.6

TITLES = {
    "eyewear": "Eyewear",
    "lighting": "Light",
    "weather": "Weather",
    "camera_position": "Camera",
    "car": "Car",
    "driver": "Driver",
    "speed": "Speed",
    "head_yaw": "Turn of the head",
    "eye_movement": "Eye movement",
    "homography": "Gaze carried over",
    "distance": "Gaze off the middle",
    "face": "Face",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """Frames of one level of one property.

    Attributes
    ----------
    group, level
        The property, and what it is here.
    rows
        Which frames belong to it, shape (n,).
    """

    group: str
    level: str
    rows: BoolArray


def cells_of(samples: Samples, seen_drivers: Collection[str] = ()) -> list[Cell]:
    """Give the groups that frames fall into, those without any frame left out.

    Parameters
    ----------
    samples
        The frames that are judged, n of them.
    seen_drivers
        Drivers that the model knows.
    """
    return [
        Cell(group=group, level=level, rows=rows)
        for group, levels in _groups(samples, seen_drivers)
        for level, rows in levels
        if rows.any()
    ]


def standing(session_count: int) -> Standing:
    """Say what a cell of so many sessions is good for."""
    if session_count < LEAST_SESSIONS:
        return "suppressed"
    return "descriptive" if session_count < FEW_SESSIONS else "ok"


def _groups(
    samples: Samples, seen_drivers: Collection[str]
) -> Iterator[tuple[str, list[tuple[str, BoolArray]]]]:
    for name in ("eyewear", "lighting", "weather", "camera_position", "car"):
        yield name, _levels(getattr(samples, name))
    seen = np.isin(samples.driver_id, sorted(seen_drivers))
    yield "driver", [("seen", seen), ("unseen", ~seen)]
    yield (
        "speed",
        _bins(
            samples.speed_m_s * _M_S_TO_KM_H,
            SPEED_EDGES_KM_H,
            ("stopped", "1 to 20 km/h", "20 to 40 km/h", "40 to 60 km/h", "over 60 km/h"),
        ),
    )
    yield (
        "head_yaw",
        _bins(
            samples.head_pose_deg[:, 0],
            YAW_EDGES_DEG,
            (
                "right, over 30°",
                "right, 10° to 30°",
                "within 10°",
                "left, 10° to 30°",
                "left, over 30°",
            ),
        ),
    )
    yield (
        "eye_movement",
        [
            ("fixation", samples.fixation & ~samples.blink),
            ("between fixations", ~samples.fixation & ~samples.blink),
            ("blink", samples.blink),
        ],
    )
    yield "homography", _levels(samples.homography_source)
    size = samples.road_size_px
    middle = (size - 1) / 2
    away = np.hypot(*(samples.gaze_road_px - middle).T) / size[:, 0]
    yield (
        "distance",
        _bins(
            away,
            CENTRE_EDGES,
            (
                "within 10 % of width",
                "10 to 20 %",
                "20 to 35 %",
                "over 35 %",
            ),
        ),
    )
    yield "face", [("found", samples.has_face), ("not found", ~samples.has_face)]


def _levels(values: NDArray[np.str_]) -> list[tuple[str, BoolArray]]:
    names = sorted(set(values.tolist()) - {""})
    return [(name, values == name) for name in names] + [(UNKNOWN, values == "")]


def _bins(
    values: NDArray[np.float64], edges: tuple[float, ...], names: tuple[str, ...]
) -> list[tuple[str, BoolArray]]:
    known = np.isfinite(values)
    place = np.searchsorted(np.asarray(edges), np.where(known, values, 0.0), side="right")
    bins = [(name, known & (place == number)) for number, name in enumerate(names)]
    return [*bins, (UNKNOWN, ~known)]
