"""All that a training needs to go on where it was; needs torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dashgaze.errors import InputError

from .weights_file import read_weights_file, write_weights_file

STATE_NAME = "state.safetensors"
_SCHEMA = "dashgaze/training-state/1"


@dataclass(frozen=True, kw_only=True)
class State:
    """What is kept of a training.

    Attributes
    ----------
    facts
        Plain values: counters, the best error so far, what it was trained with.
    weights
        Tensors by group (``network``, ``heads``, ``mean``) and name.
    optimizer
        Of each parameter by its number: what the optimiser keeps of it.
    """

    facts: dict[str, Any]
    weights: dict[str, dict[str, Tensor]]
    optimizer: dict[int, dict[str, Tensor]]


def save_state(folder: Path, state: State) -> None:
    """Write the state in one step; a crash leaves this one or the one before."""
    tensors = {
        f"{group}/{name}": value
        for group, named in state.weights.items()
        for name, value in named.items()
    }
    for number, named in state.optimizer.items():
        tensors |= {f"optimizer/{number}/{name}": value for name, value in named.items()}
    facts = json.dumps({"schema": _SCHEMA} | state.facts)
    write_weights_file(folder / STATE_NAME, tensors, {"state": facts})


def optimizer_state(optimizer: Any) -> dict[int, dict[str, Tensor]]:
    """Give what an optimiser keeps of each parameter."""
    return {
        int(number): {
            name: value if isinstance(value, Tensor) else torch.tensor(value)
            for name, value in kept.items()
        }
        for number, kept in optimizer.state_dict()["state"].items()
    }


def give_optimizer(optimizer: Any, kept: Mapping[int, Mapping[str, Tensor]]) -> None:
    """Undo `optimizer_state`; groups and rates are those that the optimiser was built with."""
    fresh = optimizer.state_dict()
    optimizer.load_state_dict(fresh | {"state": {number: dict(kept[number]) for number in kept}})


def load_state(folder: Path, *, digest: str, learned: Mapping[str, Any]) -> State:
    """Read the state of a run.

    Parameters
    ----------
    folder
        Of the run.
    digest
        Of the data set that is at hand.
    learned
        The options that decide on the weights (`TrainOptions.learned`).

    Raises
    ------
    InputError
        If there is none, it is damaged, or it is of other data or options.
    """
    path = folder / STATE_NAME
    if not path.is_file():
        raise InputError(
            f"{folder} holds no training to go on with: {STATE_NAME} is not there.",
            fix="Leave `--resume` out and give a new folder, or name the folder of a run.",
            path=folder,
        )
    tensors, marks = read_weights_file(
        path, fix="The checkpoint beside it can be used; train again in a new folder."
    )
    try:
        facts = json.loads(marks.get("state", "{}"))
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict) or facts.get("schema") != _SCHEMA:
        raise InputError(
            f"{path} is not the state of a training of this version.",
            fix="Train again in a new folder.",
            path=path,
        )
    _refuse_other(folder, facts, digest, learned)
    weights: dict[str, dict[str, Tensor]] = {}
    optimizer: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        group, name = key.split("/", 1)
        if group == "optimizer":
            number, name = name.split("/", 1)
            optimizer.setdefault(int(number), {})[name] = value
        else:
            weights.setdefault(group, {})[name] = value
    return State(facts=facts, weights=weights, optimizer=optimizer)


def _refuse_other(
    folder: Path, facts: Mapping[str, Any], digest: str, learned: Mapping[str, Any]
) -> None:
    if facts["digest"] != digest:
        raise InputError(
            f"{folder} was trained on another data set (digest {facts['digest'][:12]}…) than this one "
            f"({digest[:12]}…).",
            fix="Give the same data set, or train in a new folder.",
            path=folder,
        )
    earlier = facts["learned"]
    for name in sorted(set(earlier) | set(learned)):
        if earlier.get(name) != learned.get(name):
            raise InputError(
                f"{folder} was trained with {name} = {earlier.get(name)!r}, now it would be "
                f"{learned.get(name)!r}.",
                fix="Go on with the same options, or train in a new folder.",
                path=folder,
            )
