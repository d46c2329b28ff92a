"""The sync engine on simulated drives: planted truth is found, or the answer is withheld."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.alignment.sync import OffsetPrior, SyncOptions, SyncResult, sync_sounds
from dashgaze.collection.simulation.sound import CarSound, Device, simulate_pair
from dashgaze.media import Sound

RATE_HZ = 16000


def record(
    scene: CarSound | None = None,
    *,
    tracker: Device | None = None,
    phone: Device | None = None,
    offset_s: float = -7.3137,
    drift_ppm: float = 35.0,
    seed: int = 1,
) -> tuple[Sound, Sound]:
    return simulate_pair(
        scene or CarSound(),
        tracker or Device(duration_s=120, highpass_hz=120),
        phone or Device(duration_s=120),
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        rate_hz=RATE_HZ,
        seed=seed,
    )


def error_ms(
    result: SyncResult, at_s: float, *, offset_s: float = -7.3137, drift_ppm: float = 35.0
) -> float:
    assert result.time_map is not None
    truth_s = offset_s + (1 + drift_ppm * 1e-6) * at_s
    return float(result.time_map.tracker_s(at_s) - truth_s) * 1e3


@pytest.mark.parametrize(
    ("scene", "phone"),
    [
        pytest.param(
            CarSound(speech_share=0.2, speech_snr_db=6), Device(duration_s=120), id="loud"
        ),
        pytest.param(
            CarSound(speech_share=0.05, speech_snr_db=0), Device(duration_s=120), id="weak"
        ),
        pytest.param(CarSound(speech_share=0), Device(duration_s=120), id="no speech"),
        pytest.param(
            CarSound(speech_share=0), Device(duration_s=120, highpass_hz=300), id="high-pass"
        ),
        pytest.param(
            CarSound(engine_rms=0.2, engine_hz=(42.0, 42.0)), Device(duration_s=120), id="engine"
        ),
        pytest.param(CarSound(), Device(duration_s=120, gain=15.0), id="clipped"),
        pytest.param(
            CarSound(), Device(duration_s=120, gaps_s=[(30, 34), (80, 80.3)]), id="known gaps"
        ),
        pytest.param(
            CarSound(), Device(duration_s=120, handling_s=[(0, 30), (70, 75)]), id="handling"
        ),
    ],
)
@pytest.mark.parametrize("drift_ppm", [35.0, -280.0])
def test_planted_clocks_are_found(scene: CarSound, phone: Device, drift_ppm: float) -> None:
    tracker, sound = record(scene, phone=phone, drift_ppm=drift_ppm)
    result = sync_sounds(tracker, sound)
    assert result.verdict == "ok", result.reasons
    assert abs(error_ms(result, 63.7, drift_ppm=drift_ppm)) < 2.5
    # Stated errors cover the actual ones, also at the ends.
    for at_s in (7.4, 63.7, 119.0):
        stated_ms = float(result.time_map.standard_error_ms(at_s))  # type: ignore[union-attr]
        assert abs(error_ms(result, at_s, drift_ppm=drift_ppm)) < 3 * stated_ms


@pytest.mark.parametrize("offset_s", [-100.0, 95.0])
def test_recordings_that_share_little_time_are_found(offset_s: float) -> None:
    result = sync_sounds(*record(CarSound(speech_share=0.2), offset_s=offset_s))
    middle_s = (max(0.0, -offset_s) + min(120.0, 120.0 - offset_s)) / 2
    assert result.verdict in ("ok", "doubtful")
    assert abs(error_ms(result, middle_s, offset_s=offset_s)) < 3


def test_the_order_of_the_recordings_does_not_matter() -> None:
    tracker, phone = record()
    one, other = sync_sounds(tracker, phone), sync_sounds(phone, tracker)
    assert one.time_map is not None
    assert other.time_map is not None
    assert other.verdict == one.verdict
    t = np.linspace(10, 110, 7)
    np.testing.assert_allclose(other.time_map.tracker_s(one.time_map.tracker_s(t)), t, atol=1e-9)


def test_the_length_of_the_recordings_does_not_matter() -> None:
    tracker, phone = record(phone=Device(duration_s=120), seed=4)
    whole = sync_sounds(tracker, phone)
    half = replace(phone, samples=phone.samples[: 60 * RATE_HZ])
    part = sync_sounds(tracker, half)
    assert whole.time_map is not None
    assert part.time_map is not None
    apart_ms = abs(float(whole.time_map.tracker_s(35) - part.time_map.tracker_s(35))) * 1e3
    stated_ms = float(
        np.hypot(whole.time_map.standard_error_ms(35), part.time_map.standard_error_ms(35))
    )
    assert apart_ms < 2 * stated_ms


def test_late_starts_are_on_the_time_lines() -> None:
    tracker, phone = record(
        tracker=Device(duration_s=120, start_s=3.21), phone=Device(duration_s=120, start_s=0.137)
    )
    assert tracker.start_s == pytest.approx(3.21)
    assert abs(error_ms(sync_sounds(tracker, phone), 60.0)) < 2.5


@pytest.mark.parametrize("lost_s", [0.06, 0.7, 2.5])
def test_sound_lost_without_a_trace_is_found_and_doubted(lost_s: float) -> None:
    tracker, phone = record(
        tracker=Device(duration_s=240, highpass_hz=120),
        phone=Device(duration_s=240, lost_s=[(150, 150 + lost_s)]),
    )
    result = sync_sounds(tracker, phone)
    assert result.verdict == "doubtful"
    assert len(result.steps_s) == 1
    assert result.steps_s[0] == pytest.approx(150, abs=15)
    assert "jumps by" in result.reasons[0]
    assert abs(error_ms(result, 60.0)) < 3
    # What is heard after the loss came later than the phone's time line says.
    assert error_ms(result, 220.0) == pytest.approx(lost_s * 1e3, abs=4)


def test_a_right_prior_is_used_and_a_wrong_one_overruled() -> None:
    tracker, phone = record()
    for believed_s in (-7.0, 900.0):
        prior = OffsetPrior(offset_s=believed_s, sigma_s=2.0)
        result = sync_sounds(tracker, phone, prior=prior)
        assert result.verdict == "ok"
        assert abs(error_ms(result, 60.0)) < 2.5


def test_a_limited_search_does_not_look_further() -> None:
    tracker, phone = record()
    result = sync_sounds(tracker, phone, options=SyncOptions(search_s=5.0))
    assert result.verdict != "ok"


def unrelated(scene: CarSound, device: Device | None = None) -> tuple[Sound, Sound]:
    device = device or Device(duration_s=120)
    first, _ = record(scene, tracker=device, seed=11)
    _, second = record(scene, phone=device, seed=12)
    return first, second


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(CarSound(), id="other drive"),
        pytest.param(CarSound(speech_share=0.4, speech_snr_db=12), id="much speech"),
        pytest.param(
            CarSound(speech_share=0, engine_rms=0.1, noise_rms=0.003, engine_hz=(30.0, 30.0)),
            id="equal engines",
        ),
        pytest.param(CarSound(speech_share=0, engine_rms=0), id="noise"),
    ],
)
def test_unrelated_recordings_are_refused(scene: CarSound) -> None:
    result = sync_sounds(*unrelated(scene))
    assert result.verdict == "failed"
    assert result.lines == ()
    assert result.reasons


def test_recordings_without_common_time_are_refused() -> None:
    result = sync_sounds(*record(offset_s=-300.0, phone=Device(duration_s=120)))
    assert result.verdict == "failed"


@pytest.mark.parametrize("which", ["first", "second"])
def test_silence_is_refused_and_named(which: str) -> None:
    tracker, phone = record()
    if which == "first":
        tracker = replace(tracker, samples=np.zeros_like(tracker.samples))
    else:
        phone = replace(phone, samples=np.zeros_like(phone.samples))
    result = sync_sounds(tracker, phone)
    assert result.verdict == "failed"
    assert f"The {which} recording holds 0.0 s of sound" in result.reasons[0]


@pytest.mark.parametrize("count", [0, 1, 3, 4000])
def test_next_to_no_sound_is_refused(count: int) -> None:
    tracker, phone = record()
    result = sync_sounds(tracker, replace(phone, samples=phone.samples[:count]))
    assert result.verdict == "failed"


def test_the_second_witness_agrees_with_a_right_map() -> None:
    result = sync_sounds(*record(CarSound(speech_share=0.2)))
    assert result.witness is not None
    assert result.witness.method == "envelope"
    assert result.witness.agrees is True
    assert result.witness.disagreement_ms == pytest.approx(0, abs=5)


@pytest.mark.parametrize(("value", "text"), [(0.0, "search_s"), (-1.0, "search_s")])
def test_options_are_checked(value: float, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        SyncOptions(search_s=value)
    with pytest.raises(ValueError, match="max_drift_ppm"):
        SyncOptions(max_drift_ppm=value)


@pytest.mark.parametrize("lost_at_s", [45.0, 205.0], ids=["near the start", "near the end"])
@pytest.mark.parametrize("lost_s", [0.08, 1.5])
def test_sound_lost_near_an_end_is_not_passed_over(lost_at_s: float, lost_s: float) -> None:
    tracker, phone = record(
        CarSound(speech_share=0.2),
        tracker=Device(duration_s=240, highpass_hz=120),
        phone=Device(duration_s=240, lost_s=[(lost_at_s, lost_at_s + lost_s)]),
    )
    result = sync_sounds(tracker, phone)
    assert result.verdict == "doubtful", result.reasons


def test_a_loss_beyond_the_reach_of_the_windows_is_not_passed_over() -> None:
    # Half a minute before the loss is all that is left of the time before it, and one window in
    # it lies right by chance; found by the benchmark.
    tracker, phone = simulate_pair(
        CarSound(
            microphone_distance_m=0.64,
            independent_share=0.34,
            engine_rms=0.015,
            speech_share=0.2,
            speech_snr_db=8.4,
            seats=1,
        ),
        Device(duration_s=200, highpass_hz=120),
        Device(duration_s=200, lost_s=[(70.0, 70.35)], handling_s=[(5, 9), (40, 43)]),
        offset_s=-2.0,
        drift_ppm=-8.0,
        rate_hz=RATE_HZ,
        seed=21,
    )
    result = sync_sounds(tracker, phone)
    assert result.verdict == "doubtful", result.reasons


def test_a_stretch_that_nothing_supports_is_told() -> None:
    tracker, phone = record(
        tracker=Device(duration_s=240, highpass_hz=120),
        phone=Device(duration_s=240, handling_s=[(0, 100)], own_noise_rms=0.002),
    )
    rng = np.random.default_rng(1)
    samples = phone.samples.copy()
    samples[: 100 * RATE_HZ] = rng.normal(0, 0.3, 100 * RATE_HZ).astype(np.float32)
    result = sync_sounds(tracker, replace(phone, samples=samples))
    assert result.verdict == "doubtful"
    assert any("nothing in the sound supports" in reason for reason in result.reasons)
