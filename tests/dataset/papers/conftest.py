"""A small data set folder as `dashgaze pack` leaves it for the papers, with planted numbers."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.papers import papers, write_papers
from dashgaze.schemas.about import About, Author, Ethics
from dashgaze.schemas.dataset_manifest import (
    DatasetFile,
    DatasetManifest,
    DatasetSession,
    LeftOut,
    Withdrawn,
)
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LOCATION_TABLE,
)
from dashgaze.schemas.field import Table
from dashgaze.schemas.image_table import IMAGE_TABLE

WIDTH_PX, HEIGHT_PX = 1280, 720
_DEFAULTS: dict[str, Any] = {
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "float32": 0.0,
    "float64": 0.0,
}


@dataclass
class Drive:
    """One session to plant."""

    session_id: str
    driver_id: str
    split: str
    session: dict[str, Any] = field(default_factory=dict)
    frames: dict[str, list[Any]] = field(default_factory=dict)
    driver_pictures: str = "none"
    outward_pictures: str = "none"
    consent_scope: str = "raw"
    notes: tuple[str, ...] = ()

    @property
    def row_count(self) -> int:
        return len(next(iter(self.frames.values())))


def planted_frames(count: int, seed: int) -> dict[str, list[Any]]:
    """Frames whose gaze is around the middle of the road picture; nothing missing."""
    random = np.random.default_rng(seed)
    return {
        "ego_frame_valid": [True] * count,
        "road_frame_index": list(range(count)),
        "gaze_ego_x_px": random.normal(540, 60, count).tolist(),
        "gaze_ego_y_px": random.normal(540, 60, count).tolist(),
        "gaze_azimuth_deg": random.normal(2, 8, count).tolist(),
        "gaze_elevation_deg": random.normal(-4, 6, count).tolist(),
        "worn": [True] * count,
        "blink": [False] * count,
        "fixation_id": [0] * count,
        "gaze_road_x_px": random.normal(700, 80, count).clip(0, 1279).tolist(),
        "gaze_road_y_px": random.normal(360, 40, count).clip(0, 719).tolist(),
        "gaze_road_in_view": [True] * count,
        "homography_source": ["direct"] * count,
        "homography_error_px": random.lognormal(1, 0.5, count).tolist(),
        "speed_m_s": random.uniform(2, 20, count).tolist(),
        "head_yaw_deg": random.normal(5, 10, count).tolist(),
        "head_pitch_deg": random.normal(-3, 5, count).tolist(),
        "head_roll_deg": random.normal(0, 3, count).tolist(),
    }


def default_drives() -> list[Drive]:
    conditions: list[dict[str, Any]] = [
        {"weather": "clear", "lighting": "day", "car": "Alpha | One", "eyewear": "none"},
        {"weather": "rain", "lighting": "night", "car": "Beta", "eyewear": "glasses"},
        {"weather": "clear", "lighting": "day", "car": "Beta", "eyewear": "none"},
        {"weather": None, "lighting": "twilight", "car": None, "eyewear": None},
    ]
    places = (("D1", "train"), ("D2", "train"), ("D3", "validation"), ("D4", "test"))
    return [
        Drive(
            session_id=f"session_{index:03d}",
            driver_id=driver,
            split=split,
            session={
                **conditions[index],
                "duration_s": 900.0 * (index + 1),
                "sync_offset_se_ms": float(index + 1),
                "road_width_px": WIDTH_PX,
                "road_height_px": HEIGHT_PX,
            },
            frames=planted_frames(40, index),
        )
        for index, (driver, split) in enumerate(places)
    ]


def table_of(schema: Table, columns: dict[str, list[Any]], count: int) -> pa.Table:
    arrow = schema.to_arrow()
    arrays = []
    for column in schema.fields:
        values = columns.get(column.name)
        if values is None:
            filler = None if column.nullable else (column.values or (_DEFAULTS[column.type],))[0]
            values = [filler] * count
        arrays.append(pa.array(values, arrow.field(column.name).type))
    return pa.table(arrays, schema=arrow)


def _png(seed: int) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (seed % 255, 20, 30)).save(stream, "PNG")
    return stream.getvalue()


def make_dataset(
    folder: Path, drives: list[Drive], *, extras: bool = False, folds: Any = None
) -> DatasetManifest:
    """Write the shards of some drives and give the manifest that lists them."""
    files: list[DatasetFile] = []

    def write(path: str, table: pa.Table, config: str | None, drive: Drive | None, split: str):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target)
        content = target.read_bytes()
        files.append(
            DatasetFile(
                path=path,
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                config=config,
                split=split,
                session_id=None if drive is None else drive.session_id,
                rows=table.num_rows,
            )
        )

    for drive in drives:
        count = drive.row_count
        name = {"session_id": [drive.session_id] * count}
        index = {
            "frame_index": list(range(count)),
            "time_ns": [i * 33_000_000 for i in range(count)],
        }
        frames = table_of(DATASET_FRAME_TABLE, {**name, **index, **drive.frames}, count)
        where = f"{drive.split}/{drive.session_id}.parquet"
        write(f"frames/{where}", frames, "frames", drive, drive.split)
        fixations = {**name, "fixation_id": list(range(count))}
        write(
            f"fixations/{where}",
            table_of(FIXATION_TABLE, fixations, count).slice(0, 2),
            "fixations",
            drive,
            drive.split,
        )
        if extras:
            write(
                f"gaze/{where}",
                table_of(DATASET_GAZE_TABLE, {**name, "time_ns": index["time_ns"]}, count),
                "gaze",
                drive,
                drive.split,
            )
            write(
                f"location/{where}",
                table_of(LOCATION_TABLE, name, count),
                "location",
                drive,
                drive.split,
            )
            picture = [{"bytes": _png(i), "path": f"{i}.png"} for i in range(count)]
            pictures = {**name, **index, **drive.frames, "driver": picture, "road": picture}
            write(
                f"images/{where}",
                table_of(IMAGE_TABLE, pictures, count).slice(0, 3),
                "images",
                drive,
                drive.split,
            )
    for split in sorted({drive.split for drive in drives}):
        rows = [drive for drive in drives if drive.split == split]
        columns: dict[str, list[Any]] = {
            "session_id": [drive.session_id for drive in rows],
            "driver_id": [drive.driver_id for drive in rows],
            "split": [split] * len(rows),
            "frame_count": [drive.row_count for drive in rows],
        }
        for key in sorted({key for drive in rows for key in drive.session}):
            columns[key] = [drive.session.get(key) for drive in rows]
        write(
            f"sessions/{split}.parquet",
            table_of(DATASET_SESSION_TABLE, columns, len(rows)),
            "sessions",
            None,
            split,
        )
    if extras:
        table = pa.table({"session_id": [d.session_id for d in drives]})
        table = table.append_column("split", pa.array([d.split for d in drives]))
        for view in ("ego", "road", "driver"):
            names = [f"{d.session_id}/{view}.mp4" for d in drives]
            table = table.append_column(f"{view}_file_name", pa.array(names))
        write("videos/metadata.parquet", table, None, None, "train")
        files[-1] = files[-1].model_copy(update={"split": None})
        for drive in drives:
            target = folder / f"videos/{drive.session_id}/road.mp4"
            target.parent.mkdir(parents=True)
            target.write_bytes(b"film of " + drive.session_id.encode())
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            files.append(
                DatasetFile(
                    path=f"videos/{drive.session_id}/road.mp4",
                    size_bytes=target.stat().st_size,
                    sha256=digest,
                    config="videos",
                    session_id=drive.session_id,
                )
            )
    files.sort(key=lambda file: file.path)
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    return DatasetManifest(
        schema_id="dashgaze/dataset/1",
        name=folder.name,
        version="1.2.0",
        build=hashlib.sha256(lines.encode()).hexdigest()[:16],
        versions={"dashgaze": "0.1.0"},
        options={"images_every": 6} if extras else {},
        protocol="82-10-8",
        folds=folds or {},
        tables={file.config: f"dashgaze/dataset_{file.config}/1" for file in files if file.config},
        sessions=tuple(
            DatasetSession(
                session_id=drive.session_id,
                driver_id=drive.driver_id,
                split=drive.split,
                source_digest="0",
                consent_scope=drive.consent_scope,
                outward_pictures=drive.outward_pictures,
                driver_pictures=drive.driver_pictures,
                notes=drive.notes,
            )
            for drive in drives
        ),
        left_out=(LeftOut(session_id="session_900", reason="The clocks could not be aligned."),),
        withdrawn=(
            Withdrawn(
                driver_digest="0" * 16,
                date="2026-01-02",
                session_count=2,
                row_count=36_000,
                file_count=9,
            ),
        ),
        files=tuple(files),
    )


@pytest.fixture
def drives() -> list[Drive]:
    """Two drives for training, one for validation, one for testing."""
    return default_drives()


@pytest.fixture
def pack() -> Callable[..., DatasetManifest]:
    """Write a data set folder: `make_dataset`."""
    return make_dataset


@pytest.fixture
def frames() -> Callable[[int, int], dict[str, list[Any]]]:
    """Plant frames: `planted_frames`."""
    return planted_frames


def full_about() -> About:
    return About(
        title="Drives through a test",
        summary="Gaze of four drivers who don't exist.",
        authors=[
            Author(name="Lovelace, Ada", affiliation="Analytical", orcid="0000-0002-1825-0097"),
            Author(name="Grace Hopper"),
        ],
        contact="gaze@example.org",
        organisation="Example Lab",
        homepage="https://example.org/dashgaze",
        doi="10.5281/zenodo.1234",
        hub_id="example-lab/dashgaze",
        released_on="2026-05-12",
        purpose="To test papers.",
        funding="None: it costs nothing.",
        ethics=Ethics(board="Board B", protocol_id="P-17", impact_assessment="Done, at the lab."),
        country="India",
        region="Hyderabad",
        recruitment="By notice board.",
        collectors="Two students, paid by the hour.",
        compensation="A cup of tea.",
        collection_period="Spring 2026",
        instructions="Drive as you always do.",
        passengers_policy="Informed by a sign in the car.",
        minors_policy="No children in the car; faces outside are blurred.",
        prior_uses=["A thesis"],
        uses_recommended=["Gaze prediction"],
        uses_discouraged=["Ranking drivers"],
        restrictions="None known.",
        maintenance="The lab, for five years.",
        retention="Ten years, then deleted.",
        contributing="By pull request.",
    )


@pytest.fixture
def about() -> About:
    """Everything answered."""
    return full_about()


FOLDS = {
    "drivers-0": {"train": ["session_002", "session_003"], "test": ["session_000", "gone"]},
    "drivers-1": {"train": ["session_000"], "test": ["session_003"]},
}


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with all that can be in it and all its papers, to be read only."""
    folder = tmp_path_factory.mktemp("whole") / "dashgaze"
    manifest = make_dataset(folder, default_drives(), extras=True, folds=FOLDS)
    write_papers(folder, manifest, full_about())
    return folder


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Path]]:
    """Write the papers without figures: drawing takes a second."""
    monkeypatch.setattr(papers, "draw_figures", lambda *_, **__: ())
    return write_papers


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let `datasets` begin with an empty cache, without a network and without bars."""
    import datasets

    cache = tmp_path / "hf_cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    return cache
