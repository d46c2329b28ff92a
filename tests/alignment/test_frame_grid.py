import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgaze.alignment.frame_grid import (
    Membership,
    frame_interval,
    gaze_by_frame,
    interval_of,
    mean_by_frame,
    nearest_frame,
)

EPOCH_NS = 1_778_571_360_000_000_000  # beyond what float64 can tell apart by single nanoseconds


def placed(membership: Membership) -> list[int | None]:
    return [
        int(i) if found else None
        for i, found in zip(membership.index, membership.found, strict=True)
    ]


def ns(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def member(*frames: int | None) -> Membership:
    return Membership(
        index=np.array([0 if f is None else f for f in frames], dtype=np.int64),
        found=np.array([f is not None for f in frames], dtype=np.bool_),
    )


def test_nearest_frame_and_ties_to_the_earlier_one() -> None:
    times = ns(0, 49, 50, 51, 100, 149, 150, 151, 250)
    assert placed(nearest_frame(ns(0, 100, 200), times, within=50)) == [0, 0, 0, 1, 1, 1, 1, 2, 2]


def test_ties_are_exact_at_unix_nanoseconds() -> None:
    frames = EPOCH_NS + ns(0, 33_333_334)
    times = EPOCH_NS + ns(16_666_666, 16_666_667, 16_666_668)
    assert placed(nearest_frame(frames, times, within=1e9)) == [0, 0, 1]


def test_none_further_away_than_the_limit() -> None:
    frames = EPOCH_NS + ns(0, 30, 200)
    times = EPOCH_NS + ns(-31, -30, 60, 61, 169, 170, 230, 231)
    expected = [None, 0, 1, None, None, 2, 2, None]
    assert placed(nearest_frame(frames, times, within=30)) == expected


def test_of_equal_frames_the_first_is_found() -> None:
    frames = ns(10, 20, 20, 20, 30)
    assert placed(nearest_frame(frames, ns(19, 20, 24), within=9)) == [1, 1, 1]


def test_nearest_frame_in_seconds_and_any_order() -> None:
    found = nearest_frame(np.array([0.0, 0.04, 0.08]), np.array([0.07, -0.01, 0.2]), within=0.04)
    assert placed(found) == [2, 0, None]


def test_nothing_to_find() -> None:
    assert placed(nearest_frame(ns(), ns(1, 2), within=5)) == [None, None]
    assert placed(nearest_frame(ns(1, 2), ns(), within=5)) == []
    assert placed(nearest_frame(ns(1), ns(1), within=float("nan"))) == [None]


@given(
    frames=st.lists(st.integers(0, 60), min_size=1, max_size=12).map(sorted),
    times=st.lists(st.integers(-20, 80), max_size=20),
    within=st.integers(0, 30),
)
def test_nearest_frame_is_what_a_search_finds(
    frames: list[int], times: list[int], within: int
) -> None:
    expected = []
    for t in times:
        best = min(range(len(frames)), key=lambda i: (abs(frames[i] - t), frames[i], i))
        expected.append(best if abs(frames[best] - t) <= within else None)
    assert placed(nearest_frame(ns(*frames), ns(*times), within=within)) == expected


def test_frame_interval_is_that_of_valid_neighbours() -> None:
    padding = np.arange(0, 500, 50)
    real = 500 + np.array([0, 33, 66, 100, 133, 300, 333])
    times = np.concatenate([padding, real])
    valid = times >= 500
    assert frame_interval(times, valid) == 33
    assert frame_interval(times) == 50
    assert np.isnan(frame_interval(times, np.zeros(len(times), dtype=bool)))
    assert np.isnan(frame_interval(ns(7)))
    # the step between two frames with a broken one in between does not count
    assert frame_interval(ns(0, 10, 20, 30, 90), np.array([True, True, False, True, True])) == 35


def test_intervals_are_half_open() -> None:
    times = ns(9, 10, 19, 20, 29, 30, 39, 40)
    found = interval_of(times, ns(10, 30), ns(20, 40))
    assert placed(found) == [None, 0, 0, None, None, 1, 1, None]
    assert placed(interval_of(times, ns(), ns())) == [None] * 8


def test_touching_and_overlapping_intervals() -> None:
    assert placed(interval_of(ns(19, 20), ns(10, 20), ns(20, 30))) == [0, 1]
    assert placed(interval_of(ns(15, 22, 28), ns(10, 20), ns(30, 25))) == [0, 1, None]


def test_gaze_of_a_frame() -> None:
    points = np.array([[0.0, 0], [2, 0], [10, 3], [5, 5], [7, 9], [1, 1], [np.nan, 4], [8, 8]])
    by_frame = gaze_by_frame(
        member(0, 0, 0, 2, 2, 3, 3, None),
        points,
        usable=np.array([True, True, True, True, True, False, True, True]),
        worn=np.array([True, True, False, True, False, False, True, False]),
        frame_count=5,
    )
    assert by_frame.count.tolist() == [3, 0, 2, 0, 0]
    nan = [np.nan, np.nan]
    np.testing.assert_allclose(by_frame.mean_px, [[4, 1], nan, [6, 7], nan, nan])
    np.testing.assert_allclose(by_frame.median_px, [[2, 0], nan, [6, 7], nan, nan])
    # frame 0: squared distances 16 + 1, 4 + 1, 36 + 4; frame 2: 1 + 4 each
    spread = [(62 / 3) ** 0.5, np.nan, 5**0.5, np.nan, np.nan]
    np.testing.assert_allclose(by_frame.spread_px, spread)
    np.testing.assert_allclose(by_frame.worn_share, [2 / 3, np.nan, 0.5, 0.5, np.nan])


def test_a_single_sample_has_no_spread() -> None:
    one = np.array([True])
    by_frame = gaze_by_frame(member(0), np.array([[0.1, 1e7]]), usable=one, worn=one, frame_count=1)
    assert by_frame.spread_px.tolist() == [0.0]
    assert by_frame.median_px.tolist() == [[0.1, 1e7]]


def test_frames_without_samples() -> None:
    none = np.zeros(0, dtype=bool)
    by_frame = gaze_by_frame(member(), np.zeros((0, 2)), usable=none, worn=none, frame_count=2)
    assert by_frame.count.tolist() == [0, 0]
    assert np.isnan(by_frame.mean_px).all()
    assert by_frame.median_px.shape == (2, 2)


@given(st.data())
def test_gaze_by_frame_is_what_a_loop_finds(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 40))
    frames = data.draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))
    usable = np.array(
        data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=bool
    )
    rng = np.random.default_rng(count)
    points = rng.normal(500, 200, (count, 2))
    by_frame = gaze_by_frame(member(*frames), points, usable=usable, worn=usable, frame_count=7)
    for frame in range(7):
        mine = points[usable & (np.array(frames, dtype=int) == frame)]
        assert by_frame.count[frame] == len(mine)
        if len(mine):
            np.testing.assert_allclose(by_frame.mean_px[frame], mine.mean(axis=0))
            np.testing.assert_allclose(by_frame.median_px[frame], np.median(mine, axis=0))
            rms = np.sqrt(((mine - mine.mean(axis=0)) ** 2).sum(axis=1).mean())
            assert by_frame.spread_px[frame] == pytest.approx(rms)
        else:
            assert np.isnan(by_frame.spread_px[frame])


def test_mean_by_frame_column_by_column() -> None:
    values = np.array([[1.0, 10], [3, np.nan], [5, np.inf], [7, 30]])
    means = mean_by_frame(member(1, 1, 0, None), values, frame_count=3)
    np.testing.assert_allclose(means, [[5, np.nan], [2, 10], [np.nan, np.nan]])
