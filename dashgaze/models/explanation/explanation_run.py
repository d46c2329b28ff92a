"""The run behind `explain`; needs torch."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze._version import __version__
from dashgaze.densities.scores import plain
from dashgaze.errors import InputError
from dashgaze.files import filling, refuse_taken_folder, write_text
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.evaluation.page_html import fill_page
from dashgaze.models.evaluation.session_facts import read_session_facts
from dashgaze.models.feeding.dataset import data_title, open_samples
from dashgaze.models.training.checkpoint import load_checkpoint
from dashgaze.progress import Progress, part_of

from .adapted_maps import adapted_networks
from .chosen_frames import Frames, choose_rows, gather
from .example_faces import example_faces
from .explanation_page import make_explanation_page
from .findings import Findings, in_numbers
from .investigation import investigate
from .judgement import warnings_of
from .options import EXPLANATION_SCHEMA, FIGURES_NAME, REPORT_NAME, ExplainOptions

MAPS_FOLDER = "maps"
MAPS_NAME = "maps.npz"


def run_explanation(
    data: Path, checkpoint: Path, options: ExplainOptions, out: Path, progress: Progress
) -> Path:
    """Do what `explain` promises."""
    refuse_taken_folder(out)
    progress("reading", 0.0)
    network, config = load_checkpoint(checkpoint)
    network.to(options.device).eval()
    _check_inputs(network, options)
    samples, pictures = open_samples(data, split=options.split)
    notes = []
    frames = gather(network, samples, pictures, choose_rows(samples, options.frames))
    frames = Frames(samples=frames.samples, batch=frames.batch.to(options.device))
    known = sorted(set(frames.samples.sessions) & set(config.train_sessions))
    if known:
        notes.append(f"{len(known)} of the sessions looked at were trained on: {', '.join(known)}.")
    adapted = _adapted(network, samples, pictures, frames, options, notes)
    findings = investigate(
        network, frames, options, adapted=adapted, progress=part_of(progress, 0.05, 0.97)
    )
    for name, heads in findings.inputs.items():
        if not heads:
            raise InputError(
                f"The plain face could not be laid over any of {len(frames)} faces for input {name}.",
                fix="Look at the landmarks of the data set: `dashgaze validate DATA`.",
            )
    warnings = warnings_of(findings, len(frames.samples.sessions))
    numbers = _content(config, checkpoint, frames, findings, options, warnings, notes)
    faces = []
    if options.example_faces:
        facts = read_session_facts(data)
        faces = example_faces(network, frames, facts.raw_faces, options)
    with filling(out) as folder:
        page = make_explanation_page(
            findings,
            title=f"What {config.model} looks at",
            subtitle=f"{len(frames)} frames of {len(frames.samples.sessions)} sessions of "
            f"{data_title(data)}, split {options.split}",
            warnings=warnings,
            notes=notes,
            facts=_facts(config, checkpoint, options),
            faces=faces,
            maps_folder=folder / MAPS_FOLDER,
        )
        write_text(folder / REPORT_NAME, fill_page(page))
        text = json.dumps(plain(numbers), indent=2, allow_nan=False)
        write_text(folder / FIGURES_NAME, text + "\n")
        _write_maps(folder / MAPS_NAME, findings)
    progress("done", 1.0)
    return out / REPORT_NAME


def _check_inputs(network: GazeNetwork, options: ExplainOptions) -> None:
    for name in options.inputs:
        if name != "all" and name not in network.picture_sizes_px:
            raise InputError(
                f"The network takes no picture {name!r}; it takes "
                f"{', '.join(network.picture_sizes_px) or 'none'}.",
                fix="Give one of these with `--input`.",
            )
    if not network.picture_sizes_px:
        raise InputError(
            "The network takes no pictures; there is nothing to cover.",
            fix="Explain a network that sees pictures, such as dashgazenet.",
        )


def _adapted(
    network: GazeNetwork,
    samples: Samples,
    pictures: PictureSource,
    frames: Frames,
    options: ExplainOptions,
    notes: list[str],
) -> Any:
    if not options.adapt:
        return None
    if not network.adapted_parameters():
        notes.append("The network can't learn at test time; there are no maps after adaptation.")
        return None
    from dashgaze.models.adaptation.options import AdaptOptions

    rows = np.flatnonzero(np.isin(samples.session_id, frames.samples.sessions))
    return adapted_networks(
        network,
        samples.take(rows),
        pictures.take(rows),
        AdaptOptions(seed=options.seed),
        device=options.device,
    )


def _content(
    config: CheckpointConfig,
    checkpoint: Path,
    frames: Frames,
    findings: Findings,
    options: ExplainOptions,
    warnings: list[str],
    notes: list[str],
) -> dict[str, Any]:
    return {
        "schema": EXPLANATION_SCHEMA,
        "dashgaze": __version__,
        "checkpoint": {"folder": str(checkpoint), "model": config.model, "step": config.step},
        "options": asdict(options),
        "frames": len(frames),
        "sessions": frames.samples.sessions,
        "warnings": warnings,
        "notes": notes,
        **in_numbers(findings),
    }


def _facts(
    config: CheckpointConfig, checkpoint: Path, options: ExplainOptions
) -> list[tuple[str, str]]:
    return [
        ("Checkpoint", f"{checkpoint} ({config.model}, step {config.step})"),
        ("Trained on", f"{len(config.train_sessions)} sessions of {config.data_title}"),
        ("Covered with", options.fill),
        ("Square", f"{options.patch_px:g} px in a picture as the data set has it"),
        ("Seed", str(options.seed)),
    ]


def _write_maps(path: Path, findings: Findings) -> None:
    arrays = {}
    for name, heads in findings.inputs.items():
        for head, found in heads.items():
            if found.map is None:
                continue
            arrays[f"{name}_{head}_mean"] = found.map.mean
            if found.map.standard_error is not None:
                arrays[f"{name}_{head}_standard_error"] = found.map.standard_error
    for head, each in findings.view.items():
        arrays[f"driver_view_{head}_mean"] = each
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
