"""Times of pictures in ticks of 1/90000 s."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.dataset.tables import view_pts
from dashgaze.dataset.tables.view_pts import ego_ticks, phone_ticks
from dashgaze.errors import MediaError
from dashgaze.media import read_frame_times


def test_a_second_is_90000_ticks_and_the_first_stamp_is_zero():
    start = 1_770_000_000_123_456_789
    assert ego_ticks(np.array([start, start + 10**9, start + 2 * 10**9])).tolist() == [
        0,
        90_000,
        180_000,
    ]


def test_nanoseconds_are_rounded_to_the_nearest_tick():
    # A tick has 11111.1 ns; half of one is 5555.5.
    stamps = np.array([0, 5_555, 5_556, 11_111, 16_666, 16_667, 33_333_333])
    assert ego_ticks(stamps).tolist() == [0, 0, 1, 1, 1, 2, 3000]


def test_a_half_is_rounded_up():
    assert ego_ticks(np.array([0, 50_000])).tolist() == [0, 5]  # 4.5
    assert ego_ticks(np.array([0, 150_000])).tolist() == [0, 14]  # 13.5


@given(st.lists(st.integers(0, 2**62), min_size=1))
def test_any_stamps_are_as_exact_fractions_say(later_ns):
    stamps = np.array([0, *later_ns], dtype=np.int64)
    exact = [(Fraction(ns * 9, 100_000) + Fraction(1, 2)).__floor__() for ns in stamps.tolist()]
    assert ego_ticks(stamps).tolist() == exact


def test_no_stamps_give_no_ticks():
    assert ego_ticks(np.array([], dtype=np.int64)).tolist() == []


def test_a_phone_video_counts_from_its_first_frame(tmp_path):
    times_s = np.array([0.5, 0.54, 0.6, 0.61])
    path = write_video(tmp_path / "road.mp4", times_s=times_s, size_px=(32, 32))
    ticks = phone_ticks(path)
    assert ticks.dtype == np.int64
    assert ticks.tolist() == [0, 3600, 9000, 9900]


def test_ticks_of_a_phone_video_are_those_of_its_frames(tmp_path):
    times_s = np.cumsum(np.random.default_rng(3).uniform(0.02, 0.05, 40))
    path = write_video(tmp_path / "road.mp4", times_s=times_s, size_px=(32, 32))
    found_s = read_frame_times(path).time_s
    assert np.abs(phone_ticks(path) / 90_000 - (found_s - found_s[0])).max() <= 0.5 / 90_000 + 1e-12


@pytest.mark.parametrize("time_base", [(1, 1_000_000_000), (1, 90_000), (1001, 30_000), (1, 600)])
def test_hours_in_any_time_base_do_not_overflow(monkeypatch, tmp_path, time_base):
    numerator, denominator = time_base
    last = 100 * 3600 * denominator // numerator
    pts = np.array([-5, last], dtype=np.int64)
    monkeypatch.setattr(
        view_pts, "read_frame_times", lambda _: SimpleNamespace(pts=pts, time_base=time_base)
    )
    exact = Fraction((last + 5) * numerator, denominator) * 90_000
    assert phone_ticks(tmp_path).tolist() == [0, (exact + Fraction(1, 2)).__floor__()]


def test_frames_less_than_a_tick_apart_are_refused(monkeypatch, tmp_path):
    pts = np.array([0, 40_000, 40_004, 80_000])
    monkeypatch.setattr(
        view_pts, "read_frame_times", lambda _: SimpleNamespace(pts=pts, time_base=(1, 1_000_000))
    )
    with pytest.raises(MediaError, match="frames 1 and 2 lie less than"):
        phone_ticks(tmp_path / "road.mp4")


def test_a_missing_video_is_an_error_that_names_it(tmp_path):
    with pytest.raises(MediaError, match=r"road\.mp4"):
        phone_ticks(tmp_path / "road.mp4")
