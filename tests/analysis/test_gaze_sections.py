"""Sections on spread and drivers: constructed studies, and effects that were planted in simulated ones."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.gaze.drivers import drivers
from dashgaze.analysis.gaze.options import GazeOptions
from dashgaze.analysis.gaze.spread import spread
from dashgaze.analysis.gaze.spread_cells import SPEED_GROUPS, spread_cells
from dashgaze.analysis.gaze.vanishing_point_bias import vanishing_point_bias
from dashgaze.analysis.study.condition_tracks import condition_tracks
from dashgaze.analysis.study.directions import study_directions
from dashgaze.analysis.study.traffic import Traffic
from dashgaze.collection.simulation.story.effects import Effects
from dashgaze.errors import InputError

_FPS = 10.0


def _study(sessions):
    return Study(title="t", version="1", digest="0", simulated=True, sessions=tuple(sessions))


def _made(made_study, place, *, spread_deg=4.0, stopped_ratio=2.0, slope_log=-0.2, **changes):
    """Ten minutes: two of standing, the rest from 5 to 20 m/s; spreads as they are asked for."""
    rng = np.random.default_rng(place)
    count = round(600 * _FPS)
    speed = np.concatenate([np.zeros(count // 5), np.linspace(5, 20, count - count // 5)])
    sd = spread_deg * np.where(speed < 1, stopped_ratio, np.exp(slope_log * speed / 10))
    azimuth = rng.normal(0, 1, count) * sd + rng.normal()
    x = 639.5 + 1000 * np.tan(np.radians(azimuth))
    given = {
        "session_id": f"session_{place:03d}",
        "driver_id": f"D{place:03d}",
        "fps": _FPS,
        "speed_m_s": speed,
        "gaze_road_px": np.column_stack([x, 359.5 + rng.normal(0, 40, count)]),
        "fixation_id": np.arange(count) // 3,
    }
    return made_study.plain_session(count, **(given | changes))


@pytest.fixture(scope="module")
def made(made_study):
    night = [{"lighting": "night", "spread_deg": 6.0}] * 6
    day = [{"lighting": "day"}] * 6
    return _study(
        _made(made_study, place, **given) for place, given in enumerate([*day, *night], start=1)
    )


@pytest.fixture(scope="module")
def made_section(made):
    return spread(made, study_directions(made).by_session, GazeOptions(repeats=49))


def _findings(section):
    return {each.key: each for each in section.findings}


def test_spreads_that_were_made_are_found(made_section):
    found = _findings(made_section)
    slope = found["spread.speed.slope"]
    assert slope.estimate.value == pytest.approx(np.exp(-0.2), abs=0.03)
    assert slope.estimate.sessions == 12
    per_10_km_h = found["spread.speed.slope_per_10_km_h"].estimate
    assert per_10_km_h.value == pytest.approx(slope.estimate.value ** (1 / 3.6), abs=0.003)
    # Standing gaze of 8° and more is cut at ± 35°, which takes little from it.
    assert found["spread.stopped"].estimate.value == pytest.approx(2 * np.exp(0.2 * 1.25), rel=0.06)
    assert found["spread.lighting.night_at_equal_speed"].estimate.value == pytest.approx(
        1.5, rel=0.04
    )
    assert found["spread.lighting.night"].estimate.low > 1.3
    assert all(each.naive_p is not None for key, each in found.items() if key == "spread.stopped")
    details = dict(slope.details)
    at_rest = details["gaze ahead, horizontal, extrapolated to 0 km/h by day (deg)"]
    assert at_rest.value == pytest.approx(4.0, rel=0.05)
    assert {"direct frames only", "BCEA 95 %", "transition entropy (share of the most)"} <= set(
        details
    )


def test_what_no_session_tells_is_not_said(made_section):
    found = _findings(made_section)
    assert "key presses" in found["spread.traffic"].cannot_say
    assert found["spread.lighting.twilight"].cannot_say
    assert found["spread.lighting.twilight"].estimate is None


def test_sections_are_plain_numbers_and_draw_their_figures(made_section, tmp_path):
    made_section.to_json()
    names = [plot.name for plot in made_section.plots]
    assert {"gaze_density", "gaze_by_speed", "night_less_day", "stopped_by_session"} <= set(names)
    for plot in made_section.plots:
        assert (
            "12 sessions" in plot.caption
            or "6 sessions" in plot.caption
            or "session_0" in plot.caption
        )
        plot.draw().savefig(tmp_path / "figure.png", dpi=40)


def test_traffic_that_was_given_is_compared(made):
    rng = np.random.default_rng(8)
    tracks = {}
    for session in made.sessions:
        level = np.repeat(rng.integers(0, 3, 20), len(session) // 20)
        given = Traffic(level=level, source="key presses")
        tracks[session.session_id] = condition_tracks(session, traffic=given)
    section = spread(
        made, study_directions(made).by_session, GazeOptions(repeats=49, tracks=tracks)
    )
    found = _findings(section)["spread.traffic"]
    assert found.estimate.sessions >= 10
    assert found.tests[0].p > 0.01


def test_glances_to_the_sides_are_no_wider_look_at_the_road(made_study):
    sessions = []
    for place in range(1, 7):
        session = _made(made_study, place, stopped_ratio=1.0, slope_log=0.0)
        rng = np.random.default_rng(100 + place)
        away = rng.random(len(session)) < np.where(session.speed_m_s < 1, 0.25, 0.02)
        aside = session.gaze_road_px.copy()
        aside[away, 0] += 1000 * np.tan(np.radians(55)) * rng.choice([-1, 1], away.sum())
        sessions.append(replace(session, gaze_road_px=aside))
    study = _study(sessions)
    found = _findings(spread(study, study_directions(study).by_session, GazeOptions(repeats=49)))
    stopped = found["spread.stopped"]
    assert stopped.estimate.low < 1 < stopped.estimate.high * 1.02
    assert dict(stopped.details)["all gaze, horizontal SD"].value > 1.5
    assert stopped.naive_p < 1e-6


def test_short_cells_are_left_out(made, made_study):
    directed = study_directions(made).by_session
    cells = spread_cells(made, directed, SPEED_GROUPS, (), GazeOptions(), full=False)
    assert all(cell.seconds >= 60 for cell in cells)
    assert len({cell.condition for cell in cells}) == 4
    short = _study([made_study.plain_session(900)])
    nothing = spread(short, study_directions(short).by_session)
    assert all(each.cannot_say for each in nothing.findings)
    assert nothing.tables == ()


def test_one_session_has_numbers_but_no_intervals(made):
    alone = _study(made.sessions[:1])
    found = _findings(spread(alone, study_directions(alone).by_session))
    assert found["spread.speed.slope"].estimate.descriptive_only
    assert found["spread.speed.slope"].tests == ()
    assert found["spread.lighting.night"].cannot_say


def test_a_study_without_any_directions_says_so(made):
    for section in (spread(made, {}), drivers(made, {}), vanishing_point_bias(made, {})):
        assert section.findings
        assert all(each.cannot_say for each in section.findings)
        assert section.plots == ()


def test_drivers_that_differ_have_the_variance(made_study):
    sessions = [
        _made(made_study, 10 * driver + again, driver_id=f"D{driver}", spread_deg=3.0 * 1.4**driver)
        for driver in range(1, 7)
        for again in (1, 2)
    ]
    study = _study(sessions)
    section = drivers(study, study_directions(study).by_session, GazeOptions(repeats=49))
    found = _findings(section)["drivers.log_spread_h"]
    # Parts stand or move, which is what differs within sessions.
    details = dict(found.details)
    assert details["between drivers"].value > 5 * details["between sessions of a driver"].value
    assert len(section.tables[0].rows) == 6
    for plot in section.plots:
        plot.draw()


def test_with_one_session_each_drivers_are_not_told_from_sessions(made):
    section = drivers(made, study_directions(made).by_session, GazeOptions(repeats=49))
    found = _findings(section)["drivers.log_spread_h"]
    assert found.estimate is None
    assert found.cannot_say
    assert "between sessions, of whatever driver" in dict(found.details)


def test_options_without_sense_are_refused():
    with pytest.raises(InputError, match="least_cell_s"):
        GazeOptions(least_cell_s=0)


@pytest.mark.slow
def test_planted_effects_are_found_again(study_of):
    usual = Effects()
    study = study_of(usual, 32, 5.0, 11)
    directed = study_directions(study).by_session
    found = _findings(spread(study, directed)) | _findings(vanishing_point_bias(study, directed))

    def holds(estimate, planted):
        return estimate.low <= planted <= estimate.high

    assert holds(found["vanishing_point.offset_right"].estimate, usual.shift_azimuth_deg)
    assert holds(found["vanishing_point.offset_up"].estimate, usual.shift_elevation_deg)
    assert holds(found["vanishing_point.following"].estimate, usual.follow)
    # The bearing of a point that is reached in T seconds is a mean of the turns till there.
    assert holds(found["vanishing_point.lead"].estimate, usual.lead_s / 3)
    slope = found["spread.speed.slope"]
    # Over frames; see the docstring of `Effects`.
    assert holds(slope.estimate, np.exp(-0.165))
    at_rest = dict(slope.details)["gaze ahead, horizontal, extrapolated to 0 km/h by day (deg)"]
    assert holds(at_rest, usual.spread_h_deg)
    assert holds(found["spread.lighting.night_at_equal_speed"].estimate, np.exp(usual.night_log))
    # Standing against driving at about 10 m/s, made smaller by gaze at other road users.
    stopped = found["spread.stopped"].estimate
    assert stopped.low > 1.4
    assert stopped.high < np.exp(usual.stopped_log - usual.speed_log * 1.1)
    assert found["spread.stopped"].naive_p < 1e-6


@pytest.mark.slow
def test_nothing_is_found_where_nothing_was_planted(study_of):
    study = study_of(Effects.none(keep_random=True), 32, 5.0, 12)
    directed = study_directions(study).by_session
    found = _findings(spread(study, directed)) | _findings(vanishing_point_bias(study, directed))
    # Gaze is about the vanishing point in this world too: that it is nearer to it is no false finding.
    keys = [
        "vanishing_point.offset_right",
        "vanishing_point.offset_up",
        "vanishing_point.following",
        *(key for key, each in found.items() if key.startswith("spread.") and each.tests),
    ]
    p = {key: found[key].tests[0].p for key in keys}
    assert len(p) >= 8
    assert min(p.values()) > 0.01, p
    assert found["vanishing_point.lead"].cannot_say
    naive = [found[key].naive_p for key in keys if found[key].naive_p is not None]
    assert min(naive) < 1e-4
