"""What is planted in the gaze of simulated drivers, to be found again by an analysis."""

import json
from dataclasses import asdict, dataclass, fields

from dashgaze.schemas.manifest import Lighting

from .conditions import Conditions, Traffic


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The planted effects.

    What is not named here has no effect on gaze in degrees: weather, camera position, eyewear, passengers.
    Light, weather and traffic also change the speed, and through it the spread.

    Directions are those of a fixation's point at the middle of the fixation, seen from the driver's
    eyes: azimuth a (right positive) and elevation e (up positive) from the direction of travel, level
    with the horizon. v is the car's speed at that moment, z are standard normal scores of a driver
    (constant over sessions) or a session, n are new for each fixation (and correlated by 0.35 from one
    fixation to the next).

    (a) Where the road is looked at ::

        a = shift_azimuth_deg + driver_offset_sd_deg · z1 + follow · b + SD_h · n
        e = shift_elevation_deg + driver_offset_sd_deg · z2 / 2 + SD_v · n'
        b = bearing of the road's centreline point max(lead_s · v, 15 m) further on, from the road's
            own direction here (right positive)

    (b), (c) How widely ::

        log SD_h = log spread_h_deg + speed_log · v / (10 m/s)
                 + stopped_log · [v < 0.5 m/s]
                 + night_log · (1 at night, twilight_part in twilight, 0 by day)
                 + driver_log_spread_sd · z3 + session_log_spread_sd · z4
        SD_v = spread_v_deg

    On bends, b widens what is found without knowing it. Over frames instead of fixations a spread comes
    out some percent larger, the more the faster the car, as points are approached while they are looked at:
    of a speed_log of −0.18 about −0.165 is left.

    a is cut off at ± 40°; e where the point would be passed within the fixation, or above 12°.

    (d) How often at other road users (vehicles and pedestrians), as a share of all fixations ::

        logit share = logit object_share_{light,medium,heavy} + driver_object_logit_sd · z5

    (e) How long: ``log duration = log median + driver_log_duration_sd · z6 + 0.45 n``.

    Attributes
    ----------
    shift_azimuth_deg, shift_elevation_deg
        Mean of road gaze from the vanishing point of travel: to the right, and below it.
    follow, lead_s
        How much of the bend ahead is followed, and how far ahead.
    spread_h_deg, spread_v_deg
        Spread of road gaze: horizontally at v = 0 by day, extrapolated; vertically always.
    speed_log
        Change of log SD_h for each 10 m/s.
    stopped_log
        What standing adds to log SD_h.
    night_log, twilight_part
        What night adds to log SD_h, and the part of it that twilight does.
    object_share_light, object_share_medium, object_share_heavy
        Share of fixations on other road users, by traffic.
    driver_offset_sd_deg, driver_log_spread_sd, driver_log_duration_sd, driver_object_logit_sd
        SDs between drivers.
    session_log_spread_sd
        SD between sessions of a driver.
    """

    shift_azimuth_deg: float = 1.5
    shift_elevation_deg: float = -1.5
    follow: float = 0.8
    lead_s: float = 1.5
    spread_h_deg: float = 6.0
    spread_v_deg: float = 2.5
    speed_log: float = -0.18
    stopped_log: float = 0.6
    night_log: float = 0.18
    twilight_part: float = 0.5
    object_share_light: float = 0.05
    object_share_medium: float = 0.10
    object_share_heavy: float = 0.18
    driver_offset_sd_deg: float = 1.0
    driver_log_spread_sd: float = 0.20
    driver_log_duration_sd: float = 0.12
    driver_object_logit_sd: float = 0.20
    session_log_spread_sd: float = 0.15

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            share = field.name.startswith("object_share")
            if (share and not 0 < value < 0.6) or ("_sd" in field.name and value < 0):
                expected = "between 0 and 0.6" if share else "at least 0"
                raise ValueError(f"{field.name} is {value}; expected {expected}.")
        if self.spread_h_deg <= 0 or self.spread_v_deg <= 0:
            raise ValueError("spread_h_deg and spread_v_deg have to be above 0.")

    @classmethod
    def none(cls, *, keep_random: bool = False) -> "Effects":
        """Give a world without effects, for null studies.

        Gaze lies around the vanishing point at any speed, light and traffic, with one spread and an
        object share of 0.10.

        Parameters
        ----------
        keep_random
            Whether drivers and sessions still differ by chance, as an honest null study wants.
        """
        usual = cls()
        kept = {
            field.name: getattr(usual, field.name) if keep_random else 0.0
            for field in fields(cls)
            if "_sd" in field.name
        }
        return cls(
            shift_azimuth_deg=0.0,
            shift_elevation_deg=0.0,
            follow=0.0,
            speed_log=0.0,
            stopped_log=0.0,
            night_log=0.0,
            twilight_part=0.0,
            object_share_light=0.10,
            object_share_medium=0.10,
            object_share_heavy=0.10,
            **kept,
        )

    def lighting_log(self, lighting: Lighting) -> float:
        """Give what the light adds to log SD_h."""
        part = {"day": 0.0, "twilight": self.twilight_part, "night": 1.0}[lighting]
        return self.night_log * part

    def object_share(self, traffic: Traffic) -> float:
        """Give the share of fixations on other road users, of the typical driver."""
        return {
            "light": self.object_share_light,
            "medium": self.object_share_medium,
            "heavy": self.object_share_heavy,
        }[traffic]

    def session_log_spread(self, conditions: Conditions, session_score: float) -> float:
        """Give what light, driver and session add to log SD_h together."""
        return (
            self.lighting_log(conditions.lighting)
            + self.driver_log_spread_sd * conditions.driver.log_spread
            + self.session_log_spread_sd * session_score
        )

    def to_dict(self) -> dict[str, float]:
        """Give all values by name."""
        return asdict(self)

    def to_json(self) -> str:
        """Give all values as JSON text."""
        return json.dumps(self.to_dict(), indent=2) + "\n"
