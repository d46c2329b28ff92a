"""What a simulated drive is asked to be."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import OutputError

from ..sound import CarSound
from ..story import Conditions, Effects
from ..story.projection import RoadCamera
from ..story.ride import BEFORE_S
from ..story.tracker_gaze import TrackerError

FloatArray = NDArray[np.float64]

SHORTEST_S = 20.0
LONGEST_S = 4 * 3600.0
TRACKER_STOPS_BEFORE_S = 1.5
"""The eye tracker is stopped first, as the field protocol says."""

_SMALLEST_PX = 32
_STARTS_AFTER_S = (3.0, 9.0)
_EARLIEST_S = BEFORE_S - 2
_DRIFT_PPM = 60.0
_DAY_STARTS = {"day": 9, "twilight": 18, "night": 21}


@dataclass(frozen=True, kw_only=True)
class Drive:
    """One drive.

    Attributes
    ----------
    seconds
        Length of the phone's recording, s.
    seed
        Same seed (and all else the same), same files.
    conditions
        Light, weather, traffic, driver and where the phone is.
    effects
        What is planted in the driver's gaze.
    tracker_error
        How wrong the eye tracker is.
    offset_s, drift_ppm
        ``t_tracker = offset_s + (1 + drift_ppm · 1e-6) · t_phone``. Drawn by the seed if None: the tracker
        starts 3 to 9 s after the phone, and its clock is off by up to 60 ppm.
    sound
        What is heard in the car; drawn by weather and passengers if None.
    road_camera
        Size and field of the phone's rear camera.
    driver_size_px
        Of the front camera's pictures.
    """

    seconds: float = 60.0
    seed: int = 0
    conditions: Conditions = field(default_factory=Conditions)
    effects: Effects = field(default_factory=Effects)
    tracker_error: TrackerError = field(default_factory=TrackerError)
    offset_s: float | None = None
    drift_ppm: float | None = None
    sound: CarSound | None = None
    road_camera: RoadCamera = field(default_factory=lambda: RoadCamera(size_px=(960, 540)))
    driver_size_px: tuple[int, int] = (640, 480)

    def __post_init__(self) -> None:
        if not SHORTEST_S <= self.seconds <= LONGEST_S:
            raise OutputError(
                f"A drive of {self.seconds:g} s can't be simulated.",
                fix=f"Ask for {SHORTEST_S / 60:.1f} to {LONGEST_S / 60:g} minutes.",
            )
        for size_px in (self.road_camera.size_px, self.driver_size_px):
            if any(length % 2 or length < _SMALLEST_PX for length in size_px):
                raise OutputError(
                    f"Pictures of {size_px[0]} × {size_px[1]} px can't be filmed.",
                    fix=f"Ask for even numbers from {_SMALLEST_PX} on.",
                )


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Clocks of phone and tracker.

    Attributes
    ----------
    offset_s, drift_ppm
        As in `Drive`.
    recorded_at
        Wall clock at the phone's time zero.
    phone_ns
        The same, Unix time.
    first_frame_ns
        The tracker's stamp of its first scene camera frame, which is its time zero.
    tracker_end_s
        End of the tracker's recording on its own clock.
    """

    offset_s: float
    drift_ppm: float
    recorded_at: datetime
    phone_ns: int
    first_frame_ns: int
    tracker_end_s: float

    @property
    def rate(self) -> float:
        """Seconds of the tracker's clock to one of the phone's."""
        return 1 + self.drift_ppm * 1e-6

    def phone_s(self, tracker_s: FloatArray) -> FloatArray:
        """Turn times of the tracker's clock into the phone's, shape (n,)."""
        return (tracker_s - self.offset_s) / self.rate

    def stamps_ns(self, tracker_s: FloatArray) -> NDArray[np.int64]:
        """Give the tracker's stamps, shape (n,), ns."""
        return self.first_frame_ns + np.round(tracker_s * 1e9).astype(np.int64)


def draw_clocks(drive: Drive) -> Clocks:
    """Set the clocks of a drive."""
    rng = np.random.default_rng([drive.seed, 51])
    offset_s = -float(rng.uniform(*_STARTS_AFTER_S)) if drive.offset_s is None else drive.offset_s
    drift = (
        float(rng.uniform(-_DRIFT_PPM, _DRIFT_PPM)) if drive.drift_ppm is None else drive.drift_ppm
    )
    rate = 1 + drift * 1e-6
    end_s = offset_s + rate * (drive.seconds - TRACKER_STOPS_BEFORE_S)
    if not end_s >= 10:
        raise OutputError(
            f"With an offset of {offset_s:g} s the tracker would record {end_s:.1f} s.",
            fix="Make the drive longer or the offset larger.",
        )
    if offset_s > _EARLIEST_S:
        raise OutputError(
            f"With an offset of {offset_s:g} s the tracker would start before there is a ride.",
            fix=f"Make the offset {_EARLIEST_S:g} s at most.",
        )
    hour = _DAY_STARTS[drive.conditions.lighting]
    minutes = int(rng.integers(0, 120))
    # IST, as the car drives on the left; a second with a fraction is what no clock shows.
    zone = timezone(timedelta(hours=5, minutes=30))
    recorded_at = datetime(2026, 3, 2, hour, tzinfo=zone) + timedelta(
        days=int(rng.integers(0, 60)), minutes=minutes
    )
    phone_ns = int(recorded_at.timestamp()) * 10**9
    # The clocks of two phones disagree by some tenths of a second.
    apart_ns = int(rng.integers(-400, 400)) * 10**6
    return Clocks(
        offset_s=offset_s,
        drift_ppm=drift,
        recorded_at=recorded_at,
        phone_ns=phone_ns,
        first_frame_ns=phone_ns - round(offset_s * 1e9) + apart_ns,
        tracker_end_s=end_s,
    )


def draw_sound(drive: Drive) -> CarSound:
    """Say what is heard in the car."""
    if drive.sound is not None:
        return drive.sound
    rng = np.random.default_rng([drive.seed, 52])
    usual = CarSound(
        noise_rms=float(rng.uniform(0.035, 0.06)),
        speech_share=float(rng.uniform(0.05, 0.25)) if drive.conditions.passengers else 0.03,
    )
    if drive.conditions.weather == "rain":
        # Drops on roof and screen are each microphone's own noise.
        return replace(usual, noise_rms=1.3 * usual.noise_rms, independent_share=0.2)
    return usual
