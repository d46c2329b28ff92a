"""Whether the driver video lies on the phone's clock where its time stamps put it."""

from dataclasses import dataclass

from dashgaze.alignment.sync import OffsetPrior, SyncOptions, sync_sounds
from dashgaze.errors import MediaError, NoSoundError
from dashgaze.media import Sound, probe, read_sound
from dashgaze.progress import Progress
from dashgaze.session import Session

from .offset import SOUND_RATE_HZ

LIMIT_MS = 50.0
"""Pictures and sound of one phone differ by up to this much without anything being wrong."""


@dataclass(frozen=True, kw_only=True)
class DriverClock:
    """What the driver video's own sound says of its clock.

    Attributes
    ----------
    disagreement_ms
        Offset of driver.mp4 to road.mp4 by their sound, minus the one by their time stamps, ms;
        None where it can't be told.
    contradicts
        Whether sound and time stamps can't both be right.
    reasons
        What to say of it, in sentences.
    """

    disagreement_ms: float | None = None
    contradicts: bool = False
    reasons: tuple[str, ...] = ()


def check_driver_clock(
    session: Session, road: Sound, options: SyncOptions, progress: Progress
) -> DriverClock:
    """Compare the sound of the driver video, where it has some, with that of the road video.

    Parameters
    ----------
    session
        The session.
    road
        Sound of road.mp4 on the phone's clock.
    options
        What to search for.
    progress
        Where to report to.
    """
    path = session.driver_path
    if path is None:
        return DriverClock()
    try:
        if probe(path).audio is None:
            return DriverClock()
        driver = read_sound(path, rate_hz=SOUND_RATE_HZ, progress=progress)
    except NoSoundError:
        return DriverClock()
    except MediaError as error:
        # The clocks of road and tracker don't depend on it.
        return DriverClock(reasons=(f"The driver video was not looked at: {error.what}",))
    expected_s = session.manifest.phone.driver_offset_s
    result = sync_sounds(
        road, driver, options=options, prior=OffsetPrior(offset_s=expected_s, sigma_s=2.0)
    )
    time_map = result.time_map
    if time_map is None or result.verdict != "ok":
        # A second recorder on one phone often gets silence: that tells nothing of the clocks.
        return DriverClock(
            reasons=(
                (
                    f"The sound of {path.name} can't be compared with the road's: "
                    f"{' '.join(result.reasons)}"
                ),
            )
        )
    middle_s = (result.lines[0].phone_start_s + result.lines[-1].phone_end_s) / 2
    found_s = float(time_map.tracker_s(middle_s)) - middle_s
    disagreement_ms = (found_s - expected_s) * 1e3
    if abs(disagreement_ms) <= LIMIT_MS:
        return DriverClock(disagreement_ms=disagreement_ms)
    return DriverClock(
        disagreement_ms=disagreement_ms,
        contradicts=True,
        reasons=(
            (
                f"By its sound {path.name} lies {disagreement_ms:+.0f} ms from where its time stamps "
                f"put it. If its container starts at another moment, write "
                f"driver_offset_s: {found_s:.3f} under phone: in session.yaml."
            ),
        ),
    )
