"""How well, and how fast, the direction of travel is found: simulated drives with truth, and any road video.

    python scripts/bench_vanishing_point.py DRIVE_OR_VIDEO … [--json FILE] [--draw FOLDER]

For each drive of `dashgaze simulate`: error of the mount point (against the mean of the truth above 4 m/s), median
error of frames, how often the truth lies in the stated 95 % interval of each axis, all in degrees; and the score of
comma.ai's calibration challenge over all drives, 100 · mean MSE / mean MSE of answering straight ahead, over pitch and
yaw in radians, of frames above 4 m/s that were answered (what share that is, is printed; unanswered ones get the
mount point, as the challenge wants an answer). For a video without truth: how much blocks of four seconds scatter.
Speed is frames of the video by seconds of one core, decoding and lines included.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dashgaze.alignment.road_camera import RoadCamera, usual_road_camera
from dashgaze.alignment.vanishing_point.frame_points import FramePoints, frame_points
from dashgaze.alignment.vanishing_point.mount_point import (
    MountPoint,
    find_mount_point,
    straight_blocks,
)
from dashgaze.alignment.vanishing_point.pitch_smoothing import smooth_travel
from dashgaze.alignment.vanishing_point.road_lines import gather_votes
from dashgaze.alignment.vanishing_point.video_scan import scan_video
from dashgaze.media import FrameTimes, LumaFrame, LumaReader, read_frame_times

FloatArray = NDArray[np.float64]
LEAST_SPEED_M_S = 4.0
PICTURES = 4


def against_truth(
    drive: Path, camera: RoadCamera, points: FramePoints, mount: MountPoint
) -> dict[str, Any]:
    """Compare with the truth of a simulated drive."""
    truth = json.loads((drive / "truth" / "truth.json").read_text(encoding="utf-8"))
    frames = pq.read_table(drive / "truth" / "frames.parquet").to_pandas()
    frames = frames[(frames["road_frame_index"] >= 0) & (frames["speed_m_s"] > LEAST_SPEED_M_S)]
    rows = frames["road_frame_index"].to_numpy()
    rows, frames = rows[rows < len(points.reason)], frames[rows < len(points.reason)]
    places = frames[["vanishing_point_x", "vanishing_point_y"]].to_numpy()
    focal_px = truth["road_camera"]["matrix"][0][0]
    true = np.degrees(np.arctan((places - np.array(camera.centre_px)) / focal_px))
    answered = np.isfinite(points.point_deg[rows]).all(axis=1)
    answers = np.where(answered[:, None], points.point_deg[rows], mount.point_deg)
    error = answers - true
    inside = np.abs(error[answered]) < 1.96 * points.sd_deg[rows][answered]
    return {
        "light": truth["conditions"]["lighting"],
        "mount_error_deg": float(np.hypot(*(mount.point_deg - true.mean(axis=0)))),
        "median_error_deg": float(np.median(np.hypot(*error[answered].T))),
        "p95_error_deg": float(np.percentile(np.hypot(*error[answered].T), 95)),
        "constant_median_error_deg": float(np.median(np.hypot(*(mount.point_deg - true).T))),
        "answered_share": float(answered.mean()),
        "coverage_95": inside.mean(axis=0).tolist(),
        "mse_rad2": float((np.radians(error) ** 2).mean()),
        "zero_mse_rad2": float((np.radians(true) ** 2).mean()),
    }


def draw(
    folder: Path, name: str, times: FrameTimes, camera: RoadCamera, points: FramePoints
) -> None:
    """Draw the point on a few pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = np.linspace(0, len(times.pts) - 1, PICTURES + 2).astype(int)[1:-1]
    with LumaReader(times.path, times) as reader:
        for item in reader.read(wanted):
            place = np.tan(np.radians(points.point_deg[item.index])) * camera.focal_px
            if not isinstance(item, LumaFrame) or not np.isfinite(place).all():
                continue
            picture = cv2.cvtColor(item.luma, cv2.COLOR_GRAY2BGR)
            x, y = np.rint(place + np.array(camera.centre_px)).astype(int).tolist()
            cv2.drawMarker(picture, (x, y), (0, 0, 255), cv2.MARKER_CROSS, 40, 2)
            cv2.imwrite(str(folder / f"{name}_{item.index}.png"), picture)


def measure(path: Path, folder: Path | None) -> dict[str, Any]:
    """Measure one drive or video."""
    video = path / "phone" / "road.mp4" if path.is_dir() else path
    started = time.process_time()
    times = read_frame_times(video)
    camera = usual_road_camera(LumaReader(video, times).size_px)
    scan = scan_video(times, camera)
    core_s = time.process_time() - started
    moving = scan.track.moving(None)
    blocks = straight_blocks(scan.track, moving)
    mount = find_mount_point(blocks)
    result: dict[str, Any] = {
        "name": path.stem,
        "frames": len(times.pts),
        "frames_a_core_s": len(times.pts) / core_s,
        "pairs": len(scan.track),
        "pairs_with_focus": int(scan.track.seen.sum()),
        "blocks": len(blocks),
        "gated": blocks.gated,
    }
    if mount is None:
        return result
    points = frame_points(times.time_s, smooth_travel(scan.track, moving, mount), moving, mount)
    result |= {
        "mount_deg": mount.point_deg.tolist(),
        "mount_se_deg": mount.se_deg.tolist(),
        "block_sd_deg": blocks.point_deg.std(axis=0).tolist(),
        "lines_deg": gather_votes(scan.votes).point_deg,
    }
    if folder is not None:
        draw(folder, path.stem, times, camera, points)
    if (path / "truth").is_dir():
        result |= against_truth(path, camera, points, mount)
    return result


def print_results(results: list[dict[str, Any]]) -> None:
    """Print one line for each, and the challenge's score."""
    names = (
        "name", "light", "frames_a_core_s", "pairs_with_focus", "blocks", "mount_deg", "mount_se_deg",
        "block_sd_deg", "lines_deg", "mount_error_deg", "median_error_deg", "constant_median_error_deg",
        "coverage_95",
    )  # fmt: skip
    table = Table(*names)
    for each in results:
        table.add_row(*(_text(each.get(name)) for name in names))
    console = Console(width=240)
    console.print(table)
    judged = [each for each in results if "mse_rad2" in each]
    if judged:
        score = 100 * sum(each["mse_rad2"] for each in judged)
        score /= sum(each["zero_mse_rad2"] for each in judged)
        console.print(f"calibration challenge's score over {len(judged)} drives: {score:.1f} %")


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(f"{each:.2f}" for each in value)
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="+", help="drives, or road videos")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--draw", type=Path, help="folder for pictures with the point")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    results = [measure(path, given.draw) for path in given.paths]
    print_results(results)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
