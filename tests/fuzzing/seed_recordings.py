"""Recordings of eye trackers in all forms, location tracks and logs of speed."""

import json
import shutil
import struct
from pathlib import Path

import numpy as np
from seed_writing import SHARED_DATA, START_NS


def write_invisible(folder: Path) -> None:
    """Write a native folder of a Pupil Invisible in two parts."""
    from dashgaze.collection.eye_tracker import (
        GazePart,
        ImuPart,
        SceneCamera,
        write_native_invisible,
    )
    from dashgaze.collection.simulation.media_writer import write_video

    worlds = [
        START_NS + 10**9 + np.arange(8) * 33_366_700,
        START_NS + 3 * 10**9 + np.arange(8) * 33_366_700,
    ]
    gaze_ns = START_NS + 10**9 + np.arange(80, dtype=np.int64) * 5_000_000
    imu_ns = START_NS + 10**9 + np.arange(20, dtype=np.int64) * 5_000_000
    video = folder / "world.mp4"
    write_video(video, times_s=np.arange(8) / 30, size_px=(32, 32))
    matrix = np.array([[766.0, 0, 544], [0, 766, 556], [0, 0, 1]])
    camera = SceneCamera(
        matrix=matrix,
        distortion=np.full(8, 0.01),
        width_px=1088,
        height_px=1080,
        serial="abcde",
        origin="x",
    )
    write_native_invisible(
        folder / "recording",
        start_time_ns=START_NS,
        duration_ns=4 * 10**9,
        recording_id="b2345e8e-d5d9-49fe-a6bc-2a04432a24e5",
        world_times_ns=worlds,
        gaze=[
            GazePart(
                timestamp_ns=gaze_ns,
                points_px=np.full((80, 2), 500.0),
                worn=np.ones(80, dtype=bool),
            )
        ],
        imu=[ImuPart(timestamp_ns=imu_ns, gyro_deg_s=np.ones((20, 3)), accel_g=np.ones((20, 3)))],
        camera=camera,
        world_videos=[video, video],
    )
    video.unlink()


def write_neon(folder: Path) -> None:
    """Write a native folder of a Neon; the real one where it is at hand."""
    real = SHARED_DATA / "eye_tracker" / "neon_native"
    if real.is_dir() and sum(each.stat().st_size for each in real.iterdir()) < 3 << 20:
        shutil.copytree(real, folder / "real")
    made = folder / "recording"
    made.mkdir()
    info = {"data_format_version": "2.5", "start_time": START_NS, "duration": 10**9}
    (made / "info.json").write_text(json.dumps(info))
    stamps = START_NS + 10**9 + np.arange(20, dtype="<i8") * 5_000_000
    stamps.tofile(made / "gaze ps1.time")
    np.full((20, 2), 600, dtype="<f4").tofile(made / "gaze ps1.raw")
    (made / "worn ps1.raw").write_bytes(b"\xff" * 20)
    (made / "gaze.dtype").write_text("[('x', 'float32'), ('y', 'float32')]")
    stamps[:5].tofile(made / "Neon Scene Camera v1 ps1.time")
    packet = b"\x08\x05" + b"\x12\x05\x0d" + struct.pack("<f", 0.5)
    (made / "extimu ps1.raw").write_bytes((struct.pack("<H", len(packet)) + packet) * 3)
    event = struct.pack("<iqq", 4, START_NS, START_NS + 10**8)
    (made / "blinks ps1.raw").write_bytes(event * 2)
    (made / "fixations ps1.raw").write_bytes(
        struct.pack("<iqq10f", 1, START_NS, START_NS + 10**8, *range(10)) * 2
    )
    (made / "calibration.bin").write_bytes(bytes(range(256)) * 3 + bytes(35))


def write_cloud(folder: Path) -> None:
    """Write a Cloud export; the real one too, shortened, where it is at hand."""
    real = SHARED_DATA / "eye_tracker" / "pupil_invisible_cloud"
    if real.is_dir():
        (folder / "real").mkdir()
        for path in real.iterdir():
            lines = path.read_bytes().splitlines(keepends=True)
            (folder / "real" / path.name).write_bytes(
                b"".join(lines if path.suffix == ".json" else lines[:60])
            )
    made = folder / "export"
    made.mkdir()
    (made / "info.json").write_text(
        json.dumps({"data_format_version": "1.4", "start_time": START_NS})
    )
    camera = {
        "camera_matrix": [[758.4, 0.0, 527.9], [0.0, 757.8, 533.5], [0.0, 0.0, 1.0]],
        "dist_coefs": [[-0.12, 0.1, 0.0004, 0.0009, 0.017, 0.2, 0.01, 0.06]],
    }
    (made / "scene_camera.json").write_text(json.dumps(camera))
    at = [START_NS + 50_000_000 * number for number in range(12)]
    axes = [
        f"{name} {axis} [{unit}]"
        for name, unit in (("gyro", "deg/s"), ("acceleration", "g"))
        for axis in "xyz"
    ]
    rows = {
        "world_timestamps": ("timestamp [ns]", [f"{t}" for t in at]),
        "gaze": (
            "timestamp [ns],gaze x [px],gaze y [px],worn,fixation id,blink id",
            [f"{t},5.5,-2.5,1.0,1," for t in at],
        ),
        "imu": (f"timestamp [ns],{','.join(axes)}", [f"{t},1,2,3,0,-1,0" for t in at]),
        "blinks": (
            "blink id,start timestamp [ns],end timestamp [ns],duration [ms]",
            [f"{i},{t},{t + 9_000_000},9" for i, t in enumerate(at)],
        ),
        "fixations": (
            "fixation id,start timestamp [ns],end timestamp [ns],duration [ms],fixation x [px],fixation y [px]",
            [f"{i + 1},{t},{t + 9_000_000},9,4,5" for i, t in enumerate(at)],
        ),
    }
    for name, (header, lines) in rows.items():
        text = "\n".join(
            [f"section id,recording id,{header}", *(f"s,r,{line}" for line in lines), ""]
        )
        (made / f"{name}.csv").write_text(text)
    (made / "events.csv").write_text(
        f"recording id,timestamp [ns],name,type\nr,{at[0]},recording.begin,recording\n"
    )


def write_tracks(folder: Path) -> None:
    """Write location tracks and speed logs in all forms."""
    stamps = [START_NS + number * 10**9 for number in range(12)]
    fixes = [f"{t},{52.39 + i * 1e-4:.6f},13.07,11.1" for i, t in enumerate(stamps)]
    (folder / "track.csv").write_text(
        "\n".join(["timestamp [ns],latitude,longitude,speed [m/s]", *fixes, ""])
    )
    points = "".join(
        f'<trkpt lat="{52.39 + i * 1e-4}" lon="13.07"><ele>30</ele><time>2026-05-12T07:30:{i:02d}Z</time></trkpt>'
        for i in range(12)
    )
    head = '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
    (folder / "track.gpx").write_text(f"{head}<trk><trkseg>{points}</trkseg></trk></gpx>\n")
    (folder / "track.nmea").write_text("".join(_sentence(i) for i in range(12)))
    wide = [f"12-May-2026 07:30:{i:02d}.000,{i},{36 + i}" for i in range(12)]
    (folder / "wide.csv").write_text(
        "\n".join(["Device Time,Engine RPM(rpm),Speed (OBD)(km/h)", *wide, ""])
    )
    long = [f"{t / 1e9};Vehicle speed;{i};km/h" for i, t in enumerate(stamps)]
    (folder / "long.csv").write_text("\n".join(["SECONDS;PID;VALUE;UNITS", *long, ""]))
    unix = [f"{t},{i + 1}.5" for i, t in enumerate(stamps)]
    (folder / "unix.csv").write_text("\n".join(["timestamp [ns],speed [m/s]", *unix, ""]))


def _sentence(second: int) -> str:
    body = f"GPRMC,0730{second:02d}.00,A,5223.4{second:02d},N,01304.2,E,21.6,84.4,120526,,,A"
    check = 0
    for sign in body.encode():
        check ^= sign
    return f"${body}*{check:02X}\r\n"
