import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgaze.alignment.map_turn import middle_rays, turn_between_maps
from dashgaze.alignment.rotation import rotation_matrix

HEIGHT_PART = 9 / 16
FOCAL = np.diag([0.87, 0.87, 1.0])  # a road camera 60° wide, in widths of its picture


def far_map(vector: object = (0.05, -0.1, 0.02)) -> np.ndarray:
    matrix = FOCAL @ rotation_matrix(np.array(vector, dtype=float))
    return matrix / matrix[2, 2]


@given(
    start=st.tuples(*[st.floats(-0.3, 0.3)] * 3),
    turn=st.tuples(*[st.floats(-0.5, 0.5)] * 3),
)
@settings(deadline=None)  # the first call compiles
def test_exact_for_mere_turns(start: tuple, turn: tuple) -> None:
    earlier = far_map(start)
    later = earlier @ rotation_matrix(np.array(turn))
    for scale in (1.0, 1 / later[2, 2]):
        found = turn_between_maps(earlier, scale * later, HEIGHT_PART)
        assert found == pytest.approx(np.array(turn), abs=1e-9)


def test_no_turn() -> None:
    assert turn_between_maps(far_map(), far_map(), HEIGHT_PART) == pytest.approx(0, abs=1e-12)


def test_a_map_that_is_stretched_turns_all_the_same() -> None:
    # what lenses and near things do to a map is the same before and after
    stretch = np.array([[1.03, 0.02, 0.004], [0.01, 0.98, -0.003], [0.03, -0.02, 1.0]])
    earlier = stretch @ far_map()
    turn = np.array([0.02, -0.15, 0.03])
    found = turn_between_maps(earlier, earlier @ rotation_matrix(turn), HEIGHT_PART)
    assert found == pytest.approx(turn, abs=1e-9)


def test_forth_and_back_is_nothing() -> None:
    one, other = far_map(), far_map((0.1, 0.2, -0.05))
    there = turn_between_maps(one, other, HEIGHT_PART)
    back = turn_between_maps(other, one, HEIGHT_PART)
    assert there == pytest.approx(-back, abs=1e-9)


def test_what_maps_say_elsewhere_has_no_weight() -> None:
    # A map whose perspective is wrong, but that was matched in the middle of the road view: there it
    # is right to a thousandth of a width, at the ego view's edge it is far off.
    earlier, turn = far_map(), np.array([0.01, 0.06, -0.02])
    later = earlier @ rotation_matrix(turn)
    rays = middle_rays(later, HEIGHT_PART)
    middle = np.linalg.solve(later, [0, 0, 1])
    for tilt in ([0.03, 0.0], [0.0, -0.04], [0.025, 0.025]):
        # the identity in the middle of the picture to first order, and off with the distance squared
        wrong = np.array([[1, 0, 0], [0, 1, 0], [*tilt, 1.0]]) @ later
        image, truth = rays @ wrong.T, rays @ later.T
        apart = image[:, :2] / image[:, 2:] - truth[:, :2] / truth[:, 2:]
        found = turn_between_maps(earlier, wrong, HEIGHT_PART)
        moved = earlier @ rotation_matrix(found) @ middle
        in_the_middle = moved[:2] / moved[2]
        # not more than the map itself errs in the middle part
        assert np.hypot(*in_the_middle) < np.hypot(*apart.T).mean()
        # comparing the elements of the maps, perspective and all, is several times worse
        left, _, right = np.linalg.svd(np.linalg.solve(earlier, wrong))
        naive = earlier @ left @ right @ middle
        assert np.hypot(*in_the_middle) < np.hypot(*(naive[:2] / naive[2])) / 3


def test_the_turn_found_is_the_best_one() -> None:
    rng = np.random.default_rng(0)
    earlier = far_map()
    later = earlier @ rotation_matrix(np.array([0.02, -0.05, 0.01]))
    later = later * (1 + rng.normal(0, 0.01, (3, 3)))
    rays = middle_rays(later, HEIGHT_PART)
    goal = rays @ later.T

    def miss(turn: np.ndarray) -> float:
        image = rays @ (earlier @ turn).T
        return float(((image[:, :2] / image[:, 2:] - goal[:, :2] / goal[:, 2:]) ** 2).sum())

    best = rotation_matrix(turn_between_maps(earlier, later, HEIGHT_PART))
    for axis in np.vstack([np.eye(3), -np.eye(3)]):
        assert miss(best @ rotation_matrix(2e-4 * axis)) > miss(best)


def test_middle_rays_lead_to_the_middle_part() -> None:
    normal_map = far_map((0.2, -0.4, 0.1))
    rays = middle_rays(normal_map, HEIGHT_PART)
    assert np.linalg.norm(rays, axis=1) == pytest.approx(1)
    image = rays @ normal_map.T
    assert (image[:, 2] > 0).all()  # in front of the road camera
    points = image[:, :2] / image[:, 2:]
    assert points.max(axis=0) == pytest.approx([0.35, 0.35 * HEIGHT_PART])
    assert points.min(axis=0) == pytest.approx([-0.35, -0.35 * HEIGHT_PART])
