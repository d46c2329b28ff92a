"""Under what conditions a simulated drive takes place, and who drives."""

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np

from dashgaze.schemas.manifest import (
    CAMERA_POSITIONS,
    EYEWEAR,
    LIGHTING,
    WEATHER,
    CameraPosition,
    Eyewear,
    Lighting,
    Weather,
)

Traffic = Literal["light", "medium", "heavy"]
TRAFFIC: tuple[str, ...] = get_args(Traffic)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Driver:
    """A made-up driver.

    The personal scores are draws from the standard normal distribution; how much a score matters is
    said by the SDs in `Effects`, so that the same people can drive in a world without such effects.

    Attributes
    ----------
    driver_id
        Pseudonym.
    look_seed
        Of face, hair and clothes.
    offset_azimuth, offset_elevation
        Where the road is looked at, compared with other drivers.
    log_spread, log_duration, object_share
        How widely, how long at once, and how often at other road users.
    """

    driver_id: str = "D001"
    look_seed: int = 0
    offset_azimuth: float = 0.0
    offset_elevation: float = 0.0
    log_spread: float = 0.0
    log_duration: float = 0.0
    object_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What is the same for a whole drive.

    Attributes
    ----------
    lighting, weather, camera_position, eyewear
        As in the manifest.
    traffic
        How many other road users there are.
    passengers
        People in the car beside the driver.
    driver
        Who drives.

    Raises
    ------
    ValueError
        If one of them is not among the allowed values.
    """

    lighting: Lighting = "day"
    weather: Weather = "clear"
    traffic: Traffic = "medium"
    camera_position: CameraPosition = "under_mirror"
    eyewear: Eyewear = "none"
    passengers: int = 1
    driver: Driver = Driver()

    def __post_init__(self) -> None:
        for name, allowed in (
            ("lighting", LIGHTING),
            ("weather", WEATHER),
            ("traffic", TRAFFIC),
            ("camera_position", CAMERA_POSITIONS),
            ("eyewear", EYEWEAR),
        ):
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(allowed)}.")
        if not 0 <= self.passengers <= 4:
            raise ValueError(f"passengers is {self.passengers}; expected 0 to 4.")


def draw_driver(rng: np.random.Generator, driver_id: str) -> Driver:
    """Make up a driver of that pseudonym."""
    scores = rng.standard_normal(5).tolist()
    return Driver(
        driver_id=driver_id,
        look_seed=int(rng.integers(2**31)),
        offset_azimuth=scores[0],
        offset_elevation=scores[1],
        log_spread=scores[2],
        log_duration=scores[3],
        object_share=scores[4],
    )


def draw_conditions(
    rng: np.random.Generator, driver: Driver, *, lighting: Lighting | None = None
) -> Conditions:
    """Draw the conditions of one drive, all of them independently.

    Parameters
    ----------
    rng
        Random numbers; as many are taken whatever they say.
    driver
        Who drives.
    lighting
        If given, it is not drawn: day 70 %, twilight 10 %, night 20 % otherwise.
    """
    light: Lighting = _draw(rng, ("day", "twilight", "night"), (0.7, 0.1, 0.2))
    weather: Weather = _draw(rng, ("clear", "cloudy", "rain", "fog"), (0.55, 0.28, 0.14, 0.03))
    traffic: Traffic = _draw(rng, ("light", "medium", "heavy"), (0.3, 0.4, 0.3))
    position: CameraPosition = _draw(
        rng, ("under_mirror", "windscreen_centre", "windscreen_corner"), (0.4, 0.35, 0.25)
    )
    eyewear: Eyewear = _draw(rng, ("none", "glasses", "lenses"), (0.82, 0.12, 0.06))
    passengers: int = _draw(rng, (1, 2, 3), (0.75, 0.2, 0.05))
    return Conditions(
        lighting=light if lighting is None else lighting,
        weather=weather,
        traffic=traffic,
        camera_position=position,
        eyewear=eyewear,
        passengers=passengers,
        driver=driver,
    )


def _draw(rng: np.random.Generator, values: tuple[T, ...], chances: tuple[float, ...]) -> T:
    return values[int(np.searchsorted(np.cumsum(chances), rng.random()).clip(0, len(values) - 1))]
