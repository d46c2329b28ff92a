"""Lost sound becomes a gap, double sound is dropped, and jitter of the time stamps moves nothing."""

from dataclasses import replace

import av
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import write_sound, write_video
from dashgaze.media import Sound, read_sound
from dashgaze.media.sound_placing import lay_out
from dashgaze.media.sound_run import DecodedFrame
from dashgaze.media.sound_runs import RunSplitter, clock_ppm, credible_runs

RATE_HZ = 16_000
FRAME = 160  # 10 ms
RNG = np.random.default_rng(11)


def split(stamps_s, *, frame=FRAME):
    """Split frames of a counting sound, given their stamps."""
    splitter = RunSplitter(RATE_HZ)
    samples = np.arange(frame * len(stamps_s), dtype=np.float32) * 1e-6
    for index, stamp_s in enumerate(stamps_s):
        block = samples[None, index * frame : (index + 1) * frame]
        splitter.add(DecodedFrame(stamp_s, RATE_HZ, block))
    splitter.close()
    return splitter


def extents(splitter):
    """Start and length of each run, s."""
    return [(run.start_s, run.duration_s) for run in splitter.runs]


def regular(count, start_s=0.0):
    return start_s + np.arange(count) * FRAME / RATE_HZ


def test_a_lost_buffer_starts_a_new_run():
    stamps_s = regular(100, start_s=0.25)
    stamps_s[40:] += 0.03
    assert extents(split(stamps_s.tolist())) == [(0.25, 0.4), (0.68, 0.6)]


@pytest.mark.parametrize("jump_s", [0.0049, -0.0049])
def test_a_jump_within_the_tolerance_moves_nothing(jump_s):
    stamps_s = regular(100)
    stamps_s[50:] += jump_s
    assert len(split(stamps_s.tolist()).runs) == 1


@pytest.mark.parametrize("jump_s", [0.0051, -0.0051])
def test_a_jump_beyond_the_tolerance_starts_a_new_run(jump_s):
    stamps_s = regular(100)
    stamps_s[50:] += jump_s
    runs = split(stamps_s.tolist()).runs
    assert [run.count for run in runs] == [50 * FRAME, 50 * FRAME]
    assert runs[1].start_s == pytest.approx(0.5 + jump_s)


def test_millisecond_rounding_neither_inserts_nor_deletes():
    stamps_s = np.round(np.arange(2000) * 1024 / 44_100 + 0.1234, 3)
    splitter = RunSplitter(RATE_HZ)
    for stamp_s in stamps_s.tolist():
        splitter.add(DecodedFrame(stamp_s, 44_100, np.zeros((1, 1024), dtype=np.float32)))
    splitter.close()
    assert len(splitter.runs) == 1
    assert splitter.runs[0].start_s == pytest.approx(0.1234, abs=2e-5)


def test_a_few_late_stamps_are_jitter():
    stamps_s = regular(200, start_s=0.2)
    stamps_s[[50, 51, 52, 120]] += [0.02, 0.03, 0.012, -0.04]
    assert extents(split(stamps_s.tolist())) == [(0.2, 2.0)]


@pytest.mark.parametrize("seed", range(5))
def test_stamps_that_jitter_all_along_lose_no_sound(seed):
    stamps_s = regular(500)
    stamps_s[1:] += np.random.default_rng(seed).uniform(-0.007, 0.007, 499)
    runs = split(stamps_s.tolist()).runs
    # Nothing follows the last frames that could prove their jitter to be none.
    assert runs[0].count >= 495 * FRAME
    assert runs[0].start_s == pytest.approx(0.0, abs=0.0015)
    assert sum(run.count for run in runs) == 500 * FRAME


def test_frames_without_stamps_follow_the_one_before():
    stamps_s = regular(60, start_s=1.0).tolist()
    stamps_s[0] = stamps_s[1] = stamps_s[30] = None
    assert extents(split(stamps_s)) == [(1.0, 0.6)]


def test_a_track_without_any_stamp_starts_where_its_header_says():
    splitter = split([None] * 50)
    credible, astray_s = credible_runs(splitter.runs, unknown_start_s=0.75)
    assert [(start_s, run.count) for start_s, run in credible] == [(0.75, 50 * FRAME)]
    assert astray_s == 0.0


def test_a_change_of_the_sample_rate_starts_a_new_run():
    splitter = RunSplitter(RATE_HZ)
    splitter.add(DecodedFrame(0.0, 48_000, np.ones((1, 4800), dtype=np.float32)))
    splitter.add(DecodedFrame(0.1, 24_000, np.ones((1, 2400), dtype=np.float32)))
    splitter.close()
    assert [len(run.finish()) for run in splitter.runs] == [1600, 1600]


def test_stamps_that_lead_hours_away_are_left_out():
    stamps_s = regular(300)
    stamps_s[200:230] += 1e6
    credible, astray_s = credible_runs(split(stamps_s.tolist()).runs, unknown_start_s=0.0)
    assert [start_s for start_s, _ in credible] == pytest.approx([0.0, 2.3])
    assert astray_s == pytest.approx(0.3)


def test_a_first_stamp_from_nowhere_does_not_discard_the_rest():
    stamps_s = regular(300)
    stamps_s[0] = 1e6
    credible, astray_s = credible_runs(split(stamps_s.tolist()).runs, unknown_start_s=0.0)
    assert [(start_s, run.count) for start_s, run in credible] == [(0.01, 299 * FRAME)]
    assert astray_s == pytest.approx(0.01)


@pytest.mark.parametrize("ppm", [0.0, 30.0, -273.0])
def test_the_clock_is_fitted_and_not_applied(ppm):
    counted_s = regular(12_000)  # two minutes
    splitter = split((0.5 + counted_s * (1 + ppm * 1e-6)).tolist())
    assert clock_ppm(splitter.runs) == pytest.approx(ppm, abs=1e-3)
    # What adds up beyond 5 ms is corrected in steps of 5 ms; no sample strays further than that.
    assert len(splitter.runs) == 1 + int(abs(ppm) * 1e-6 * 120 / 0.005)
    before = 0
    for run in splitter.runs:
        assert run.start_s is not None
        for offset in (0, run.count):
            truth_s = 0.5 + (before + offset) / RATE_HZ * (1 + ppm * 1e-6)
            assert run.start_s + offset / RATE_HZ == pytest.approx(truth_s, abs=0.003)
        before += run.count


def test_the_clock_is_not_fitted_across_a_jump_nor_over_less_than_a_minute():
    assert clock_ppm(split(regular(5999).tolist()).runs) is None
    stamps_s = regular(11_000)
    stamps_s[5500:] += 0.1
    assert clock_ppm(split(stamps_s.tolist()).runs) is None
    stamps_s = regular(11_000) * (1 + 50e-6)
    stamps_s[2000:] += 0.1
    assert clock_ppm(split(stamps_s.tolist()).runs) == pytest.approx(50.0, abs=1e-3)


def test_double_sound_is_dropped_where_it_is_double():
    first = np.full(100, 1, dtype=np.float32)
    second = np.arange(100, dtype=np.float32)
    laid = lay_out([(0.0, first), (0.005, second)], rate_hz=16_000)  # 20 samples overlap
    assert laid.dropped_count == 20
    assert laid.samples.tolist() == [1.0] * 100 + list(range(20, 100))
    assert laid.kept == ((0, 100), (100, 180))
    assert laid.holes == ()


def test_what_another_piece_covers_is_dropped_whole():
    laid = lay_out([(0.0, np.ones(100, np.float32)), (0.001, np.ones(10, np.float32))], 16_000)
    assert (len(laid.samples), laid.dropped_count, laid.kept[1]) == (100, 10, (0, 0))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_lost_sound_is_a_gap_and_the_rest_stays_in_place(tmp_path, suffix):
    """Noise with two holes; what remains is compared with what was written."""
    rate_hz = 48_000
    spectrum = np.fft.rfft(RNG.standard_normal(rate_hz * 6))
    frequency_hz = np.fft.rfftfreq(rate_hz * 6, 1 / rate_hz)
    spectrum[(frequency_hz < 200) | (frequency_hz > 3000)] = 0
    noise = np.fft.irfft(spectrum)
    noise *= 0.1 / noise.std()
    lost_s = ((2.0, 2.3), (4.0, 4.1))
    written = Sound(samples=noise.astype(np.float32), rate_hz=rate_hz, start_s=0.2, gaps_s=lost_s)
    times_s = np.arange(180) / 30
    path = write_video(tmp_path / f"a{suffix}", times_s=times_s, sound=written)
    read = read_sound(path, rate_hz=rate_hz)

    assert len(read.gaps_s) == 2
    for (start_s, end_s), (lost_start_s, lost_end_s) in zip(read.gaps_s, lost_s, strict=True):
        assert 0.0 <= start_s - lost_start_s < 0.025
        assert 0.0 <= lost_end_s - end_s < 0.05
    recorded = read.recorded()
    assert not read.samples[~recorded].any()
    assert np.count_nonzero(~recorded) == pytest.approx(
        sum(end_s - start_s for start_s, end_s in read.gaps_s) * rate_hz, abs=2
    )
    for start_s, end_s in ((0.3, 2.0), (2.35, 4.0), (4.15, 6.1)):
        first = round((start_s - read.start_s) * rate_hz)
        heard = read.samples[first : first + round((end_s - start_s) * rate_hz)]
        origin = round((start_s - 0.2) * rate_hz)
        matches = [
            heard @ noise[origin + lag : origin + lag + len(heard)] for lag in range(-60, 61)
        ]
        late_s = -(int(np.argmax(matches)) - 60) / rate_hz
        assert abs(late_s) <= (0.03e-3 if suffix != ".webm" else 0.55e-3)
        energy = np.linalg.norm(heard) * np.linalg.norm(noise[origin : origin + len(heard)])
        assert max(matches) / energy > 0.95


def restamp(source, target, change):
    """Copy the sound packets of a file with other stamps; None leaves a packet out."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(audio=0):
            pts = None if packet.pts is None else change(packet.pts)
            if pts is not None:
                packet.pts = packet.dts = pts
                packet.stream = stream
                new.mux(packet)
    return target


def test_the_clock_of_a_real_container_is_told(tmp_path):
    noise = (0.1 * RNG.standard_normal(8000 * 75)).astype(np.float32)
    whole = write_sound(tmp_path / "whole.mkv", Sound(samples=noise, rate_hz=8000, start_s=0.0))
    slow = restamp(whole, tmp_path / "slow.mkv", lambda pts: round(pts * (1 + 200e-6)))
    assert read_sound(whole, rate_hz=8000).clock_ppm == pytest.approx(0.0, abs=0.5)
    read = read_sound(slow, rate_hz=8000)
    assert read.clock_ppm == pytest.approx(200.0, abs=1.0)
    # 15 ms in 75 s: two or three holes of 5 ms.
    assert 2 <= len(read.gaps_s) <= 3
    assert all(0.004 < end_s - start_s < 0.007 for start_s, end_s in read.gaps_s)
    assert read_sound(write_sound(tmp_path / "short.mp4", pulse_of(5)), rate_hz=8000).clock_ppm is (
        None
    )


def pulse_of(duration_s):
    samples = np.zeros(duration_s * 8000, dtype=np.float32)
    return Sound(samples=samples, rate_hz=8000, start_s=0.0)


def test_mp4_stamps_count_samples_so_its_clock_shows_nothing(tmp_path):
    path = write_sound(tmp_path / "a.mp4", replace(pulse_of(61), start_s=0.3))
    assert read_sound(path, rate_hz=8000).clock_ppm == 0.0


def test_stamps_that_go_back_drop_what_is_double(tmp_path, pulse, pulse_time):
    whole = write_sound(tmp_path / "whole.mp4", pulse(duration_s=2.0))
    stream = restamp(whole, tmp_path / "a.ts", lambda pts: pts)
    # What a transport stream recorder leaves that is started twice.
    twice = tmp_path / "twice.ts"
    twice.write_bytes(stream.read_bytes() * 2)
    once, read = (read_sound(path, rate_hz=16_000) for path in (stream, twice))
    assert read.dropped_s == pytest.approx(once.duration_s, abs=0.05)
    assert read.duration_s == pytest.approx(once.duration_s, abs=0.05)
    assert pulse_time(read) == pytest.approx(pulse_time(once), abs=1e-6)
    assert once.dropped_s == 0.0


def test_damaged_packets_become_a_gap(tmp_path, pulse, pulse_time):
    whole = write_sound(tmp_path / "whole.mp4", pulse(duration_s=3.0, at_s=2.5))
    with av.open(str(whole)) as container:
        places = [(p.pos, p.size) for p in container.demux(audio=0) if p.size]
    data = bytearray(whole.read_bytes())
    for position, size in places[40:60]:
        data[position : position + size] = b"\xff" * size
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    read = read_sound(damaged, rate_hz=16_000)
    assert read.damaged_packets == 20
    assert read.gaps_s == (pytest.approx((39 * 1024 / 48_000, 59 * 1024 / 48_000), abs=1e-3),)
    assert pulse_time(read) == pytest.approx(2.5, abs=0.04e-3)
    assert not read.truncated
