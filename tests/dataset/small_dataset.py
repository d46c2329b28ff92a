"""A small packed data set for tests of what reads one: labels of simulated drives, videos made here.

It is put together by hand, from the shards that the library writes, and not by `dashgaze pack`: a test can
change any file of it and `seal` it again, so that only the planted fault is to be found.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from dashgaze.collection.simulation.story.labels import simulate_labels
from dashgaze.dataset.consent import release_under
from dashgaze.dataset.tables.drive_tables import drive_tables
from dashgaze.dataset.tables.shard import write_shard
from dashgaze.dataset.video.video_file import VideoFile
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LIGHT_COLUMNS,
    LOCATION_TABLE,
)
from dashgaze.schemas.field import Table
from dashgaze.schemas.image_table import IMAGE_TABLE
from dashgaze.session import open_session

SPLITS = ("train", "validation", "test")
SPLIT_OF = dict(
    zip(
        [f"session_{number:03d}" for number in range(1, 7)],
        ["train", "train", "train", "train", "validation", "test"],
        strict=True,
    )
)
SESSIONS = tuple(SPLIT_OF)
TABLES: dict[str, Table] = {
    "frames": DATASET_FRAME_TABLE,
    "fixations": FIXATION_TABLE,
    "sessions": DATASET_SESSION_TABLE,
    "gaze": DATASET_GAZE_TABLE,
    "images": IMAGE_TABLE,
    "location": LOCATION_TABLE,
}
VIDEO_PX = (96, 64)
_CELL_PX = 8
_BITS = 16
_PAPERS = ("DATASHEET.md", "LICENSE", "DUA.md", "CITATION.cff", "croissant.json")


def make_labels(folder: Path, *, minutes: float = 0.2) -> Path:
    """Simulate the drives: six sessions of as many drivers, without recordings."""
    return simulate_labels(folder, sessions=6, drivers=6, minutes=minutes, seed=3)


def build(
    folder: Path,
    labels: Path,
    *,
    scopes: Mapping[str, str] | None = None,
    videos: Iterable[str] = (),
    version: str = "1.0.0",
) -> Path:
    """Make a data set; `videos` names the sessions that get an ego and a road video."""
    shutil.rmtree(folder, ignore_errors=True)
    with_videos = set(videos)
    rows: dict[str, list[dict[str, Any]]] = {}
    facts = []
    for session_id, split in SPLIT_OF.items():
        scope = (scopes or {}).get(session_id, "raw")
        release = release_under(scope)
        tables = drive_tables(open_session(labels / session_id), release)
        frames = tables.frames
        row = tables.session | {"split": split, "consent_scope": scope}
        row |= {"road_width_px": 1280, "road_height_px": 720}
        row |= {"outward_pictures": "none", "driver_pictures": "none"}
        row |= {f"{view}_video": None for view in ("ego", "road", "driver")}
        if session_id in with_videos:
            frames = _with_pts(frames)
            row |= {"road_width_px": None, "road_height_px": None, "outward_pictures": "anonymized"}
            for view in ("ego", "road"):
                path = f"videos/{session_id}/{view}.mp4"
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                write_numbered_video(folder / path, _ticks(frames, view))
                row[f"{view}_video"] = {"bytes": None, "path": path}
        write(folder, "frames", split, session_id, frames)
        write(folder, "fixations", split, session_id, tables.fixations)
        rows.setdefault(split, []).append(row)
        facts.append(
            {
                "session_id": session_id,
                "driver_id": row["driver_id"],
                "split": split,
                "source_digest": hashlib.sha256(session_id.encode()).hexdigest(),
                "consent_scope": scope,
                "outward_pictures": row["outward_pictures"],
                "driver_pictures": row["driver_pictures"],
                "notes": list(tables.notes),
            }
        )
    for split, of_split in rows.items():
        _write(
            folder / "sessions" / f"{split}.parquet",
            pa.Table.from_pylist(of_split, schema=DATASET_SESSION_TABLE.to_arrow()),
            DATASET_SESSION_TABLE,
        )
    if with_videos:
        _write_metadata(folder, rows)
    for name in _PAPERS:
        (folder / name).write_text(f"{name} of a data set made for tests.\n", encoding="utf-8")
    return seal(folder, sessions=facts, version=version)


def write(folder: Path, config: str, split: str, session_id: str, table: pa.Table) -> Path:
    """Write one shard as the library does."""
    path = folder / config / split / f"{session_id}.parquet"
    _write(path, table, TABLES[config])
    return path


def change(
    folder: Path, path: str, edit: Callable[[pa.Table], pa.Table], *, sealed: bool = True
) -> None:
    """Change the rows of a shard without asking whether they may be so; then seal the folder."""
    table = pq.read_table(folder / path)
    metadata = pq.read_schema(folder / path).metadata
    pq.write_table(edit(table).replace_schema_metadata(metadata), folder / path)
    if sealed:
        seal(folder)


def put(table: pa.Table, column: str, values: Any, rows: Any = None) -> pa.Table:
    """Give a table with other values in one column, in all rows or in some."""
    number = table.column_names.index(column)
    given = table[column].to_pylist()
    if rows is None:
        given = list(values)
    else:
        for row in rows:
            given[row] = values
    field = table.schema.field(number)
    return table.set_column(number, field, pa.array(given, type=field.type))


def seal(folder: Path, **changes: Any) -> Path:
    """Make manifest, card and checksums anew for what is in the folder."""
    path = folder / "manifest.json"
    content: dict[str, Any] = (
        json.loads(path.read_text(encoding="utf-8"))
        if path.is_file()
        else {
            "schema": "dashgaze/dataset/1",
            "name": "dashgaze",
            "versions": {"dashgaze": "0"},
            "options": {"sound": False, "location": False, "as_recorded": False},
            "protocol": "82-10-8",
        }
    )
    content |= changes
    _write_schemas(folder)
    files = _files(folder)
    content["build"] = _build(files)
    configs = sorted({file["config"] for file in files if file["config"] in TABLES})
    content["tables"] = {config: TABLES[config].id for config in configs}
    (folder / "README.md").write_text(card(content, configs), encoding="utf-8")
    content["files"] = _files(folder)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    write_checksums(folder)
    return folder


def write_checksums(folder: Path) -> None:
    """Write checksums.sha256 for what is there."""
    lines = [
        f"{_sha256(folder / name)}  {name}\n"
        for name in _names(folder)
        if name != "checksums.sha256"
    ]
    (folder / "checksums.sha256").write_text("".join(lines), encoding="utf-8")


def card(manifest: Mapping[str, Any], configs: Iterable[str]) -> str:
    """Give the text of a README.md that loads."""
    of_split = {session["split"] for session in manifest["sessions"]}
    splits = [split for split in SPLITS if split in of_split]
    given = []
    names = sorted(configs, key=lambda name: (name != "frames", name))
    for name in [*names[:1], "gaze_light", *names[1:]]:
        source = "frames" if name == "gaze_light" else name
        end = ".parquet" if source == "sessions" else "/*.parquet"
        config: dict[str, Any] = {"config_name": name}
        if name == "frames":
            config["default"] = True
        config |= {"version": manifest["version"], "description": f"build-{manifest['build']}"}
        if name == "gaze_light":
            config["columns"] = list(LIGHT_COLUMNS)
        config["data_files"] = [
            {"split": split, "path": f"{source}/{split}{end}"} for split in splits
        ]
        given.append(config)
    head = yaml.safe_dump({"pretty_name": "DashGaze", "configs": given}, sort_keys=False)
    return f"---\n{head}---\n\n# DashGaze\n"


def numbered_planes(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give a picture that shows its number in black and white cells, whatever coding does to it."""
    width, height = VIDEO_PX
    y = np.full((height, width), 128, np.uint8)
    for bit in range(_BITS):
        row, column = divmod(bit, 8)
        level = 235 if number >> bit & 1 else 16
        y[
            row * 2 * _CELL_PX : (row * 2 + 1) * _CELL_PX,
            column * _CELL_PX : (column + 1) * _CELL_PX,
        ] = level
    grey = np.full((height // 2, width // 2), 128, np.uint8)
    return y, grey, grey.copy()


def number_in(picture: np.ndarray) -> int:
    """Read the number that a decoded picture shows."""
    number = 0
    for bit in range(_BITS):
        row, column = divmod(bit, 8)
        y, x = row * 2 * _CELL_PX, column * _CELL_PX
        cell = picture[y + 2 : y + _CELL_PX - 2, x + 2 : x + _CELL_PX - 2]
        number |= int(cell.mean() > 128) << bit
    return number


def write_numbered_video(path: Path, ticks: Iterable[int]) -> Path:
    """Write a video whose pictures show their place in it, at the given times."""
    with VideoFile(path, VIDEO_PX) as video:
        for number, tick in enumerate(ticks):
            video.add(numbered_planes(number), int(tick))
    return path


def _with_pts(frames: pa.Table) -> pa.Table:
    """Give frames the times of a road video whose rate varies, and every seventh without a picture."""
    index = frames["road_frame_index"].to_pylist()
    last = max(number for number in index if number is not None)
    steps = np.random.default_rng(5).integers(2000, 5000, last + 1)
    ticks = np.concatenate(([0], np.cumsum(steps)[:-1])).tolist()
    return put(frames, "road_pts", [None if number is None else ticks[number] for number in index])


def _ticks(frames: pa.Table, view: str) -> list[int]:
    """Give the times of all pictures of a view that frames name."""
    return sorted({tick for tick in frames[f"{view}_pts"].to_pylist() if tick is not None})


def _write(path: Path, table: pa.Table, schema: Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_shard(path, table, schema)


def _write_metadata(folder: Path, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    listed: list[dict[str, Any]] = []
    for of_split in rows.values():
        for row in of_split:
            files = {
                f"{view}_file_name": f"{row['session_id']}/{view}.mp4"
                if (folder / "videos" / row["session_id"] / f"{view}.mp4").is_file()
                else None
                for view in ("ego", "road", "driver")
            }
            if any(files.values()):
                listed.append(files | {name: row[name] for name in ("session_id", "split")})
    names = [*(f"{view}_file_name" for view in ("ego", "road", "driver")), "session_id", "split"]
    schema = pa.schema([(name, pa.string()) for name in names])
    listed.sort(key=lambda row: row["session_id"])
    pq.write_table(pa.Table.from_pylist(listed, schema=schema), folder / "videos/metadata.parquet")


def _write_schemas(folder: Path) -> None:
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    for config, table in TABLES.items():
        if (folder / config).is_dir():
            path = folder / "schemas" / f"{table.name}_v{table.version}.schema.json"
            path.write_text(json.dumps(table.to_json_schema(), indent=2) + "\n", encoding="utf-8")


def _files(folder: Path) -> list[dict[str, Any]]:
    files = []
    for name in _names(folder):
        if name in ("manifest.json", "checksums.sha256"):
            continue
        parts, path = Path(name).parts, folder / name
        config = parts[0] if parts[0] in TABLES or parts[0] == "videos" else None
        split = next((s for s in SPLITS if s in (*parts[:-1], Path(name).stem)), None)
        session = next((s for s in SESSIONS if s in (*parts[:-1], Path(name).stem)), None)
        files.append(
            {
                "path": name,
                "size_bytes": path.stat().st_size,
                "sha256": _sha256(path),
                "config": config,
                "split": split,
                "session_id": session,
                "rows": pq.read_metadata(path).num_rows if name.endswith(".parquet") else None,
            }
        )
    return files


def _build(files: list[dict[str, Any]]) -> str:
    digest = hashlib.sha256()
    for path, sha256 in sorted((file["path"], file["sha256"]) for file in files if file["config"]):
        digest.update(f"{sha256}  {path}\n".encode())
    return digest.hexdigest()[:16]


def _names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
