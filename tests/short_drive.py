"""Five seconds of a simulated drive with truth, and ways to damage copies of it.

The tracker starts one second after the phone. For half a second, in ego frames 41 to 55, the scene camera
is out of focus.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.collection.simulation.small_drive import SmallDrive, simulate_small_drive
from dashgaze.media import LumaReader, read_frame_times
from dashgaze.session import Session, open_session
from dashgaze.stages.align import AlignOptions, align, read_summary
from dashgaze.stages.sync import sync

DRIVE = SmallDrive(seconds=5.0, offset_s=-1.0, drift_ppm=31.0, blurs=1, seed=7)
ROAD_SIZE = DRIVE.phone_size_px
WORLD = "eye_tracker/PI world v1 ps1"

Change = Callable[[int, np.ndarray], np.ndarray]


def make_drive(folder: Path) -> Path:
    return simulate_small_drive(folder, DRIVE)


def copy_of(made: Path, target: Path, *, ego_frames: int | None = None) -> Path:
    """Copy a session; its tracker's recording ends after so many frames."""
    shutil.copytree(made, target)
    if ego_frames is not None:
        stamps = target / f"{WORLD}.time"
        stamps.write_bytes(stamps.read_bytes()[: 8 * ego_frames])
    return target


def set_clocks(root: Path, *, later_s: float = 0.0) -> Session:
    """Set the true offset and drift by hand."""
    session = open_session(root)
    sync(session, manual_offset_s=DRIVE.offset_s + later_s, manual_drift_ppm=DRIVE.drift_ppm)
    return session


def edit(root: Path, old: str, new: str) -> None:
    path = root / "session.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def lumas(path: Path, count: int) -> list[np.ndarray]:
    """The brightness of a video's first pictures, as shown."""
    times = read_frame_times(path)
    with LumaReader(path, times) as reader:
        return [item.luma for item in reader.read(range(count))]


def i420(luma: np.ndarray) -> np.ndarray:
    """A grey picture as `write_video` takes it."""
    chroma = np.full((luma.shape[0] // 2, luma.shape[1]), 128, dtype=np.uint8)
    return np.concatenate([luma, chroma])


def rewrite_video(
    path: Path,
    count: int,
    change: Change,
    *,
    to: Path | None = None,
    only: slice = slice(None),
    start_s: float | None = None,
    rotation_deg: int = 0,
) -> Path:
    """Write the first pictures of a video anew, each of them changed, all at their times."""
    times_s = read_frame_times(path).time_s[:count][only]
    if start_s is not None:
        times_s = times_s - times_s[0] + start_s
    pictures = [change(i, each) for i, each in enumerate(lumas(path, count))][only]
    height, width = pictures[0].shape
    return write_video(
        to or path,
        times_s=times_s,
        size_px=(width, height),
        images=lambda index: i420(np.ascontiguousarray(pictures[index])),
        options=FileOptions(
            rotation_deg=rotation_deg, video_options={"preset": "ultrafast", "crf": "20"}
        ),
    )


def spoil_packets(path: Path, numbers: Sequence[int], seed: int = 0) -> None:
    """Write noise over some of a video's coded pictures."""
    import av

    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for number in numbers:
        position, size = packets[number]
        content[position + 8 : position + size] = rng.bytes(size - 8)
    path.write_bytes(content)


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned:
    """What the stage made of a session, beside the truth; arrays over its n ego frames.

    Attributes
    ----------
    root, summary
        The session folder, and what the stage says of it.
    frames, gaze, homographies
        Its tables.
    apart_px
        Road gaze minus where the true homography takes the same ego gaze, shape (n, 2); NaN if null.
    true_px
        That true place, shape (n, 2); NaN without gaze.
    """

    root: Path
    summary: dict
    frames: pd.DataFrame
    gaze: pd.DataFrame
    homographies: pd.DataFrame
    truth: pd.DataFrame
    apart_px: np.ndarray
    true_px: np.ndarray

    @property
    def off_px(self) -> np.ndarray:
        return np.hypot(*self.apart_px.T)

    @property
    def source(self) -> np.ndarray:
        return self.homographies["homography_source"].to_numpy()

    @property
    def reason(self) -> np.ndarray:
        return self.homographies["none_reason"].to_numpy()

    @property
    def error_px(self) -> np.ndarray:
        """The stated error (1σ per axis) of the gaze point."""
        return self.homographies["homography_error_px"].to_numpy(dtype=float)

    @property
    def covariance_px2(self) -> np.ndarray:
        columns = [f"gaze_road_cov_{axes}_px2" for axes in ("xx", "xy", "xy", "yy")]
        return self.frames[columns].to_numpy(dtype=float).reshape(-1, 2, 2)

    @property
    def in_view(self) -> np.ndarray:
        """Which frames have a road frame, and gaze that truly lies on it."""
        width, height = ROAD_SIZE
        x, y = self.true_px.T
        inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
        return inside & self.frames["road_frame_index"].notna().to_numpy()

    @property
    def covered(self) -> np.ndarray:
        """Whether the truth lies in the 95 % ellipse, of each frame with road gaze."""
        known = np.isfinite(self.apart_px[:, 0])
        apart = self.apart_px[known]
        inverse = np.linalg.inv(self.covariance_px2[known])
        return np.einsum("ni,nij,nj->n", apart, inverse, apart) < 5.99


def align_drive(
    root: Path, options: AlignOptions | None = None, *, workers: int = 1, force: bool = False
) -> Aligned:
    """Run the stage in this process and read what it wrote."""
    session = open_session(root)
    path = align(session, options or AlignOptions(), workers=workers, force=force)
    assert path == root / "derived" / "homographies.parquet"
    return read_aligned(root)


def read_aligned(
    root: Path, *, on_road: Callable[[np.ndarray], np.ndarray] | None = None
) -> Aligned:
    """Read what the stage wrote; `on_road` takes true places to where the changed video shows them."""
    derived = root / "derived"
    frames = pd.read_parquet(derived / "frames.parquet")
    truth = pd.read_parquet(root / "truth" / "frames.parquet")
    stamps = pq.read_table(derived / "frames.parquet")["timestamp_ns"].to_numpy()
    truth = truth.iloc[_rows_of(root, stamps)].reset_index(drop=True)
    true_px = true_places(root, truth, frames[["gaze_ego_x_px", "gaze_ego_y_px"]].to_numpy(float))
    if on_road is not None:
        true_px = on_road(true_px)
    found = frames[["gaze_road_x_px", "gaze_road_y_px"]].to_numpy(dtype=float)
    return Aligned(
        root=root,
        summary=read_summary(derived),
        frames=frames,
        gaze=pd.read_parquet(derived / "gaze.parquet"),
        homographies=pd.read_parquet(derived / "homographies.parquet"),
        truth=truth,
        apart_px=found - true_px,
        true_px=true_px,
    )


def true_places(root: Path, truth: pd.DataFrame, ego_px: np.ndarray) -> np.ndarray:
    """Take ego points to the road view by the true lens and homographies; NaN stays NaN."""
    from dashgaze.collection.simulation.drive_tracker import scene_camera

    scene = scene_camera()
    camera = EgoCamera(scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px))
    points = camera.undistort(ego_px)
    rays = np.column_stack([points, np.ones(len(points))])
    homography = np.stack(truth["H"].to_numpy()).reshape(-1, 3, 3)
    image = np.einsum("nij,nj->ni", homography, rays)
    return image[:, :2] / image[:, 2:]


def _rows_of(root: Path, stamps_ns: np.ndarray) -> np.ndarray:
    """Find the rows of the truth by time: of a recording in parts some are missing."""
    import json

    text = (root / "truth" / "truth.json").read_text(encoding="utf-8")
    zero_ns = json.loads(text)["clocks"]["tracker_epoch_ns_at_t_tracker_0"]
    truth_s = pq.read_table(root / "truth" / "frames.parquet")["t_tracker_s"].to_numpy()
    seconds = (stamps_ns - zero_ns) / 1e9
    rows = np.abs(truth_s[None] - seconds[:, None]).argmin(axis=1)
    assert np.abs(truth_s[rows] - seconds).max() < 1e-6
    return rows


def tables(root: Path) -> dict[str, pa.Table]:
    return {
        name: pq.read_table(root / "derived" / f"{name}.parquet")
        for name in ("frames", "gaze", "homographies")
    }


def same_tables(first: dict[str, pa.Table], second: dict[str, pa.Table]) -> bool:
    return all(first[name].equals(second[name], check_metadata=True) for name in first)
