"""The loop of a training; needs torch."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dashgaze.errors import InputError
from dashgaze.progress import Progress

from ..adaptation.heads import Heads, build_heads
from ..contract.batch import Batch
from ..contract.checkpoint import CheckpointConfig
from ..contract.network import GazeNetwork
from ..feeding.batches import Feed, feed
from ..networks.pretext_network import PretextNetwork
from .checkpoint import save_checkpoint
from .heads_file import save_heads
from .log import TrainLog
from .material import Material
from .objective import Objective, step_seed
from .options import TrainOptions
from .run_files import CHECKPOINT_FOLDER
from .schedule import rate_at
from .state import State, give_optimizer, optimizer_state, save_state
from .validation import Judgement, judge
from .window import Window

if TYPE_CHECKING:
    from accelerate import Accelerator

_COUNTERS = ("step", "best", "best_step", "looks_without_better", "finished")


class Trainer:
    """A training that can be stopped at any step and gone on with.

    Parameters
    ----------
    network
        With its first weights.
    material
        The frames.
    options
        What was chosen.
    machine
        What it computes on.
    folder
        Of the run.
    config
        What the checkpoint says of its origin; step and error are filled in.
    """

    def __init__(
        self,
        network: GazeNetwork,
        material: Material,
        options: TrainOptions,
        machine: Accelerator,
        *,
        folder: Path,
        config: CheckpointConfig,
    ) -> None:
        self.network, self.material, self.options = network, material, options
        self.machine, self.folder, self.config = machine, folder, config
        self.heads = _heads(network, material, options)
        objective = Objective(
            network,
            self.heads,
            options.pretext,
            weight=1.0 if options.pretext_weight is None else options.pretext_weight,
            seed=options.seed,
        )
        optimizer = torch.optim.AdamW(_groups(objective, options), lr=options.learning_rate)
        self.objective, self.optimizer = machine.prepare(objective, optimizer)
        self.mean_network: GazeNetwork | None = None
        if options.ema is not None:
            self.mean_network = copy.deepcopy(network).requires_grad_(False)
        self.per_epoch = self._feed(0).batch_count(len(material.train))
        self.total = options.steps or options.epochs * self.per_epoch
        self.look_every = max(1, round(options.validate_every_epochs * self.per_epoch))
        self.step = 0
        self.best: float | None = None
        self.best_step = 0
        self.looks_without_better = 0
        self.finished = False
        self._last: Judgement | None = None

    # -- going on ---------------------------------------------------------------------------------

    def state(self, log: TrainLog) -> State:
        """Give everything that `take_over` needs."""
        scaler = self.machine.scaler
        parts: dict[str, nn.Module | None] = {
            "network": self.network,
            "heads": self.heads,
            "mean": self.mean_network,
        }
        facts = {
            "digest": self.config.data_digest,
            "learned": self.options.learned(),
            "log_bytes": log.size_bytes(),
            "scaler": None if scaler is None else scaler.state_dict(),
        }
        return State(
            facts=facts | {name: getattr(self, name) for name in _COUNTERS},
            weights={name: part.state_dict() for name, part in parts.items() if part is not None},
            optimizer=optimizer_state(self.optimizer),
        )

    def take_over(self, state: State) -> None:
        """Go on where a state was written."""
        self.network.load_state_dict(state.weights["network"])
        if self.heads is not None:
            self.heads.load_state_dict(state.weights["heads"])
        if self.mean_network is not None:
            self.mean_network.load_state_dict(state.weights["mean"])
        give_optimizer(self.optimizer, state.optimizer)
        if self.machine.scaler is not None and state.facts["scaler"] is not None:
            self.machine.scaler.load_state_dict(state.facts["scaler"])
        for name in _COUNTERS:
            setattr(self, name, state.facts[name])

    # -- learning ---------------------------------------------------------------------------------

    def run(self, log: TrainLog | None, progress: Progress) -> None:
        """Train to the end.

        Parameters
        ----------
        log
            None in processes that only help.
        progress
            Where to report to.

        Raises
        ------
        InputError
            If the loss is no number; the last state stays.
        """
        window = Window()
        saved_s = time.monotonic()
        self.objective.train()
        while self.step < self.total and not self.finished:
            began_s = time.perf_counter()
            for batch in self._epoch():
                waited_s = time.perf_counter() - began_s
                terms = self._learn(batch)
                window.add(terms, frames=len(batch), waited_s=waited_s)
                self.step += 1
                looks = self.step % self.look_every == 0 or self.step == self.total
                if looks or self.step % self.options.log_every_steps == 0:
                    self._tell(log, window, progress)
                if looks:
                    self._look(log)
                every = self.options.state_every_steps
                due = time.monotonic() - saved_s > 60 * self.options.state_every_minutes
                if looks or due or (every is not None and self.step % every == 0):
                    self._save(log)
                    saved_s = time.monotonic()
                    if not window.steps:  # validating and writing are no part of the speed
                        window.start()
                if self.finished or self.step >= self.total:
                    break
                began_s = time.perf_counter()
        if not self.finished:
            self.finished = True
            self._save(log)

    def _epoch(self) -> Iterator[Batch]:
        """Feed what is left of the epoch that the step is in."""
        epoch, first = divmod(self.step, self.per_epoch)
        material = self.material
        return feed(
            material.train,
            material.train_pictures,
            self._feed(epoch, first),
            sizes_px=self.network.picture_sizes_px,
            sessions=material.parties.train_sessions,
        )

    def _feed(self, epoch: int, first: int = 0) -> Feed:
        options = self.options
        return Feed(
            batch_size=options.batch_size,
            shuffle_seed=options.seed,
            epoch=epoch,
            first_batch=first,
            drop_last=True,
            part=(self.machine.process_index, self.machine.num_processes),
            augmentation=options.augmentation,
            workers=options.workers,
            prefetch=options.prefetch,
        )

    def _learn(self, batch: Batch) -> dict[str, Tensor]:
        options, rank = self.options, self.machine.process_index
        # Dropout draws from torch's own generator: a step is the same whatever came before it.
        torch.manual_seed(step_seed(options.seed, self.step, rank))
        rate = rate_at(
            self.step,
            self.total,
            greatest=options.learning_rate,
            warmup=round(options.warmup_share * self.total),
            cosine=options.schedule == "cosine",
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        terms: dict[str, Tensor] = self.objective(batch.to(self.machine.device), self.step, rank)
        self._refuse_nonsense(terms)
        self.optimizer.zero_grad()
        self.machine.backward(terms["total"])
        limit = math.inf if options.gradient_clip is None else options.gradient_clip
        norm = self.machine.clip_grad_norm_(self.objective.parameters(), limit)
        # Half precision overflows now and then; its scaler passes over such a step.
        if norm is not None and self.machine.scaler is None and not math.isfinite(float(norm)):
            raise _nonsense(self.step, "the gradient", self.folder)
        self.optimizer.step()
        self._follow()
        return terms

    def _refuse_nonsense(self, terms: dict[str, Tensor]) -> None:
        bad = torch.stack([~torch.isfinite(value.detach()) for value in terms.values()])
        if self.machine.num_processes > 1:
            bad = self.machine.reduce(bad.float(), reduction="sum") > 0
        if bool(bad.any()):
            # The first one that is not the sum names the fault.
            names = [name for name, is_bad in zip(terms, bad.tolist(), strict=True) if is_bad]
            raise _nonsense(
                self.step, f"the loss `{min(names, key=lambda name: name == 'total')}`", self.folder
            )

    def _follow(self) -> None:
        """Move the running mean of weights."""
        if self.mean_network is None or self.options.ema is None:
            return
        # Early on the mean would be of first weights mostly.
        decay = min(self.options.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = zip(self.mean_network.parameters(), self.network.parameters(), strict=True)
            for mean, now in pairs:
                mean.lerp_(now, 1.0 - decay)
            kept = zip(self.mean_network.buffers(), self.network.buffers(), strict=True)
            for old, new in kept:
                old.copy_(new)

    # -- telling and keeping ----------------------------------------------------------------------

    @property
    def judged_network(self) -> GazeNetwork:
        """What is validated and kept: the running mean where there is one."""
        return self.network if self.mean_network is None else self.mean_network

    def _tell(self, log: TrainLog | None, window: Window, progress: Progress) -> None:
        says = window.summary(processes=self.machine.num_processes)
        epoch = self.step / self.per_epoch
        if log is not None:
            rate = self.optimizer.param_groups[0]["lr"]
            log.write("step", step=self.step, epoch=epoch, learning_rate=rate, **says)
        phase = f"epoch {epoch:.1f}, loss {says['loss']['total']:.4f}"
        if says.get("pretext_accuracy") is not None:
            phase += f", pretext {says['pretext_accuracy']:.2f}"
        if self._last is not None and self._last.error_px is not None:
            phase += f", {self._last.error_px:.0f} px"
        progress(f"{phase}, {says['samples_per_s']:.0f} frames/s", self.step / self.total)
        window.start()

    def _look(self, log: TrainLog | None) -> None:
        """Validate, keep the weights if they are the best so far, and see whether it is enough."""
        material, options = self.material, self.options
        if material.validation is None or material.validation_pictures is None:
            self._keep(None)
            return
        found = judge(
            self.judged_network,
            material.validation,
            material.validation_pictures,
            Feed(
                batch_size=options.batch_size,
                part=(self.machine.process_index, self.machine.num_processes),
                workers=options.workers,
                prefetch=options.prefetch,
            ),
            device=self.machine.device,
            add=lambda sums: self.machine.reduce(sums, reduction="sum"),
            precision=self.machine.autocast,
        )
        self._last = found
        error = found.angle_deg if found.error_px is None else found.error_px
        better = error is not None and (self.best is None or error < self.best)
        if better:
            self.best, self.best_step, self.looks_without_better = error, self.step, 0
            self._keep(found.error_px)
        else:
            self.looks_without_better += 1
        if options.patience is not None and self.looks_without_better >= options.patience:
            self.finished = True
        if log is not None:
            log.write(
                "validation",
                step=self.step,
                epoch=self.step / self.per_epoch,
                validation_error_px=found.error_px,
                validation_angle_deg=found.angle_deg,
                by_session_px=found.by_session_px,
                constant_error_px=material.constant_error_px,
                best_step=self.best_step,
            )

    def _keep(self, error_px: float | None) -> None:
        if not self.machine.is_main_process:
            return
        config = self.config.model_copy(update={"step": self.step, "validation_error_px": error_px})
        save_checkpoint(self.folder / CHECKPOINT_FOLDER, self.judged_network, config)
        if self.heads is not None and self.options.keep_heads:
            save_heads(self.folder, self.heads, step=self.step)

    def _save(self, log: TrainLog | None) -> None:
        if log is not None:
            save_state(self.folder, self.state(log))


def _heads(network: GazeNetwork, material: Material, options: TrainOptions) -> Heads | None:
    fits = isinstance(network, PretextNetwork)
    if options.pretext_weight == 0.0 or (options.pretext_weight is None and not fits):
        return None
    return build_heads(network, len(material.parties.train_sessions), options.pretext)


def _groups(module: nn.Module, options: TrainOptions) -> list[dict[str, Any]]:
    """Leave biases and norms, which have one axis, out of weight decay."""
    parameters = [each for each in module.parameters() if each.requires_grad]
    matrices = [each for each in parameters if each.ndim > 1]
    others = [each for each in parameters if each.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": options.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _nonsense(step: int, what: str, folder: Path) -> InputError:
    return InputError(
        f"In step {step + 1} {what} was no finite number; the training stopped. The state and the checkpoint "
        f"in {folder} are of before.",
        fix="Lower `learning_rate`, or set `gradient_clip`; with precision fp16 try bf16. If it stops in the "
        "first step, look for labels that can't be: `dashgaze validate --deep`.",
        path=folder,
    )
