"""Pairing the world video's frames with their stamps, and container time with device time."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dashgaze.collection.eye_tracker import open_recording, world_parts
from dashgaze.collection.eye_tracker.notes import NoteBook
from dashgaze.collection.eye_tracker.world_clock import fit_container_clock
from dashgaze.media import FrameTimes, read_frame_times

TICK_NS = 10**9 / 90_000
NAME = "PI world v1 ps1.mp4"


def irregular_pts(count: int, *, first: int = 0) -> list[int]:
    """Give times around 30 Hz, in 1/90000 s, that repeat no interval soon."""
    steps = 2900 + 37 * (np.arange(count) % 11)
    return [first + int(steps[:place].sum()) for place in range(count)]


def with_video(kit: Any, folder: Path, pts: list[int], **changes: Any) -> Path:
    """Write a recording whose world stamps are the video's times on the device clock."""
    device = kit.START_NS + 1_350_271_015 + np.round(np.array(pts) * TICK_NS).astype(np.int64)
    kit.build_invisible(folder, **({"world_times_ns": [device]} | changes))
    kit.write_video(folder / NAME, pts)
    return folder


def test_the_ith_frame_has_the_ith_stamp(tmp_path: Path, kit: Any) -> None:
    pts = irregular_pts(20)
    recording = open_recording(with_video(kit, tmp_path / "r", pts))
    (part,) = recording.world_parts
    times = read_frame_times(tmp_path / "r" / NAME)
    scale = Fraction(*times.time_base) * 90_000
    assert [pts_i * scale for pts_i in recording.world.pts.tolist()] == pts
    assert part.path == tmp_path / "r" / NAME
    assert (part.first_frame, part.frame_count) == (0, 20)
    assert part.container_offset_ns is not None
    assert abs(part.container_offset_ns - (kit.START_NS + 1_350_271_015)) <= 1
    assert part.container_rate_ppm is None  # half a second says nothing of rates
    assert recording.world.valid.all()
    assert recording.notes == ()


def test_the_offset_belongs_to_container_time_zero_not_to_the_first_frame(
    tmp_path: Path, kit: Any
) -> None:
    pts = irregular_pts(6, first=9_000)
    recording = open_recording(with_video(kit, tmp_path / "r", pts))
    (part,) = recording.world_parts
    time_s = read_frame_times(tmp_path / "r" / NAME).time_s
    assert part.container_offset_ns is not None
    on_device = part.container_offset_ns + np.round(1e9 * time_s).astype(np.int64)
    np.testing.assert_allclose(on_device - recording.world.timestamp_ns, 0, atol=1)


@pytest.mark.parametrize(("frame_count", "stamp_count"), [(12, 9), (9, 12)])
def test_what_frames_or_stamps_have_more_is_left_out_at_the_end(
    tmp_path: Path, kit: Any, frame_count: int, stamp_count: int
) -> None:
    folder = kit.build_invisible(tmp_path / "r", world_times_ns=[kit.stamps(stamp_count)])
    kit.write_video(folder / NAME, irregular_pts(frame_count))
    recording = open_recording(folder)
    np.testing.assert_array_equal(recording.world.timestamp_ns, kit.stamps(9))
    assert recording.world_parts[0].frame_count == 9
    surplus = "frames" if frame_count > stamp_count else "stamps"
    assert f"the last 3 of the {surplus}" in kit.message(recording, "WORLD-LENGTH")


def test_each_part_has_its_own_offset(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(
        tmp_path / "r", world_times_ns=[kit.stamps(5), kit.stamps(5, first_s=9.0)]
    )
    for number in (1, 2):
        kit.write_video(folder / f"PI world v1 ps{number}.mp4", [3003 * i for i in range(5)])
    parts = open_recording(folder).world_parts
    offsets = [part.container_offset_ns for part in parts]
    assert offsets[0] is not None
    assert offsets[1] is not None
    assert offsets[1] - offsets[0] == 7_650_000_000


def test_a_part_without_video_lies_between_parts_with_one(tmp_path: Path, kit: Any) -> None:
    times = [kit.stamps(4), kit.stamps(4, first_s=3.0), kit.stamps(4, first_s=5.0)]
    folder = kit.build_invisible(tmp_path / "r", world_times_ns=times)
    for number in (1, 3):
        kit.write_video(folder / f"PI world v1 ps{number}.mp4", irregular_pts(4))
    recording = open_recording(folder)
    assert [part.path is None for part in recording.world_parts] == [False, True, False]
    assert (recording.world.pts[4:8] == -1).all()
    assert (recording.world.pts[8:] >= 0).all()
    assert "World part 2: 4 stamps" in kit.message(recording, "WORLD-VIDEO-MISSING")


def test_a_broken_first_frame_takes_the_first_stamp_with_it(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(tmp_path / "r", world_times_ns=[kit.stamps(8)])
    pts = irregular_pts(8)
    path = kit.write_video(folder / NAME, pts, gop=1)
    with av.open(str(path)) as container:
        packet = next(container.demux(video=0))
        assert packet.pos is not None
        place, size = packet.pos, packet.size
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * size)
    recording = open_recording(folder)
    assert recording.world.valid.tolist() == [False] + [True] * 7
    np.testing.assert_array_equal(recording.world.timestamp_ns, kit.stamps(8))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoded = []
        for packet in container.demux(stream):
            try:
                decoded += [frame.pts for frame in packet.decode()]
            except av.FFmpegError:
                continue
    assert recording.world.pts[recording.world.valid].tolist() == decoded
    assert "the first 1 frame" in kit.message(recording, "WORLD-FRAMES-UNDECODABLE")


@pytest.mark.parametrize("content", [b"", b"no video at all", b"#EXTM3U\nhttp://127.0.0.1/x.ts\n"])
def test_an_unreadable_video_keeps_its_place(tmp_path: Path, kit: Any, content: bytes) -> None:
    folder = kit.build_invisible(tmp_path / "r")
    (folder / NAME).write_bytes(content)
    recording = open_recording(folder)
    (part,) = recording.world_parts
    assert part.path == folder / NAME
    assert part.container_offset_ns is None
    assert part.frame_count == 30
    assert not recording.world.valid.any()
    assert (recording.world.pts == -1).all()
    assert NAME in kit.message(recording, "WORLD-VIDEO-UNREADABLE")


def test_a_video_that_was_cut_is_noted(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(tmp_path / "r", world_times_ns=[kit.stamps(20)])
    path = kit.write_video(folder / NAME, irregular_pts(20), index_first=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    recording = open_recording(folder)
    assert NAME in kit.message(recording, "WORLD-VIDEO-CUT")
    count = recording.world_parts[0].frame_count
    assert 0 < count <= 20
    np.testing.assert_array_equal(recording.world.timestamp_ns, kit.stamps(20)[:count])


def test_packets_without_a_time_of_their_own_are_noted(
    tmp_path: Path, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_with_loss(path: Path, **options: Any) -> FrameTimes:
        times = read_frame_times(path, **options)
        return replace(times, duplicate_count=2, missing_pts_count=1)

    monkeypatch.setattr(world_parts, "read_frame_times", read_with_loss)
    recording = open_recording(with_video(kit, tmp_path / "r", irregular_pts(4)))
    assert "3 packets" in kit.message(recording, "WORLD-PTS")


def test_pictures_of_another_size_are_noted(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(tmp_path / "r", world_times_ns=[kit.stamps(3)])
    kit.write_video(folder / NAME, irregular_pts(3), size=(544, 540))
    said = kit.message(open_recording(folder), "WORLD-SIZE")
    assert "544 × 540 px" in said
    assert "1088 × 1080 px" in said


def test_progress_goes_from_part_to_part(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(
        tmp_path / "r", world_times_ns=[kit.stamps(3), kit.stamps(3, first_s=5.0)]
    )
    for number in (1, 2):
        kit.write_video(folder / f"PI world v1 ps{number}.mp4", irregular_pts(3), size=(64, 64))
    seen: list[float] = []
    open_recording(folder, progress=lambda phase, fraction: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] <= 1.0
    assert {0.0, 0.5} <= set(seen)


class TestContainerClock:
    def test_offset_and_rate_are_recovered(self) -> None:
        rng = np.random.default_rng(7)
        time_s = np.arange(9000) / 30 + 0.25
        device = 1_700_000_000_123_456_789 + np.round(time_s * (1e9 + 14_000)).astype(np.int64)
        device += rng.integers(-300_000, 300_000, len(device))
        notes = NoteBook()
        clock = fit_container_clock(device, time_s, "World part 1", notes)
        assert clock.rate_ppm == pytest.approx(14.0, abs=0.1)
        # the median stands for the middle of the part: 14 ppm of 150.2 s
        middle_ns = 1_700_000_000_123_456_789 + 14_000 * 150.25
        assert clock.offset_ns == pytest.approx(middle_ns, abs=30_000)
        assert notes.notes == ()

    def test_a_drift_beyond_five_milliseconds_is_noted(self) -> None:
        time_s = np.arange(3000) / 30
        device = 10**18 + np.round(time_s * (1e9 - 60_000)).astype(np.int64)
        notes = NoteBook()
        clock = fit_container_clock(device, time_s, "World part 1", notes)
        assert clock.rate_ppm == pytest.approx(-60.0, abs=0.01)
        (note,) = notes.notes
        assert note.code == "WORLD-CLOCK-RATE"
        assert "-6.0 ms" in note.message

    def test_outliers_move_neither(self) -> None:
        time_s = np.arange(600) / 30
        device = 10**18 + np.round(time_s * 1e9).astype(np.int64)
        device[::20] += 400_000_000
        clock = fit_container_clock(device, time_s, "World part 1", NoteBook())
        assert clock.offset_ns == 10**18
        assert clock.rate_ppm == pytest.approx(0.0, abs=0.01)

    def test_frames_that_do_not_belong_to_the_stamps_are_noted(self) -> None:
        rng = np.random.default_rng(7)
        time_s = np.sort(rng.uniform(0, 20, 600))
        device = 10**18 + np.sort(rng.integers(0, 20 * 10**9, 600))
        notes = NoteBook()
        fit_container_clock(device, time_s, "World part 1", notes)
        assert "WORLD-CLOCK-SCATTER" in {note.code for note in notes.notes}

    def test_a_single_frame_has_an_offset(self) -> None:
        clock = fit_container_clock(np.array([10**18]), np.array([0.5]), "World part 1", NoteBook())
        assert clock.offset_ns == 10**18 - 500_000_000
        assert clock.rate_ppm is None
