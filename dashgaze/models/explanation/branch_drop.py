"""Taking one input away: the cheapest question of what a network uses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from dashgaze.models.contract.batch import Batch
from dashgaze.models.contract.network import GazeNetwork

from .chosen_frames import Frames, rows_of
from .displacement import Answers, Head, answers_of, apart, truth_of
from .session_means import Interval, session_interval

Way = Literal["zero", "mean", "permuted"]
WAYS: tuple[Way, ...] = ("zero", "mean", "permuted")

_EYES = ("left_eye", "right_eye")


@dataclass(frozen=True, kw_only=True)
class Drop:
    """What taking an input away does.

    Attributes
    ----------
    name
        The input: a picture, ``eyes`` (both), or ``landmarks`` (with the face's box and head pose).
    way
        ``zero``: black, or 0; ``mean``: the mean of all frames looked at; ``permuted``: another frame's, drawn
        among all sessions.
    head
        Which answer.
    moved
        How far it moves, px or degrees.
    worsened
        How much its error grows; None if no truth is known.
    """

    name: str
    way: Way
    head: Head
    moved: Interval
    worsened: Interval | None


def branch_drops(
    network: GazeNetwork, frames: Frames, *, seed: int, batch_size: int = 64
) -> list[Drop]:
    """Take each input away in each way.

    Parameters
    ----------
    network
        In evaluation mode.
    frames
        What is answered.
    seed
        Of the permutation.
    batch_size
        Frames at a time.
    """
    own = answer_all(network, frames, frames.batch, batch_size)
    order = np.random.default_rng(seed).permutation(len(frames)).astype(np.int64)
    drops = []
    for name in dropped_names(network):
        for way in WAYS:
            changed = answer_all(
                network, frames, without(frames.batch, name, way, order), batch_size
            )
            for head in own.heads:
                drops.append(_drop(frames, own, changed, name, way, head))
    return drops


def dropped_names(network: GazeNetwork) -> list[str]:
    """Give the inputs that can be taken away; both eyes go together as well as one by one."""
    names: list[str] = list(network.picture_sizes_px)
    if all(eye in names for eye in _EYES):
        names = [*(name for name in names if name not in _EYES), "eyes", *_EYES]
    return [*names, "landmarks"]


def without(batch: Batch, name: str, way: Way, order: NDArray[np.int64]) -> Batch:
    """Give the same frames with one input taken away.

    Parameters
    ----------
    batch
        n frames.
    name, way
        As `Drop` has them.
    order
        Whose input stands in if permuted, shape (n,).
    """
    if name == "landmarks":
        return _without_landmarks(batch, way, order)
    taken = _EYES if name == "eyes" else (name,)
    pictures = dict(batch.pictures)
    present = dict(batch.present)
    for each in taken:
        given = pictures[each]
        if way == "zero":
            pictures[each] = torch.zeros_like(given)
            present[each] = torch.zeros_like(present[each])
        elif way == "mean":
            mean = given.double().mean(dim=0, keepdim=True).round().to(given.dtype)
            pictures[each] = mean.expand_as(given)
        else:
            places = torch.from_numpy(order)
            pictures[each], present[each] = given[places], present[each][places]
    return replace(batch, pictures=pictures, present=present)


def answer_all(network: GazeNetwork, frames: Frames, batch: Batch, batch_size: int = 64) -> Answers:
    """Answer all frames, some at a time."""
    parts = []
    for first in range(0, len(batch), batch_size):
        rows = np.arange(first, min(first + batch_size, len(batch)), dtype=np.int64)
        with torch.inference_mode():
            output = network(rows_of(batch, rows))
        parts.append(answers_of(output, frames.samples.road_size_px[rows]))
    angles = [part.angle for part in parts if part.angle is not None]
    return Answers(
        location=np.concatenate([part.location for part in parts]),
        angle=np.concatenate(angles) if angles else None,
    )


def _without_landmarks(batch: Batch, way: Way, order: NDArray[np.int64]) -> Batch:
    names: Sequence[str] = ("landmarks", "face_box", "head_pose")
    flags = ("face_known", "head_pose_known")
    changes: dict[str, Any] = {}
    for name in names:
        given = getattr(batch, name)
        if way == "zero":
            changes[name] = torch.zeros_like(given)
        elif way == "mean":
            changes[name] = given.mean(dim=0, keepdim=True).expand_as(given)
        else:
            changes[name] = given[torch.from_numpy(order)]
    for name in flags:
        known = getattr(batch, name)
        if way == "zero":
            changes[name] = torch.zeros_like(known)
        elif way == "permuted":
            changes[name] = known[torch.from_numpy(order)]
    return replace(batch, **changes)


def _drop(frames: Frames, own: Answers, changed: Answers, name: str, way: Way, head: Head) -> Drop:
    moved = apart(changed.of(head), own.of(head), head)
    truth = truth_of(frames.samples, head)
    grown = apart(changed.of(head), truth, head) - apart(own.of(head), truth, head)
    known = np.isfinite(grown)
    whole = session_interval(moved, frames.sessions)
    if whole is None:
        raise ValueError("an answer that is no number")
    return Drop(
        name=name,
        way=way,
        head=head,
        moved=whole,
        worsened=session_interval(grown[known], frames.sessions[known]),
    )
