"""A tiny packed data set with pictures, for tests of models.

Six sessions of five drivers, 40 frames with pictures each, one every 2 s. Faces are drawn, so that gaze can
be learned from what is seen: the irises follow the angle of gaze in the head, nose, eyes and mouth follow the
turn of the head, and gaze on the road is where both together point. Of each session, some frames have no
face, some no location, one no driver picture.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from dashgaze.dataset.tables.shard import write_shard
from dashgaze.models.contract.samples import Samples
from dashgaze.schemas.dataset_manifest import (
    DATASET_SCHEMA,
    DatasetFile,
    DatasetManifest,
    DatasetSession,
    build_digest,
)
from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE, DATASET_SESSION_TABLE
from dashgaze.schemas.face_table import LANDMARKS
from dashgaze.schemas.field import Table
from dashgaze.schemas.image_table import IMAGE_TABLE, PICTURES

FRAMES = 2400
EVERY = 60
FPS = 30
DRIVER_PX = (1280, 720)
FACE_BOX_PX = (180.0, 240.0)
PX_PER_DEG_OF_WIDTH = 16 / 1920
SESSIONS = (
    # session, driver, split, road size, lighting, weather, camera position
    ("session_001", "driver_01", "train", (1920, 1080), "day", "clear", "under_mirror"),
    ("session_002", "driver_01", "train", (1920, 1080), "night", "rain", "under_mirror"),
    ("session_003", "driver_02", "train", (1280, 720), "day", "cloudy", "windscreen_centre"),
    ("session_004", "driver_03", "train", (1920, 1080), "twilight", "clear", "windscreen_corner"),
    ("session_005", "driver_04", "validation", (1920, 1080), "day", "clear", "windscreen_centre"),
    ("session_006", "driver_05", "test", (1920, 1080), "night", "clear", "under_mirror"),
)
TABLES = {
    "frames": DATASET_FRAME_TABLE,
    "images": IMAGE_TABLE,
    "sessions": DATASET_SESSION_TABLE,
}
EYEWEAR = ("none", "glasses", "none", "lenses", "none", "glasses")
CARS = ("Car A", "Car A", "Car B", "Car A", "Car B", "Car A")


@pytest.fixture(autouse=True)
def _torch_on_one_thread() -> None:
    """Keep torch from fighting with the tests beside it for cores."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set's folder; not to be changed."""
    return make_dataset(tmp_path_factory.mktemp("tiny") / "dashgaze")


@pytest.fixture(scope="session")
def tiny_samples(tiny_dataset: Path) -> Samples:
    """All its frames that have pictures."""
    from dashgaze.models.feeding.dataset import open_samples

    return open_samples(tiny_dataset)[0]


def make_dataset(folder: Path) -> Path:
    """Write the data set."""
    facts = []
    rows: dict[str, list[dict[str, Any]]] = {}
    for number, (name, driver, split, road_px, *conditions) in enumerate(SESSIONS):
        frames = _frames(number, name, road_px)
        _write(folder / "frames" / split / f"{name}.parquet", frames, DATASET_FRAME_TABLE)
        _write(folder / "images" / split / f"{name}.parquet", _images(number, frames), IMAGE_TABLE)
        rows.setdefault(split, []).append(
            _session_row(number, name, driver, split, road_px, conditions)
        )
        facts.append(
            {
                "session_id": name,
                "driver_id": driver,
                "split": split,
                "source_digest": hashlib.sha256(name.encode()).hexdigest(),
                "consent_scope": "raw",
                "outward_pictures": "anonymized",
                "driver_pictures": "raw",
            }
        )
    for split, of_split in rows.items():
        table = pa.Table.from_pylist(of_split, schema=DATASET_SESSION_TABLE.to_arrow())
        _write(folder / "sessions" / f"{split}.parquet", table, DATASET_SESSION_TABLE)
    return seal(folder, facts)


def seal(folder: Path, sessions: list[dict[str, Any]]) -> Path:
    """Write manifest, card, schemas and checksums for the shards that are in a folder."""
    for table in TABLES.values():
        path = folder / "schemas" / f"{table.name}_v{table.version}.schema.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(table.to_json_schema()), encoding="utf-8")
    build = build_digest(_files(folder))
    (folder / "README.md").write_text(_card(build), encoding="utf-8")
    manifest = DatasetManifest(
        schema_id=DATASET_SCHEMA,
        name="dashgaze",
        version="1.0.0",
        build=build,
        versions={"dashgaze": "0"},
        options={"images": True, "images_every": EVERY},
        protocol="82-10-8",
        tables={config: table.id for config, table in TABLES.items()},
        sessions=tuple(DatasetSession(**each) for each in sessions),
        files=tuple(_files(folder)),
    )
    (folder / "manifest.json").write_text(manifest.to_json(), encoding="utf-8")
    sums = {file.path: file.sha256 for file in manifest.files}
    sums["manifest.json"] = _sha256(folder / "manifest.json")
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items()))
    (folder / "checksums.sha256").write_text(lines, encoding="utf-8")
    return folder


def _files(folder: Path) -> list[DatasetFile]:
    files = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name in ("manifest.json", "checksums.sha256"):
            continue
        parts = name.removesuffix(".parquet").split("/")
        is_shard = parts[0] in TABLES
        files.append(
            DatasetFile(
                path=name,
                size_bytes=path.stat().st_size,
                sha256=_sha256(path),
                config=parts[0] if is_shard else None,
                split=parts[1] if is_shard else None,
                session_id=parts[2] if len(parts) == 3 and is_shard else None,
                rows=pq.read_metadata(path).num_rows if is_shard else None,
            )
        )
    return files


def _card(build: str) -> str:
    configs = []
    for name in TABLES:
        end = ".parquet" if name == "sessions" else "/*.parquet"
        config: dict[str, Any] = {"config_name": name}
        if name == "frames":
            config["default"] = True
        splits = ("train", "validation", "test")
        files = [{"split": split, "path": f"{name}/{split}{end}"} for split in splits]
        config |= {"version": "1.0.0", "description": f"build-{build}", "data_files": files}
        configs.append(config)
    head = yaml.safe_dump({"pretty_name": "DashGaze", "configs": configs}, sort_keys=False)
    return f"---\n{head}---\n\n# DashGaze\n"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, table: pa.Table, schema: Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_shard(path, table, schema)


def _story(number: int) -> dict[str, Any]:
    """Draw head and gaze of all frames; smooth over some ten seconds, as of somebody who drives."""
    random = np.random.default_rng(100 + number)
    at = np.arange(FRAMES)
    knots = np.arange(0, FRAMES + EVERY, EVERY)

    def path(sd: float, keep: float) -> np.ndarray:
        steps = random.normal(0.0, sd * np.sqrt(1 - keep**2), len(knots))
        values = np.zeros(len(knots))
        for k in range(1, len(knots)):
            values[k] = keep * values[k - 1] + steps[k]
        return np.interp(at, knots, values)

    yaw, pitch, roll = path(12.0, 0.5), path(5.0, 0.5), path(2.0, 0.5)
    azimuth, elevation = path(9.0, 0.3), path(5.0, 0.3)
    # Each driver sits somewhere else, and moves a little.
    home = np.array([640 + random.uniform(-120, 120), 330 + random.uniform(-50, 50)])
    centre = home + np.stack([path(8.0, 0.7), path(5.0, 0.7)], axis=1)
    return {
        "yaw": yaw,
        "pitch": pitch,
        "roll": roll,
        "azimuth": azimuth,
        "elevation": elevation,
        "centre": centre,
        "skin": (int(random.integers(70, 150)), int(random.integers(100, 170)), 200),
        "light": 0.55 if SESSIONS[number][4] == "night" else 1.0,
        "noise": random.normal(0.0, 1.0, (FRAMES, 2)),
    }


def _points(story: dict[str, Any], frame: int | slice) -> dict[str, np.ndarray]:
    """Give where the landmarks of frames are, px of the driver picture; a head turned left looks right."""
    centre = story["centre"][frame]
    yaw, pitch = np.radians(story["yaw"][frame]), np.radians(story["pitch"][frame])
    depth_px = {"eye": 80.0, "nose": 120.0, "mouth": 90.0}
    offsets = {
        "left_eye": (45.0, -40.0, "eye"),
        "right_eye": (-45.0, -40.0, "eye"),
        "nose": (0.0, 5.0, "nose"),
        "left_mouth": (32.0, 60.0, "mouth"),
        "right_mouth": (-32.0, 60.0, "mouth"),
    }
    return {
        name: centre
        + np.stack(
            [
                x * np.cos(yaw) + depth_px[part] * np.sin(yaw),
                y - depth_px[part] * np.sin(pitch),
            ],
            axis=-1,
        )
        for name, (x, y, part) in offsets.items()
    }


def _frames(number: int, name: str, road_px: tuple[int, int]) -> pa.Table:
    """Make the frame table; everything that is not said here is null, false or 0."""
    story = _story(number)
    width, height = road_px
    scale = PX_PER_DEG_OF_WIDTH * width
    vanishing = np.array([width * 0.5, height * 0.48])
    x_px = vanishing[0] + scale * (story["azimuth"] - story["yaw"]) + 12 * story["noise"][:, 0]
    y_px = vanishing[1] - scale * (story["elevation"] + story["pitch"]) + 9 * story["noise"][:, 1]
    at = np.arange(FRAMES)
    picture = at // EVERY
    no_face = np.isin(picture, (7, 8, 23))
    no_location = np.isin(picture, (3, 19, 20, 31))
    blink = np.isin(picture, (12, 28))
    inside = (x_px >= -0.5) & (x_px < width - 0.5) & (y_px >= -0.5) & (y_px < height - 0.5)
    points = _points(story, slice(None))
    has_gaze, has_location = ~blink, ~blink & ~no_location
    says: dict[str, tuple[Any, Any]] = {
        "session_id": (np.full(FRAMES, name), None),
        "frame_index": (at, None),
        "time_ns": (np.round(at * 1e9 / FPS), None),
        "ego_frame_valid": (np.ones(FRAMES, bool), None),
        "road_frame_index": (at, None),
        "driver_frame_index": (at, picture != 35),
        "gaze_sample_count": (np.where(has_gaze, 6, 0), None),
        "gaze_spread_px": (np.full(FRAMES, 2.0), has_gaze),
        "gaze_azimuth_deg": (story["azimuth"], has_gaze),
        "gaze_elevation_deg": (story["elevation"], has_gaze),
        "blink": (blink, None),
        "fixation_id": (at // 15, (at // 15 % 5 != 4) & has_gaze),
        "gaze_road_x_px": (x_px, has_location),
        "gaze_road_y_px": (y_px, has_location),
        "gaze_road_in_view": (inside, has_location),
        "gaze_road_cov_xx_px2": (np.full(FRAMES, 144.0), has_location),
        "gaze_road_cov_xy_px2": (np.full(FRAMES, 0.0), has_location),
        "gaze_road_cov_yy_px2": (np.full(FRAMES, 81.0), has_location),
        "homography_source": (
            np.where(no_location, "none", np.where(picture % 4 == 1, "propagated", "direct")),
            None,
        ),
        "homography_error_px": (4.0 + picture % 5, ~no_location),
        "speed_m_s": (10 + 5 * np.sin(at / 300), None),
        "vanishing_point_x_px": (np.full(FRAMES, vanishing[0]), picture != 15),
        "vanishing_point_y_px": (np.full(FRAMES, vanishing[1]), picture != 15),
        "face_confidence": (np.full(FRAMES, 0.98), ~no_face),
        "head_yaw_deg": (story["yaw"], ~no_face),
        "head_pitch_deg": (story["pitch"], ~no_face),
        "head_roll_deg": (story["roll"], ~no_face),
    }
    corner = story["centre"] - np.array(FACE_BOX_PX) / 2
    box = (corner[:, 0], corner[:, 1], *(np.full(FRAMES, side) for side in FACE_BOX_PX))
    for kind in ("", "median_"):
        says[f"gaze_ego_{kind}x_px"] = (544 + 13 * story["azimuth"], has_gaze)
        says[f"gaze_ego_{kind}y_px"] = (540 - 13 * story["elevation"], has_gaze)
    for side, values in zip(("x", "y", "width", "height"), box, strict=True):
        says[f"face_{side}_px"] = (values, ~no_face)
    for mark in LANDMARKS:
        for axis, letter in enumerate("xy"):
            says[f"{mark}_{letter}_px"] = (points[mark][:, axis], ~no_face & (picture != 35))
    columns = []
    for field in DATASET_FRAME_TABLE.to_arrow():
        if field.name not in says:
            columns.append(pa.nulls(FRAMES, field.type))
            continue
        values, known = says[field.name]
        missing = None if known is None else ~np.asarray(known)
        columns.append(pa.array(values, mask=missing).cast(field.type))
    return pa.Table.from_arrays(columns, schema=DATASET_FRAME_TABLE.to_arrow())


def _images(number: int, frames: pa.Table) -> pa.Table:
    """Make the table of pictures, of every 60th frame."""
    story = _story(number)
    rows = frames.take(pa.array(range(0, FRAMES, EVERY))).to_pylist()
    schema = IMAGE_TABLE.to_arrow()
    made = []
    for row in rows:
        frame = row["frame_index"]
        stem = f"{row['session_id']}_{frame:06d}"
        pictures: dict[str, Any] = dict.fromkeys(PICTURES)
        pictures["road"] = np.full((252, 448, 3), 90, np.uint8)
        if row["driver_frame_index"] is not None:
            pictures["driver"] = _drawn(
                story, frame, (0.0, 0.0, *map(float, DRIVER_PX)), (224, 224)
            )
        if row["driver_frame_index"] is not None and row["face_x_px"] is not None:
            points = _points(story, frame)
            x, y = story["centre"][frame] - 168.0
            pictures["face"] = _drawn(story, frame, (x, y, 336.0, 336.0), (224, 224))
            for eye in ("left_eye", "right_eye"):
                x, y = points[eye] - (36.0, 18.0)
                pictures[eye] = _drawn(story, frame, (x, y, 72.0, 36.0), (100, 50))
        coded = {
            name: None if each is None else {"bytes": _jpeg(each), "path": f"{stem}_{name}.jpg"}
            for name, each in pictures.items()
        }
        made.append({name: row.get(name) for name in schema.names} | coded)
    return pa.Table.from_pylist(made, schema=schema)


def _drawn(
    story: dict[str, Any], frame: int, region_px: tuple[float, ...], out_px: tuple[int, int]
) -> np.ndarray:
    """Draw what is seen of the driver in a rectangle of the driver picture."""
    left, top, width, height = region_px
    scale = np.array([out_px[0] / width, out_px[1] / height])
    picture = np.full((out_px[1], out_px[0], 3), 60, np.uint8)

    def disc(point: np.ndarray, radius_px: tuple[float, float], colour: Any) -> None:
        middle = (point - (left, top)) * scale
        axes = np.maximum(1, np.array(radius_px) * scale)
        # Sixteenths of a pixel: what moves by less than one has to be seen.
        centre, size = (tuple(int(v) for v in np.rint(pair * 16)) for pair in (middle, axes))
        cv2.ellipse(picture, centre, size, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)

    points = _points(story, frame)
    disc(story["centre"][frame], (95.0, 130.0), story["skin"])
    for eye in ("left_eye", "right_eye"):
        disc(points[eye], (24.0, 11.0), (235, 235, 235))
        # Seen from the front, the driver's right is the picture's left.
        moved = np.array([-story["azimuth"][frame], -story["elevation"][frame]]) * 0.6
        disc(points[eye] + moved, (8.0, 8.0), (40, 30, 25))
    disc(points["nose"], (9.0, 13.0), tuple(int(each * 0.75) for each in story["skin"]))
    for mouth in ("left_mouth", "right_mouth"):
        disc(points[mouth], (14.0, 6.0), (60, 60, 160))
    return np.asarray(np.clip(picture * story["light"], 0, 255), np.uint8)


def _jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _session_row(
    number: int,
    name: str,
    driver: str,
    split: str,
    road_px: tuple[int, int],
    conditions: list[str],
) -> dict[str, Any]:
    lighting, weather, camera_position = conditions
    row: dict[str, Any] = dict.fromkeys(DATASET_SESSION_TABLE.column_names)
    return row | {
        "session_id": name,
        "driver_id": driver,
        "split": split,
        "lighting": lighting,
        "weather": weather,
        "camera_position": camera_position,
        "eyewear": EYEWEAR[number],
        "car": CARS[number],
        "consent_scope": "raw",
        "eye_tracker_kind": "pupil_invisible",
        "scene_camera_origin": "default",
        "frame_count": FRAMES,
        "valid_frame_count": FRAMES,
        "duration_s": (FRAMES - 1) / FPS,
        "gaze_sample_count": FRAMES * 6,
        "road_width_px": road_px[0],
        "road_height_px": road_px[1],
        # One degree is so many px in the middle of the picture.
        "road_focal_px": PX_PER_DEG_OF_WIDTH * road_px[0] * 180 / np.pi,
        "road_focal_origin": "calibration",
        "driver_width_px": DRIVER_PX[0],
        "driver_height_px": DRIVER_PX[1],
        "outward_pictures": "anonymized",
        "driver_pictures": "raw",
    }
