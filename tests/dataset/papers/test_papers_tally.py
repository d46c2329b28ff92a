import numpy as np
import pytest

from dashgaze.dataset.papers.frame_tally import (
    CAUSES,
    GRID_HEIGHT,
    GRID_WIDTH,
    FrameTally,
    tally_frames,
)
from dashgaze.dataset.papers.histogram import Histogram
from dashgaze.dataset.papers.session_tally import UNKNOWN, tally_sessions
from dashgaze.errors import InputError


@pytest.fixture
def count(tmp_path, pack, drives):
    """Count over the first drive with some of its columns changed."""

    def run(**columns) -> FrameTally:
        drive = drives[0]
        drive.frames.update(columns)
        manifest = pack(tmp_path, [drive])
        return tally_frames(tmp_path, manifest, {drive.session_id: (1280, 720)})

    return run


def test_quantiles_are_those_of_the_values_to_within_a_bin():
    values = np.random.default_rng(5).normal(10, 3, 20_000)
    histogram = Histogram(np.linspace(0, 20, 201))
    for part in np.array_split(values, 7):
        histogram.add(part)
    for share in (0.05, 0.5, 0.95):
        assert histogram.quantile(share) == pytest.approx(np.quantile(values, share), abs=0.1)


def test_values_outside_of_the_bins_count_as_well():
    histogram = Histogram(np.array([0.0, 1.0, 2.0]))
    histogram.add(np.array([-5.0, 0.5, 2.0, 7.0, np.nan]))
    assert histogram.counts.tolist() == [1, 1]
    assert (histogram.below, histogram.above, histogram.total) == (1, 1, 4)
    assert histogram.quantile(0.1) == 0.0
    assert histogram.quantile(1.0) == 2.0
    assert histogram.shares.tolist() == [0.25, 0.25]


def test_there_is_no_quantile_of_nothing():
    assert Histogram(np.array([0.0, 1.0])).quantile(0.5) is None


def test_each_cause_of_missing_gaze_is_found_once(count):
    # one frame for each cause, in the order of CAUSES, the other 32 in view
    here, gone = 100.0, None
    rest = 32
    tally = count(
        gaze_road_x_px=[here, here, gone, gone, gone, gone, gone, gone] + [here] * rest,
        gaze_road_y_px=[here, here, gone, gone, gone, gone, gone, gone] + [here] * rest,
        gaze_road_in_view=[True, False, None, None, None, None, None, None] + [True] * rest,
        gaze_ego_x_px=[here, here, here, here, gone, gone, gone, gone] + [here] * rest,
        road_frame_index=[0, 1, 2, None, 4, 5, 6, 7, *range(8, 40)],
        blink=[False, False, False, False, True, False, False, True] + [False] * rest,
        worn=[True, True, True, True, True, False, True, True] + [True] * rest,
        ego_frame_valid=[True] * 7 + [False] + [True] * rest,
    )
    assert dict(zip(CAUSES, tally.causes.tolist(), strict=True)) == {
        "gaze in the road picture": 33,
        "gaze outside of the road picture": 1,
        "no map to the road view": 1,
        "no road frame": 1,
        "blink": 1,
        "glasses not worn": 1,
        "no valid sample": 1,
        "ego frame unusable": 1,
    }
    assert (tally.frames, tally.valid_frames) == (40, 39)
    assert (tally.gaze_frames, tally.road_gaze_frames) == (36, 34)


def test_gaze_lands_in_its_cell_of_the_picture(count):
    tally = count(gaze_road_x_px=[960.0] * 40, gaze_road_y_px=[179.6] * 40)
    assert np.argwhere(tally.density).tolist() == [[22, 120]]
    assert tally.density.shape == (GRID_HEIGHT, GRID_WIDTH)
    # the outermost half pixels belong to the picture
    corners = count(gaze_road_x_px=[-0.5, 1279.5] * 20, gaze_road_y_px=[-0.5, 719.5] * 20)
    assert np.argwhere(corners.density).tolist() == [[0, 0], [89, 159]]


def test_without_the_size_of_the_picture_gaze_is_not_placed(tmp_path, pack, drives):
    tally = tally_frames(tmp_path, pack(tmp_path, drives), {})
    assert tally.density.sum() == 0
    assert tally.sessions_with_size == 0
    assert tally.road_gaze_frames == 160


def test_the_mean_vanishing_point_is_a_share_of_the_picture(count):
    tally = count(vanishing_point_x_px=[639.5] * 40, vanishing_point_y_px=[179.5] * 39 + [None])
    assert tally.vanishing_point == pytest.approx((0.5, 0.25))


def test_sources_of_the_maps_are_counted_over_usable_frames(count):
    sources = ["direct"] * 20 + ["propagated"] * 10 + ["none"] * 5 + [None] * 5
    tally = count(homography_source=sources, ego_frame_valid=[True] * 39 + [False])
    assert tally.sources == {"direct": 20, "propagated": 10, "none": 5, "not aligned": 4}


def test_standing_is_told_from_driving(count):
    tally = count(speed_m_s=[0.0] * 10 + [0.6] * 10 + [None] * 20)
    assert tally.standing_frames == 10
    assert tally.speed_m_s.total == 20


def test_sessions_are_counted_by_their_conditions(tmp_path, pack, drives):
    tally = tally_sessions(tmp_path, pack(tmp_path, drives))
    assert tally.all.sessions == 4
    assert tally.all.hours == pytest.approx(2.5)
    weather = {name: amount.hours for name, amount in tally.by_condition["weather"].items()}
    assert weather == pytest.approx({"clear": 1.0, "rain": 0.5, UNKNOWN: 1.0})
    assert tally.by_weather_and_lighting["rain", "night"].sessions == 1
    assert tally.split_drivers == {"train": {"D1", "D2"}, "validation": {"D3"}, "test": {"D4"}}
    assert tally.sync_error_quantiles_ms() == pytest.approx((2.5, 3.7, 4.0))


def test_the_order_of_shards_does_not_matter(tmp_path, pack, drives):
    sizes = {drive.session_id: (1280, 720) for drive in drives}
    forward = tally_frames(tmp_path / "a", pack(tmp_path / "a", drives), sizes)
    backward = tally_frames(tmp_path / "b", pack(tmp_path / "b", drives[::-1]), sizes)
    assert (forward.density == backward.density).all()
    assert (forward.azimuth_deg.counts == backward.azimuth_deg.counts).all()


def test_a_shard_that_is_gone_or_lacks_a_column_is_named(tmp_path, pack, drives):
    import pyarrow.parquet as pq

    manifest = pack(tmp_path, drives)
    path = tmp_path / "frames/train/session_001.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["blink"]), path)
    with pytest.raises(InputError, match=r"session_001\.parquet has no column blink"):
        tally_frames(tmp_path, manifest, {})
    path.write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"session_001\.parquet can't be read"):
        tally_frames(tmp_path, manifest, {})
    path.unlink()
    with pytest.raises(InputError, match=r"session_001\.parquet can't be read"):
        tally_frames(tmp_path, manifest, {})
