"""One training from opening the data to the last state; needs torch."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from dashgaze.errors import InputError
from dashgaze.files import refuse_taken_folder, write_text
from dashgaze.progress import Progress

from ..contract.checkpoint import CheckpointConfig
from ..contract.network import GazeNetwork
from ..feeding.batches import Feed, feed
from ..feeding.dataset import data_digest, data_title
from ..networks.pretrained import load_pretrained
from ..networks.registry import build
from ..networks.statistics import learn_statistics
from .log import TrainLog
from .machine import open_machine
from .material import Material, open_material
from .options import TrainOptions
from .outcome import read_run
from .run_files import CHECKPOINT_FOLDER, RUN_NAME
from .sessions import choose_sessions
from .state import load_state
from .trainer import Trainer

_PACKAGES = ("dashgaze", "torch", "accelerate", "safetensors", "numpy", "opencv-python-headless")


def run_training(
    data: Path, options: TrainOptions, out: Path, *, resume: bool, progress: Progress
) -> Path:
    """Train, or go on; see `train.train`."""
    digest = data_digest(data)
    parties = choose_sessions(data, options)
    state = load_state(out, digest=digest, learned=options.learned()) if resume else None
    machine = open_machine(options)
    if options.batch_size % machine.num_processes:
        raise InputError(
            f"A batch of {options.batch_size} can't be shared by {machine.num_processes} processes.",
            fix="Choose a batch size that they divide.",
        )
    is_main = machine.is_main_process
    if state is None and is_main:
        refuse_taken_folder(out)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = build(options.model, _network_options(options))
        material = open_material(data, options, parties, network.picture_sizes_px, progress)
        if state is None:
            pretrained = load_pretrained(network, options.pretrained)
            _learn_statistics(network, material, options)
        else:
            pretrained = read_run(out).pretrained
        config = CheckpointConfig(
            model=network.name,
            options=network.options,
            training=options.learned(),
            data_digest=digest,
            data_title=data_title(data),
            train_sessions=material.parties.train_sessions,
            train_drivers=material.parties.train_drivers,
            validation_sessions=material.parties.validation_sessions,
            validation_drivers=material.parties.validation_drivers,
            pretrained=pretrained,
            versions=_versions(),
            step=0,
            notes=_notes(material),
        )
        trainer = Trainer(network, material, options, machine, folder=out, config=config)
        log = None
        if is_main:
            if state is None:
                write_text(out / RUN_NAME, config.model_dump_json(indent=2) + "\n")
            log = TrainLog(
                out,
                kept_bytes=0 if state is None else state.facts["log_bytes"],
                tensorboard=options.tensorboard,
            )
        if state is not None:
            trainer.take_over(state)
        if log is not None:
            log.write(
                "resumed" if state is not None else "start",
                **_facts(trainer, material, config),
            )
        try:
            trainer.run(log, progress)
        finally:
            if log is not None:
                log.close()
    machine.end_training()
    return out / CHECKPOINT_FOLDER


def _network_options(options: TrainOptions) -> dict[str, Any]:
    given = dict(options.network)
    if options.size is not None:
        given["size"] = options.size
    if options.angle_weight is not None:
        given["angle_weight"] = options.angle_weight
    return given


def _learn_statistics(network: GazeNetwork, material: Material, options: TrainOptions) -> None:
    """Fill what a network standardises by from frames as they are; most networks have nothing of it."""
    how = Feed(
        batch_size=options.batch_size,
        shuffle_seed=options.seed,
        workers=options.workers,
        prefetch=options.prefetch,
    )
    frames = feed(material.train, material.train_pictures, how, sizes_px=network.picture_sizes_px)
    learn_statistics(network, frames)


def _facts(trainer: Trainer, material: Material, config: CheckpointConfig) -> dict[str, Any]:
    machine = trainer.machine
    validation = material.validation
    return {
        "step": trainer.step,
        "steps": trainer.total,
        "steps_per_epoch": trainer.per_epoch,
        "train_frames": len(material.train),
        "train_sessions": len(config.train_sessions),
        "validation_frames": 0 if validation is None else len(validation),
        "validation_sessions": len(config.validation_sessions),
        "constant_error_px": material.constant_error_px,
        "pretext": trainer.heads is not None,
        "device": str(machine.device),
        "processes": machine.num_processes,
        "precision": str(machine.mixed_precision),
        "torch_threads": torch.get_num_threads(),
        "data": config.data_title,
    }


def _notes(material: Material) -> tuple[str, ...]:
    notes = []
    if material.validation is None:
        notes.append("No validation session had frames: the weights are those of the last step.")
    elif not (material.validation.has_location & material.validation.gaze_in_view).any():
        notes.append(
            "No validation frame had a location: the best step was chosen by the angle of gaze."
        )
    return tuple(notes)


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # installed under another name, such as opencv-python
            continue
    return found
