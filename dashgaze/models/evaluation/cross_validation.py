"""Each driver tested once, by models that have never seen that driver."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze.dataset.splits.folds import leave_drivers_out
from dashgaze.dataset.splits.protocols import Protocol, find_protocol
from dashgaze.dataset.splits.split_session import SplitSession
from dashgaze.errors import InputError
from dashgaze.models.baselines.registry import baseline_names
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.dataset import open_samples
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.dataset_manifest import read_dataset_manifest

from .answers import Answers, ask
from .entrants import Entrant
from .frames import JudgedFrames, alike, choose_frames
from .options import EvaluateOptions
from .pooling import pool
from .resolution import (
    ALL_BASELINES,
    FALLBACK,
    fitted_baselines,
    require_torch,
    wanted_baselines,
)

Folds = dict[str, dict[str, list[str]]]


@dataclass(frozen=True, kw_only=True, eq=False)
class PooledAnswers:
    """The answers of all folds together.

    Attributes
    ----------
    frames
        Of all tested sessions.
    answers
        Of all models; each frame by the one that has not seen its driver.
    content
        What the report says of the folds.
    notes
        What a reader has to know.
    """

    frames: JudgedFrames
    answers: list[Answers]
    content: dict[str, Any]
    notes: list[str]


def ask_in_folds(
    data: Path,
    models: Sequence[Path | str],
    options: EvaluateOptions,
    *,
    progress: Progress = silent,
) -> PooledAnswers:
    """Train and test in folds over drivers, and pool the tested sessions.

    Parameters
    ----------
    data
        The data set's folder.
    models
        Names of baselines and of networks.
    options
        How many folds, and how networks are trained.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If a checkpoint is named instead of a network, or there is one driver only.
    """
    networks = _networks(models)
    samples, pictures = open_samples(data)
    folds, notes = plan_folds(data, samples, options.leave_drivers_out)
    parts: list[tuple[JudgedFrames, list[Answers]]] = []
    entries = []
    for place, (name, fold) in enumerate(sorted(folds.items())):
        part = part_of(progress, place / len(folds), (place + 1) / len(folds))
        tested = np.isin(samples.session_id, fold["test"])
        learned = np.isin(samples.session_id, fold["train"])
        if not tested.any() or not learned.any():
            notes.append(
                f"{name} is left out: it has no frames with pictures to learn from or test."
            )
            continue
        frames = choose_frames(samples.take(tested), options)
        entrants = fitted_baselines(wanted_baselines(models), alike(samples.take(learned), options))
        entrants += _trained(data, networks, fold, options, name, part_of(part, 0.0, 0.8))
        fallback = next(each for each in entrants if each.name == FALLBACK)
        shown = pictures.take(np.flatnonzero(tested))
        answers = ask(entrants, frames, shown, fallback=fallback, progress=part_of(part, 0.8, 1.0))
        parts.append((frames, answers))
        entries.append(_entry(name, fold, frames, answers))
    if not parts:
        raise InputError(
            f"No fold over drivers of {data} has frames both to learn from and to test.",
            fix="Pack pictures of more sessions: `dashgaze pack … --images`.",
            path=data,
        )
    frames, pooled = pool(parts)
    notes.append(
        "In folds each session is tested by models trained without its driver. The folds share most of their "
        "training, so that their errors are not independent; information gain needs one training density and is "
        "not given."
    )
    text = [
        (
            f"{len(entries)} folds. Each driver is tested once; models and constants of a fold come from its own "
            "training sessions."
        )
    ]
    return PooledAnswers(
        frames=frames, answers=pooled, content={"text": text, "folds": entries}, notes=notes
    )


def plan_folds(data: Path, samples: Samples, count: int) -> tuple[Folds, list[str]]:
    """Give the folds of the data set where it has so many, else make them.

    Parameters
    ----------
    data
        The data set's folder.
    samples
        All frames with pictures.
    count
        How many folds.

    Raises
    ------
    InputError
        If there is one driver only.
    """
    manifest = read_dataset_manifest(data)
    if len(manifest.folds) == count:
        return dict(manifest.folds), ["The folds are those that the data set comes with."]
    protocol = find_protocol(f"leave-drivers-out-{count}")
    if not isinstance(protocol, Protocol):
        raise TypeError("a protocol of folds is no file")
    sessions = []
    for session in samples.sessions:
        rows = np.flatnonzero(samples.session_id == session)
        first = int(rows[0])
        sessions.append(
            SplitSession(
                session_id=session,
                driver_id=str(samples.driver_id[first]),
                frame_count=len(rows),
                **{
                    name: str(getattr(samples, name)[first]) or None
                    for name in ("lighting", "camera_position", "eyewear", "car")
                },
            )
        )
    folds, notes = leave_drivers_out(sessions, protocol)
    if not folds:
        raise InputError(
            f"No driver of {data} can be left out: {' '.join(notes)}",
            fix="Pack sessions of more drivers, or test on the split: leave out `--leave-drivers-out`.",
            path=data,
        )
    return folds, notes


def _networks(models: Sequence[Path | str]) -> list[str]:
    baselines = {*baseline_names(), ALL_BASELINES}
    wanted = [str(model) for model in models if str(model) not in baselines]
    if not wanted:
        return []
    require_torch()
    from dashgaze.models.networks.registry import names

    known = names()
    for name in wanted:
        if name not in known:
            raise InputError(
                f"{name} is no network by name; in folds over drivers each is trained anew.",
                fix=f"Give names of networks ({', '.join(known)}) or of baselines; `--train-option` says how "
                "networks are trained.",
            )
    return wanted


def _trained(
    data: Path,
    networks: Sequence[str],
    fold: dict[str, list[str]],
    options: EvaluateOptions,
    fold_name: str,
    progress: Progress,
) -> list[Entrant]:
    if not networks:
        return []
    from dashgaze.models.networks.predictor import NetworkPredictor
    from dashgaze.models.training.checkpoint import load_checkpoint
    from dashgaze.models.training.options_file import train_options
    from dashgaze.models.training.train import train

    found = []
    with tempfile.TemporaryDirectory(prefix="dashgaze-folds-") as folder:
        for place, name in enumerate(networks):
            part = part_of(progress, place / len(networks), (place + 1) / len(networks))
            wanted = train_options(
                {
                    "seed": options.seed,
                    **options.train_options,
                    "model": name,
                    "train_sessions": tuple(fold["train"]),
                    "validation_sessions": tuple(fold.get("validation", ())),
                },
                source=f"The training of {name} in {fold_name}",
            )
            network, _ = load_checkpoint(train(data, wanted, Path(folder) / name, progress=part))
            found.append(
                Entrant(
                    name=name,
                    predictor=NetworkPredictor(
                        network, name=name, batch_size=options.batch_size, device=options.device
                    ),
                    kind="network",
                    network=network,
                )
            )
    return found


def _entry(
    name: str, fold: dict[str, list[str]], frames: JudgedFrames, answers: Sequence[Answers]
) -> dict[str, Any]:
    samples = frames.samples
    errors = {}
    for each in answers:
        means = [
            float(each.error_px[rows].mean())
            for session in samples.sessions
            if (rows := frames.counted & (samples.session_id == session)).any()
        ]
        errors[each.entrant.name] = float(np.mean(means)) if means else None
    return {
        "name": name,
        "test": sorted(fold["test"]),
        "train": sorted(fold["train"]),
        "validation": sorted(fold.get("validation", [])),
        "drivers": sorted(set(samples.driver_id.tolist()) - {""}),
        "mean_error_px": errors,
    }
