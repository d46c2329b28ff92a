"""One row for each fixation: of samples, or of frames where samples are unknown."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dashgaze.dataset.consent import release_under
from dashgaze.dataset.tables.drive_tables import drive_tables
from dashgaze.schemas.dataset_tables import FIXATION_TABLE

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tables_made.py"))))
RAW = release_under("raw")


@pytest.fixture
def rows_of(tmp_path):
    def rows_of(frames, gaze=None):
        session = made.write_session(tmp_path, frames=frames, gaze=gaze)
        table = drive_tables(session, RAW).fixations
        assert table.schema.equals(FIXATION_TABLE.to_arrow(), check_metadata=True)
        return table.to_pylist()

    return rows_of


FRAMES = {
    "fixation_id": [1, 1, None, 2, 2, 2],
    "gaze_ego_x_px": [100.0, 103.0, 500.0, 10.0, None, 20.0],
    "gaze_ego_y_px": [200.0, 204.0, 500.0, 50.0, None, 50.0],
    "gaze_road_x_px": [1.0, 3.0, 9.0, -4.0, None, None],
    "gaze_road_y_px": [2.0, 4.0, 9.0, 8.0, None, None],
    "gaze_road_in_view": [True, True, True, False, None, None],
}


def test_without_samples_a_fixation_is_made_of_its_frames(rows_of):
    first, second = rows_of(made.frame_table(**FRAMES))
    assert first == {
        "session_id": "s1",
        "fixation_id": 1,
        "onset_ns": 0,
        "offset_ns": 40_000_000,
        "first_frame_index": 0,
        "last_frame_index": 1,
        "sample_count": None,
        "gaze_ego_x_px": 101.5,
        "gaze_ego_y_px": 202.0,
        "gaze_road_x_px": 2.0,
        "gaze_road_y_px": 3.0,
        "gaze_road_in_view_share": 1.0,
        "dispersion_px": 2.5,  # the two points of a 3-4-5 triangle are 5 px apart
    }
    assert (second["gaze_ego_x_px"], second["dispersion_px"]) == (15.0, 5.0)
    assert (second["onset_ns"], second["offset_ns"]) == (120_000_000, 200_000_000)
    assert (second["gaze_road_x_px"], second["gaze_road_in_view_share"]) == (-4.0, 0.0)


def test_with_samples_it_is_made_of_those_that_count(rows_of):
    # Every 5 ms from 10 ms before the first frame on.
    gaze = made.gaze_table(
        6,
        fixation_id=[7, 7, 7, 7, 7, None],
        gaze_ego_x_px=[0.0, 10.0, 999.0, 999.0, None, 5.0],
        gaze_ego_y_px=[0.0, 0.0, 999.0, 999.0, None, 5.0],
        worn=[True, True, False, True, True, True],
        blink_id=[None, None, None, 1, None, None],
        gaze_road_x_px=[1.0, 3.0, 999.0, 999.0, None, 5.0],
        gaze_road_y_px=[1.0, 3.0, 999.0, 999.0, None, 5.0],
        gaze_road_in_view=[True, False, True, True, None, True],
    )
    frames = made.frame_table(fixation_id=[7, None, None, None, None, None])
    (row,) = rows_of(frames, gaze)
    assert (row["onset_ns"], row["offset_ns"]) == (-10_000_000, 10_000_000)
    assert (row["first_frame_index"], row["last_frame_index"]) == (0, 0)
    assert row["sample_count"] == 2
    assert (row["gaze_ego_x_px"], row["gaze_ego_y_px"], row["dispersion_px"]) == (5.0, 0.0, 5.0)
    assert (row["gaze_road_x_px"], row["gaze_road_in_view_share"]) == (2.0, 0.5)


def test_a_fixation_between_two_frames_has_no_frame(rows_of):
    gaze = made.gaze_table(
        2, fixation_id=[3, 3], gaze_ego_x_px=[1.0, 1.0], gaze_ego_y_px=[1.0, 1.0]
    )
    (row,) = rows_of(made.frame_table(), gaze)
    assert row["first_frame_index"] is None
    assert row["last_frame_index"] is None
    assert row["sample_count"] == 2
    assert row["dispersion_px"] == 0.0


def test_a_fixation_in_which_no_sample_lies_has_times_of_its_frames_and_no_centre(rows_of):
    gaze = made.gaze_table(1, fixation_id=[1], gaze_ego_x_px=[1.0], gaze_ego_y_px=[1.0])
    first, second = rows_of(made.frame_table(**FRAMES), gaze)
    assert first["sample_count"] == 1
    assert second["sample_count"] == 0
    assert (second["onset_ns"], second["offset_ns"]) == (120_000_000, 200_000_000)
    assert second["gaze_ego_x_px"] is None
    assert second["dispersion_px"] is None
    assert second["gaze_road_in_view_share"] is None


def test_fixations_stand_in_order_of_time_whatever_their_numbers(rows_of):
    rows = rows_of(made.frame_table(fixation_id=[9, 9, None, 4, 4, 6]))
    assert [row["fixation_id"] for row in rows] == [9, 4, 6]


def test_a_drive_without_fixations_has_an_empty_table(rows_of):
    assert rows_of(made.frame_table()) == []


def test_many_fixations_are_what_a_loop_over_them_finds(rows_of):
    rng = np.random.default_rng(5)
    count = 3000
    numbers = np.repeat(np.arange(1, 301), 10)
    x, y = rng.normal(500, 50, (2, count)).astype(np.float32).astype(float)
    gaze = made.gaze_table(count, fixation_id=numbers, gaze_ego_x_px=x, gaze_ego_y_px=y)
    rows = rows_of(made.frame_table(), gaze)
    assert len(rows) == 300
    for row in rows:
        mine = numbers == row["fixation_id"]
        points = np.column_stack([x[mine], y[mine]])
        centre = points.mean(axis=0)
        apart = np.sqrt(((points - centre) ** 2).sum(axis=1).mean())
        assert row["gaze_ego_x_px"] == pytest.approx(centre[0], abs=1e-9)
        assert row["dispersion_px"] == pytest.approx(apart, rel=1e-6)
