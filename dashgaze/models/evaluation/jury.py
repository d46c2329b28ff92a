"""What all models are judged by, put together."""

from collections.abc import Sequence

from dashgaze.densities.training_density import TrainingDensity, training_density
from dashgaze.models.contract.samples import Samples

from .answers import Answers, common_angle_frames, common_frames
from .frames import JudgedFrames
from .options import EvaluateOptions
from .scoring import Jury
from .session_facts import SessionFacts

SKILL_AGAINST = ("train_median", "session_mean")


def make_jury(
    frames: JudgedFrames,
    answers: Sequence[Answers],
    facts: SessionFacts,
    training: Samples | None,
    options: EvaluateOptions,
) -> Jury:
    """Choose the frames that all are compared on, and what skill is measured against.

    Parameters
    ----------
    frames
        What was asked.
    answers
        Of all models.
    facts
        Of the sessions.
    training
        Frames of the training split; None in folds, where each has its own.
    options
        What is wanted.
    """
    return Jury(
        samples=frames.samples,
        counted=frames.counted,
        common=common_frames(answers, frames.counted),
        angle_counted=frames.angle_counted,
        angle_common=common_angle_frames(answers, frames.angle_counted),
        focal_px=facts.focal_of(frames.samples),
        reference_error_px={
            each.entrant.name: each.error_px
            for each in answers
            if each.entrant.name in SKILL_AGAINST
        },
        training=_density(training, options),
        blur_share=options.blur_share,
        density_frames=options.density_frames,
        seed=options.seed,
    )


def _density(training: Samples | None, options: EvaluateOptions) -> TrainingDensity | None:
    if training is None or options.split == "train":
        return None
    used = training.take(training.has_location & training.gaze_in_view & ~training.blink)
    if not len(used):
        return None
    return training_density(used.gaze_road_px, used.road_size_px, used.session_id)
