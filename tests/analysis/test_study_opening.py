"""Opening a packed data set for the analyses."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.analysis.study.opening import iter_sessions, open_study
from dashgaze.analysis.study.packed_dataset import is_simulated, open_dataset
from dashgaze.analysis.study.session_arrays import (
    CAR_YAW_RATE_FACT,
    READABLE,
    YAW_RATE_FACT,
    frame_columns,
    session_data,
)
from dashgaze.errors import InputError


def test_a_study_holds_every_session_with_its_row(packed_labels):
    study = open_study(packed_labels)
    assert [each.session_id for each in study.sessions] == [f"session_{k:03d}" for k in range(1, 7)]
    assert study.simulated
    assert study.title == "Six made-up drives"
    assert study.version == "1.0.0"
    assert len(study.digest) == 64
    assert study.digest.startswith(open_dataset(packed_labels).manifest.build)
    assert len(study.drivers) == 5
    assert any("simulated" in note for note in study.notes)
    first = study.sessions[0]
    assert first.road_size_px == (1280, 720)
    assert first.road_focal_px == pytest.approx(1065.14, abs=0.01)
    assert "local_hour" in first.facts
    assert "driver_id" not in first.facts


def test_numbers_are_those_of_the_shards(packed_labels):
    opened = open_dataset(packed_labels)
    shard = next(each for each in opened.manifest.shards("frames"))
    session = opened.session(shard.session_id)
    table = pq.read_table(packed_labels / shard.path)
    assert len(session) == table.num_rows
    for name, values in (
        ("gaze_road_x_px", session.gaze_road_px[:, 0]),
        ("gaze_road_cov_yy_px2", session.gaze_road_cov_px2[:, 2]),
        ("gaze_elevation_deg", session.gaze_angle_deg[:, 1]),
        ("vanishing_point_y_px", session.vanishing_point_px[:, 1]),
        ("speed_m_s", session.speed_m_s),
        ("homography_hops", session.homography_hops),
    ):
        there = np.array([np.nan if each is None else each for each in table[name].to_pylist()])
        assert np.array_equal(values, there, equal_nan=True)
    words = [each or "" for each in table["homography_source"].to_pylist()]
    assert session.homography_source.tolist() == words
    ids = [-1 if each is None else each for each in table["fixation_id"].to_pylist()]
    assert session.fixation_id.tolist() == ids
    assert session.facts[YAW_RATE_FACT].shape == session.time_s.shape


def test_a_split_or_some_sessions_can_be_read_alone(packed_labels):
    all_of_it = open_dataset(packed_labels)
    splits = {row["split"] for row in all_of_it.rows.values()}
    read = [open_study(packed_labels, split=each) for each in sorted(splits)]
    assert sum(len(each.sessions) for each in read) == 6
    one = open_study(packed_labels, sessions=["session_002"])
    assert [each.session_id for each in one.sessions] == ["session_002"]


def test_columns_that_are_not_asked_for_count_as_missing(packed_labels):
    session = next(iter_sessions(packed_labels, columns=["speed_m_s"]))
    assert np.isfinite(session.speed_m_s).any()
    assert np.isnan(session.gaze_road_px).all()
    assert session.valid.all()
    assert "gaze_road_px" not in session.known
    assert set(frame_columns(["speed_m_s"])) == {"time_ns", "speed_m_s", "ego_frame_valid"}
    with pytest.raises(InputError, match="speeed"):
        frame_columns(["speeed"])


def test_every_readable_name_has_columns_of_the_schema():
    from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE

    # What the road video tells of the car's turns is read wherever a data set has it.
    later = {CAR_YAW_RATE_FACT}
    assert set(frame_columns()) <= set(DATASET_FRAME_TABLE.column_names) | later
    assert all(frame_columns([name]) for name in READABLE)


def test_other_shards_can_be_read_beside(packed_labels):
    opened = open_dataset(packed_labels)
    fixations = opened.table("fixations", "session_001", ["fixation_id", "onset_ns"])
    assert fixations.column_names == ["fixation_id", "onset_ns"]
    assert fixations.num_rows > 10
    assert opened.table("location", "session_001") is None


def test_a_folder_of_drives_is_told_what_to_type(packed_labels):
    drives = packed_labels.parent / "drives"
    with pytest.raises(InputError, match=r"folder of drives.*dashgaze pack .*drives -o dashgaze"):
        open_study(drives)
    with pytest.raises(InputError, match="session folder"):
        open_study(drives / "session_001")


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ({"split": "trian"}, "no split 'trian'"),
        ({"sessions": ["session_099"]}, "no session 'session_099'"),
    ],
)
def test_what_is_not_there_is_refused(packed_labels, wanted, what):
    with pytest.raises(InputError, match=what):
        open_study(packed_labels, **wanted)


def test_a_lost_shard_is_an_input_error(packed_labels, tmp_path):
    import shutil

    copy = shutil.copytree(packed_labels, tmp_path / "copy")
    shard = next((copy / "frames").rglob("session_003.parquet"))
    shard.write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="can't be read"):
        open_study(copy)
    shard.unlink()
    with pytest.raises(InputError, match="is not there"):
        open_study(copy)


def test_memory_stays_flat_from_session_to_session(packed_labels):
    list(iter_sessions(packed_labels, sessions=["session_001"]))  # imports count no more
    tracemalloc.start()
    peaks = []
    for session in iter_sessions(packed_labels):
        peaks.append(tracemalloc.get_traced_memory()[0] / len(session))
        del session
    tracemalloc.stop()
    # One session and the next one being made; were all kept, the last would have six times the first.
    assert max(peaks) < 2.5 * peaks[0]
    assert max(peaks) < 800


@pytest.mark.parametrize(
    ("row", "made_up"),
    [
        ({"consent_version": "simulated"}, True),
        ({"phone_model": "simulated"}, True),
        ({"car": "simulated, labels only"}, True),
        ({"car": "VW Golf", "phone_model": "Pixel 7", "consent_version": "1.0"}, False),
        ({"car": None}, False),
    ],
)
def test_simulated_sessions_are_told_by_their_row(row, made_up):
    assert is_simulated(row) is made_up


def test_the_road_videos_yaw_rate_is_read_where_a_data_set_has_it():
    columns = {"time_ns": [0, 33_000_000, 66_000_000], CAR_YAW_RATE_FACT: [1.5, None, -2.0]}
    session = session_data(pa.table(columns), {"session_id": "s", "driver_id": "d"})
    np.testing.assert_array_equal(
        session.facts[CAR_YAW_RATE_FACT], np.array([1.5, np.nan, -2.0], dtype=np.float32)
    )
    assert CAR_YAW_RATE_FACT in session.known
    without = session_data(
        pa.table({"time_ns": columns["time_ns"]}), {"session_id": "s", "driver_id": "d"}
    )
    assert CAR_YAW_RATE_FACT not in without.facts
