"""What `probe` tells about files, and what it says when they can't be opened."""

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import (
    FileOptions,
    cut_file,
    drop_index,
    write_sound,
    write_video,
)
from dashgaze.errors import MediaError
from dashgaze.media import Sound, probe

TIMES_S = np.arange(10) / 30
SILENCE = Sound(samples=np.zeros(48_000, dtype=np.float32), rate_hz=48_000, start_s=0.0)


def test_video_and_sound_tracks_are_told(tmp_path, pulse):
    options = FileOptions(
        channel_gains=(1.0, 1.0), created_at=datetime(2026, 5, 12, 7, 30, tzinfo=UTC)
    )
    path = write_video(
        tmp_path / "road.mp4",
        times_s=TIMES_S + 0.5,
        size_px=(96, 64),
        sound=pulse(start_s=0.25),
        options=options,
    )
    info = probe(path)
    assert info.path == path
    assert "mp4" in info.container
    assert info.created_at == datetime(2026, 5, 12, 7, 30, tzinfo=UTC)
    assert info.video is not None
    assert (info.video.width_px, info.video.height_px) == (96, 64)
    assert (info.video.codec, info.video.rotation_deg, info.video.mirrored) == ("h264", 0, False)
    assert info.video.start_s == pytest.approx(0.5, abs=1e-5)
    assert info.audio is not None
    assert (info.audio.rate_hz, info.audio.channels, info.audio.codec) == (48_000, 2, "aac")
    # The coded sound begins 1024 samples before the first real one.
    assert info.audio.start_s == pytest.approx(0.25 - 1024 / 48_000, abs=1e-5)


def test_lengths_are_those_stated(tmp_path, pulse):
    path = write_video(tmp_path / "a.mp4", times_s=np.arange(30) / 30, sound=pulse(duration_s=2.0))
    info = probe(path)
    assert info.video is not None
    assert info.audio is not None
    assert info.video.duration_s == pytest.approx(1.0)
    assert info.audio.duration_s == pytest.approx(2.0, abs=1024 / 48_000)
    assert info.duration_s == pytest.approx(2.0, abs=1024 / 48_000)


def test_a_live_recording_states_no_length(tmp_path, pulse):
    path = write_video(
        tmp_path / "a.webm", times_s=TIMES_S, sound=pulse(), options=FileOptions(live=True)
    )
    info = probe(path)
    assert info.video is not None
    assert (info.duration_s, info.video.duration_s) == (None, None)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_rotation_and_mirroring_come_from_the_display_matrix(
    tmp_path, suffix, mirrored, rotation_deg
):
    path = write_video(
        tmp_path / f"turned{suffix}",
        times_s=TIMES_S[:2],
        size_px=(64, 48),
        options=FileOptions(rotation_deg=rotation_deg, mirrored=mirrored),
    )
    video = probe(path).video
    assert video is not None
    assert (video.rotation_deg, video.mirrored) == (rotation_deg, mirrored)
    assert (video.width_px, video.height_px) == (64, 48)  # as coded


@pytest.mark.parametrize("year", [1904, 1970])
def test_the_zero_date_of_an_unset_clock_is_no_date(tmp_path, year):
    options = FileOptions(created_at=datetime(year, 1, 1, 0, 0, 42, tzinfo=UTC))
    path = write_video(tmp_path / "a.mp4", times_s=TIMES_S, options=options)
    assert probe(path).created_at is None


def test_a_file_without_a_date_has_none(tmp_path):
    assert probe(write_video(tmp_path / "a.mp4", times_s=TIMES_S)).created_at is None


def test_tracks_that_are_not_there_are_none(tmp_path):
    assert probe(write_video(tmp_path / "a.mp4", times_s=TIMES_S)).audio is None
    assert probe(write_sound(tmp_path / "b.wav", SILENCE)).video is None


def test_raw_aac_states_no_length(tmp_path):
    info = probe(write_sound(tmp_path / "a.aac", SILENCE))
    assert info.duration_s is None
    assert info.audio is not None
    assert info.audio.duration_s is None


def test_names_with_colons_spaces_and_umlauts_are_files(tmp_path):
    path = write_video(tmp_path / "http: Straße 東京.mp4", times_s=TIMES_S)
    assert probe(path).video is not None


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.mp4 does not exist") as caught:
        probe(tmp_path / "gone.mp4")
    assert caught.value.path == tmp_path / "gone.mp4"


def test_a_folder_is_told_from_a_file(tmp_path):
    with pytest.raises(MediaError, match="is a folder"):
        probe(tmp_path)


def test_an_empty_file_is_told(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(MediaError, match="is empty"):
        probe(path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all files"
)
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_s=TIMES_S)
    path.chmod(0)
    with pytest.raises(MediaError, match="may not be read"):
        probe(path)


@pytest.mark.parametrize(
    "content",
    [
        b"timestamp [ns],x\n1,2\n",
        bytes(5000),
        # Playlists would make FFmpeg open what they name.
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile other.mp4\n",
        b"\x89PNG\r\n\x1a\n" + bytes(200),
    ],
    ids=["table", "zeros", "hls playlist", "concat playlist", "picture"],
)
def test_what_is_not_media_is_told(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="is not a sound or video file"):
        probe(path)


def test_a_git_lfs_pointer_is_told(tmp_path):
    path = tmp_path / "world.mp4"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(MediaError, match="Git LFS pointer"):
        probe(path)


def test_an_mp4_without_its_index_says_that_the_recorder_was_killed(tmp_path, pulse):
    whole = write_video(tmp_path / "a.mp4", times_s=TIMES_S, sound=pulse())
    with pytest.raises(MediaError, match=r"no index \(moov atom\).*recorder was killed.*untrunc"):
        probe(drop_index(whole, tmp_path / "killed.mp4"))


def test_an_mp4_cut_within_its_index_says_the_same(tmp_path, pulse):
    whole = write_video(
        tmp_path / "a.mp4", times_s=TIMES_S, sound=pulse(), options=FileOptions(index_first=True)
    )
    with pytest.raises(MediaError, match="no index"):
        probe(cut_file(whole, tmp_path / "cut.mp4", share=0.05))


def test_reading_leaves_the_file_as_it_is(tmp_path, pulse):
    path: Path = write_video(tmp_path / "a.mp4", times_s=TIMES_S, sound=pulse())
    before, stamp_ns = path.read_bytes(), path.stat().st_mtime_ns
    probe(path)
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == stamp_ns
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
