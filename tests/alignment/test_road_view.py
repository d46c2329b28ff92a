import numpy as np
import pytest

from dashgaze.alignment.features import Features
from dashgaze.alignment.road_view import UNMOVED_NOISE, RoadView, features_at


def noise_of(count: int) -> np.ndarray:
    return 1.5 ** (np.arange(count) % 4)


def view(
    index: int, time_s: float, points: np.ndarray, words: np.ndarray, reduction: float = 2.0
) -> RoadView:
    return RoadView(
        index=index,
        time_s=time_s,
        picture=np.zeros((10, 10), dtype=np.uint8),
        reduction=reduction,
        features=Features(points_px=points, descriptors=words, noise_scale=noise_of(len(points))),
    )


def scene(count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    points = rng.uniform((0, 0), (1919, 1079), (count, 2))
    return points, rng.integers(0, 2**64, (count, 4), dtype=np.uint64)


@pytest.mark.parametrize("part", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("later", [True, False])
def test_features_are_moved_along_their_way(part: float, later: bool) -> None:
    points, words = scene()
    motion = (points - (960, 540)) * 0.03  # a zoom, up to 33 px in the corners
    order = np.random.default_rng(1).permutation(len(points))
    here = view(7, 100.0, points, words)
    step = 1 / 30 if later else -1 / 30
    there = view(8, 100.0 + step, (points + motion)[order], words[order])
    found = features_at(here, there, 100.0 + part * step)
    assert found.points_px == pytest.approx(points + part * motion, abs=1e-6)
    # whether the neighbour is the next or the last one
    assert found.velocity_px_s == pytest.approx(motion / step, abs=1e-6)
    assert found.noise_scale.tolist() == noise_of(50).tolist()
    # the view itself keeps its places
    assert here.features.points_px.tolist() == points.tolist()


def test_what_the_neighbour_doesn_t_show_stays_and_is_less_exact() -> None:
    points, words = scene()
    there = view(8, 100.04, points[:20] + 10.0, words[:20])
    found = features_at(view(7, 100.0, points, words), there, 100.02)
    assert found.points_px[:20] == pytest.approx(points[:20] + 5)
    assert found.velocity_px_s[:20] == pytest.approx(np.full((20, 2), 250.0))
    assert np.isnan(found.velocity_px_s[20:]).all()
    assert found.points_px[20:].tolist() == points[20:].tolist()
    assert found.noise_scale[:20].tolist() == noise_of(50)[:20].tolist()
    assert UNMOVED_NOISE > 1
    assert found.noise_scale[20:] == pytest.approx(UNMOVED_NOISE * noise_of(50)[20:])


@pytest.mark.parametrize(("reduction", "moves"), [(2.0, True), (1.5, False)])
def test_what_moved_too_far_stays(reduction: float, moves: bool) -> None:
    # 70 px of the full picture are 35 px of one reduced by 2, and 47 px of one by 1.5
    points, words = scene(1)
    here = view(7, 100.0, points, words, reduction)
    there = view(8, 100.04, points + np.array([70, 0]), words, reduction)
    found = features_at(here, there, 100.02)
    assert found.points_px == pytest.approx(points + ((35, 0) if moves else (0, 0)))
    assert found.noise_scale.tolist() == [1.0 if moves else UNMOVED_NOISE]


def test_without_a_neighbour_all_stay() -> None:
    points, words = scene()
    here = view(7, 100.0, points, words)
    found = features_at(here, None, 100.02)
    assert found.points_px.tolist() == points.tolist()
    # nothing is known to be moved wrongly, and nothing to be moved better
    assert found.noise_scale.tolist() == noise_of(50).tolist()
    assert np.isnan(found.velocity_px_s).all()


@pytest.mark.parametrize(
    "time_s",
    [
        100.0,  # the road frame's own time
        99.99,  # on the other side than the neighbour
        100.05,  # beyond the neighbour
    ],
)
def test_at_times_that_the_neighbour_says_nothing_of_all_stay(time_s: float) -> None:
    points, words = scene()
    there = view(8, 100.04, points + 10.0, words)
    found = features_at(view(7, 100.0, points, words), there, time_s)
    assert found.points_px.tolist() == points.tolist()
    assert found.noise_scale.tolist() == noise_of(50).tolist()
    assert np.isnan(found.velocity_px_s).all()


def test_a_neighbour_of_the_same_time() -> None:
    points, words = scene()
    there = view(8, 100.0, points + 10.0, words)
    found = features_at(view(7, 100.0, points, words), there, 100.01)
    assert found.points_px.tolist() == points.tolist()
    assert found.noise_scale.tolist() == noise_of(50).tolist()
    assert np.isnan(found.velocity_px_s).all()


def test_no_features() -> None:
    points, words = scene()
    nothing = view(7, 100.0, np.zeros((0, 2)), np.zeros((0, 4), dtype=np.uint64))
    there = view(8, 100.04, points, words)
    assert features_at(nothing, there, 100.02).points_px.shape == (0, 2)
    empty = view(8, 100.04, np.zeros((0, 2)), np.zeros((0, 4), dtype=np.uint64))
    here = view(7, 100.0, points, words)
    assert features_at(here, empty, 100.02).points_px.tolist() == points.tolist()
