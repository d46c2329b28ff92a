"""Everything that the report says, as numbers."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dashgaze._version import __version__
from dashgaze.densities.scores import plain

from .answers import Answers, gives_angles, gives_locations
from .comparison import best_constant, best_of, compare, find_reference
from .frames import JudgedFrames
from .options import EVALUATION_SCHEMA, EvaluateOptions
from .scoring import Jury, error_map, score, score_angles
from .subgroups import FEW_SESSIONS

HEADLINE_WHY = (
    "The headline is the mean over sessions of their mean error on all judged frames, and where a model gives no "
    "answer the train median stands in, as a user would do. Who answers easy frames only gains nothing that way, "
    "and testing one more model does not change the numbers of the others, as it does on the frames that all "
    "answered (last column)."
)


def make_content(
    jury: Jury,
    answers: Sequence[Answers],
    frames: JudgedFrames,
    options: EvaluateOptions,
    *,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Judge all models and compare them.

    Parameters
    ----------
    jury
        What they are judged by.
    answers
        Of all of them.
    frames
        What they were asked.
    options
        What is wanted.
    notes
        What is known so far that a reader has to know.

    Returns
    -------
    dict
        Plain values; the models by their headline, the best first.
    """
    located = [each for each in answers if gives_locations(each)]
    best, constant = best_of(located, jury), best_constant(located, jury)
    references = [] if constant is None else [constant]
    if options.reference is not None:
        chosen = find_reference(located, options.reference)
        references += [] if chosen in references else [chosen]
    models = [_described(each) | score(each, jury) for each in located]
    models.sort(key=lambda model: model["location"]["all"]["px"]["mean"])
    angles_only = [
        _described(each) | {"angle": score_angles(each, jury)}
        for each in answers
        if each not in located
    ]
    comparisons = [each for reference in references for each in compare(located, reference, jury)]
    order = {model["name"]: place for place, model in enumerate(models)}
    comparisons.sort(key=lambda each: order[each["model"]])
    found_notes = [*notes, *(note for each in answers for note in each.entrant.notes)]
    content: dict[str, Any] = {
        "schema": EVALUATION_SCHEMA,
        "dashgaze": __version__,
        "data": _data(jury, frames, options),
        "options": asdict(options),
        "headline": {"measure": "location.all.px.mean", "unit": "px", "why": HEADLINE_WHY},
        "warnings": _warnings(jury, answers, options),
        "notes": list(dict.fromkeys(found_notes)),
        "models": models,
        "angle_only_models": angles_only,
        "best": None if best is None else best.entrant.name,
        "best_constant": None if constant is None else constant.entrant.name,
        "compared_with": [each.entrant.name for each in references],
        "comparisons": comparisons,
        "error_maps": error_map(located, jury),
        "robustness": None,
        "ablation": None,
        "folds": None,
        "cost_note": "",
    }
    plained: dict[str, Any] = plain(content)
    return plained


def _described(answers: Answers) -> dict[str, Any]:
    entrant = answers.entrant
    config = entrant.config
    checkpoint = None
    if config is not None:
        checkpoint = {
            "model": config.model,
            "options": config.options,
            "step": config.step,
            "data_title": config.data_title,
            "data_digest": config.data_digest,
            "train_sessions": config.train_sessions,
            "validation_sessions": config.validation_sessions,
            "validation_error_px": config.validation_error_px,
        }
    return {
        "name": entrant.name,
        "kind": entrant.kind,
        "mark": entrant.mark,
        "oracle": entrant.oracle,
        "calibrated": entrant.calibrated,
        "rankable": entrant.rankable,
        "constant": entrant.constant,
        "folder": entrant.folder,
        "checkpoint": checkpoint,
        "notes": list(entrant.notes),
        "prediction_notes": answers.predictions.notes,
        "cost": None,
    }


def _data(jury: Jury, frames: JudgedFrames, options: EvaluateOptions) -> dict[str, Any]:
    samples = frames.samples
    judged = samples.take(frames.counted)
    return {
        "title": "",
        "digest": "",
        "split": "folds" if options.leave_drivers_out else options.split,
        "diagnosis": options.split == "train" and not options.leave_drivers_out,
        "sessions": judged.sessions,
        "drivers": sorted(set(judged.driver_id.tolist()) - {""}),
        "frames": len(samples),
        "judged_frames": len(judged),
        "angle_frames": int(frames.angle_counted.sum()),
        "common_frames": int(jury.common.sum()),
        "common_angle_frames": int(jury.angle_common.sum()),
        "judged_without_face": int((~judged.has_face).sum()),
        "left_out": frames.left_out,
    }


def _warnings(jury: Jury, answers: Sequence[Answers], options: EvaluateOptions) -> list[str]:
    judged = jury.samples.take(jury.counted)
    count = len(judged.sessions)
    found = []
    if options.split == "train" and not options.leave_drivers_out:
        found.append(
            "The train split is tested: this is a diagnosis of what models have learned by heart."
        )
    if count == 1:
        found.append(
            "One session only: no interval can be given, and nothing can be said of other drives."
        )
    elif count < FEW_SESSIONS:
        found.append(
            f"Only {count} sessions: numbers describe these, they tell nothing of others. "
            "The option --leave-drivers-out 5 tests all sessions, each by models that have not seen its driver."
        )
    if len(set(judged.driver_id.tolist())) < count:
        found.append(
            "Some drivers have several sessions, which are alike: intervals over sessions are narrower than "
            "they would be over drivers."
        )
    if not judged.has_face.any():
        found.append("No judged frame has a face.")
    if not jury.common.any():
        found.append("There is no frame that all models answered.")
    silent = [
        each.entrant.name
        for each in answers
        if not gives_locations(each) and not gives_angles(each)
    ]
    if silent:
        found.append(f"{', '.join(silent)} answered no frame at all, and is not shown.")
    return found
