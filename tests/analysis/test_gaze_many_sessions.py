"""Figures and tables of thousands of sessions: the same numbers, without memory for each of millions of directions."""

import numpy as np
import pytest

from dashgaze.analysis.contract.finding import Estimate
from dashgaze.analysis.gaze import density_figures, gaze_density
from dashgaze.analysis.gaze.density_figures import joint_figure
from dashgaze.analysis.gaze.difference_map import difference_map
from dashgaze.analysis.gaze.forest import ForestRow, forest_figure


def directions(count=2000):
    found = np.random.default_rng(2).normal((3, -2), (9, 6), (count, 2))
    found[::17] = np.nan
    found[5] = (80, 0)
    return found


def test_directions_are_counted_some_at_a_time(monkeypatch):
    whole = gaze_density.gaze_density(directions())
    monkeypatch.setattr(gaze_density, "_ROWS_AT_ONCE", 77)
    parts = gaze_density.gaze_density(directions())
    assert np.array_equal(whole.per_deg2, parts.per_deg2)
    assert (whole.count, whole.outside) == (parts.count, parts.outside)
    assert whole.count == np.isfinite(directions()[:, 0]).sum()
    assert whole.outside >= 1


def test_no_directions_have_no_density():
    found = gaze_density.gaze_density(np.zeros((0, 2)))
    assert (found.count, found.outside, found.per_deg2.sum()) == (0, 0, 0)


def test_the_figure_of_two_angles_shows_what_numpy_counts(monkeypatch):
    monkeypatch.setattr(density_figures, "_PAIRS_AT_ONCE", 77)
    x, y = directions().T
    sheet = joint_figure(x, y, x_label="azimuth", y_label="elevation")
    middle, top, side = sheet.axes
    known = np.isfinite(x)
    edges = [
        np.append(
            [each.get_x() for each in top.patches],
            top.patches[-1].get_x() + top.patches[-1].get_width(),
        ),
        np.append(
            [each.get_y() for each in side.patches],
            side.patches[-1].get_y() + side.patches[-1].get_height(),
        ),
    ]
    assert [each.get_height() for each in top.patches] == np.histogram(x[known], edges[0])[
        0
    ].tolist()
    assert [each.get_width() for each in side.patches] == np.histogram(y[known], edges[1])[
        0
    ].tolist()
    shown = np.ma.filled(middle.collections[0].get_array(), 0).T
    assert np.array_equal(shown, np.histogram2d(x[known], y[known], edges)[0])


def test_thousands_of_rows_fit_on_a_sheet():
    rows = [
        ForestRow(
            label=f"s{number}", value=1 + number % 7, low=0.5, high=8.0 if number % 2 else None
        )
        for number in range(3000)
    ]
    mean = Estimate(value=4.0, unit="deg", method="mean", sessions=3000, drivers=3000)
    sheet = forest_figure(rows, [("mean", mean)], x_label="x (deg)")
    assert sheet.get_size_inches()[1] * 25.4 == pytest.approx(400 + 16 + 5)
    axes = sheet.axes[0]
    assert sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == "o") == 3000
    assert [len(each.get_segments()) for each in axes.collections] == [1500]
    assert len(axes.get_yticks()) == 41


@pytest.mark.parametrize("count", [3, 300])
def test_fewer_rows_have_room_for_each(count):
    sheet = forest_figure([ForestRow(label="s", value=1.0)] * count, [], x_label="x")
    pitch_mm = 3.6 if count == 3 else 1.2
    assert sheet.get_size_inches()[1] * 25.4 == pytest.approx(16 + pitch_mm * count)
    assert len(sheet.axes[0].lines) == count


def test_a_driver_is_drawn_with_all_sessions_whatever_their_order():
    rng = np.random.default_rng(1)
    maps = [(f"D{number % 5}", rng.uniform(size=(30, 18))) for number in range(20)]
    found = difference_map(maps[:10], maps[10:], repeats=50, seed=1)
    means = [np.mean([each for _, each in some], axis=0) for some in (maps[:10], maps[10:])]
    assert np.allclose(found.difference_per_deg2, means[1] - means[0])
    assert found.sessions == (10, 10)
