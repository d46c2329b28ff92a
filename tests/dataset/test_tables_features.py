"""What the `datasets` library makes of shards that were written without it."""

import io
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.tables.hub_features import features_json
from dashgaze.dataset.tables.shard import check_shard, write_shard
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LOCATION_TABLE,
)
from dashgaze.schemas.image_table import IMAGE_TABLE

TABLES = (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LOCATION_TABLE,
    IMAGE_TABLE,
)


@pytest.fixture(scope="module")
def datasets():
    import datasets

    datasets.disable_progress_bars()
    return datasets


@pytest.fixture
def load(datasets, tmp_path):
    """Load shards as a user without our package would, with an empty cache."""

    def load(*paths, **options):
        return datasets.load_dataset(
            "parquet",
            data_files=[str(path) for path in paths],
            split="train",
            cache_dir=str(tmp_path / "cache"),
            **options,
        )

    return load


def location(session_id, rows):
    return pa.Table.from_pylist(
        [
            {
                "session_id": session_id,
                "time_ns": number * 10**9,
                "latitude_deg": 28.0 + number,
                "longitude_deg": 77.0,
            }
            for number in range(rows)
        ],
        schema=LOCATION_TABLE.to_arrow(),
    )


def rows_of(schema, *rows):
    empty = dict.fromkeys(schema.column_names)
    return pa.Table.from_pylist([empty | row for row in rows], schema=schema.to_arrow())


def frame(number, **values):
    return {
        "session_id": "s1",
        "frame_index": number,
        "ego_frame_valid": True,
        "time_ns": number,
        "gaze_sample_count": 0,
    } | values


@pytest.mark.parametrize("schema", TABLES, ids=lambda schema: schema.name)
def test_the_features_are_written_as_the_library_itself_would(datasets, schema):
    marked = schema.to_arrow().with_metadata({b"huggingface": features_json(schema)})
    features = datasets.Features.from_arrow_schema(marked)
    assert tuple(features) == schema.column_names
    assert features.arrow_schema.metadata[b"huggingface"] == features_json(schema)
    for field in schema.to_arrow():
        assert features.arrow_schema.field(field.name).type.equals(field.type)


def test_the_types_of_frames_come_back(datasets, load, tmp_path):
    homography = [1.5, 0.25, 3.0, 0.0, 1.0, 2.0, 1e-5, -1e-5, 1.0]
    content = rows_of(
        DATASET_FRAME_TABLE,
        frame(0, road_from_ego=homography, worn=True, speed_m_s=1.5),
        frame(1, homography_source="none"),
    )
    write_shard(tmp_path / "a.parquet", content, DATASET_FRAME_TABLE)
    found = load(tmp_path / "a.parquet")
    assert found.features["road_from_ego"] == datasets.List(datasets.Value("float64"), length=9)
    assert found.features["frame_index"] == datasets.Value("int32")
    assert found.features["worn"] == datasets.Value("bool")
    assert found[0]["road_from_ego"] == homography
    assert found[1]["road_from_ego"] is None
    assert found.to_list() == content.to_pylist()


def test_pictures_are_pictures(datasets, load, tmp_path):
    from PIL import Image

    jpeg = io.BytesIO()
    Image.new("RGB", (16, 8), (200, 20, 20)).save(jpeg, "JPEG")
    label = {"session_id": "s1", "time_ns": 0}
    content = rows_of(
        IMAGE_TABLE,
        label | {"frame_index": 0, "road": {"bytes": jpeg.getvalue(), "path": "0_road.jpg"}},
        label | {"frame_index": 1},
    )
    write_shard(tmp_path / "a.parquet", content, IMAGE_TABLE)
    found = load(tmp_path / "a.parquet")
    assert found.features["road"] == datasets.Image()
    assert found[0]["road"].size == (16, 8)
    assert found[1]["road"] is None
    kept = found.cast_column("road", datasets.Image(decode=False))
    assert kept[0]["road"] == {"bytes": jpeg.getvalue(), "path": "0_road.jpg"}


def test_videos_are_paths_that_need_no_decoder(datasets, load, tmp_path):
    path = {"bytes": None, "path": "videos/s1/ego.mp4"}
    needed = {
        field.name: field.values[0] if field.values else {"string": "x"}.get(field.type, 1)
        for field in DATASET_SESSION_TABLE.fields
        if not field.nullable
    }
    content = rows_of(DATASET_SESSION_TABLE, needed | {"ego_video": path})
    write_shard(tmp_path / "a.parquet", content, DATASET_SESSION_TABLE)
    found = load(tmp_path / "a.parquet")
    assert found.features["ego_video"] == datasets.Video(decode=False)
    assert found[0]["ego_video"] == path
    assert found[0]["road_video"] is None


def test_a_shard_without_rows_loads_beside_others(load, tmp_path):
    write_shard(tmp_path / "a.parquet", location("s1", 0), LOCATION_TABLE)
    write_shard(tmp_path / "b.parquet", location("s2", 3), LOCATION_TABLE)
    assert load(tmp_path / "a.parquet", tmp_path / "b.parquet").num_rows == 3
    streamed = load(tmp_path / "a.parquet", tmp_path / "b.parquet", streaming=True)
    assert len(list(streamed)) == 3


def test_filters_read_one_session_only(load, tmp_path):
    for session_id in ("s1", "s2"):
        path = tmp_path / f"{session_id}.parquet"
        write_shard(path, location(session_id, 5), LOCATION_TABLE)
    found = load(
        tmp_path / "s1.parquet", tmp_path / "s2.parquet", filters=[("session_id", "==", "s2")]
    )
    assert set(found["session_id"]) == {"s2"}


def test_a_column_missing_in_a_later_shard_is_filled_in_silence_but_found_by_the_check(
    load, tmp_path
):
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    write_shard(first, location("s1", 3), LOCATION_TABLE)
    write_shard(second, location("s2", 3), LOCATION_TABLE)
    pq.write_table(pq.read_table(second).drop_columns(["longitude_deg"]), second)
    assert load(first, second)["longitude_deg"][3:] == [None] * 3, "the trap is still there"
    check_shard(first, LOCATION_TABLE)
    with pytest.raises(InputError, match=r"b\.parquet .* column longitude_deg .* is missing"):
        check_shard(second, LOCATION_TABLE)


def test_writing_a_shard_does_not_import_the_library(tmp_path):
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dashgaze.dataset.tables.shard import write_shard\n"
        "from dashgaze.schemas.dataset_tables import LOCATION_TABLE as table\n"
        "write_shard(Path(sys.argv[1]), table.to_arrow().empty_table(), table)\n"
        "heavy = {'datasets', 'av', 'cv2', 'numba', 'torch'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.parquet")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
