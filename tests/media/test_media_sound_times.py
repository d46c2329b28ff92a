"""An event in the sound is found at the time at which it was recorded, whatever the container.

The cases are those of a phone, a browser and a recorder: late sound, edit lists, priming signalled
or not, millisecond stamps.
"""

import av
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import FileOptions, write_sound, write_video
from dashgaze.errors import InputError, NoSoundError
from dashgaze.media import Sound, probe, read_sound

FRAMES_S = np.arange(60) / 30
PRIMING_S = 1024 / 48_000
MS = 1e-3


@pytest.mark.parametrize(
    ("suffix", "start_s", "options", "late_s", "tolerance_s"),
    [
        # MP4 and QuickTime: exact, by edit lists.
        (".mp4", 0.0, FileOptions(), 0.0, 0.02 * MS),
        (".mp4", 0.137, FileOptions(), 0.0, 0.02 * MS),
        (".mp4", 0.00789, FileOptions(), 0.0, 0.02 * MS),
        (".mp4", 0.137, FileOptions(b_frames=2), 0.0, 0.02 * MS),
        (".mp4", 0.137, FileOptions(index_first=True), 0.0, 0.02 * MS),
        (".mp4", 0.137, FileOptions(fragmented=True), 0.0, 0.02 * MS),
        (".mov", 0.137, FileOptions(), 0.0, 0.02 * MS),
        # Priming that the file does not tell makes all sound late, by what no reader can know.
        (".mp4", 0.0, FileOptions(fragmented=True, priming_signalled=False), PRIMING_S, 0.02 * MS),
        (".mp4", 0.137, FileOptions(priming_signalled=False), PRIMING_S, 0.02 * MS),
        # Matroska and WebM: stamps in whole milliseconds.
        (".mkv", 0.0, FileOptions(), 0.0, 0.02 * MS),
        (".mkv", 0.137, FileOptions(), 0.0, 0.02 * MS),
        (".mkv", 0.13749, FileOptions(), 0.0, 0.5 * MS),
        (".webm", 0.0, FileOptions(), 0.0, 0.51 * MS),
        (".webm", 0.137, FileOptions(), 0.0, 0.51 * MS),
        (".webm", 0.137, FileOptions(live=True), 0.0, 0.51 * MS),
    ],
    ids=lambda value: "" if isinstance(value, float | FileOptions) else value,
)
def test_a_pulse_is_where_it_was(
    tmp_path, pulse, pulse_time, suffix, start_s, options, late_s, tolerance_s
):
    sound = pulse(at_s=1.0, start_s=start_s)
    path = write_video(tmp_path / f"a{suffix}", times_s=FRAMES_S, sound=sound, options=options)
    read = read_sound(path, rate_hz=16_000)
    assert pulse_time(read) == pytest.approx(start_s + 1.0 + late_s, abs=tolerance_s)
    assert read.gaps_s == ()
    assert (read.dropped_s, read.damaged_packets, read.truncated) == (0.0, 0, False)
    assert read.paths == (path,)


def test_late_sound_is_not_moved_to_the_start(tmp_path, pulse):
    path = write_video(tmp_path / "a.mkv", times_s=FRAMES_S, sound=pulse(start_s=0.7))
    assert read_sound(path, rate_hz=16_000).start_s == pytest.approx(0.7, abs=1e-4)


def test_sound_hidden_by_an_edit_list_does_not_appear(tmp_path, pulse):
    # The decoder's lead-in, 1024 samples, lies before zero and is hidden.
    path = write_video(tmp_path / "a.mp4", times_s=FRAMES_S, sound=pulse())
    read = read_sound(path, rate_hz=48_000)
    assert read.start_s == 0.0
    assert len(read.samples) == pytest.approx(2 * 48_000, abs=1024)
    # Seen with the edit list ignored, the same file has it.
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        first = next(container.decode(audio=0))
    assert first.samples == 1024
    assert not np.any(first.to_ndarray())


@pytest.mark.parametrize(
    ("suffix", "late_s", "tolerance_s"),
    [
        (".wav", 0.0, 0.01 * MS),
        (".flac", 0.0, 0.01 * MS),
        (".ogg", 0.0, 0.02 * MS),
        (".aac", PRIMING_S, 0.02 * MS),  # raw: no priming told
        # FFmpeg starts the time line of an MP3 with the lead-in that it takes off: 1105 samples.
        (".mp3", 1105 / 48_000, 0.02 * MS),
    ],
)
def test_sound_files(tmp_path, pulse, pulse_time, suffix, late_s, tolerance_s):
    read = read_sound(write_sound(tmp_path / f"a{suffix}", pulse()), rate_hz=16_000)
    assert pulse_time(read) == pytest.approx(1.0 + late_s, abs=tolerance_s)
    assert read.start_s == pytest.approx(late_s if suffix == ".mp3" else 0.0, abs=1e-6)


def test_millisecond_stamps_do_not_bias_the_start(tmp_path, pulse, pulse_time):
    """Frames of 1024 samples at 44.1 kHz fall on all fractions of a millisecond."""
    sound = pulse(rate_hz=44_100, duration_s=5.0, start_s=0.1372)
    read = read_sound(write_sound(tmp_path / "a.mkv", sound), rate_hz=16_000)
    with av.open(str(tmp_path / "a.mkv")) as container:
        first_stamp_s = next(container.decode(audio=0)).pts / 1000
    assert abs(first_stamp_s - 0.1372) > 0.15 * MS  # what reading the first stamp would cost
    assert pulse_time(read) == pytest.approx(1.1372, abs=0.05 * MS)
    assert read.gaps_s == ()
    assert read.duration_s == pytest.approx(5.0, abs=2048 / 44_100)


@pytest.mark.parametrize("native_hz", [48_000, 44_100, 16_000])
@pytest.mark.parametrize("tone_hz", [100.0, 1000.0, 5000.0])
def test_resampling_shifts_nothing(tmp_path, native_hz, tone_hz):
    t = np.arange(3 * native_hz) / native_hz
    tone = (0.5 * np.sin(2 * np.pi * tone_hz * t)).astype(np.float32)
    sound = Sound(samples=tone, rate_hz=native_hz, start_s=0.0)
    read = read_sound(write_sound(tmp_path / "a.wav", sound), rate_hz=16_000)
    assert len(read.samples) == 3 * 16_000
    middle = slice(8_000, 40_000)
    t = np.arange(len(read.samples))[middle] / 16_000
    phasor = 2j * np.mean(read.samples[middle] * np.exp(-2j * np.pi * tone_hz * t))
    assert abs(phasor) == pytest.approx(0.5, rel=1e-3)
    assert np.angle(phasor) / (2 * np.pi * tone_hz) == pytest.approx(0.0, abs=1e-7)


def test_resampling_is_band_limited(tmp_path):
    t = np.arange(96_000) / 48_000
    tone = (0.5 * np.sin(2 * np.pi * 11_000 * t)).astype(np.float32)
    path = write_sound(tmp_path / "a.wav", Sound(samples=tone, rate_hz=48_000, start_s=0.0))
    read = read_sound(path, rate_hz=16_000)
    assert np.abs(read.samples[1000:-1000]).max() < 1e-4  # it would alias to 5 kHz


def test_reading_twice_gives_the_same_bytes(tmp_path, pulse):
    path = write_video(tmp_path / "a.mp4", times_s=FRAMES_S, sound=pulse(start_s=0.1))
    one, two = (read_sound(path, rate_hz=16_000) for _ in range(2))
    assert one.samples.tobytes() == two.samples.tobytes()
    assert one.start_s == two.start_s


@pytest.mark.parametrize(
    ("gains", "level"),
    [((1.0,), 1.0), ((1.0, 1.0), 1.0), ((1.0, 0.5), 0.75), ((1.0, 0.0), 1.0), ((0.0, 0.5), 0.5)],
    ids=["mono", "equal", "averaged", "right silent", "left silent"],
)
@pytest.mark.parametrize("suffix", [".wav", ".mp4"])
def test_channels_are_averaged_but_silent_ones_left_out(tmp_path, pulse, suffix, gains, level):
    path = write_sound(tmp_path / f"a{suffix}", pulse(), options=FileOptions(channel_gains=gains))
    read = read_sound(path, rate_hz=48_000)
    assert read.samples.max() == pytest.approx(0.8 * level, rel=0.03)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"])
def test_full_scale_is_one_for_every_number_type(tmp_path, codec):
    samples = np.zeros(4000, dtype=np.float32)
    samples[1000:2000], samples[2000:3000] = 0.5, -0.5
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = 8000
        convert = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=8000)
        for converted in convert.resample(frame):
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    read = read_sound(path, rate_hz=8000)
    np.testing.assert_allclose(read.samples, samples, atol=1.01 / 128 if "u8" in codec else 1e-4)


def test_digital_silence_is_sound(tmp_path):
    silence = Sound(samples=np.zeros(48_000, dtype=np.float32), rate_hz=48_000, start_s=0.2)
    path = write_video(tmp_path / "a.mp4", times_s=FRAMES_S, sound=silence)
    read = read_sound(path, rate_hz=16_000)
    assert not read.samples.any()
    assert read.recorded().all()
    assert (read.gaps_s, read.clipped_share) == ((), 0.0)


@pytest.mark.parametrize(("gain", "share"), [(0.9, 0.0), (2.0, 2 / 3)])
def test_the_clipped_share_is_that_of_the_native_samples(tmp_path, gain, share):
    t = np.arange(48_000) / 48_000
    sine = np.clip(gain * np.sin(2 * np.pi * 100 * t), -1, 1).astype(np.float32)
    path = write_sound(tmp_path / "a.wav", Sound(samples=sine, rate_hz=48_000, start_s=0.0))
    # |sin| ≥ 0.99 / 2 for two thirds of the time, all but exactly.
    assert read_sound(path, rate_hz=16_000).clipped_share == pytest.approx(share, abs=0.01)


def test_a_video_without_sound_says_so(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_s=FRAMES_S)
    with pytest.raises(NoSoundError, match=r"a\.mp4 has no sound track") as caught:
        read_sound(path, rate_hz=16_000)
    assert caught.value.path == path


def test_a_sound_track_without_samples_says_so(tmp_path, pulse):
    path = write_sound(tmp_path / "a.wav", pulse())
    path.write_bytes(path.read_bytes()[:80])  # the header stays
    assert probe(path).audio is not None
    with pytest.raises(NoSoundError, match="nothing in it can be decoded"):
        read_sound(path, rate_hz=16_000)


def test_a_rate_must_be_positive(tmp_path, pulse):
    path = write_sound(tmp_path / "a.wav", pulse())
    with pytest.raises(InputError, match="rate_hz is 0"):
        read_sound(path, rate_hz=0)


def test_progress_rises_to_one(tmp_path, pulse):
    path = write_sound(tmp_path / "a.mp4", pulse(duration_s=10.0))
    shares = []
    read_sound(path, rate_hz=16_000, progress=lambda phase, share: shares.append(share))
    assert len(shares) > 50
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
