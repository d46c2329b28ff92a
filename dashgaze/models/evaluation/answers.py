"""What the models answer, frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.predictions import Predictions
from dashgaze.models.contract.samples import Samples
from dashgaze.models.metrics.angle import angular_error_deg
from dashgaze.models.metrics.location import euclidean_error_px
from dashgaze.progress import Progress, part_of, silent

from .entrants import Entrant
from .frames import JudgedFrames, without_answers

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """The answers of one model to all frames of the split, n of them.

    Attributes
    ----------
    entrant
        Whose they are.
    predictions
        As given; NaN where there is none.
    answered
        Where there is a location, shape (n,).
    xy_px
        The location, that of the fallback where there is none, shape (n, 2).
    error_px
        Its distance from the truth, shape (n,); NaN where that is not known.
    angle_error_deg
        Shape (n,); NaN where the angle was not answered or is not known.
    """

    entrant: Entrant
    predictions: Predictions
    answered: BoolArray
    xy_px: FloatArray
    error_px: FloatArray
    angle_error_deg: FloatArray


def ask(
    entrants: Sequence[Entrant],
    frames: JudgedFrames,
    pictures: PictureSource | None,
    *,
    fallback: Entrant,
    progress: Progress = silent,
) -> list[Answers]:
    """Ask all models for all frames.

    Models that are not told of the session get frames without labels.

    Parameters
    ----------
    entrants
        Who is asked.
    frames
        What they are asked.
    pictures
        Of these frames.
    fallback
        Whose answer stands where a model gives none: that of the train median, as a user would do.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If a model gives another number of answers than there are frames, or the fallback leaves one out.
    """
    samples = frames.samples
    blind = without_answers(samples)
    instead = fallback.predictor.predict(blind, None).xy_px
    if not np.isfinite(instead[frames.counted]).all():
        raise InputError(
            f"{fallback.name} gives no answer to some frames, and can't stand in for others there: the "
            "size of their road picture is not known.",
            fix="Pack the data set again: `dashgaze pack` writes sizes into its session table.",
        )
    found = []
    for number, entrant in enumerate(entrants):
        part = part_of(progress, number / len(entrants), (number + 1) / len(entrants))
        shown = blind if entrant.rankable else samples
        predictions = entrant.predictor.predict(shown, pictures, part)
        if len(predictions) != len(samples):
            raise InputError(
                f"{entrant.name} gave {len(predictions)} answers to {len(samples)} frames.",
                fix="This is a fault of that model; every frame needs an answer, NaN where there is none.",
            )
        found.append(_answers(entrant, predictions, samples, instead))
        progress(f"asking {entrant.name}", (number + 1) / len(entrants))
    return found


def _answers(
    entrant: Entrant, predictions: Predictions, samples: Samples, instead: FloatArray
) -> Answers:
    answered = np.asarray(np.isfinite(predictions.xy_px).all(axis=1), dtype=np.bool_)
    xy_px = np.where(answered[:, None], predictions.xy_px, instead)
    nothing = np.full(len(samples), np.nan)
    return Answers(
        entrant=entrant,
        predictions=predictions,
        answered=answered,
        xy_px=xy_px,
        error_px=euclidean_error_px(samples.gaze_road_px, xy_px),
        angle_error_deg=nothing
        if predictions.angle_deg is None
        else angular_error_deg(samples.gaze_angle_deg, predictions.angle_deg),
    )


def common_frames(answers: Sequence[Answers], counted: BoolArray) -> BoolArray:
    """Give the judged frames that all models which give locations answered, shape (n,)."""
    common = counted.copy()
    for each in answers:
        if gives_locations(each):
            common &= each.answered
    return common


def common_angle_frames(answers: Sequence[Answers], counted: BoolArray) -> BoolArray:
    """Give the frames whose angle all models that give angles answered, shape (n,)."""
    common = counted.copy()
    for each in answers:
        if gives_angles(each):
            common &= np.isfinite(each.angle_error_deg)
    return common


def gives_locations(answers: Answers) -> bool:
    """Tell whether a model answered any location."""
    return bool(answers.answered.any())


def gives_angles(answers: Answers) -> bool:
    """Tell whether a model answered any angle."""
    angle = answers.predictions.angle_deg
    return angle is not None and bool(np.isfinite(angle).all(axis=1).any())
