"""The second witnesses see an offset that is wrong."""

import numpy as np
import pytest

from dashgaze.alignment.sync.envelope import match_envelopes
from dashgaze.alignment.sync.events import match_events
from dashgaze.alignment.time_map import ClockLine, TimeMap
from dashgaze.collection.simulation.sound import CarSound, Device, simulate_pair
from dashgaze.media import Sound

RATE_HZ = 16000
OFFSET_S = 4.25


@pytest.fixture(scope="module")
def pair() -> tuple[Sound, Sound]:
    return simulate_pair(
        CarSound(speech_share=0.2),
        Device(duration_s=90),
        Device(duration_s=90),
        offset_s=OFFSET_S,
        drift_ppm=50.0,
        rate_hz=RATE_HZ,
        seed=2,
    )


def mapped(error_s: float) -> TimeMap:
    line = ClockLine(phone_start_s=0, phone_end_s=85, offset_s=OFFSET_S + error_s, drift_ppm=50.0)
    return TimeMap([line])


@pytest.mark.parametrize("error_ms", [0.0, 60.0, -400.0])
def test_loudness_tells_how_wrong_a_map_is(pair: tuple[Sound, Sound], error_ms: float) -> None:
    match = match_envelopes(*pair, mapped(error_ms * 1e-3))
    assert match is not None
    assert match.strength > 7
    assert match.disagreement_s * 1e3 == pytest.approx(-error_ms, abs=5)


def test_loudness_of_unrelated_sound_says_nothing(pair: tuple[Sound, Sound]) -> None:
    other, _ = simulate_pair(
        CarSound(speech_share=0.2),
        Device(duration_s=90),
        Device(duration_s=90),
        offset_s=OFFSET_S,
        drift_ppm=50.0,
        rate_hz=RATE_HZ,
        seed=3,
    )
    match = match_envelopes(other, pair[1], mapped(0.0))
    assert match is None or match.strength < 6


def test_loudness_of_too_little_common_time_says_nothing(pair: tuple[Sound, Sound]) -> None:
    assert match_envelopes(*pair, mapped(86.0)) is None


def with_claps(sound: Sound, at_s: list[float]) -> Sound:
    """The sound with sharp decaying bursts added."""
    samples = sound.samples.copy()
    rng = np.random.default_rng(1)
    decay = np.exp(-np.arange(800) / 80)
    for time_s in at_s:
        first = round((time_s - sound.start_s) * RATE_HZ)
        samples[first : first + 800] += (0.6 * decay * rng.normal(0, 1, 800)).astype(np.float32)
    return Sound(samples=samples, rate_hz=RATE_HZ, start_s=sound.start_s)


@pytest.mark.parametrize("error_ms", [0.0, 35.0, -120.0])
def test_claps_tell_how_wrong_a_map_is(pair: tuple[Sound, Sound], error_ms: float) -> None:
    truth = mapped(0.0)
    claps_b_s = [20.0, 21.1, 60.0]
    tracker = with_claps(pair[0], [float(truth.tracker_s(t)) for t in claps_b_s])
    phone = with_claps(pair[1], claps_b_s)
    # The events were logged by hand, up to a second late.
    logged_s = [
        float(truth.tracker_s(t)) + late for t, late in zip(claps_b_s, (0.4, 0.9, 0.1), strict=True)
    ]
    match = match_events(tracker, phone, mapped(error_ms * 1e-3), logged_s)
    assert match is not None
    assert match.heard >= 2
    assert match.disagreement_s * 1e3 == pytest.approx(-error_ms, abs=2)


def test_events_that_nobody_heard_say_nothing() -> None:
    quiet = Sound(samples=np.zeros(90 * RATE_HZ, np.float32), rate_hz=RATE_HZ, start_s=0.0)
    assert match_events(quiet, quiet, mapped(0.0), [20.0, 500.0]) is None
