import math
import time

import numpy as np
import pytest

from dashgaze.densities.density import score_density
from dashgaze.densities.grid import (
    Grid,
    array_source,
    constant_source,
    gaussian_mass,
    gaussian_source,
)
from dashgaze.densities.training_density import TrainingDensity, training_density
from dashgaze.densities.truth_maps import truth_maps
from dashgaze.errors import InputError

GRID = Grid(columns=2, rows=2)
SIZE = np.array([[20.0, 20.0]])
EVEN = TrainingDensity(mass=np.full(4, 0.25), grid=GRID, sessions=("train",))
MASS = np.array([[0.1, 0.2, 0.3, 0.4]])


def points_in(cells: list[int]) -> np.ndarray:
    """Give points in the middle of cells of `GRID` on `SIZE`."""
    return np.array([[4.5 + 10 * (cell % 2), 4.5 + 10 * (cell // 2)] for cell in cells])


def test_points_belong_to_cells_up_to_the_picture_s_edges() -> None:
    grid = Grid(columns=4, rows=2)
    points = np.array([[-1.0, -1.0], [0.99, 0.99], [1.0, 0.0], [-0.26, 0.1], [math.nan, 0.0]])
    assert grid.cell_of(points).tolist() == [0, 7, -1, 5, -1]


def test_scores_of_four_cells_are_those_computed_by_hand() -> None:
    found = score_density(
        array_source(MASS), points_in([2]), SIZE, np.array(["a"]), EVEN, blur_share=None
    )
    sd = math.sqrt((0.15**2 + 0.05**2 + 0.05**2 + 0.15**2) / 4)
    assert found.nss[0] == pytest.approx(0.05 / sd)
    assert found.information_gain_bits[0] == pytest.approx(math.log2(0.3 / 0.25))
    assert found.auc_judd[0] == pytest.approx(2 / 3)
    assert math.isnan(found.shuffled_auc[0])
    assert math.isnan(found.cc[0])


def test_shuffled_auc_takes_the_gaze_of_other_sessions_each_session_alike() -> None:
    session = np.array(["a", "b", "b", "c", "c", "c"])
    truth = points_in([2, 3, 0, 2, 2, 1])
    found = score_density(
        constant_source(MASS[0]), truth, np.repeat(SIZE, 6, 0), session, EVEN, blur_share=None
    )
    # a looks at 0.3. Of b half is at 0.4, half at 0.1; of c two thirds at 0.3 (ties), one at 0.2.
    assert found.shuffled_auc[0] == pytest.approx((0.5 + (1 / 3 + 0.5 * 2 / 3)) / 2)


def test_an_even_density_knows_nothing() -> None:
    grid = Grid()
    random = np.random.default_rng(0)
    truth = random.normal([960, 500], [150, 60], (300, 2))
    size = np.tile([1920.0, 1080.0], (300, 1))
    session = np.repeat(["a", "b", "c"], 100)
    training = training_density(truth, size, np.full(300, "train"), grid)
    even = constant_source(np.full(grid.cells, 1 / grid.cells, dtype=np.float32))
    summary = score_density(even, truth, size, session, training).summary
    assert summary.nss == 0.0
    assert summary.auc_judd == 0.5
    assert summary.shuffled_auc == pytest.approx(0.5, abs=1e-6)
    assert summary.information_gain_bits < -2
    assert math.isnan(summary.cc)
    assert summary.coverage == 1.0


def test_the_training_density_gains_nothing_over_itself() -> None:
    random = np.random.default_rng(1)
    truth = random.normal([960, 500], [150, 60], (200, 2))
    size = np.tile([1920.0, 1080.0], (200, 1))
    training = training_density(truth, size, np.full(200, "train"))
    found = score_density(
        constant_source(training.mass), truth, size, np.full(200, "a"), training, blur_share=None
    )
    assert found.information_gain_bits == pytest.approx(np.zeros(200), abs=1e-9)
    assert found.summary.auc_judd > 0.9


def test_a_gaussian_sums_to_one_and_lies_where_it_should() -> None:
    grid = Grid()
    mean = np.array([[0.2, -0.1], [0.2, -0.1], [3.0, 0.0]])
    cov = np.array([[0.04, 0.01, 0.02], [1e-8, 0.0, 1e-8], [0.04, 0.0, 0.04]])
    mass = gaussian_mass(mean, cov, grid)
    assert mass.sum(axis=1) == pytest.approx([1, 1, 1])
    x, y = np.meshgrid(grid.x, grid.y)
    assert mass[0] @ x.ravel() == pytest.approx(0.2, abs=1e-3)
    assert mass[0] @ y.ravel() == pytest.approx(-0.1, abs=1e-3)
    covered = mass[0] @ ((x - 0.2) * (y + 0.1)).ravel()
    assert covered == pytest.approx(0.01, abs=2e-4)
    assert mass[1].argmax() == grid.cell_of(mean[1:2])[0]
    assert mass[2].reshape(54, 96)[:, -1].sum() > 0.15


def test_a_covariance_that_is_none_gives_no_density() -> None:
    mean = np.zeros((3, 2))
    cov = np.array([[1.0, 2.0, 1.0], [math.nan, 0.0, 1.0], [0.1, 0.0, 0.1]])
    mass = gaussian_mass(mean, cov, GRID)
    assert np.isnan(mass).all(axis=1).tolist() == [True, True, False]


def test_frames_without_density_truth_or_cell_are_counted() -> None:
    truth = np.array([[4.5, 4.5], [14.5, 4.5], [50.0, 4.5], [math.nan, math.nan]])
    answers = np.array([[4.5, 4.5], [math.nan, math.nan], [4.5, 4.5], [4.5, 4.5]])
    cov = np.tile([4.0, 0.0, 4.0], (4, 1))
    size = np.repeat(SIZE, 4, 0)
    summary = score_density(
        gaussian_source(answers, cov, size, GRID), truth, size, np.full(4, "a"), EVEN
    ).summary
    assert (summary.frames, summary.answered) == (2, 1)
    assert (summary.outside, summary.without_truth) == (1, 1)
    assert summary.coverage == 0.5


def test_a_density_of_scored_sessions_is_refused() -> None:
    with pytest.raises(InputError, match="training split only"):
        score_density(array_source(MASS), points_in([2]), SIZE, np.array(["train"]), EVEN)


def test_map_scores_are_those_computed_by_hand() -> None:
    """The truth is blurred so much that its map is known: exp(−½ d²/σ²) along each axis."""
    share = 0.5
    near, far = 1.0, math.exp(-0.5 * (1.0 / (2 * share)) ** 2)
    line = np.array([near, far]) / (near + far)
    truth = np.outer(line, line).ravel()
    found = score_density(
        array_source(MASS), points_in([0]), SIZE, np.array(["a"]), EVEN, blur_share=share
    )
    assert found.cc[0] == pytest.approx(np.corrcoef(truth, MASS[0])[0, 1], abs=1e-5)
    assert found.kl_nats[0] == pytest.approx((truth * np.log(truth / MASS[0])).sum(), abs=1e-5)
    assert found.similarity[0] == pytest.approx(np.minimum(truth, MASS[0]).sum(), abs=1e-5)


def test_the_blurred_truth_itself_is_perfect() -> None:
    grid = Grid()
    truth = np.array([[500.0, 300.0], [900.0, 800.0]])
    size = np.tile([1920.0, 1080.0], (2, 1))
    cov = np.tile([96.0**2, 0.0, 96.0**2], (2, 1))
    training = training_density(truth, size, np.full(2, "train"), grid)
    summary = score_density(
        gaussian_source(truth, cov, size, grid), truth, size, np.full(2, "a"), training
    ).summary
    assert summary.cc == pytest.approx(1.0, abs=1e-3)
    assert summary.kl_nats == pytest.approx(0.0, abs=1e-3)
    assert summary.similarity == pytest.approx(1.0, abs=0.01)


def test_pooling_takes_neighbours_of_the_session_by_frame_index() -> None:
    truth = points_in([0, 3, 3, 1])
    session = np.array(["a", "a", "a", "b"])
    frames = np.array([0, 10, 30, 31])
    maps = truth_maps(
        truth, np.repeat(SIZE, 4, 0), session, frames, GRID, blur_share=0.05, pooled_frames=12
    )
    assert maps.first.tolist() == [0, 0, 2, 3]
    assert maps.last.tolist() == [1, 1, 2, 3]
    assert maps.of(np.array([0]))[0] == pytest.approx([0.5, 0, 0, 0.5], abs=1e-6)
    assert maps.of(np.array([3]))[0] == pytest.approx([0, 1, 0, 0], abs=1e-6)


def test_no_gaze_in_the_picture_gives_no_training_density() -> None:
    with pytest.raises(InputError, match="No gaze"):
        training_density(np.array([[99.0, 99.0]]), SIZE, np.array(["a"]), GRID)


def test_sessions_weigh_the_same_in_the_training_density() -> None:
    truth = points_in([0, 0, 0, 3])
    session = np.array(["a", "a", "a", "b"])
    found = training_density(
        truth, np.repeat(SIZE, 4, 0), session, GRID, kernel_share=0.01, uniform_share=0.0
    )
    assert found.mass == pytest.approx([0.5, 0, 0, 0.5], abs=1e-9)
    assert found.sessions == ("a", "b")


def test_ten_thousand_frames_take_a_second_of_processor_time() -> None:
    random = np.random.default_rng(0)
    truth = random.normal([960, 500], [150, 60], (10_000, 2))
    size = np.tile([1920.0, 1080.0], (10_000, 1))
    cov = np.tile([90.0**2, 500.0, 70.0**2], (10_000, 1))
    training = training_density(truth, size, np.full(10_000, "train"))
    source = gaussian_source(truth + 40, cov, size, training.grid)
    session = np.repeat(["a", "b"], 5000)
    start = time.process_time()
    score_density(source, truth, size, session, training, blur_share=None)
    # Some 0.3 s; the limit leaves room for slow machines.
    assert time.process_time() - start < 3.0


def test_areas_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    grid = Grid(columns=8, rows=4)
    random = np.random.default_rng(0)
    # Few levels, so that many cells tie.
    masses = random.integers(1, 6, (30, 32)).astype(np.float64)
    masses /= masses.sum(axis=1, keepdims=True)
    truth = random.uniform(0, 20, (30, 2)) - 0.5
    session = np.repeat(["a", "b"], 15)
    size = np.repeat(SIZE, 30, 0)
    training = TrainingDensity(mass=np.full(32, 1 / 32), grid=grid, sessions=())
    found = score_density(array_source(masses), truth, size, session, training, blur_share=None)
    cell = grid.cell_of((truth + 0.5) / 20 * 2 - 1)
    for row in range(30):
        by_sklearn = roc_auc_score(np.arange(32) == cell[row], masses[row])
        assert found.auc_judd[row] == pytest.approx(by_sklearn)
        rivals = cell[session != session[row]]
        values = np.append(masses[row][rivals], masses[row][cell[row]])
        wanted = roc_auc_score(np.arange(16) == 15, values)
        assert found.shuffled_auc[row] == pytest.approx(wanted, abs=1e-6)
