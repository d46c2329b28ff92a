"""A session of a second and a half with a face and a plate that move, and what a detector would say."""

import importlib.util
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.session import Session, open_session

ROAD_COUNT, EGO_COUNT, DRIVER_COUNT = 40, 30, 30
ROAD_PX, DRIVER_PX, EGO_PX = (192, 128), (96, 128), (64, 62)
FACE_PX, PLATE_PX = (24, 30), (40, 12)
HEADER = "view,frame_index,x_px,y_px,width_px,height_px,class,confidence"


def _tiny() -> ModuleType:
    path = Path(__file__).parents[1] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("tiny_session_for_privacy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def face_place(index: int) -> tuple[float, float]:
    """Left and top edge of the face in a road picture."""
    return 20.0 + 2 * index, 30.0


def plate_place(index: int) -> tuple[float, float]:
    return 120.0 - index, 90.0


def background(size_px: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(5)
    noise = cv2.GaussianBlur(rng.uniform(60, 200, (size_px[1], size_px[0])), (0, 0), 2)
    return np.repeat(noise.astype(np.uint8)[:, :, None], 3, axis=2)


def face_image(identity: int = 0) -> np.ndarray:
    """A face of 24 × 30 px: skin, and features that differ from one person to another."""
    rng = np.random.default_rng(identity)
    image = np.full((30, 24, 3), (110, 140, 190), dtype=np.uint8)
    apart, high, low = rng.integers(4, 8), rng.integers(7, 13), rng.integers(19, 25)
    for side in (-1, 1):
        cv2.circle(image, (12 + side * int(apart), int(high)), 3, (30, 30, 30), -1)
    half = int(rng.integers(2, 8))
    cv2.rectangle(image, (12 - half, int(low)), (12 + half, int(low) + 3), (60, 50, 80), -1)
    return image


def plate_image(text: str = "KA01") -> np.ndarray:
    image = np.full((12, 40, 3), 225, dtype=np.uint8)
    cv2.putText(image, text, (1, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (20, 20, 20), 1, cv2.LINE_AA)
    return image


def _road(index: int, *, identity: int, text: str) -> np.ndarray:
    image = background(ROAD_PX)
    for patch, place in (
        (face_image(identity), face_place(index)),
        (plate_image(text), plate_place(index)),
    ):
        x, y = map(int, place)
        image[y : y + patch.shape[0], x : x + patch.shape[1]] = patch
    return image


def _driver(index: int, identity: int) -> np.ndarray:
    image = background(DRIVER_PX)
    image[40:100, 20:68] = cv2.resize(face_image(identity), (48, 60))
    return image


def make(folder: Path, *, identity: int = 0, text: str = "KA01") -> Path:
    """Make the session; `identity` and `text` are who and what is seen."""
    tiny = _tiny()
    (folder / "phone").mkdir(parents=True)
    options = FileOptions(video_options={"crf": "6", "preset": "ultrafast"})
    write_video(
        folder / "phone" / "road.mp4",
        times_s=0.2 + np.cumsum(np.tile([0.033, 0.034, 0.021, 0.047], ROAD_COUNT // 4)),
        size_px=ROAD_PX,
        images=lambda index: _road(index, identity=identity, text=text),
        options=options,
    )
    write_video(
        folder / "phone" / "driver.mp4",
        times_s=np.arange(DRIVER_COUNT) / 20,
        size_px=DRIVER_PX,
        images=lambda index: _driver(index, identity),
        options=options,
    )
    tiny.write_location(folder / "phone" / "location.csv")
    tiny.write_tracker(folder / "eye_tracker", duration_s=EGO_COUNT / 30, with_sound=False)
    (folder / "session.yaml").write_text(tiny.MANIFEST, encoding="utf-8")
    return folder


def copy_of(made: Path, target: Path, *, scope: str = "raw") -> Session:
    """Copy the session; the driver agreed to so much."""
    shutil.copytree(made, target)
    manifest = target / "session.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("scope: raw", f"scope: {scope}"), encoding="utf-8")
    return open_session(target)


def box_rows(
    *,
    road: Iterable[int] = range(ROAD_COUNT),
    ego: Iterable[int] = range(EGO_COUNT),
    driver: Iterable[int] = range(DRIVER_COUNT),
    lost: Iterable[int] = (),
) -> list[str]:
    """Rows with a verdict on these frames; in the lost ones nothing is found in the road view."""
    rows: list[str] = []
    for index in road:
        if index in set(lost):
            rows.append(f"road,{index},,,,,,")
            continue
        for kind, place, size in (
            ("face", face_place(index), FACE_PX),
            ("plate", plate_place(index), PLATE_PX),
        ):
            rows.append(f"road,{index},{place[0]},{place[1]},{size[0]},{size[1]},{kind},0.9")
    rows += [f"ego,{index},,,,,," for index in ego]
    rows += [f"driver,{index},20,40,48,60,face,0.99" for index in driver]
    return rows


def write_boxes(path: Path, rows: Iterable[str] | None = None) -> Path:
    path.write_text("\n".join([HEADER, *(box_rows() if rows is None else rows)]) + "\n")
    return path
