"""All models on the same frames: errors with intervals, tests, groups, and one page over it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze.errors import InputError
from dashgaze.files import filling, refuse_taken_folder, write_text
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.dataset import data_digest, data_title, open_samples
from dashgaze.progress import Progress, part_of, silent

from .answers import Answers, ask
from .content import make_content
from .cross_validation import ask_in_folds
from .entrants import Entrant
from .examples import ExampleFrame, choose_examples
from .frames import JudgedFrames, alike, choose_frames
from .jury import make_jury
from .options import FIGURES_NAME, REPORT_NAME, EvaluateOptions
from .page import make_page
from .page_html import fill_page
from .resolution import FALLBACK, all_entrants
from .session_facts import read_session_facts, road_ground

_DEFAULT = EvaluateOptions()


def evaluate(
    data: Path,
    models: Sequence[Path | str],
    options: EvaluateOptions = _DEFAULT,
    out: Path = Path("evaluation"),
    *,
    progress: Progress = silent,
) -> Path:
    """Test models on the same frames of a packed data set, and write a report.

    Writes ``report.html``, a page that needs no other file, and ``report.json`` with all its numbers.
    The constants centre, train mean and train median, and the session mean as an oracle, are always shown.

    Parameters
    ----------
    data
        The data set's folder, packed with pictures.
    models
        Folders of checkpoints, names of baselines, ``all-baselines``; with ``leave_drivers_out`` names of
        networks instead of checkpoints.
    options
        What is tested, and how.
    out
        Folder of the report; made, and never written over.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``report.html``.

    Raises
    ------
    InputError
        If a model has seen what it would be tested on, weights are missing or of another schema, or there is
        nothing to test.
    OutputError
        If the report can't be written.
    """
    refuse_taken_folder(out)
    root = Path(data)
    digest = data_digest(root)
    notes: list[str] = []
    folds: dict[str, Any] | None = None
    ablation: dict[str, Any] | None = None
    training: Samples | None = None
    pictures: PictureSource | None = None
    if options.leave_drivers_out:
        pooled = ask_in_folds(root, models, options, progress=part_of(progress, 0.0, 0.9))
        frames, answers, folds = pooled.frames, pooled.answers, pooled.content
        notes += pooled.notes
    else:
        samples, pictures = open_samples(root, split=options.split)
        frames = choose_frames(samples, options)
        training, train_pictures = _training(root, options, samples, pictures)
        entrants, more = all_entrants(
            models, alike(training, options), samples, options, digest=digest
        )
        notes += more
        _refuse_faceless(entrants, frames)
        rows = None
        if options.ablation:
            from .ablation import trained_rows

            rows = trained_rows(
                root, samples, options, digest=digest, progress=part_of(progress, 0.0, 0.5)
            )
            entrants = [*entrants, *(row.entrant for row in rows)]
        fallback = next(each for each in entrants if each.name == FALLBACK)
        start = 0.5 if options.ablation else 0.0
        answers = ask(
            entrants, frames, pictures, fallback=fallback, progress=part_of(progress, start, 0.75)
        )
    facts = read_session_facts(root)
    jury = make_jury(frames, answers, facts, training, options)
    content = make_content(jury, answers, frames, options, notes=notes)
    content["data"] |= {"title": data_title(root), "digest": digest}
    if not options.leave_drivers_out:
        if rows is not None:
            from .ablation import ablation_content

            ablation = ablation_content(rows, content["models"], answers)
        if options.corruptions and training is not None:
            content["robustness"] = _robustness(
                answers,
                jury,
                pictures,
                (training, train_pictures),
                options,
                progress=part_of(progress, 0.75, 0.95),
            )
        if options.speed:
            _add_costs(content, answers, frames, pictures, options)
    content["folds"], content["ablation"] = folds, ablation
    _write(root, out, content, jury_answers=(jury, answers), pictures=pictures, options=options)
    progress("writing the report", 1.0)
    return out / REPORT_NAME


def _training(
    root: Path, options: EvaluateOptions, samples: Samples, pictures: PictureSource
) -> tuple[Samples, PictureSource]:
    """Give what baselines are fitted to."""
    if options.split == "train":
        return samples, pictures
    return open_samples(root, split="train")


def _refuse_faceless(entrants: Sequence[Entrant], frames: JudgedFrames) -> None:
    """Refuse to test networks where no face was ever looked for or found."""
    if frames.samples.has_face[frames.counted].any():
        return
    names = [each.name for each in entrants if each.network is not None]
    if names:
        raise InputError(
            f"No tested frame has a face: {', '.join(names)} would be judged on what {'it' if len(names) == 1 else 'they'} "
            "can't see.",
            fix="Run `dashgaze faces` on the sessions and pack them again, with drivers who agreed to it; or test "
            "baselines alone.",
        )


def _robustness(
    answers: Sequence[Answers],
    jury: Any,
    pictures: PictureSource | None,
    training: tuple[Samples, PictureSource],
    options: EvaluateOptions,
    *,
    progress: Progress,
) -> dict[str, Any] | None:
    from .robustness import measure_robustness

    if pictures is None:
        return None
    return measure_robustness(answers, jury, pictures, training, options, progress=progress)


def _add_costs(
    content: dict[str, Any],
    answers: Sequence[Answers],
    frames: JudgedFrames,
    pictures: PictureSource | None,
    options: EvaluateOptions,
) -> None:
    from .speed import cost_note, measure_cost

    if pictures is None:
        return
    rows = np.flatnonzero(frames.counted & frames.samples.has_face)
    for model, each in zip(content["models"], _in_order(content, answers), strict=True):
        if each.entrant.kind == "network" and len(rows):
            model["cost"] = measure_cost(
                each.entrant.network, frames.samples, pictures, rows, options.device
            )
    content["cost_note"] = cost_note(options.device)


def _in_order(content: dict[str, Any], answers: Sequence[Answers]) -> list[Answers]:
    """Give the answers in the order of the report."""
    by_name = {each.entrant.name: each for each in answers}
    return [by_name[model["name"]] for model in content["models"]]


def _write(
    root: Path,
    out: Path,
    content: dict[str, Any],
    *,
    jury_answers: tuple[Any, Sequence[Answers]],
    pictures: PictureSource | None,
    options: EvaluateOptions,
) -> None:
    jury, answers = jury_answers
    best = next((each for each in answers if each.entrant.name == content["best"]), None)
    examples: tuple[ExampleFrame, ...] = ()
    if best is not None and options.example_frames:
        examples = choose_examples(
            best, jury, pictures, read_session_facts(root), options.example_frames
        )
    splits = sorted(set(jury.samples.split.tolist()))
    ground = road_ground(root, splits[0], content["data"]["sessions"]) if splits else None
    width, height = np.median(jury.samples.road_size_px, axis=0).tolist()
    page = make_page(content, ground=ground, road_size_px=(width, height), examples=examples)
    content["options"] = json.loads(json.dumps(asdict(options)))
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with filling(out) as folder:
        write_text(folder / FIGURES_NAME, text)
        write_text(folder / REPORT_NAME, fill_page(page))
