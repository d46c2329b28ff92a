"""The piecewise map between the clocks."""

import numpy as np
import pytest

from dashgaze.alignment.time_map import ClockLine, TimeMap


def line(start_s: float, end_s: float, offset_s: float, drift_ppm: float = 0.0) -> ClockLine:
    return ClockLine(
        phone_start_s=start_s,
        phone_end_s=end_s,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        offset_se_ms=1.0,
        drift_se_ppm=2.0,
    )


def test_one_line_is_the_formula_of_the_design() -> None:
    time_map = TimeMap([line(0, 600, -7.314, 35.0)])
    assert time_map.tracker_s(100.0) == pytest.approx(-7.314 + 100 * 1.000035, abs=1e-12)
    assert time_map.phone_s(time_map.tracker_s(123.4)) == pytest.approx(123.4, abs=1e-12)


def test_the_nearest_stretch_continues_outside_and_in_between() -> None:
    time_map = TimeMap([line(10, 20, 1.0), line(30, 40, 2.0)])
    np.testing.assert_allclose(
        time_map.tracker_s([0.0, 24.9, 25.1, 99.0]), [1.0, 25.9, 27.1, 101.0]
    )


@pytest.mark.parametrize("step_s", [0.12, -0.12], ids=["forward", "back"])
def test_a_step_is_inverted_on_both_sides(step_s: float) -> None:
    time_map = TimeMap([line(0, 50, 5.0), line(50, 100, 5.0 + step_s)])
    inverse = time_map.inverted()
    for phone_s in (0.0, 30.0, 49.0, 51.0, 99.0):
        tracker_s = time_map.tracker_s(phone_s)
        assert time_map.phone_s(tracker_s) == pytest.approx(phone_s, abs=1e-9)
        assert inverse.tracker_s(tracker_s) == pytest.approx(phone_s, abs=1e-9)


def test_the_standard_error_grows_away_from_the_middle() -> None:
    time_map = TimeMap([line(0, 1000, 0.0)])
    errors_ms = time_map.standard_error_ms([500.0, 0.0, 1000.0])
    # 2 ppm over 500 s are 1 ms, beside 1 ms of offset.
    np.testing.assert_allclose(errors_ms, [1.0, np.sqrt(2), np.sqrt(2)])


def test_an_inverted_map_keeps_its_errors() -> None:
    inverse = TimeMap([line(0, 1000, 3.0, 100.0)]).inverted()
    assert inverse.standard_error_ms(503.05) == pytest.approx(1.0, rel=1e-3)


def test_a_map_needs_stretches_in_order() -> None:
    with pytest.raises(ValueError, match="at least one"):
        TimeMap([])
    with pytest.raises(ValueError, match="ascend"):
        TimeMap([line(0, 20, 0.0), line(10, 30, 0.0)])
