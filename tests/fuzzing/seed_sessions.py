"""A small session with all that its stages and a drive in the field leave; and media files."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from seed_writing import KEY, START_NS, put_json, put_lines


def write_session(folder: Path) -> Path:
    """Write five seconds of a drive with small pictures, and all that the stages make of it."""
    from dashgaze.collection.simulation.small_drive import SmallDrive, simulate_small_drive
    from dashgaze.session import open_session
    from dashgaze.stages.align import align
    from dashgaze.stages.faces import FacesOptions, faces
    from dashgaze.stages.frames import frames
    from dashgaze.stages.sync import sync

    made = folder / "session"
    drive = SmallDrive(
        seconds=5.0,
        offset_s=-1.0,
        pictures="patterns",
        ego_size_px=(160, 120),
        phone_size_px=(160, 96),
        seed=3,
    )
    simulate_small_drive(made, drive)
    session = open_session(made)
    sync(session, manual_offset_s=-1.0, manual_drift_ppm=31.0)
    frames(session)
    align(session)
    boxes = made / "faces.csv"
    write_faces(boxes)
    faces(session, FacesOptions(detector=f"precomputed:{boxes}"))
    write_field(made)
    put_json(
        made / "derived" / "vanishing_point.json",
        {"stage": "vanishing_point", "summary": {"verdict": "ok"}},
    )
    for path in sorted(made.iterdir()):
        shutil.move(path, folder / path.name)
    made.rmdir()
    return folder


def write_media(folder: Path) -> None:
    """Write videos and sounds in the usual containers."""
    from dashgaze.collection.simulation.media_writer import FileOptions, write_sound, write_video
    from dashgaze.media import Sound

    times_s = np.arange(24) / 24
    wave = (0.3 * np.sin(np.arange(16_000) / 6)).astype(np.float32)
    sound = Sound(samples=wave, rate_hz=16_000, start_s=0.0)
    small: dict[str, Any] = {"times_s": times_s, "size_px": (48, 32), "sound": sound}
    write_video(folder / "first.mp4", options=FileOptions(index_first=True, b_frames=2), **small)
    write_video(folder / "last.mp4", options=FileOptions(), **small)
    write_video(folder / "pieces.mp4", options=FileOptions(fragmented=True), **small)
    write_video(folder / "turned.mp4", options=FileOptions(rotation_deg=90), **small)
    write_video(folder / "a.mkv", options=FileOptions(), **small)
    write_video(folder / "a.webm", options=FileOptions(), **small)
    for name in ("a.wav", "a.mp3", "a.ogg", "a.flac", "a.aac"):
        write_sound(folder / name, sound, options=FileOptions())


def write_faces(path: Path) -> None:
    """Write faces found by another program."""
    from dashgaze.face_detection.face_file import BOX, CONFIDENCE, INDEX, POINTS

    rows = [
        f"{number},40,20,50,60,0.9," + ",".join(str(45 + 3 * i) for i in range(len(POINTS)))
        for number in range(0, 90, 3)
    ]
    path.write_text("\n".join([",".join([INDEX, *BOX, CONFIDENCE, *POINTS]), *rows, ""]))


def write_field(folder: Path) -> None:
    """Write what a recorded drive leaves in its folder ``field``."""
    from dashgaze.collection.companion.gaze_log_format import pack_record
    from dashgaze.collection.companion.gaze_stream import GazeSample

    field = folder / "field"
    page = field / "page"
    page.mkdir(parents=True)
    samples = [
        GazeSample(START_NS + i * 5_000_000, START_NS + i, 500.0, 600.0, True, i, 1 + i // 20)
        for i in range(40)
    ]
    (field / "gaze.bin").write_bytes(b"".join(pack_record(each) for each in samples))
    gap = {
        "begin_device_ns": START_NS,
        "end_device_ns": START_NS + 10**9,
        "cause": "x",
        "lost_in_network": 1,
        "reconnected": False,
    }
    note = {
        "format": "dashgaze gaze log 1",
        "connections": [{"connection": 1, "why": "x", "url": "y"}],
        "gaps": [gap],
    }
    put_json(
        field / "gaze.json",
        note | {"gap_count": 1, "samples_lost_in_network": 3, "device": {"name": "x"}},
    )
    steps = ("begun", "started", "clock", "stopped", "ended")
    journal = [
        {
            "step": step,
            "host_ns": START_NS + i,
            "monotonic_ns": i,
            "role": role,
            "recording_id": "r1",
            "when": "before",
        }
        for i, step in enumerate(steps)
        for role in ("phone", "tracker")
    ]
    put_lines(field / "journal.jsonl", journal)
    events = [
        {
            "id": i,
            "name": "overtake",
            "host_ns": START_NS + i,
            "source": "key",
            "details": {"seed": 3},
        }
        for i in range(4)
    ]
    put_lines(field / "events.jsonl", [*events, {"undo": 2}, {"sent": 1, "ok": True}])
    clocks = [
        {
            "role": role,
            "when": "before",
            "host_ns": START_NS,
            "offset_ms": 3.5,
            "uncertainty_ms": 0.4,
        }
        for role in ("phone", "tracker")
    ]
    put_json(field / "clocks.json", {"schema": "dashgaze/clocks/1", "measurements": clocks})
    put_json(field / "status.json", {"phase": "running", "host_ns": START_NS, "lines": ["x"]})
    put_json(
        field / "gaze_offset.json",
        {"verdict": "ok", "unit": "deg", "offset": [0.5, -0.2], "scatter": [0.4, 0.3], "used": 7},
    )
    parts = [
        {"source": "field/page/road_1.webm", "complete": False, "stream": "road"},
        {"source": "field/page/log_1.jsonl", "complete": True, "stream": "log"},
    ]
    put_json(
        page / "result.json",
        {
            "road": "phone/road.mp4",
            "started_at_ns": START_NS,
            "driver_offset_s": 0.1,
            "parts": parts,
        },
    )
    opening = {
        "key": KEY,
        "page": KEY,
        "device": KEY,
        "mime": "application/jsonl",
        "start_ms": 1.5e12,
        "stream": "log",
    }
    log = [
        {"k": "clock", "t0": 10.0 + i, "t1": 5.0 + i, "t2": 5.1 + i, "t3": 10.2 + i, "page": KEY}
        for i in range(5)
    ]
    log += [{"k": "fix", "t": 1.7e12, "lat": 52.0, "lon": 13.0, "speed": 11.0}]
    log += [{"k": "frames", "key": KEY, "rows": [[10.0, 1], [43.3, 2]]}]
    put_lines(page / "log_1.jsonl", log)
    size = (page / "log_1.jsonl").stat().st_size
    told = [
        {"what": "part", "number": 1, "opening": opening, "host_ns": START_NS},
        {"what": "piece", "key": KEY, "seq": 0, "bytes": size, "sha256": "0" * 64},
        {"what": "end", "key": KEY, "count": 1, "reason": ""},
    ]
    put_lines(page / "journal.jsonl", told)
    copied = {
        "files": [
            {
                "target": "phone/road.mp4",
                "size_bytes": 3,
                "sha256": "0" * 64,
                "source": "x",
                "origin": "x",
                "copied_ns": START_NS,
                "verified_ns": START_NS,
            }
        ],
        "second_copies": [{"path": "/x", "verified_ns": 1, "file_count": 2, "same_disk": True}],
    }
    put_json(field / "offload.json", copied)
    at = {"run": "0123456789abcdef", "seq": 0}
    asked = {
        "kind": "clock",
        "sent_ms": 1.0,
        "back_ms": 3.0,
        "host_received_ns": str(START_NS),
        "host_sent_ns": str(START_NS + 9),
    }
    frame = {
        "kind": "frame",
        "target": "a",
        "x_px": 5.0,
        "y_px": 6.0,
        "visible": True,
        "full": True,
        "count": 1,
    }
    film = {
        "kind": "film",
        "video": "x.mp4",
        "targets": [{"id": "a", "points": [[0, 1, 2], [9, 3, 4]]}],
        "width_px": 96,
        "height_px": 64,
    }
    shown = [
        frame
        | at
        | {
            "page_ms": 33.0 * i,
            "media_s": i / 30,
            "presented_ms": 33.0 * i,
            "expected_ms": 33.0 * i + 9,
        }
        for i in range(5)
    ]
    screen = {
        "kind": "screen",
        "page_ms": 1.0,
        "film_left": 0.0,
        "film_top": 0.0,
        "film_width": 96.0,
        "film_height": 64.0,
    }
    put_lines(
        field / "targets.jsonl",
        [film, at | screen, *[asked | at | {"back_ms": 3.0 + i} for i in range(9)], *shown],
    )
