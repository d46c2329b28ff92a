"""The sync sound: its form, its seed, and that sync finds it where it is logged."""

import asyncio
import sys
import wave

import numpy as np
import pytest
from scipy import signal as scipy_signal

from dashgaze.alignment.sync.events import match_events
from dashgaze.alignment.time_map import ClockLine, TimeMap
from dashgaze.collection.record import loudspeaker
from dashgaze.collection.record.chirp import (
    RATE_HZ,
    SWEEP_S,
    chirp_of,
    chirp_samples,
    write_chirp,
)
from dashgaze.collection.record.loudspeaker import PlayerProgram, find_loudspeaker
from dashgaze.errors import DeviceError
from dashgaze.media import Sound
from dashgaze.stages.sync import EVENT_NAMES


def test_three_sweeps_of_half_a_second_from_500_to_6000_hz():
    chirp = chirp_of(3)
    sound = chirp_samples(chirp)
    assert len(chirp.starts_s) == 3
    assert chirp.duration_s < 4.0
    assert np.abs(sound).max() <= 0.8
    for start_s in chirp.starts_s:
        sweep = sound[round(start_s * RATE_HZ) :][: round(SWEEP_S * RATE_HZ)]
        phase = np.unwrap(np.angle(scipy_signal.hilbert(sweep)))
        hz = np.gradient(phase) * RATE_HZ / (2 * np.pi)
        # f(t) = f0 (f1 / f0)^(t / T)
        for share in (0.1, 0.5, 0.9):
            expected = 500 * 12**share
            assert np.median(hz[round(share * len(hz)) - 100 :][:200]) == pytest.approx(
                expected, rel=0.02
            )
    for start_s, gap_s in zip(chirp.starts_s, chirp.gaps_s, strict=False):
        gap = sound[round((start_s + SWEEP_S) * RATE_HZ) + 1 :][: round(gap_s * RATE_HZ) - 2]
        assert not gap.any()


def test_a_seed_gives_its_gaps_again_and_others_give_others():
    assert chirp_of(7) == chirp_of(7)
    assert len({chirp_of(seed).gaps_s for seed in range(50)}) == 50
    assert max(chirp_of(seed).duration_s for seed in range(200)) < 3.01


def test_the_file_is_16_bit_mono_at_48_khz(tmp_path):
    path = write_chirp(chirp_of(1), tmp_path / "chirp.wav")
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        assert file.getnframes() == round(chirp_of(1).duration_s * 48_000)


def recorded(chirp, at_s, draw, noise, rate_hz=16_000):
    """What a microphone hears of it, s from its start."""
    played = scipy_signal.resample_poly(chirp_samples(chirp), 1, 3)
    sound = noise * draw.standard_normal(30 * rate_hz)
    first = round(at_s * rate_hz)
    sound[first : first + len(played)] += 0.3 * played
    return Sound(samples=sound.astype(np.float32), rate_hz=rate_hz, start_s=0.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_matched_filter_finds_it_under_louder_noise(seed):
    draw, chirp = np.random.default_rng(seed), chirp_of(seed)
    sound = recorded(chirp, 10.0125, draw, noise=0.5)  # the sweeps have an rms of 0.17
    known = scipy_signal.resample_poly(chirp_samples(chirp), 1, 3)
    curve = scipy_signal.correlate(sound.samples, known, mode="valid")
    assert np.argmax(curve) / 16_000 == pytest.approx(10.0125, abs=0.0005)


def test_its_event_has_a_name_that_sync_looks_for():
    assert "chirp" in EVENT_NAMES
    assert "clap" in EVENT_NAMES


def test_sync_hears_the_chirp_around_its_event():
    draw, chirp = np.random.default_rng(5), chirp_of(11)
    tracker, phone = recorded(chirp, 10.08, draw, 0.05), recorded(chirp, 10.0, draw, 0.05)
    still = ClockLine(
        phone_start_s=0,
        phone_end_s=30,
        offset_s=0.0,
        drift_ppm=0.0,
        offset_se_ms=1.0,
        drift_se_ppm=1.0,
    )
    # The event is stamped by this computer, before the loudspeaker is heard.
    event_s = 10.08 + chirp.duration_s / 2 - 0.2
    found = match_events(tracker, phone, TimeMap([still]), [event_s])
    assert found is not None
    assert found.disagreement_s == pytest.approx(0.08, abs=0.002)


def test_a_program_plays_the_file_and_its_failure_is_told(tmp_path):
    path = write_chirp(chirp_of(1), tmp_path / "chirp.wav")
    script = "import sys, pathlib; pathlib.Path(sys.argv[1] + '.heard').touch()"
    asyncio.run(PlayerProgram((sys.executable, "-c", script)).play(path))
    assert (tmp_path / "chirp.wav.heard").exists()
    with pytest.raises(DeviceError, match=r"code 3.*Clap three times"):
        asyncio.run(PlayerProgram((sys.executable, "-c", "raise SystemExit(3)")).play(path))
    with pytest.raises(DeviceError, match="can't be started"):
        asyncio.run(PlayerProgram((str(tmp_path / "nothing"),)).play(path))


def test_a_program_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(loudspeaker, "_START_AND_END_S", -2.5)
    path = write_chirp(chirp_of(1), tmp_path / "chirp.wav")
    with pytest.raises(DeviceError, match="does not come to an end"):
        asyncio.run(PlayerProgram((sys.executable, "-c", "import time; time.sleep(60)")).play(path))


def test_without_a_sound_card_programs_are_looked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(loudspeaker, "_has_sound_card", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_loudspeaker() is None
    player = tmp_path / "aplay"
    player.write_text("#!/bin/sh\n")
    player.chmod(0o755)
    assert find_loudspeaker() == PlayerProgram((str(player), "-q"))
