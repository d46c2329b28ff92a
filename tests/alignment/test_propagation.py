import numpy as np
import pytest

from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.observations import Observations
from dashgaze.alignment.propagation import Propagation, Witness
from dashgaze.alignment.rotation import rotation_matrix, rotation_vector
from dashgaze.alignment.sweep import RowResult
from dashgaze.alignment.turn_fit import TurnFit
from dashgaze.alignment.turn_path import GAP_LENGTHS, TurnErrors, TurnPath, steady_path

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]])
ROAD_FOCAL_PX = 1663.0
ROAD = np.array([[ROAD_FOCAL_PX, 0, 959.5], [0, ROAD_FOCAL_PX, 539.5], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(1920, 1080))
COUNT = 30
TIME_S = np.arange(COUNT) / 30
TURNS = 0.012 * np.sin(np.arange(COUNT)[:, None] / (5, 7, 9)) * (0.5, 1, 0.3)
GROWTH_RAD = 1e-4
GYRO_ERRORS = TurnErrors(
    closed_rad=1e-4 * np.array(GAP_LENGTHS),
    open_rad=3e-4 * np.array(GAP_LENGTHS),
    trials=np.full(7, 100),
)
# more than one could ever contradict
GUESS_ERRORS = TurnErrors(
    closed_rad=np.full(7, 0.2), open_rad=np.full(7, 0.2), trials=np.full(7, 100)
)


def true_maps() -> list[Mapping]:
    vector = np.array([0.04, -0.05, 0.02])
    orientation, maps = rotation_matrix(vector), []
    for turn in TURNS:
        orientation = orientation @ rotation_matrix(turn)
        matrix = ROAD @ orientation @ np.linalg.inv(EGO)
        maps.append(Mapping.from_matrix(matrix, 1e-10 * np.eye(8), FRAME))
    return maps


TRUTH = true_maps()
GYRO = TurnPath.from_turns(TURNS, TIME_S)


def carried(mapping: Mapping, inliers: int = 40) -> TurnFit:
    return TurnFit(
        mapping=mapping, inlier_count=inliers, inlier_probability=np.ones(3), sigma_px=1.0
    )


def propagation(
    anchors: list[int],
    *,
    paths: list[tuple[TurnPath, TurnErrors]] | None = None,
    forward: dict[int, Mapping] | None = None,
    backward: dict[int, Mapping] | None = None,
    direct: dict[int, Mapping] | None = None,
) -> Propagation:
    results = []
    for row in range(COUNT):
        result = RowResult(row=row)
        if row in anchors:
            result.direct, result.inlier_count = (direct or {}).get(row, TRUTH[row]), 99
        if forward and row in forward:
            result.carried["forward"] = carried(forward[row])
        if backward and row in backward:
            result.carried["backward"] = carried(backward[row], 50)
        results.append(result)
    return Propagation(
        Observations.collect(results),
        FRAME,
        anchor=np.isin(np.arange(COUNT), anchors),
        road_px_per_rad=ROAD_FOCAL_PX,
        growth_rad=GROWTH_RAD,
        paths=[(GYRO, GYRO_ERRORS)] if paths is None else paths,
    )


def off_px(witness: Witness | None, row: int) -> float:
    """Largest distance from the truth in the middle part of the road view."""
    assert witness is not None
    x, y = np.meshgrid([500, 960, 1400], [300, 540, 800])
    road = np.column_stack([x.ravel(), y.ravel(), np.ones(9)])
    ego = road @ np.linalg.inv(TRUTH[row].road_from_ego).T
    apart = witness.mapping.map_points(ego[:, :2] / ego[:, 2:]) - road[:, :2]
    return float(np.hypot(*apart.T).max())


def turn_off(witness: Witness | None, row: int) -> np.ndarray:
    """What the head is believed to have turned more than it did."""
    assert witness is not None
    between = np.linalg.solve(TRUTH[row].normal_map, witness.mapping.normal_map)
    return rotation_vector(between / np.cbrt(np.linalg.det(between)))


def test_a_perfect_gyroscope_fills_a_gap_from_both_ends() -> None:
    found = propagation([5, 25])
    for row in range(6, 25):
        witness = found.fill(row)
        assert off_px(witness, row) < 0.1
        assert witness.error_rad == pytest.approx(GYRO_ERRORS.closed(row - 5, 25 - row))
        assert witness.inlier_count == 0


def test_a_gyroscope_with_a_bias_is_held_at_both_ends() -> None:
    biased = TurnPath.from_turns(TURNS + np.array([5e-4, -5e-4, 2e-4]), TIME_S)
    found = propagation([5, 25], paths=[(biased, GYRO_ERRORS)])
    # open, it would be 20 · 0.7 mrad off, 23 px
    assert max(off_px(found.fill(row), row) for row in range(6, 25)) < 1.5


@pytest.mark.parametrize(
    ("anchors", "row", "steps"), [([5], 20, 15), ([25], 10, 15), ([5], 6, 1), ([3, 5], 15, 10)]
)
def test_from_one_end_only(anchors: list[int], row: int, steps: int) -> None:
    witness = propagation(anchors).fill(row)
    assert off_px(witness, row) < 0.01
    assert witness.error_rad == pytest.approx(GYRO_ERRORS.open(steps))


def test_a_missing_turn_leaves_one_end() -> None:
    turns = TURNS.copy()
    turns[20] = np.nan
    found = propagation([5, 25], paths=[(TurnPath.from_turns(turns, TIME_S), GYRO_ERRORS)])
    for row, steps in ((17, 12), (22, 3), (19, 14), (20, 5)):
        witness = found.fill(row)
        assert off_px(witness, row) < 0.01
        assert witness.error_rad == pytest.approx(GYRO_ERRORS.open(steps))


def test_where_the_gyroscope_is_silent_the_head_turns_evenly() -> None:
    silent = TurnPath.from_turns(np.full((COUNT, 3), np.nan), TIME_S)
    found = propagation([5, 25], paths=[(silent, GYRO_ERRORS), (steady_path(TIME_S), GUESS_ERRORS)])
    witness = found.fill(15)
    assert witness is not None
    assert witness.error_rad == pytest.approx(0.2)
    orientation = np.eye(3)
    for turn in TURNS[6:26]:
        orientation = orientation @ rotation_matrix(turn)
    half = TRUTH[5].turned(rotation_vector(orientation) / 2)
    assert witness.mapping.normal_map == pytest.approx(half.normal_map, abs=1e-6)


def test_nobody_knows() -> None:
    silent = TurnPath.from_turns(np.full((COUNT, 3), np.nan), TIME_S)
    assert propagation([]).fill(10) is None
    assert propagation([5, 25], paths=[(silent, GYRO_ERRORS)]).fill(15) is None
    assert propagation([5, 25], paths=[]).fill(15) is None


def test_ends_of_a_gap() -> None:
    found = propagation([5, 6, 25])
    assert found.ends(10) == (6, 25)
    assert found.ends(2) == (None, 5)
    assert found.ends(28) == (25, None)
    assert propagation([]).ends(3) == (None, None)


def test_the_form_of_both_ends_is_blended() -> None:
    # in the second anchor the scene was near, or matched in a corner: its map is stretched
    stretch = np.diag([1.02, 0.99, 1.0])
    last = Mapping(stretch @ TRUTH[25].normal_map, 9e-10 * np.eye(8), FRAME)
    found = propagation([5, 25], direct={25: last})
    for row, part in ((6, 0.05), (15, 0.5), (24, 0.95)):
        witness = found.fill(row)
        expected = np.diag([1 + 0.02 * part, 1 - 0.01 * part, 1.0]) @ TRUTH[row].normal_map
        assert witness is not None
        assert witness.mapping.normal_map == pytest.approx(expected, abs=1e-3)


def test_maps_carried_from_both_ends_are_averaged_by_nearness() -> None:
    # forward tracking drifts to the right, backward tracking to the left
    drift = np.array([0, 1e-3, 0])
    forward = {row: TRUTH[row].turned(drift) for row in range(6, 25)}
    backward = {row: TRUTH[row].turned(-drift) for row in range(6, 25)}
    found = propagation([5, 25], paths=[], forward=forward, backward=backward)
    for row in (6, 10, 15, 24):
        part = (row - 5) / 20
        witness = found.fill(row)
        assert turn_off(witness, row) == pytest.approx((1 - 2 * part) * drift, abs=2e-6)
        assert witness.inlier_count == 50
        # half of what the two are apart, in the middle
        assert witness.error_rad >= 2e-3 * np.sqrt(part * (1 - part)) * 0.999
    assert found.fill(15).error_rad == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_maps_carried_from_one_end_only(way: str) -> None:
    # nothing at the other end of the gap to hold it against
    off = np.array([0, 1e-3, 0])
    maps = {row: TRUTH[row].turned(off) for row in range(6, 25)}
    anchors = [5] if way == "forward" else [25]
    witness = propagation(anchors, paths=[], **{way: maps}).fill(12)
    assert turn_off(witness, 12) == pytest.approx(off, abs=1e-9)
    steps = 7 if way == "forward" else 13
    noise = 1.0 / ROAD_FOCAL_PX / np.sqrt(10)
    assert witness.error_rad == pytest.approx(np.hypot(noise, steps * GROWTH_RAD))
    # no anchor, no carried map
    assert propagation([], paths=[], **{way: maps}).fill(12) is None


def test_forward_tracking_that_reached_the_end_is_held_there() -> None:
    drift = np.array([2e-4, -1e-4, 0])
    forward = {row: TRUTH[row].turned((row - 5) * drift) for row in range(6, 26)}
    found = propagation([5, 25], paths=[], forward=forward)
    for row in (8, 15, 24):
        part = (row - 5) / 20
        witness = found.fill(row)
        assert np.abs(turn_off(witness, row)).max() < 2e-5
        assert witness.error_rad >= 0.999 * np.hypot(4e-3, 2e-3) * np.sqrt(part * (1 - part))
    # one that didn't get there is taken as it is
    del forward[25]
    lost = propagation([5, 25], paths=[], forward=forward).fill(15)
    assert turn_off(lost, 15) == pytest.approx(10 * drift, abs=1e-9)


def test_witnesses_that_agree_are_better_than_either() -> None:
    exact = {row: TRUTH[row] for row in range(6, 25)}
    both = propagation([5, 25], forward=exact, backward=exact).fill(15)
    tracked = propagation([5, 25], forward=exact, backward=exact, paths=[]).fill(15)
    turned = propagation([5, 25]).fill(15)
    for each in (both, tracked, turned):
        assert off_px(each, 15) < 0.1
    assert both.error_rad == pytest.approx((tracked.error_rad**-2 + turned.error_rad**-2) ** -0.5)
    assert both.inlier_count == 50


def test_witnesses_are_averaged_by_their_errors() -> None:
    off = np.array([0, 1.5e-3, 0])
    maps = {row: TRUTH[row].turned(off) for row in range(6, 25)}
    args = {"forward": maps, "backward": maps}
    tracked = propagation([5, 25], paths=[], **args).fill(15).error_rad
    turned = GYRO_ERRORS.closed(10, 10)
    both = propagation([5, 25], **args).fill(15)
    weight = tracked**-2 / (tracked**-2 + turned**-2)
    assert 0.1 < weight < 0.95
    assert turn_off(both, 15) == pytest.approx(weight * off, abs=1e-5)


def test_of_witnesses_that_contradict_each_other_the_error_is_the_contradiction() -> None:
    # tracking locked on the car's interior and says that the head stood still
    off = np.array([0.01, 0.03, 0])
    maps = {row: TRUTH[row].turned(off) for row in range(6, 25)}
    both = propagation([5, 25], forward=maps, backward=maps).fill(15)
    assert both.error_rad == pytest.approx(np.hypot(0.01, 0.03) / 2, rel=0.01)
    # and what it says is off by no more than two of that
    assert np.hypot(*turn_off(both, 15)[:2]) < 2 * both.error_rad
    # a guess contradicts nobody
    guess = [(steady_path(TIME_S), GUESS_ERRORS)]
    held = propagation([5, 25], forward=maps, backward=maps, paths=guess).fill(15)
    assert held.error_rad < 2e-3
    assert turn_off(held, 15) == pytest.approx(off, abs=1e-4)
