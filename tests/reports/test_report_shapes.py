"""Paths of charts, and the drive in stretches."""

import re

import numpy as np
import pytest

from dashgaze.reports.shapes import BOX, Axis, bars, dots, line, spans
from dashgaze.reports.time_bins import TimeBins

NAN = float("nan")


def numbers(path):
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", path)]


def test_a_line_breaks_where_nothing_is_known():
    shape = line(np.array([0.0, 1, 2, 3, 4]), np.array([0.0, 10, NAN, 30, NAN]), "look")
    assert shape.d == "M0 1000 1 990M3 970h0"
    assert line(np.array([NAN]), np.array([1.0]), "look").d == ""


def test_dots_have_no_length():
    assert dots(np.array([5.0]), np.array([1000.0]), "look").d == "M5 0h0"


def test_bars_of_one_height_become_one():
    left = np.arange(4.0)
    low, high = np.zeros(4), np.array([500.0, 500, 0, NAN])
    assert bars(left, left + 1, low, high, "look").d == "M0 500H2V1000H0z"


def test_a_short_stretch_is_drawn_so_that_it_is_seen():
    axis = Axis(low=0.0, high=100.0)
    assert numbers(spans([(50.0, 50.01)], axis, 0, BOX, "look", least=4).d)[:3] == [498, 0, 502]
    assert numbers(spans([(0.0, 50.0)], axis, 0, BOX, "look", least=4).d)[:3] == [0, 0, 500]
    assert numbers(spans([(-9.0, 200.0)], axis, 0, BOX, "look").d)[:3] == [0, 0, 1000]


def test_stretches_average_what_falls_into_them():
    bins = TimeBins.over(Axis(low=10.0, high=11.0))
    assert len(bins) == 4
    time_s, value = np.array([10.0, 10.1, 10.3, 11.0]), np.array([1.0, 3.0, NAN, 7.0])
    np.testing.assert_array_equal(bins.mean(time_s, value), [2, NAN, NAN, 7])
    np.testing.assert_array_equal(bins.largest(time_s, value), [3, NAN, NAN, 7])


@pytest.mark.parametrize(("length_s", "count"), [(0.1, 1), (60.0, 240), (3600.0, 600)])
def test_long_drives_have_no_more_stretches(length_s, count):
    assert len(TimeBins.over(Axis(low=0.0, high=length_s))) == count
