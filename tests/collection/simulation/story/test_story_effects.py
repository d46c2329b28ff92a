"""What is planted in hundreds of drives is found again, and nothing else is."""

from dataclasses import dataclass

import numpy as np
import pytest

from dashgaze.collection.simulation.story import Conditions, Driver, Effects
from dashgaze.collection.simulation.story.glances import PEDESTRIAN, ROAD, VEHICLE
from dashgaze.collection.simulation.story.label_drive import plan_labels
from dashgaze.collection.simulation.story.population import PlannedSession, draw_population

SESSIONS, DRIVERS, SECONDS = 220, 130, 600.0
LOG_OF_HALF_NORMAL = -0.6352
"""Mean of log |n| of a standard normal n: (−γ − log 2) / 2."""


@dataclass
class Study:
    """Road fixations of moving cars, by session."""

    planned: tuple[PlannedSession, ...]
    session: np.ndarray
    speed: np.ndarray
    azimuth: np.ndarray
    elevation: np.ndarray
    bearing: np.ndarray
    object_share: np.ndarray
    log_duration: np.ndarray
    standing_log: np.ndarray

    def by_session(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.session, values) / np.bincount(self.session)

    def slope_within(self, values: np.ndarray, factor: np.ndarray) -> tuple[float, float]:
        """Slope within sessions, and its standard error over sessions."""
        y = values - self.by_session(values)[self.session]
        x = factor - self.by_session(factor)[self.session]
        count = len(self.planned)
        products, squares = (np.bincount(self.session, v, count) for v in (x * y, x * x))
        slope = products.sum() / squares.sum()
        wrong = products - slope * squares
        return slope, float(np.sqrt((wrong**2).sum()) / squares.sum())

    def log_spread(self, follow: float) -> np.ndarray:
        """Log of the size of each fixation's deviation, corrected to be log SD_h in the mean."""
        straight = self.azimuth - follow * self.bearing
        away = np.abs(straight - self.by_session(straight)[self.session])
        return np.log(away + 1e-9) - LOG_OF_HALF_NORMAL

    def where(self, **conditions: str) -> np.ndarray:
        return np.array(
            [
                all(getattr(each.conditions, name) == value for name, value in conditions.items())
                for each in self.planned
            ]
        )


def make_study(effects: Effects, seed: int, sessions: int = SESSIONS) -> Study:
    planned = draw_population(sessions, round(sessions * DRIVERS / SESSIONS), seed)
    parts, shares, durations, standing = [], [], [], []
    for number, each in enumerate(planned):
        ride, plan = plan_labels(each.seed, each.conditions, SECONDS, effects)
        speed = ride.speed_m_s(plan.middle_s)
        road = plan.kind == ROAD
        moving = road & (speed > 0.5)
        columns = (speed, plan.azimuth_deg, plan.elevation_deg, plan.bearing_deg)
        parts.append(
            np.column_stack(
                [np.full(moving.sum(), number), *(column[moving] for column in columns)]
            )
        )
        shares.append(np.isin(plan.kind, (VEHICLE, PEDESTRIAN)).mean())
        durations.append(np.log(np.diff(plan.start_s)[road]).mean())
        still = plan.azimuth_deg[road & (speed <= 0.5)]
        standing.append(np.log(still.std()) if len(still) > 40 else np.nan)
    session, speed, azimuth, elevation, bearing = np.concatenate(parts).T
    return Study(
        planned=planned,
        session=session.astype(int),
        speed=speed,
        azimuth=azimuth,
        elevation=elevation,
        bearing=bearing,
        object_share=np.array(shares),
        log_duration=np.array(durations),
        standing_log=np.array(standing),
    )


@pytest.fixture(scope="module")
def effects() -> Effects:
    return Effects()


@pytest.fixture(scope="module")
def study(effects) -> Study:
    return make_study(effects, seed=3)


@pytest.fixture(scope="module")
def null() -> Study:
    return make_study(Effects.none(keep_random=True), seed=5, sessions=120)


def difference(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    one, two = values[first], values[second]
    error = np.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))
    return one.mean() - two.mean(), float(error)


def test_spread_falls_with_speed(study, effects):
    slope, error = study.slope_within(study.log_spread(effects.follow), study.speed / 10)
    assert error < 0.02
    assert slope == pytest.approx(effects.speed_log, abs=3 * error)


def test_spread_is_as_planted_at_speed_zero(study, effects):
    day = study.where(lighting="day")
    level = study.by_session(
        study.log_spread(effects.follow) - effects.speed_log * study.speed / 10
    )
    personal = [
        effects.driver_log_spread_sd * e.conditions.driver.log_spread for e in study.planned
    ]
    level = (level - personal)[day]
    assert level.mean() == pytest.approx(np.log(effects.spread_h_deg), abs=0.05)
    # what is left between sessions is the session effect, and a little that is not known of each
    assert level.std() == pytest.approx(effects.session_log_spread_sd, abs=0.05)


def test_standing_drivers_look_far_around(study, effects):
    known = np.isfinite(study.standing_log)
    moving = study.by_session(
        study.log_spread(effects.follow) - effects.speed_log * study.speed / 10
    )
    more = (study.standing_log - moving)[known]
    assert known.sum() > 100
    # the cut at 40° costs the widest ones a little
    assert more.mean() == pytest.approx(effects.stopped_log, abs=0.07)


def test_spread_is_wider_at_night(study, effects):
    level = study.by_session(
        study.log_spread(effects.follow) - effects.speed_log * study.speed / 10
    )
    found, error = difference(level, study.where(lighting="night"), study.where(lighting="day"))
    assert error < 0.06
    assert found == pytest.approx(effects.night_log, abs=2.5 * error)


def test_gaze_is_shifted_from_the_vanishing_point(study, effects):
    azimuth = study.by_session(study.azimuth - effects.follow * study.bearing)
    elevation = study.by_session(study.elevation)
    for values, planted, room in (
        (azimuth, effects.shift_azimuth_deg, 0.0),
        (elevation, effects.shift_elevation_deg, 0.2),  # points that would be passed are raised
    ):
        error = values.std() / np.sqrt(DRIVERS)
        assert values.mean() == pytest.approx(planted, abs=3 * error + room)
    assert azimuth.std() == pytest.approx(effects.driver_offset_sd_deg, abs=0.15)


def test_gaze_follows_bends(study, effects):
    slope, error = study.slope_within(study.azimuth, study.bearing)
    assert error < 0.03
    assert slope == pytest.approx(effects.follow, abs=3 * error)


@pytest.mark.parametrize("traffic", ["light", "medium", "heavy"])
def test_the_share_of_objects_grows_with_traffic(study, effects, traffic):
    shares = study.object_share[study.where(traffic=traffic)]
    planted = effects.object_share(traffic)
    error = shares.std() / np.sqrt(len(shares))
    # a logit-normal mean is a little above its median
    assert shares.mean() == pytest.approx(planted, abs=3 * error + 0.02 * planted)


def test_drivers_differ_as_much_as_planted(study, effects):
    scores = np.array([each.conditions.driver.log_duration for each in study.planned])
    slope = np.polyfit(scores, study.log_duration, 1)[0]
    # saccades and the shortest and longest allowed duration take off a part
    assert 0.75 < slope / effects.driver_log_duration_sd < 1.05


def test_without_effects_nothing_is_found(null):
    slope, error = null.slope_within(null.log_spread(0.0), null.speed / 10)
    assert slope == pytest.approx(0, abs=3 * error)
    slope, error = null.slope_within(null.azimuth, null.bearing)
    assert slope == pytest.approx(0, abs=3 * error)
    level = null.by_session(null.log_spread(0.0))
    found, error = difference(level, null.where(lighting="night"), null.where(lighting="day"))
    assert found == pytest.approx(0, abs=3 * error)
    found, error = difference(
        null.object_share, null.where(traffic="heavy"), null.where(traffic="light")
    )
    assert found == pytest.approx(0, abs=3 * error)
    azimuth = null.by_session(null.azimuth)
    assert azimuth.mean() == pytest.approx(0, abs=3 * azimuth.std() / np.sqrt(60))


def test_camera_position_has_no_effect(study, effects):
    level = study.by_session(
        study.log_spread(effects.follow) - effects.speed_log * study.speed / 10
    )
    found, error = difference(
        level,
        study.where(camera_position="windscreen_corner"),
        study.where(camera_position="under_mirror"),
    )
    assert found == pytest.approx(0, abs=3 * error)


def test_the_same_drive_has_the_same_fixations_wherever_the_phone_is():
    plans = [
        plan_labels(4, Conditions(camera_position=position), 60.0, Effects())[1]
        for position in ("under_mirror", "windscreen_corner")
    ]
    np.testing.assert_array_equal(plans[0].azimuth_deg, plans[1].azimuth_deg)


def test_a_drivers_scores_count_as_much_as_the_effects_say():
    plain, wide = (
        plan_labels(6, Conditions(driver=Driver(log_spread=score)), 60.0, Effects())[1]
        for score in (0.0, 2.0)
    )
    np.testing.assert_allclose(wide.spread_h_deg / plain.spread_h_deg, np.exp(2 * 0.20))
