"""Damaged files give what is left of them or a clear error, never anything else."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashgaze.collection.simulation.media_writer import (
    FileOptions,
    cut_file,
    write_sound,
    write_video,
)
from dashgaze.errors import DashgazeError, NoSoundError
from dashgaze.media import Sound, probe, read_frame_times, read_sound
from dashgaze.media.completeness import is_cut_short, lacks_index

WHOLE = {
    "index first.mp4": FileOptions(index_first=True, b_frames=2),
    "index last.mp4": FileOptions(),
    "fragments.mp4": FileOptions(fragmented=True),
    "a.mkv": FileOptions(),
    "a.webm": FileOptions(),
    "a.wav": FileOptions(),
    "a.mp3": FileOptions(),
    "a.ogg": FileOptions(),
    "a.flac": FileOptions(),
    "a.aac": FileOptions(),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Small whole files of all kinds, by name."""
    folder = tmp_path_factory.mktemp("whole")
    t = np.arange(2 * 48_000) / 48_000
    samples = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    sound = Sound(samples=samples, rate_hz=48_000, start_s=0.0)
    times_s = np.arange(40) / 20
    files = {}
    for name, options in WHOLE.items():
        if name.endswith((".mp4", ".mkv", ".webm")):
            write_video(folder / name, times_s=times_s, sound=sound, options=options)
        else:
            write_sound(folder / name, sound, options=options)
        files[name] = folder / name
    return files


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch")


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_not_called_cut(whole, name):
    assert not is_cut_short(whole[name])
    assert not lacks_index(whole[name])
    assert not read_sound(whole[name], rate_hz=16_000).truncated


@pytest.mark.parametrize("share", [0.95, 0.6, 0.3])
@pytest.mark.parametrize("name", ["index first.mp4", "fragments.mp4", "a.mkv", "a.webm", "a.wav"])
def test_the_sound_of_a_cut_file_ends_early_and_says_so(whole, tmp_path, name, share):
    complete = read_sound(whole[name], rate_hz=16_000)
    cut = read_sound(cut_file(whole[name], tmp_path / name, share=share), rate_hz=16_000)
    assert cut.truncated
    assert cut.start_s == pytest.approx(complete.start_s, abs=1e-3)
    assert cut.duration_s < complete.duration_s
    # Headers take their share of these small files, and a fragment is lost as a whole.
    assert cut.duration_s > 2.0 * share - (1.55 if name.startswith("fragments") else 0.45)
    count = len(cut.samples) - 1600
    np.testing.assert_allclose(cut.samples[:count], complete.samples[:count], atol=2e-3)
    assert cut.gaps_s == ()


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_eight_channels_do_not_crash_the_interpreter(tmp_path, codec):
    """PyAV reads past the end of its list of planes; sound that lies in one plane is well."""
    path = tmp_path / ("a.mp4" if codec == "aac" else "a.wav")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="7.1")
        frame = av.AudioFrame.from_ndarray(
            np.full((1, 8 * 4096), 8192, dtype=np.int16), format="s16", layout="7.1"
        )
        frame.sample_rate = 48_000
        convert = av.AudioResampler(stream.codec_context.format, "7.1", 48_000)
        for converted in convert.resample(frame):
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    if codec == "aac":
        with pytest.raises(NoSoundError, match="nothing in it can be decoded"):
            read_sound(path, rate_hz=48_000)
    else:
        assert read_sound(path, rate_hz=48_000).samples == pytest.approx(np.full(4096, 0.25))


def readable(path: Path) -> None:
    """Read a file in all ways; only errors of dashgaze may come out."""
    for read in (probe, read_frame_times, lambda p: read_sound(p, rate_hz=16_000)):
        try:
            found = read(path)
        except DashgazeError:
            continue
        if isinstance(found, Sound):
            assert len(found.samples) > 0
            assert np.isfinite(found.samples).all()
            assert np.isfinite(found.start_s)
            assert not found.samples[~found.recorded()].any()


fuzzing = settings(
    max_examples=150,
    deadline=10_000,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@fuzzing
@given(content=st.binary(max_size=3000), head=st.sampled_from([0, 4, 12, 40, 400]), data=st.data())
def test_any_bytes(whole, scratch, content, head, data):
    """Random bytes, bare or behind the first bytes of a whole file."""
    source = whole[data.draw(st.sampled_from(sorted(WHOLE)))]
    path = scratch / f"bytes{source.suffix}"
    path.write_bytes(source.read_bytes()[:head] + content)
    readable(path)


@fuzzing
@given(data=st.data())
def test_any_corruption(whole, scratch, data):
    """Bytes overwritten and ends cut off, at any place of any kind of file."""
    source = whole[data.draw(st.sampled_from(sorted(WHOLE)))]
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(0, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        patch = data.draw(st.binary(min_size=1, max_size=40))
        content[place : place + len(patch)] = patch
    path = scratch / f"corrupt{source.suffix}"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    readable(path)


@settings(fuzzing, max_examples=60)
@given(data=st.data())
def test_any_corruption_of_the_index(whole, scratch, data):
    """The index of an MP4 is where damage does most: lengths, counts, edit lists, time scales."""
    source = whole[data.draw(st.sampled_from(["index first.mp4", "fragments.mp4"]))]
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(28, 1800))
        content[place : place + 4] = data.draw(
            st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1"])
        )
    path = scratch / "index.mp4"
    path.write_bytes(content)
    readable(path)
