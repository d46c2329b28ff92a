"""A small packed data set, written with nothing but its contracts."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.schemas.dataset_manifest import DatasetFile, DatasetManifest, DatasetSession
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
)
from dashgaze.schemas.image_table import IMAGE_TABLE

FRAMES = 60
SAMPLES = 400
DRIVES = (
    ("session_001", "driver_07", "train", "raw"),
    ("session_002", "driver-07", "validation", "blurred"),
    ("session_003", "driver_9", "test", "gaze_only"),
    ("session_004", "driver_07", "train", "raw"),
)
TABLES = {
    "frames": DATASET_FRAME_TABLE,
    "gaze": DATASET_GAZE_TABLE,
    "fixations": FIXATION_TABLE,
    "images": IMAGE_TABLE,
    "sessions": DATASET_SESSION_TABLE,
}
CARD = """---
license: other
license_name: dashgaze-1.0
configs:
- config_name: frames
  default: true
  version: 1.0.0
  description: build-0123456789abcdef
  data_files:
  - split: train
    path: frames/train/*.parquet
  - split: validation
    path: frames/validation/*.parquet
  - split: test
    path: frames/test/*.parquet
---
# dashgaze
"""
CITATION = """cff-version: 1.2.0
title: Gaze of drivers
authors:
- given-names: Ada
  family-names: Example
- name: Some Lab
license: CC-BY-NC-4.0
date-released: 2026-01-31
message: Cite it.
"""


def make_dataset(
    folder: Path,
    *,
    drives=DRIVES,
    gaze: bool = True,
    images: bool = False,
    version: str = "1.0.0",
    papers: bool = True,
    card: str = CARD,
    outward: str = "anonymized",
) -> Path:
    """Write a packed data set of `drives`: (session, driver, split, consent scope)."""
    files: list[DatasetFile] = []
    sessions: list[DatasetSession] = []
    by_split: dict[str, list[dict]] = {}

    def keep(path: Path, **about) -> None:
        content = path.read_bytes()
        files.append(
            DatasetFile(
                path=path.relative_to(folder).as_posix(),
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                **about,
            )
        )

    def shard(config: str, split: str, name: str, rows: list[dict], session=None) -> None:
        path = folder / config / split / f"{name}.parquet"
        if config == "sessions":
            path = folder / config / f"{split}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, TABLES[config].to_arrow()), path)
        keep(path, config=config, split=split, session_id=session, rows=len(rows))

    for session, driver, split, scope in drives:
        number = int(session.rsplit("_", 1)[1]) - 1
        pictures = {"raw": "raw", "blurred": "blurred", "gaze_only": "none"}[scope]
        state = "none" if scope == "gaze_only" or not images else outward
        about = {
            "consent_scope": scope,
            "outward_pictures": state,
            "driver_pictures": pictures if images else "none",
        }
        sessions.append(
            DatasetSession(
                session_id=session,
                driver_id=driver,
                split=split,
                source_digest=f"{number:016x}",
                notes=("sync doubtful",) if number == 1 else (),
                **about,
            )
        )
        frames = frame_rows(session, number)
        shard("frames", split, session, frames, session)
        shard("fixations", split, session, fixation_rows(session), session)
        if gaze:
            shard("gaze", split, session, gaze_rows(session, number), session)
        if images and scope != "gaze_only":
            names = TABLES["images"].column_names
            rows = [
                {name: frame.get(name) for name in names} | {"face": {"bytes": b"x", "path": "x"}}
                for frame in frames[::10]
            ]
            shard("images", split, session, rows, session)
        row = dict.fromkeys(DATASET_SESSION_TABLE.column_names)
        row |= {"session_id": session, "driver_id": driver, "split": split, "car": "VW\tGolf"}
        row |= {"eye_tracker_kind": "pupil_invisible", "scene_camera_origin": "default"}
        row |= {"frame_count": FRAMES, "valid_frame_count": FRAMES, "duration_s": 2.0}
        row |= {"gaze_sample_count": SAMPLES, "weather": "rain", "fixation_method": "planted"}
        by_split.setdefault(split, []).append(row | about)
    for split, rows in sorted(by_split.items()):
        shard("sessions", split, split, rows)
    if papers:
        for name, text in (
            ("README.md", card),
            ("LICENSE", "All rights.\n"),
            ("DUA.md", "# Terms\n"),
            ("CITATION.cff", CITATION),
        ):
            (folder / name).write_text(text, encoding="utf-8")
            keep(folder / name)
    files.sort(key=lambda file: file.path)
    data = [file.path + file.sha256 for file in files if file.config is not None]
    build = hashlib.sha256("".join(data).encode())
    manifest = DatasetManifest(
        schema_id="dashgaze/dataset/1",
        name="dashgaze",
        version=version,
        build=build.hexdigest()[:16],
        versions={"dashgaze": "0"},
        options={},
        protocol="file",
        tables={name: table.id for name, table in TABLES.items()},
        sessions=tuple(sorted(sessions, key=lambda session: session.session_id)),
        files=tuple(files),
    )
    text = manifest.to_json()
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    sums = {file.path: file.sha256 for file in files}
    sums["manifest.json"] = hashlib.sha256(text.encode()).hexdigest()
    lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    (folder / "checksums.sha256").write_text(lines, encoding="utf-8")
    return folder


def frame_rows(session: str, number: int) -> list[dict]:
    rows = []
    for index in range(FRAMES):
        row: dict = dict.fromkeys(DATASET_FRAME_TABLE.column_names)
        row |= {"session_id": session, "frame_index": index, "ego_frame_valid": index > 2}
        row |= {"time_ns": index * 33_333_333, "gaze_sample_count": 0, "saccade": False}
        blink = 20 <= index < 24
        row |= {"blink": blink, "blink_id": 1 if blink else None, "worn": True}
        if index > 2 and not blink:
            row |= {"gaze_ego_x_px": 500.25 + index, "gaze_ego_y_px": 540.5}
            row |= {"gaze_azimuth_deg": index / 8 + number, "gaze_elevation_deg": -1.5}
            row["gaze_sample_count"] = 6
        rows.append(row)
    return rows


def gaze_rows(session: str, number: int) -> list[dict]:
    generator = np.random.default_rng(number)
    rows = []
    for index in range(SAMPLES):
        row: dict = dict.fromkeys(DATASET_GAZE_TABLE.column_names)
        # The first samples come before the first frame.
        row |= {"session_id": session, "time_ns": (index - 3) * 5_000_000 + 1, "worn": True}
        if 200 <= index < 220:
            row["blink_id"] = 1
        if index % 50 != 7:
            x, y = (float(value) for value in generator.normal((800, 600), 50))
            row |= {"gaze_ego_x_px": x, "gaze_ego_y_px": y}
            row |= {"gaze_azimuth_deg": x / 100, "gaze_elevation_deg": -y / 100}
        if index == 8:
            row |= {"gaze_road_x_px": 1.5, "gaze_road_y_px": 2.5, "gaze_road_in_view": True}
        rows.append(row)
    return rows


def fixation_rows(session: str) -> list[dict]:
    rows = []
    for number, (onset, offset) in enumerate(
        ((-9_999_999, 300_000_001), (400_000_001, 990_000_001))
    ):
        row: dict = dict.fromkeys(FIXATION_TABLE.column_names)
        row |= {"session_id": session, "fixation_id": number + 1, "gaze_ego_x_px": 812.5}
        rows.append(row | {"onset_ns": onset, "offset_ns": offset})
    return rows
