"""Which filters are chosen."""

import numpy as np

from dashgaze.models.compression.lasso_choice import choose_filters

SESSIONS = np.repeat([f"session_{i}" for i in range(6)], 60)
INFORMATIVE = (3, 7, 11)


def planted(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Twenty filters, of which three tell gaze, and the fourth is dead."""
    random = np.random.default_rng(seed)
    activations = random.gamma(2.0, 1.0, (len(SESSIONS), 20))
    mixing = np.array([[1.0, 0.2, 0.7, 0.0], [0.0, 1.0, -0.5, 0.6], [0.5, 0.0, 0.4, -1.0]])
    gaze = activations[:, INFORMATIVE] @ mixing + random.normal(0, 0.2, (len(SESSIONS), 4))
    activations[:, 4] = 0.0
    return activations, gaze


def test_the_filters_that_tell_gaze_are_found() -> None:
    activations, gaze = planted()
    choice = choose_filters(
        activations, activations.max(axis=0) > 0, gaze, SESSIONS, gammas=(0.05,)
    )
    assert tuple(choice[0].kept.tolist()) == INFORMATIVE
    assert choice[0].dead == 1
    assert choice[0].refusal is None
    assert len(choice[0].strengths) == 3


def test_a_higher_gamma_keeps_fewer() -> None:
    activations, gaze = planted()
    live = activations.max(axis=0) > 0
    counts = [
        len(each.kept)
        for each in choose_filters(
            activations, live, gaze, SESSIONS, gammas=(0.001, 0.05, 0.5, 0.8)
        )
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_the_knee_is_the_fewest_within_reach() -> None:
    activations, gaze = planted()
    live = activations.max(axis=0) > 0
    gamma = 0.2
    choice = choose_filters(activations, live, gaze, SESSIONS, gammas=(gamma,))[0]
    errors = np.array([error for _, error in choice.curve])
    counts = np.array([count for count, _ in choice.curve])
    reach = errors.min() + gamma * (errors.max() - errors.min())
    assert errors.max() == errors[0]
    assert counts[0] == 0
    assert len(choice.kept) == counts[errors < reach].min()


def test_filters_that_tell_a_session_only_are_not_chosen() -> None:
    chosen = 0
    for seed in range(6):
        random = np.random.default_rng(seed)
        number = np.repeat(np.arange(10), 20)
        # Each driver looks somewhere else on average, and each seat looks different: by chance together.
        seat, habit = random.normal(0, 1, (10, 8)), random.normal(0, 1, (10, 4))
        activations = seat[number] + random.normal(0, 0.5, (200, 8))
        gaze = habit[number] + random.normal(0, 0.3, (200, 4))
        names = np.array([f"session_{each}" for each in number])
        choice = choose_filters(activations, np.ones(8, bool), gaze, names, gammas=(0.05,))[0]
        chosen += choice.refusal is None
        assert choice.refusal is None or len(choice.kept) == 8
    assert chosen <= 1
    # As printed, the formula prunes such a layer all the same.
    given = (activations, np.ones(8, bool), gaze, names)
    printed = choose_filters(*given, gammas=(0.05,), keep_uninformative=False)[0]
    assert printed.refusal is None
    assert 1 <= len(printed.kept) < 8


def test_without_two_sessions_nothing_is_chosen() -> None:
    activations, gaze = planted()
    alone = np.full(len(SESSIONS), "session_0")
    choice = choose_filters(activations, activations.max(axis=0) > 0, gaze, alone, gammas=(0.05,))
    assert "fewer than 2 sessions" in choice[0].refusal
    assert 4 not in choice[0].kept
    assert len(choice[0].kept) == 19


def test_a_problem_of_fewer_rows_has_the_same_path() -> None:
    from sklearn.linear_model import lasso_path

    from dashgaze.models.compression.lasso_choice import _path, _standardised

    random = np.random.default_rng(3)
    inputs = _standardised(random.normal(0, 1, (400, 6)) @ random.normal(0, 1, (6, 12)) + 0.3)
    inputs = _standardised(inputs + 0.5 * random.normal(0, 1, inputs.shape))
    targets = _standardised(inputs[:, :3] @ random.normal(0, 1, (3, 4)))
    targets = _standardised(targets + random.normal(0, 1, targets.shape))
    penalties, wanted, _ = lasso_path(
        np.asfortranarray(inputs),
        np.asfortranarray(targets),
        eps=1e-4,
        alphas=50,
        tol=1e-9,
        max_iter=10**5,
    )
    found, used = _path(inputs, targets, None)
    assert np.allclose(used, penalties)
    assert np.abs(found - wanted).max() < 0.02


def test_so_few_rows_lose_nothing_but_what_no_weights_explain() -> None:
    from dashgaze.models.compression.lasso_choice import _as_few_rows

    random = np.random.default_rng(5)
    inputs, targets = random.normal(0, 1, (300, 20)), random.normal(0, 1, (300, 4))
    fewer, answers, tolerance = _as_few_rows(inputs, targets)
    assert (fewer.shape, answers.shape) == ((20, 20), (20, 4))
    assert tolerance > 1e-4

    def misfits(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        weights = np.random.default_rng(6).normal(0, 1, (3, 20, 4))
        return np.array([((y - x @ each) ** 2).sum() / (2 * len(y)) for each in weights])

    away = misfits(inputs, targets) - misfits(fewer, answers)
    assert np.allclose(away, away[0])
    few = inputs[:10], targets[:10]
    assert all(one is other for one, other in zip(_as_few_rows(*few)[:2], few, strict=True))
