"""Baselines by name."""

from collections.abc import Sequence

from dashgaze.errors import InputError
from dashgaze.models.contract.predictions import Predictor
from dashgaze.models.contract.samples import Samples

from .boosting import fit_boosting
from .calibrated import calibrated
from .face_baseline import WithoutFace
from .ridge import fit_ridge
from .rule_baseline import fit_rule
from .rules import RULES

CALIBRATED = "_calibrated"
"""Behind the name of one that looks at faces: with an affine correction by each tested session's first minute."""

FACES = ("ridge", "ridge_robust", "boosting")


def baseline_names() -> tuple[str, ...]:
    """Name all baselines, simplest first."""
    return (*RULES, *FACES, *(f"{name}{CALIBRATED}" for name in FACES))


def fit_baseline(
    name: str, train: Samples, *, without_face: WithoutFace = "train_median"
) -> Predictor:
    """Fit a baseline to training frames.

    Parameters
    ----------
    name
        One of `baseline_names`. ``session_mean``, ``session_median`` and ``persistence`` are oracles;
        ``first_minute_mean``, ``first_minute_median`` and those that end in ``_calibrated`` read the first 60 s of labels of each
        tested session, and answer the frames of that minute without them.
    train
        Frames of training sessions.
    without_face
        What ridge and boosting answer where there is no face.

    Raises
    ------
    InputError
        If there is no such baseline, or the frames do not suffice.
    MissingExtraError
        If it needs scikit-learn and there is none.
    """
    if name in RULES:
        return fit_rule(name, train)
    plain = name.removesuffix(CALIBRATED)
    if plain not in FACES:
        raise InputError(
            f"There is no baseline {name!r}.", fix=f"Choose of {', '.join(baseline_names())}."
        )
    fitted: Predictor
    if plain == "boosting":
        fitted = fit_boosting(train, without_face=without_face)
    else:
        fitted = fit_ridge(train, robust=plain == "ridge_robust", without_face=without_face)
    return fitted if name == plain else calibrated(fitted, title=name)


def fit_baselines(
    names: Sequence[str], train: Samples, *, without_face: WithoutFace = "train_median"
) -> list[Predictor]:
    """Fit several baselines, those with and without calibration only once (see `fit_baseline`)."""
    made: dict[str, Predictor] = {}
    fitted = []
    for name in names:
        plain = name.removesuffix(CALIBRATED) if name not in RULES else name
        if plain not in made:
            made[plain] = fit_baseline(plain, train, without_face=without_face)
        fitted.append(made[plain] if name == plain else calibrated(made[plain], title=name))
    return fitted
