"""Where the processor time of each stage goes, and what its floor is, for bench_scale.py.

Profile: the stage's jobs in one process, one thread, under cProfile with the thread's processor time. Functions of
libraries are put together under what they do; what is left is Python. The profiler slows Python down, so that its
share is overstated; time in libraries is not.

Floor: the same pictures through the library alone. Decoding: PyAV, every packet of the file, nothing else done with
the pictures. Features: ORB on every ego picture and on every reduced road picture; corners and their flow, there and
back, on one road picture in three. Networks: the three networks of MTCNN on one driver picture in six, each
on just one cut-out of the right size. Disk: every byte of the recordings read once.
"""

import cProfile
import pstats
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from bench_scale_runs import jobs_of

from dashgaze.alignment.features import FeatureDetector, working_reduction
from dashgaze.alignment.road_camera import usual_road_camera
from dashgaze.alignment.vanishing_point.picture_flow import FlowFinder, WorkingView, reduced
from dashgaze.collection.eye_tracker.scene_camera import typical_camera
from dashgaze.face_detection.mtcnn_networks import ONET_PX, RNET_PX, MtcnnNetworks
from dashgaze.face_detection.mtcnn_weights import read_mtcnn_weights
from dashgaze.session import open_session
from dashgaze.stages.align import AlignOptions

WORKS = {
    "decode": ("'decode' of 'av.packet.Packet'", "'decode' of 'av.audio", "resample"),
    "open, demux": ("av.container", "frame_times.py", "'demux'"),
    "features": ("detectAndCompute", "cornerMinEigenVal", "calcOpticalFlowPyrLK", "goodFeatures"),
    "matching": (
        *("alignment/matching.py", "homography/", "match_near", "cv2.BFMatcher", "dispatcher.py"),
        *("direct.py", "sweep.py", "propagation.py"),
    ),
    "network": ("torch",),
    "pictures": ("resize", "cvtColor", "remap", "'copy' of 'numpy", "luma_plane.py", "concatenate"),
    "disk, hashes": ("'read' of", "blake2", "fingerprint.py", "'write' of", "parquet", "fsync"),
    "imports": ("marshal.loads", "importlib", "create_dynamic", "exec_dynamic"),
}
OTHER = "all else"


def profile(session: Path, stage: str) -> dict[str, float]:
    """Give the processor time of a stage by what it does, s, in this process."""
    watch = cProfile.Profile(time.thread_time)
    watch.enable()
    jobs_of(session, stage)
    watch.disable()
    spent: dict[str, float] = {}
    table: dict[Any, Any] = vars(pstats.Stats(watch))["stats"]
    for (file, _, name), (_, _, own_s, _, _) in table.items():
        where = f"{file}:{name}"
        what = next(
            (work for work, marks in WORKS.items() if any(m in where for m in marks)), OTHER
        )
        spent[what] = spent.get(what, 0.0) + own_s
    return dict(sorted(spent.items(), key=lambda each: -each[1]))


def floors(drive: Path) -> dict[str, float]:
    """Give what libraries alone take for a drive, s of processor time."""
    session = open_session(drive)
    ego = next(session.eye_tracker_path.glob("*.mp4"))
    road, driver = session.road_path, session.driver_path
    if driver is None:
        raise SystemExit(f"{drive} has no driver video")
    found: dict[str, float] = {}
    for name, path in (("ego", ego), ("road", road), ("driver", driver)):
        found[f"decode {name}"] = _timed(partial(_decode, path))
    found["ORB ego"] = _orb(ego, 1.0) - found["decode ego"]
    road_px = _size(road)
    reduction = working_reduction(road_px, typical_camera("pupil_invisible").matrix[0, 0], None)
    found["ORB road"] = _orb(road, reduction) - found["decode road"]
    found["corners, flow"] = _timed(lambda: _flow(road, road_px)) - found["decode road"]
    found["networks"] = _networks(_decode(driver) // 6)
    found["disk"] = _timed(lambda: _read(drive))
    return found


def _timed(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _pictures(path: Path) -> Iterator[Any]:
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        video.thread_type = "NONE"
        yield from film.decode(video)


def _decode(path: Path) -> int:
    return sum(1 for _ in _pictures(path))


def _size(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as film:
        return film.streams.video[0].width, film.streams.video[0].height


def _luma(picture: Any) -> Any:
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : picture.width]


def _orb(path: Path, reduction: float) -> float:
    finder = FeatureDetector(count=AlignOptions().feature_count, reduction=reduction)

    def work() -> None:
        for picture in _pictures(path):
            finder._corners.find(finder.reduce(_luma(picture)), None)

    return _timed(work)


def _flow(path: Path, size_px: tuple[int, int]) -> None:
    view = WorkingView.of(usual_road_camera(size_px))
    finder = FlowFinder()
    for number, picture in enumerate(_pictures(path)):
        if number % 3 == 0:
            finder.follow(reduced(_luma(picture), view.size_px))


def _networks(count: int) -> float:
    import torch

    torch.set_num_threads(1)
    networks = MtcnnNetworks(read_mtcnn_weights().states)
    shapes = {networks.proposals: 24, networks.refinements: RNET_PX, networks.verdicts: ONET_PX}
    with torch.inference_mode():
        cuts = {network: torch.zeros(1, 3, side, side) for network, side in shapes.items()}

        def work() -> None:
            for _ in range(count):
                for network, cut in cuts.items():
                    network(cut)

        return _timed(work)


def _read(drive: Path) -> None:
    for path in sorted(drive.rglob("*.*")):
        if path.is_file() and "derived" not in path.parts:
            with path.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def one_thread() -> None:
    """Have OpenCV work in the thread that calls it, as the engine's workers do."""
    cv2.setNumThreads(1)
