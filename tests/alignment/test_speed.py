import numpy as np
import pytest

from dashgaze.alignment.speed import speed_at


def at(
    times: list[float], fixes: list[float], speeds: list[float], **options: float
) -> list[float]:
    return speed_at(np.array(times), np.array(fixes), np.array(speeds), **options).tolist()


def test_linear_between_neighbours() -> None:
    assert at([0, 0.25, 1, 2.5, 3], [0, 1, 3], [10, 20, 0]) == [10, 12.5, 20, 5, 0]


def test_nothing_outside_of_the_track() -> None:
    np.testing.assert_array_equal(
        at([-0.001, 0, 1, 1.001], [0, 1], [10, 20]), [np.nan, 10, 20, np.nan]
    )


def test_five_seconds_are_bridged_and_no_more() -> None:
    np.testing.assert_allclose(
        at([2.5, 5, 7.5, 10.01], [0, 5, 10.01], [0, 10, 20]), [5, 10, np.nan, 20]
    )
    np.testing.assert_allclose(at([7.5], [0, 5, 10], [0, 10, 20]), [15])
    np.testing.assert_allclose(at([7.5], [0, 5, 10], [0, 10, 20], max_gap_s=4.9), [np.nan])


def test_fixes_without_speed_are_passed_over() -> None:
    np.testing.assert_allclose(at([1, 2, 3], [0, 2, 4], [10, np.nan, 30]), [15, 20, 25])
    np.testing.assert_allclose(at([2, 3], [0, 3, 6], [10, np.nan, 30]), [np.nan, np.nan])
    assert np.isnan(at([0, 1], [0, 1], [np.nan, np.nan])).all()


@pytest.mark.parametrize("fixes", [[], [3.0]])
def test_few_fixes(fixes: list[float]) -> None:
    expected = [7.0 if t in fixes else np.nan for t in (2.9, 3.0, 3.1)]
    np.testing.assert_array_equal(at([2.9, 3.0, 3.1], fixes, [7.0] * len(fixes)), expected)


def test_unknown_times_have_unknown_speed() -> None:
    np.testing.assert_array_equal(at([np.nan, 0.5], [0, 1], [2, 2]), [np.nan, 2])
