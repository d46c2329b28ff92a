"""A session of two seconds whose phone pictures say which frame they are: by how bright they are."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pyarrow as pa

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.dataset.tables.view_pts import ego_ticks, phone_ticks
from dashgaze.dataset.video.video_file import VideoFile
from dashgaze.dataset.video.view_source import open_view
from dashgaze.media import LumaGap, read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE
from dashgaze.session import Session, open_session

EGO_COUNT, ROAD_COUNT, DRIVER_COUNT = 60, 60, 40
ROAD_PX, DRIVER_PX = (320, 180), (96, 128)
MARK_PX = 16
"""Side of the white square at the top left of every picture as it is shown."""

# Variable frame rate, and a driver video that starts late, as phones write them.
ROAD_S = np.cumsum(np.tile([0.033, 0.034, 0.021, 0.047], 15)) - 0.033
DRIVER_S = 0.35 + np.cumsum(np.tile([0.040, 0.051], 20)) - 0.040


def level(index: int) -> int:
    """Brightness of a recorded frame, as video counts it."""
    return 30 + 3 * index


def blurred_level(index: int) -> int:
    """Brightness of an anonymized frame."""
    return 225 - 3 * index


def index_of(bgr: np.ndarray, of: Callable[[int], int] = level) -> int:
    """Tell the frame by the middle of a picture."""
    height, width = bgr.shape[:2]
    middle = bgr[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3]
    y = float(middle.mean()) * 219 / 255 + 16
    distances = [abs(of(index) - y) for index in range(ROAD_COUNT)]
    found = int(np.argmin(distances))
    assert distances[found] < 1.4, f"brightness {y} is that of no frame"
    return found


def shown(size_px: tuple[int, int], y: int) -> np.ndarray:
    """A picture as it is shown (I420): one brightness, the mark at the top left."""
    width, height = size_px
    picture = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    picture[:height] = y
    picture[:MARK_PX, :MARK_PX] = 235
    return picture


def stored(size_px: tuple[int, int], y: int, rotation_deg: int) -> np.ndarray:
    """The same as it is stored by a phone that was turned."""
    if not rotation_deg:
        return shown(size_px, y)
    width, height = size_px
    turns = {90: cv2.ROTATE_90_CLOCKWISE, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    turned = cv2.rotate(shown(size_px, y)[:height], turns[rotation_deg])
    return np.concatenate([turned, np.full((width // 2, height), 128, dtype=np.uint8)])


def write_phone_video(
    path: Path,
    times_s: np.ndarray,
    size_px: tuple[int, int],
    *,
    rotation_deg: int = 0,
    sound=None,
    index_first: bool = False,
) -> Path:
    """Write the frames of a phone; its pictures are shown in this size."""
    coded = size_px if not rotation_deg else size_px[::-1]
    return write_video(
        path,
        times_s=times_s,
        size_px=coded,
        images=lambda index: stored(size_px, level(index), rotation_deg),
        sound=sound,
        options=FileOptions(
            rotation_deg=rotation_deg,
            key_interval=12,
            index_first=index_first,
            video_options={"preset": "ultrafast", "crf": "12"},
        ),
    )


def tiny_session() -> ModuleType:
    path = Path(__file__).parents[1] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("tiny_session_for_pictures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_session(folder: Path, *, sound=None, driver_rotation_deg: int = 90) -> Session:
    """Write the session: an upright road video, a turned driver video, a scene camera."""
    tiny = tiny_session()
    (folder / "phone").mkdir(parents=True)
    write_phone_video(folder / "phone" / "road.mp4", ROAD_S, ROAD_PX, sound=sound)
    write_phone_video(
        folder / "phone" / "driver.mp4", DRIVER_S, DRIVER_PX, rotation_deg=driver_rotation_deg
    )
    tiny.write_location(folder / "phone" / "location.csv")
    tiny.write_tracker(folder / "eye_tracker", with_sound=False, duration_s=EGO_COUNT / 30)
    (folder / "session.yaml").write_text(tiny.MANIFEST, encoding="utf-8")
    return open_session(folder)


def road_frame_of(ego_index: int) -> int | None:
    """The recorder was started some frames after the tracker."""
    return None if ego_index < 4 else ego_index - 3


def driver_frame_of(ego_index: int) -> int | None:
    """The front camera is slower, and starts still later."""
    return None if ego_index < 12 else (ego_index - 12) * 2 // 3


FACE = {
    "face_x_px": 30.0,
    "face_y_px": 40.0,
    "face_width_px": 40.0,
    "face_height_px": 50.0,
    "face_confidence": 0.9,
    "right_eye_x_px": 40.0,
    "right_eye_y_px": 60.0,
    "left_eye_x_px": 60.0,
    "left_eye_y_px": 60.5,
}


def frame_table(
    session: Session,
    *,
    gaze: Callable[[int], tuple[float, float, bool] | None] = lambda index: (160.0, 90.0, True),
    face: Callable[[int], dict[str, float] | None] = lambda index: FACE,
    invalid: Sequence[int] = (0, 1, 2),
) -> pa.Table:
    """The frame table of the session, as `drive_tables` gives it."""
    road_pts = phone_ticks(session.road_path)
    driver_pts = phone_ticks(session.driver_path) if session.driver_path else None
    rows = []
    stamps_ns = np.round(np.arange(EGO_COUNT) / 30 * 1e9).astype(np.int64)
    for index in range(EGO_COUNT):
        row = dict.fromkeys(DATASET_FRAME_TABLE.column_names)
        road, driver = road_frame_of(index), driver_frame_of(index)
        row |= {
            "session_id": session.manifest.session_id,
            "frame_index": index,
            "ego_frame_valid": index not in invalid,
            "time_ns": int(stamps_ns[index]),
            "ego_pts": int(ego_ticks(stamps_ns)[index]),
            "gaze_sample_count": 6,
            "road_frame_index": road,
            "road_pts": None if road is None else int(road_pts[road]),
        }
        if driver is not None and driver_pts is not None:
            row |= {"driver_frame_index": driver, "driver_pts": int(driver_pts[driver])}
            row |= face(index) or {}
        if road is not None and (point := gaze(index)) is not None:
            names = ("gaze_road_x_px", "gaze_road_y_px", "gaze_road_in_view")
            row |= dict(zip(names, point, strict=True))
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=DATASET_FRAME_TABLE.to_arrow())


def write_blurred(session: Session, folder: Path) -> dict[str, Path]:
    """Write what stands for the anonymized videos: the same frames, in other brightness."""
    made = {}
    for view in ("ego", "road", "driver"):
        source = open_view(session, view)
        if source is None:
            continue
        path = folder / f"{view}.mp4"
        with VideoFile(path, source.size_px) as file:
            for each in source.pictures():
                y = np.full_like(each.picture.y, blurred_level(each.frame_index))
                y[:MARK_PX, :MARK_PX] = 235
                grey = np.full_like(each.picture.u, 128)
                file.add((y, grey, grey.copy()), each.ticks)
        made[view] = path
    return made


def pictures_in(path: Path) -> dict[int, np.ndarray]:
    """Brightness of all pictures of a file, by their presentation time."""
    times = read_frame_times(path)
    found = {}
    with ColourReader(path, times) as reader:
        for index, pts in enumerate(times.pts.tolist()):
            picture = reader.read(index)
            assert not isinstance(picture, LumaGap)
            found[pts] = picture.y.copy()
    return found
