import numpy as np
import pytest

from dashgaze.analysis.contract.direction import GazeDirections
from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.saliency import DensityMapOptions, density_maps
from dashgaze.analysis.saliency.condition_density import (
    DIFFERENCE_GRID,
    MAP_GRID,
    SessionDensity,
    density_deg,
)
from dashgaze.analysis.saliency.density_difference import density_difference
from dashgaze.errors import InputError

QUICK = DensityMapOptions(least_cell_s=10.0, repeats=199)


def cloud(seed: int, middle=(0.0, 0.0), count: int = 600) -> np.ndarray:
    return np.random.default_rng(seed).normal(middle, (4.0, 3.0), (count, 2))


def session_densities(count: int, shift_deg: float, seed: int, driver: str = "d") -> list:
    """Sessions of drivers whose middle differs by 1°, under a condition that moves gaze."""
    middles = np.random.default_rng(seed).normal(0, 1.0, (count, 2))
    return [
        SessionDensity(
            session_id=f"{driver}{seed}-{place}",
            driver_id=f"{driver}{seed}-{place}",
            mass=density_deg(cloud(place, middle + np.array([shift_deg, 0.0])), DIFFERENCE_GRID),
            minutes=5.0,
        )
        for place, middle in enumerate(middles)
    ]


def test_density_peaks_where_gaze_is_and_sums_to_one() -> None:
    mass = density_deg(np.array([[10.3, 5.2]]), MAP_GRID)
    assert mass.sum() == pytest.approx(1)
    row, column = np.unravel_index(int(mass.argmax()), (36, 64))
    assert MAP_GRID.x[column] * 32 == pytest.approx(10.5)
    assert -MAP_GRID.y[row] * 18 == pytest.approx(5.5)


def test_gaze_outside_of_the_area_has_no_density() -> None:
    assert density_deg(np.array([[40.0, 0.0], [np.nan, 1.0]]), MAP_GRID) is None


def test_a_planted_shift_is_found_on_both_sides() -> None:
    found = density_difference(
        session_densities(12, 0.0, 1), session_densities(12, 6.0, 2), repeats=199
    )
    assert found.p <= 0.01
    certain = found.certain.reshape(18, 32)
    mass = found.mass.reshape(18, 32)
    assert (mass[:, 18:][certain[:, 18:]] > 0).all()
    assert (mass[:, :15][certain[:, :15]] < 0).all()
    assert certain[:, 18:].any()
    assert certain[:, :15].any()
    assert 0.3 < found.moved < 0.9


def test_without_a_difference_cells_are_rarely_marked() -> None:
    marked = 0
    for seed in range(20):
        found = density_difference(
            session_densities(8, 0.0, 100 + seed),
            session_densities(8, 0.0, 200 + seed),
            repeats=199,
        )
        marked += bool(found.certain.any())
    # 5 % of 20 is 1; more than 4 would happen once in 400 such tests.
    assert marked <= 4


def test_the_same_sessions_under_both_conditions_are_drawn_together() -> None:
    first = session_densities(8, 0.0, 3)
    second = [
        SessionDensity(
            session_id=each.session_id,
            driver_id=each.driver_id,
            mass=np.roll(each.mass.reshape(18, 32), 1, axis=1).ravel(),
            minutes=5.0,
        )
        for each in first
    ]
    paired = density_difference(first, second, repeats=199)
    assert paired.sessions == paired.drivers == 8
    apart = [
        SessionDensity(
            session_id=f"x{each.session_id}",
            driver_id=f"x{each.driver_id}",
            mass=each.mass,
            minutes=5,
        )
        for each in second
    ]
    assert paired.certain.sum() > density_difference(first, apart, repeats=199).certain.sum()


def test_few_sessions_or_drivers_are_not_told_for_certain() -> None:
    found = density_difference(session_densities(4, 0, 1), session_densities(9, 6, 2), repeats=99)
    assert found.certain is None
    assert found.p is None
    one_driver = [
        SessionDensity(session_id=each.session_id, driver_id="d", mass=each.mass, minutes=5)
        for each in session_densities(9, 6, 2)
    ]
    assert density_difference(one_driver, session_densities(9, 0, 1), repeats=99).certain is None


def made_study_of_light(made_study) -> tuple[Study, dict[str, GazeDirections]]:
    sessions, directions = [], {}
    for place in range(12):
        night = place % 2 == 1
        name = f"s{place:02d}"
        session = made_study.plain_session(
            900,
            session_id=name,
            driver_id=f"d{place:02d}",
            lighting="night" if night else "day",
            speed_m_s=np.repeat([8.0, 20.0], 450),
        )
        away = cloud(place, (6.0, 0.0) if night else (0.0, 0.0), 900)
        sessions.append(session)
        directions[name] = GazeDirections(
            camera_deg=away,
            vanishing_point_deg=np.full((900, 2), np.nan),
            reference_deg=np.zeros(2),
            reference_kind="modal_gaze",
            from_reference_deg=away,
            noise_sd_deg=np.full(2, np.nan),
            focal_px=1000.0,
            focal_is_assumed=False,
        )
    study = Study(title="t", version="1.0.0", digest="0", simulated=True, sessions=tuple(sessions))
    return study, directions


def test_the_section_maps_conditions_and_finds_the_planted_one(made_study, tmp_path) -> None:
    study, directions = made_study_of_light(made_study)
    section = density_maps(study, directions, QUICK)
    found = {each.key: each for each in section.findings}
    light = found["density_maps.light_night_against_day"]
    assert light.tests[0].p <= 0.01
    assert light.estimate.sessions == 12
    assert dict(light.details)["cells that differ for certain"].value > 0
    speed = found["density_maps.speed_over_60_against_20_40"]
    assert speed.estimate.sessions == 12
    assert speed.tests[0].p > 0.01
    assert "rain" in found["density_maps.weather_rain_against_clear"].cannot_say
    names = [plot.name for plot in section.plots]
    assert names == [
        "gaze_maps_light",
        "gaze_maps_weather",
        "gaze_maps_speed",
        "gaze_map_difference_light",
        "gaze_map_difference_speed",
    ]
    assert "day: 6 sessions, 6 drivers" in section.plots[0].caption
    for plot in section.plots:
        sheet = plot.draw()
        assert sheet.get_size_inches()[0] * 25.4 in (pytest.approx(85), pytest.approx(180))
        sheet.savefig(tmp_path / f"{plot.name}.png", dpi=50)
    section.to_json()


def test_sessions_without_directions_are_left_out(made_study) -> None:
    study, _ = made_study_of_light(made_study)
    section = density_maps(study, {}, QUICK)
    assert all(each.cannot_say for each in section.findings)
    assert not section.plots


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="least_cell_s"):
        DensityMapOptions(least_cell_s=0)
