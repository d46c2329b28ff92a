"""Numbers as people read them."""

import pytest

from dashgaze.reports.texts import clock, counted, moment, number, percent, small
from dashgaze.reports.ticks import even_ticks, time_ticks


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "—"),
        (float("nan"), "—"),
        (0.0, "0 %"),
        (0.0004, "< 0.1 %"),
        (0.034, "3.4 %"),
        (0.5, "50 %"),
        (0.972, "97.2 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_never_reads_as_all_or_nothing_unless_it_is(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0.2, "0:00"), (61.4, "1:01"), (3600, "1:00:00"), (-0.2, "0:00"), (-75, "−1:15")],
)
def test_times_of_the_drive(seconds, text):
    assert clock(seconds) == text


def test_numbers():
    assert number(1234.56, 1, "ms") == "1,234.6 ms"
    assert number(-4.2, 1) == "−4.2"
    assert number(-0.01, 1) == "0.0"
    assert number(None, 1, "ms") == number(float("inf")) == "—"
    assert small(0.0004, 2) == "< 0.01"
    assert small(0.0, 2) == "0.00"
    assert counted(1, "frame") == "1 frame"
    assert counted(1200, "frame") == "1,200 frames"
    assert moment("2026-05-12T09:35:21.495+02:00") == "2026-05-12 09:35"
    assert moment(None) == "—"


@pytest.mark.parametrize("length_s", [0.8, 5.0, 61.0, 1800.0, 3600.0, 90_000.0])
def test_time_ticks_are_round_few_and_inside(length_s):
    ticks = time_ticks(-3.3, length_s - 3.3)
    assert len(ticks) <= 8
    assert all(0 <= tick.percent <= 100 for tick in ticks)
    assert len({tick.text for tick in ticks}) == len(ticks)
    assert length_s < 1 or ticks


def test_even_ticks():
    assert [tick.text for tick in even_ticks(-300, 300, 5)] == ["−300", "−150", "0", "150", "300"]
