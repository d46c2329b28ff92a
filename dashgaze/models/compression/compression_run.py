"""The run behind `compress`; needs torch."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze._version import __version__
from dashgaze.densities.scores import plain
from dashgaze.errors import InputError
from dashgaze.files import filling, refuse_taken_folder, write_text
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.dataset import open_samples
from dashgaze.models.networks.compressed import prunable_layers
from dashgaze.models.training.checkpoint import load_checkpoint, save_checkpoint
from dashgaze.progress import Progress, part_of

from .activations import Activations, collect_activations
from .compression_figure import draw_compression
from .costs_and_errors import costs, errors
from .finetuning import finetune
from .lasso_choice import LayerChoice, choose_filters
from .options import COMPRESSION_NAME, COMPRESSION_SCHEMA, FIGURE_NAME, CompressOptions
from .pruning import pruned


def run_compression(
    data: Path, checkpoint: Path, options: CompressOptions, out: Path, progress: Progress
) -> Path:
    """Do what `compress` promises."""
    refuse_taken_folder(out)
    progress("reading", 0.0)
    network, config = load_checkpoint(checkpoint)
    if not prunable_layers(network):
        raise InputError(
            f"{config.model} has no layer that filters can be left out of.",
            fix="Networks with residual blocks or eye branches can be compressed, such as dashgazenet and facegaze.",
            path=checkpoint,
        )
    samples, pictures = _training_frames(data, config, options)
    tested, tested_pictures = _tested_frames(data, config, options)
    network.to(options.device).eval()
    choices = _choose(network, samples, pictures, options, part_of(progress, 0.02, 0.25))
    before = {
        "cost": costs(network, tested, tested_pictures, device=options.device),
        "errors": errors(network, tested, tested_pictures, corruptions=True, device=options.device),
    }
    curve, result = [], network
    for number, gamma in enumerate(options.all_gammas):
        start = 0.3 + 0.68 * number / len(options.all_gammas)
        part = part_of(progress, start, start + 0.68 / len(options.all_gammas))
        smaller, row = _one_gamma(
            network,
            choices[gamma],
            samples,
            pictures,
            tested,
            tested_pictures,
            options,
            gamma,
            part,
        )
        curve.append(row)
        if gamma == options.gamma:
            result = smaller
    chosen = choices[options.gamma]
    content = {
        "schema": COMPRESSION_SCHEMA,
        "dashgaze": __version__,
        "checkpoint": {"folder": str(checkpoint), "model": config.model, "step": config.step},
        "options": asdict(options),
        "listened_frames": len(samples),
        "tested_frames": len(tested),
        "tested_sessions": tested.sessions,
        "before": before,
        "curve": curve,
        "layers": {name: _layer(choice) for name, choice in chosen.items()},
        "notes": _notes(chosen, tested, config),
    }
    with filling(out) as folder:
        save_checkpoint(folder, result.to("cpu"), _new_config(config, result, options))
        text = json.dumps(plain(content), indent=2, allow_nan=False)
        write_text(folder / COMPRESSION_NAME, text + "\n")
        draw_compression(folder / FIGURE_NAME, before, curve, options.gamma)
    progress("done", 1.0)
    return out


def _one_gamma(
    network: GazeNetwork,
    choices: Mapping[str, LayerChoice],
    samples: Samples,
    pictures: PictureSource,
    tested: Samples,
    tested_pictures: PictureSource,
    options: CompressOptions,
    gamma: float,
    progress: Progress,
) -> tuple[GazeNetwork, dict[str, Any]]:
    """Prune, measure, finetune and measure again."""
    smaller = pruned(network, choices, options.scaling).eval()
    wanted = gamma == options.gamma
    row: dict[str, Any] = {
        "gamma": gamma,
        "filters": sum(len(choice.kept) for choice in choices.values()),
        "filters_before": sum(choice.filters for choice in choices.values()),
        "cost": costs(smaller, tested, tested_pictures, device=options.device),
        "pruned": errors(
            smaller, tested, tested_pictures, corruptions=False, device=options.device
        ),
    }
    finetune(
        smaller,
        samples,
        pictures,
        steps=options.steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        seed=options.seed,
        device=options.device,
        progress=progress,
    )
    row["finetuned"] = errors(
        smaller, tested, tested_pictures, corruptions=wanted, device=options.device
    )
    return smaller, row


def _choose(
    network: GazeNetwork,
    samples: Samples,
    pictures: PictureSource,
    options: CompressOptions,
    progress: Progress,
) -> dict[float, dict[str, LayerChoice]]:
    """Choose the filters of all layers, by γ."""
    layers = prunable_layers(network)
    found: Mapping[str, Activations] = collect_activations(
        network,
        layers,
        samples,
        pictures,
        device=options.device,
        progress=part_of(progress, 0.0, 0.5),
    )
    gaze = np.concatenate([samples.gaze_angle_deg, samples.gaze_road_px / samples.road_size_px], 1)
    choices: dict[float, dict[str, LayerChoice]] = {gamma: {} for gamma in options.all_gammas}
    for number, (name, each) in enumerate(found.items()):
        chosen = choose_filters(
            each.mean,
            each.live,
            gaze,
            samples.session_id,
            gammas=options.all_gammas,
            keep_uninformative=options.uninformative == "keep",
        )
        for gamma, choice in zip(options.all_gammas, chosen, strict=True):
            choices[gamma][name] = choice
        progress("choosing filters", 0.5 + 0.5 * (number + 1) / len(found))
    return choices


def _training_frames(
    data: Path, config: CheckpointConfig, options: CompressOptions
) -> tuple[Samples, PictureSource]:
    samples, pictures = open_samples(data)
    known = np.isin(samples.session_id, config.train_sessions)
    rows = _spread(known & _labelled(samples, config), options.frames)
    if not len(rows):
        raise InputError(
            f"{data} has no labelled frame of the sessions that the network was trained on.",
            fix="Give the data set that it was trained on.",
            path=data,
        )
    return samples.take(rows), pictures.take(rows)


def _tested_frames(
    data: Path, config: CheckpointConfig, options: CompressOptions
) -> tuple[Samples, PictureSource]:
    samples, pictures = open_samples(data, split=options.split)
    rows = _spread(_labelled(samples, config), options.test_frames)
    if not len(rows):
        raise InputError(
            f"Split {options.split} of {data} has no frame with face, location and angle of gaze.",
            fix="Give another one with `--split`.",
            path=data,
        )
    return samples.take(rows), pictures.take(rows)


def _labelled(samples: Samples, config: CheckpointConfig) -> NDArray[np.bool_]:
    """Find frames that can be learned from; gaze beyond the road picture only if the training had it."""
    known = samples.has_face & samples.has_location & samples.has_angle & ~samples.blink
    if config.training.get("out_of_view", False):
        return known
    return np.asarray(known & samples.gaze_in_view, dtype=np.bool_)


def _spread(wanted: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    rows = np.flatnonzero(wanted)
    if len(rows) > count:
        rows = rows[np.rint(np.linspace(0, len(rows) - 1, count)).astype(np.int64)]
    return rows.astype(np.int64)


def _layer(choice: LayerChoice) -> dict[str, Any]:
    return {
        "filters": choice.filters,
        "kept": choice.kept.tolist(),
        "dead": choice.dead,
        "refusal": choice.refusal,
        "curve": [{"filters": count, "rmse_sd": error} for count, error in choice.curve],
    }


def _notes(
    choices: Mapping[str, LayerChoice], tested: Samples, config: CheckpointConfig
) -> list[str]:
    notes = [
        (
            "Filters were chosen by how linearly their mean activation tells gaze; what a filter says by its place "
            "in the picture does not count."
        ),
        "The pretext task took no part in the finetuning: evaluate learning at test time anew.",
        "Times are of this machine, with whatever ran beside it.",
    ]
    refused = [name for name, choice in choices.items() if choice.refusal is not None]
    if refused:
        notes.append(f"Left as they were, but for dead filters: {', '.join(refused)}.")
    known = sorted(set(tested.sessions) & set(config.train_sessions))
    if known:
        notes.append(f"Errors are of sessions that were trained on, among others: {known}.")
    return notes


def _new_config(
    config: CheckpointConfig, network: GazeNetwork, options: CompressOptions
) -> CheckpointConfig:
    changes = {
        "model": network.name,
        "options": network.options,
        "training": config.training | {"compression": json.loads(json.dumps(asdict(options)))},
        "step": config.step + options.steps,
        "validation_error_px": None,
        "notes": (*config.notes, f"Compressed with gamma {options.gamma:g} from {config.model}."),
    }
    return config.model_copy(update=changes)
