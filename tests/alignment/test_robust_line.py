"""Lines through shifts, with planted outliers, steps and bends."""

import numpy as np
import pytest

from dashgaze.alignment.sync.robust_line import fit_line, split_lines

LIMIT = 330e-6


def planted(
    count: int = 60, offset_s: float = -7.3, drift: float = 4e-5, noise_s: float = 1e-4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    time_s = 10.0 * np.arange(count)
    return time_s, offset_s + drift * time_s + rng.normal(0, noise_s, count), np.ones(count)


def test_planted_outliers_are_exactly_those_left_out() -> None:
    time_s, shift_s, weight = planted()
    wrong = np.array([0, 3, 4, 5, 17, 18, 30, 31, 32, 33, 50, 59])
    shift_s[wrong] += np.random.default_rng(1).uniform(0.02, 0.3, len(wrong))
    line = fit_line(time_s, shift_s, weight, max_drift=LIMIT)
    assert line is not None
    assert np.flatnonzero(~line.used).tolist() == wrong.tolist()
    assert line.drift == pytest.approx(4e-5, abs=1e-6)
    assert line.at(np.array([300.0]))[0] == pytest.approx(-7.3 + 4e-5 * 300, abs=1e-4)


def test_the_standard_errors_are_of_the_size_of_the_errors() -> None:
    errors = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        time_s = 10.0 * np.arange(40)
        shift_s = 1.0 + rng.normal(0, 5e-4, 40)
        line = fit_line(time_s, shift_s, np.ones(40), max_drift=LIMIT)
        assert line is not None
        at_middle_s = line.at(np.array([line.middle_s]))[0] - 1.0
        errors.append((at_middle_s / line.offset_se_s, line.drift / line.drift_se))
    spread = np.std(errors, axis=0)
    # Independent windows: the stated error is on the safe side, by no more than a factor of two.
    assert np.all(spread < 1.1)
    assert np.all(spread > 0.4)


def test_noise_without_a_line_gives_few_supporters() -> None:
    rng = np.random.default_rng(5)
    time_s = 10.0 * np.arange(40)
    line = fit_line(time_s, rng.uniform(-0.3, 0.3, 40), np.ones(40), max_drift=LIMIT)
    assert line is None or np.count_nonzero(line.used) <= 6


def test_less_than_three_windows_make_no_line() -> None:
    assert fit_line(np.array([0.0, 1.0]), np.zeros(2), np.ones(2), max_drift=LIMIT) is None
    assert split_lines(np.array([0.0]), np.zeros(1), np.ones(1), max_drift=LIMIT) == []


def test_one_line_is_not_split() -> None:
    time_s, shift_s, weight = planted()
    assert len(split_lines(time_s, shift_s, weight, max_drift=LIMIT)) == 1


@pytest.mark.parametrize("step_ms", [5.0, -40.0, 1500.0])
def test_a_step_splits_where_it_is(step_ms: float) -> None:
    time_s, shift_s, weight = planted()
    shift_s[23:] += step_ms * 1e-3
    pieces = split_lines(time_s, shift_s, weight, max_drift=LIMIT)
    assert len(pieces) == 2
    assert pieces[0][1] == 220.0
    assert pieces[1][0] == 230.0
    jump_s = float((pieces[1][2].at(time_s) - pieces[0][2].at(time_s))[23])
    assert jump_s == pytest.approx(step_ms * 1e-3, abs=5e-4)


def test_a_drift_that_changes_is_followed() -> None:
    time_s = 10.0 * np.arange(120)
    shift_s = np.where(time_s < 600, 2e-5 * time_s, 2e-5 * 600 + 6e-5 * (time_s - 600))
    shift_s = shift_s + np.random.default_rng(2).normal(0, 1e-4, 120)
    pieces = split_lines(time_s, shift_s, np.ones(120), max_drift=LIMIT)
    assert len(pieces) >= 2
    assert pieces[0][2].drift == pytest.approx(2e-5, abs=3e-6)
    assert pieces[-1][2].drift == pytest.approx(6e-5, abs=3e-6)
    for start_s, end_s, line in pieces:
        inside = (time_s >= start_s) & (time_s <= end_s)
        assert np.abs(shift_s - line.at(time_s))[inside].max() < 1e-3
