"""Models against one another: paired by session, corrected for their number."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashgaze.errors import InputError
from dashgaze.models.metrics.paired import PairedDifference, paired_difference, with_holm

from .answers import Answers
from .scoring import Jury

LEVEL = 0.05


def session_weighted_error_px(answers: Answers, jury: Jury) -> float:
    """Give the headline: the mean over sessions of the mean error, on all judged frames."""
    samples = jury.samples
    means = [
        float(answers.error_px[rows].mean())
        for session in samples.sessions
        if (rows := jury.counted & (samples.session_id == session)).any()
    ]
    return float(np.mean(means))


def best_of(answers: Sequence[Answers], jury: Jury) -> Answers | None:
    """Give the model with the least error of those that were told nothing of the tested session."""
    able = [each for each in answers if each.entrant.rankable]
    return min(able, key=lambda each: session_weighted_error_px(each, jury), default=None)


def best_constant(answers: Sequence[Answers], jury: Jury) -> Answers | None:
    """Give the best of the constants that are no oracles.

    It is chosen on the test itself, in favour of the constant: who beats it would beat each of them.
    """
    return best_of([each for each in answers if each.entrant.constant], jury)


def compare(answers: Sequence[Answers], against: Answers, jury: Jury) -> list[dict[str, Any]]:
    """Compare all models with one, on all judged frames.

    Holm's correction is over the models that compete: oracles and calibrated models are shown without it.

    Parameters
    ----------
    answers
        Of all models; that of `against` may be among them.
    against
        Whose error is subtracted.
    jury
        What is judged.
    """
    others = [each for each in answers if each is not against]
    found = [_difference(each, against, jury) for each in others]
    ranked = [number for number, each in enumerate(others) if each.entrant.rankable]
    corrected = with_holm([found[number] for number in ranked])
    for number, difference in zip(ranked, corrected, strict=True):
        found[number] = difference
    return [
        {"model": each.entrant.name, "against": against.entrant.name}
        | difference.to_json()
        | {"conclusion": _conclusion(each, difference)}
        for each, difference in zip(others, found, strict=True)
    ]


def find_reference(answers: Sequence[Answers], name: str) -> Answers:
    """Give the answers of a model by its name.

    Raises
    ------
    InputError
        If there is none.
    """
    for each in answers:
        if each.entrant.name == name:
            return each
    names = ", ".join(each.entrant.name for each in answers)
    raise InputError(
        f"There is no model {name!r} to compare with; tested are {names}.",
        fix="Give one of these with `--reference`.",
    )


def _difference(each: Answers, against: Answers, jury: Jury) -> PairedDifference:
    samples, rows = jury.samples, jury.counted
    return paired_difference(
        each.error_px[rows],
        against.error_px[rows],
        samples.session_id[rows],
        samples.driver_id[rows],
        seed=jury.seed,
    )


def _conclusion(each: Answers, difference: PairedDifference) -> str:
    """Say in words what a comparison allows to say."""
    if not each.entrant.rankable:
        return f"no competitor ({each.entrant.mark})"
    if difference.descriptive_only:
        return "too few sessions to tell"
    if difference.p_holm < LEVEL:
        return "better" if difference.mean < 0 else "worse"
    return "no difference shown"
