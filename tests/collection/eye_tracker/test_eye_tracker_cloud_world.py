"""World video of an export: its frames, grey padding, and exports that keep the parts."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashgaze.collection.eye_tracker import open_recording, recognise
from dashgaze.errors import RecordingError

START_NS = 1_685_088_812_484_000_000


def write_rows(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8", newline="")


def write_world(folder: Path, device_ms: Sequence[float]) -> None:
    stamps = [START_NS + round(at * 10**6) for at in device_ms]
    write_rows(
        folder / "world_timestamps.csv",
        "section id,recording id,timestamp [ns]",
        [f"s,r,{stamp}" for stamp in stamps],
    )


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Everything of an export that the world video needs beside itself."""
    folder = tmp_path / "export of Cloud"
    folder.mkdir()
    (folder / "info.json").write_text(json.dumps({"data_format_version": "1.4"}))
    write_rows(
        folder / "gaze.csv",
        "section id,recording id,timestamp [ns],gaze x [px],gaze y [px],worn",
        [f"s,r,{START_NS + 5_000_000 * i},{i},{-i},1" for i in range(50)],
    )
    return folder


class TestVideo:
    """Exports with a video; times in units of 1 / 90000 s."""

    def test_two_videos_are_refused(self, export: Path) -> None:
        write_world(export, [0, 33.4])
        for name in ("f04c7b44_0.0-3.000.mp4", "holiday.MP4"):
            (export / name).write_bytes(b"")
        with pytest.raises(RecordingError, match=r"'f04c7b44_0.0-3.000.mp4', 'holiday.MP4'"):
            open_recording(export)

    def test_grey_frames_are_told_by_their_pictures(self, export: Path, kit: Any) -> None:
        # 5 grey, 4 real, 4 grey, 3 real, 2 grey; one real frame lies on the grid of the grey ones
        device_ms = [0, 50, 100, 150, 200, 250, 281, 314, 347, 397, 447, 497, 547, 570, 603, 636]
        device_ms += [686, 736]
        grey = frozenset([0, 1, 2, 3, 4, 9, 10, 11, 12, 16, 17])
        write_world(export, device_ms)
        kit.write_video(export / "f04c7b44_0.0-0.736.mp4", [at * 90 for at in device_ms], grey=grey)
        recording = open_recording(export)
        assert np.flatnonzero(~recording.world.valid).tolist() == sorted(grey)
        assert "11 grey frames" in kit.message(recording, "GREY-PADDING")
        assert "GREY-PADDING-BY-TIME" not in kit.codes(recording)
        (part,) = recording.world_parts
        assert part.container_offset_ns == START_NS
        assert part.path == export / "f04c7b44_0.0-0.736.mp4"

    def test_real_frames_50_ms_apart_are_no_padding(self, export: Path, kit: Any) -> None:
        count = 20
        write_world(export, [50 * i for i in range(count)])
        kit.write_video(export / "video.mp4", [4500 * i for i in range(count)])
        recording = open_recording(export)
        assert recording.world.valid.all()
        assert not {"GREY-PADDING", "GREY-PADDING-BY-TIME"} & set(kit.codes(recording))

    def test_a_video_with_more_frames_loses_the_last(self, export: Path, kit: Any) -> None:
        write_world(export, [0, 33.4, 66.7, 100.1])
        kit.write_video(export / "video.mp4", [3003 * i for i in range(6)])
        recording = open_recording(export)
        assert len(recording.world.pts) == 4
        assert "the last 2 of the frames" in kit.message(recording, "WORLD-LENGTH")

    def test_times_alone_mark_runs_of_three_and_more(self, export: Path) -> None:
        device_ms = [0, 33, 83, 116, 166, 216, 249, 282]  # a run of two, a run of three
        write_world(export, device_ms)
        # neither end of the run in the middle is sure to be padding
        assert np.flatnonzero(~open_recording(export).world.valid).tolist() == [4]


class TestLookAlike:
    """Exports that the vendor's own exporter makes on a computer."""

    @pytest.fixture
    def lookalike(self, tmp_path: Path, kit: Any) -> Path:
        parts = [kit.stamps(5), kit.stamps(4, first_s=4.0)]
        recording: Path = kit.build_invisible(tmp_path / "r", world_times_ns=parts)
        kit.write_video(recording / "PI world v1 ps2.mp4", [3003 * i for i in range(4)])
        folder = recording / "export"
        folder.mkdir()
        write_rows(
            folder / "gaze.csv",
            "file,timestamp [ns],gaze x [px],gaze y [px],worn,azimuth [deg],elevation [deg]",
            [f"gaze ps1,{at},0.5,-0.5,{i < 5},1.5,-1.5" for i, at in enumerate(kit.stamps(6))],
        )
        write_rows(
            folder / "world.csv",
            "file,timestamp [ns],recording offset [secs],video offset [secs]",
            [
                f"PI world v1 ps{number},{at},1.5,0.5"
                for number, part in enumerate(parts, start=1)
                for at in part
            ],
        )
        write_rows(
            folder / "events.csv",
            "timestamp [ns],name,type",
            [f"{kit.START_NS},recording.begin,recording"],
        )
        return folder

    def test_it_is_read_with_what_lies_around_it(self, lookalike: Path, kit: Any) -> None:
        recording = open_recording(lookalike)
        assert recognise(lookalike) == ("pupil_invisible", "cloud")
        assert recording.gaze.worn.tolist() == [True] * 5 + [False]
        assert [event.name for event in recording.events] == ["recording.begin"]
        assert recording.scene_camera.origin == "calibration.bin"
        assert recording.recording_id == kit.RECORDING_ID
        first, second = recording.world_parts
        assert (first.path, first.number, first.frame_count) == (None, 1, 5)
        assert second.path == lookalike.parent / "PI world v1 ps2.mp4"
        assert (second.number, second.first_frame, second.frame_count) == (2, 5, 4)

    @pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "", "..", "a\\b", "x" * 5000])
    def test_a_file_name_never_leads_elsewhere(self, lookalike: Path, name: str) -> None:
        (lookalike.parent.parent / "secret.mp4").write_bytes(b"x")
        path = lookalike / "world.csv"
        path.write_text(path.read_text().replace("PI world v1 ps2", name), newline="")
        assert {part.path for part in open_recording(lookalike).world_parts} == {None}


def test_a_download_is_opened_by_its_outer_folder(export: Path, tmp_path: Path) -> None:
    write_world(export, [0, 33.4])
    download = tmp_path / "Timeseries Data"
    download.mkdir()
    (download / "sections.csv").write_text("section id\n")
    with pytest.raises(RecordingError, match="without a recording inside"):
        open_recording(download)
    assert recognise(download) is None
    shutil.copytree(export, download / export.name)
    assert recognise(download) == ("pupil_invisible", "cloud")
    assert open_recording(download).path == download / export.name
    shutil.copytree(export, download / "another one")
    assert recognise(download) is None
    with pytest.raises(RecordingError, match=f"2 recordings: 'another one', '{export.name}'"):
        open_recording(download)
