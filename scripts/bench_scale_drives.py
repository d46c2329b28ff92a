"""Drives of real size for bench_scale.py: pictures and bit rates of the devices, any length.

A minute is simulated at the sizes of a phone and a Pupil Invisible and coded as their hardware codes: H.264
with arithmetic coding and loop filter, a keyframe each second, no B-frames. Longer drives play that minute
again and again, see bench_scale_lengthen.py. A drive of an hour takes 14 GB so; with small pictures of the phone,
which change nothing of how memory grows with length, it takes 3 GB.
"""

import shutil
from pathlib import Path

import av

from dashgaze.collection.simulation.media_writer import FileOptions
from dashgaze.collection.simulation.session import film_files
from dashgaze.collection.simulation.session.drive import Drive
from dashgaze.collection.simulation.session.simulate_drive import simulate_drive
from dashgaze.collection.simulation.story import Conditions
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.progress import Progress, silent

SECONDS = 60.0
ROAD_PX, DRIVER_PX = (1920, 1080), (1280, 720)
SMALL_WIDTH_PX = {"road": 640, "driver": 320}
ROAD_MBIT, EGO_MBIT, DRIVER_MBIT = 17.0, 6.0, 8.0


def make_drive(folder: Path, *, seconds: float = SECONDS, progress: Progress = silent) -> Path:
    """Simulate a drive by day in medium traffic, of real size; one that is there is kept."""
    if (folder / "session.yaml").is_file():
        return folder
    conditions = Conditions(lighting="day", weather="clear", traffic="medium")
    drive = Drive(
        seconds=seconds,
        seed=9,
        conditions=conditions,
        road_camera=RoadCamera(size_px=ROAD_PX),
        driver_size_px=DRIVER_PX,
    )
    # The simulator's own rates are for small files: 1.6 Mb/s, and coded to be decoded fast.
    films = {"_ROAD": ROAD_MBIT, "_EGO": EGO_MBIT, "_DRIVER": DRIVER_MBIT}
    usual = {name: getattr(film_files, name) for name in films}
    try:
        for name, mbit in films.items():
            setattr(film_files, name, _as_devices_code(mbit))
        return simulate_drive(folder, drive, progress=progress)
    finally:
        for name, options in usual.items():
            setattr(film_files, name, options)


def _as_devices_code(mbit: float) -> FileOptions:
    return FileOptions(
        video_bit_rate=round(mbit * 1e6),
        key_interval=30,
        video_options={
            "preset": "superfast",
            "tune": "zerolatency",  # as a chip: no look-ahead; loop filter and arithmetic coding stay on
            "coder": "cabac",
            "maxrate": f"{round(1.2 * mbit * 1e6)}",
            "bufsize": f"{round(mbit * 1e6)}",
            "threads": "1",
        },
    )


def small_copy(drive: Path, folder: Path) -> Path:
    """Copy a drive with small pictures of the phone, without sound; one that is there is kept."""
    if (folder / "session.yaml").is_file():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        drive,
        folder,
        ignore=shutil.ignore_patterns("derived", "session.yaml", "road.mp4", "driver.mp4"),
    )
    for name, width in SMALL_WIDTH_PX.items():
        _shrink(drive / "phone" / f"{name}.mp4", folder / "phone" / f"{name}.mp4", width)
    shutil.copy2(drive / "session.yaml", folder / "session.yaml")
    return folder


def _shrink(source: Path, target: Path, width: int) -> None:
    """Code a video again with smaller pictures; each keeps its time, and keyframes stay where they are."""
    with av.open(str(source)) as film, av.open(str(target), "w") as output:
        video = film.streams.video[0]
        height = round(video.height * width / video.width / 2) * 2
        stream = output.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = video.time_base
        stream.options = {"preset": "ultrafast", "crf": "28", "bf": "0", "threads": "1"}
        for frame in film.decode(video):
            small = frame.reformat(width=width, height=height, format="yuv420p")
            small.pts, small.time_base = frame.pts, frame.time_base
            small.pict_type = (
                av.video.frame.PictureType.I if frame.key_frame else av.video.frame.PictureType.NONE
            )
            output.mux(stream.encode(small))
        output.mux(stream.encode(None))
