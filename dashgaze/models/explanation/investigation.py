"""All that is asked of one network, in order."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.progress import Progress, part_of

from .branch_drop import branch_drops
from .chosen_frames import Frames
from .displacement import LEAST_EFFECT, UNITS, Head
from .face_regions import region_shares
from .face_surface import face_surface
from .faithfulness import Faithfulness, faithfulness
from .findings import Findings, HeadFindings
from .model_saliency import FrameMaps, ModelMap, convergence, frame_maps, model_map
from .names import InputName
from .occlusion import OcclusionMaps, occlusion_maps
from .options import ExplainOptions
from .probe import probe
from .randomisation import RandomisedMap, randomised_maps
from .shortcut import ShortcutShare, shortcut_shares

FloatArray = NDArray[np.float64]

GROUPS = ("eyewear", "lighting")
"""Conditions of sessions by which maps are split."""


def investigate(
    network: GazeNetwork,
    frames: Frames,
    options: ExplainOptions,
    *,
    adapted: Mapping[str, GazeNetwork] | None = None,
    progress: Progress,
) -> Findings:
    """Ask everything.

    Parameters
    ----------
    network
        In evaluation mode.
    frames
        What it is asked about.
    options
        How closely.
    adapted
        By session, what learning at test time made of the network.
    progress
        Told of every step.
    """
    drops = branch_drops(network, frames, seed=options.seed)
    inputs: dict[InputName, Mapping[Head, HeadFindings]] = {}
    left_out: dict[InputName, int] = {}
    for number, name in enumerate(options.inputs):
        start = 0.05 + 0.7 * number / len(options.inputs)
        part = part_of(progress, start, start + 0.7 / len(options.inputs))
        inputs[name], left_out[name] = _one_input(
            network, frames, name, options, adapted=adapted, progress=part
        )
    view: dict[Head, FloatArray] = {}
    shortcuts: Mapping[Head, ShortcutShare] = {}
    if options.driver_frames and "driver" in network.picture_sizes_px:
        some = spread(frames, options.driver_frames)
        maps = view_maps(network, some, options, part_of(progress, 0.75, 0.97))
        view = {head: each.mean(axis=0) for head, each in maps.moved.items()}
        shortcuts = shortcut_shares(some, maps, network.picture_sizes_px["driver"])
    return Findings(
        drops=drops,
        inputs=inputs,
        left_out=left_out,
        view=view,
        shortcuts=shortcuts,
        probes=probe(network, frames),
    )


def view_maps(
    network: GazeNetwork, frames: Frames, options: ExplainOptions, progress: Progress
) -> OcclusionMaps:
    """Make occlusion maps of the driver view."""
    return occlusion_maps(
        network,
        frames,
        "driver",
        fill=options.fill,
        patch_px=options.patch_px,
        batch_size=options.batch_size,
        progress=progress,
    )


def spread(frames: Frames, count: int) -> Frames:
    """Take some of the frames, evenly."""
    places = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return frames.take(np.unique(np.rint(places).astype(np.int64)))


def _one_input(
    network: GazeNetwork,
    frames: Frames,
    name: InputName,
    options: ExplainOptions,
    *,
    adapted: Mapping[str, GazeNetwork] | None,
    progress: Progress,
) -> tuple[Mapping[Head, HeadFindings], int]:
    surface = face_surface()
    given: dict[str, Any] = {
        "fill": options.fill,
        "patch_px": options.patch_px,
        "every": options.every,
        "batch_size": options.batch_size,
    }
    maps = frame_maps(network, frames, surface, name, progress=part_of(progress, 0.0, 0.5), **given)
    seen = [head for head in maps.maps if maps.effect(head)]
    after: FrameMaps | None = None
    if adapted and seen:
        after = _adapted_maps(adapted, frames, name, given, part_of(progress, 0.5, 0.65))
    sanity: Mapping[Head, Sequence[RandomisedMap]] = {}
    if options.sanity_frames and seen:
        sanity = randomised_maps(
            network,
            spread(frames, options.sanity_frames),
            surface,
            name,
            seed=options.seed,
            progress=part_of(progress, 0.65, 0.85),
            **(given | {"every": 2 * options.every}),
        )
    faithful: Mapping[Head, Faithfulness] = {}
    if seen and len(maps) >= 4:
        faithful = faithfulness(
            network,
            frames,
            surface,
            name,
            {head: _halves(maps, head) for head in seen},
            seed=options.seed,
            patch_px=options.patch_px,
            progress=part_of(progress, 0.85, 1.0),
        )
    found: dict[Head, HeadFindings] = {}
    for head in maps.maps:
        if head not in seen:
            found[head] = HeadFindings(largest=maps.largest[head], refusal=no_effect(head, name))
            continue
        whole = model_map(maps.maps[head], maps.sessions)
        found[head] = HeadFindings(
            largest=maps.largest[head],
            map=whole,
            shares=region_shares(whole.mean),
            groups=_groups(frames, maps, head),
            adapted=None if after is None else model_map(after.maps[head], after.sessions),
            convergence=convergence(maps.maps[head], seed=options.seed),
            sanity=sanity.get(head, ()),
            faithful=faithful.get(head),
        )
    return found, maps.left_out


def no_effect(head: Head, name: str) -> str:
    """Say why no map is drawn."""
    return (
        f"No effect: covering any place of the face in input {name!r} moves the {head} by less than "
        f"{LEAST_EFFECT[head]} {UNITS[head]}. A map of that would be noise, scaled up."
    )


def _halves(maps: FrameMaps, head: Head) -> tuple[FloatArray, FloatArray]:
    """Give the map that frames of even number are tested with, then that of the odd ones."""
    even = maps.rows % 2 == 0
    pair = [model_map(maps.maps[head][each], maps.sessions[each]).mean for each in (~even, even)]
    return pair[0], pair[1]


def _groups(frames: Frames, maps: FrameMaps, head: Head) -> dict[str, ModelMap]:
    """Split the map by conditions that differ between the sessions."""
    groups = {}
    for condition in GROUPS:
        values = getattr(frames.samples, condition)[maps.rows]
        names = sorted(set(values.tolist()) - {""})
        if len(names) < 2:
            continue
        for name in names:
            rows = values == name
            groups[f"{condition}: {name}"] = model_map(maps.maps[head][rows], maps.sessions[rows])
    return groups


def _adapted_maps(
    adapted: Mapping[str, GazeNetwork],
    frames: Frames,
    name: InputName,
    given: Mapping[str, Any],
    progress: Progress,
) -> FrameMaps | None:
    parts = []
    for number, (session, network) in enumerate(adapted.items()):
        rows = np.flatnonzero(frames.sessions == session).astype(np.int64)
        if len(rows):
            parts.append(frame_maps(network, frames.take(rows), face_surface(), name, **given))
        progress("covering places after adaptation", (number + 1) / len(adapted))
    parts = [part for part in parts if len(part)]
    if not parts:
        return None
    return FrameMaps(
        maps={head: np.concatenate([part.maps[head] for part in parts]) for head in parts[0].maps},
        rows=np.concatenate([part.rows for part in parts]),
        sessions=np.concatenate([part.sessions for part in parts]),
        left_out=sum(part.left_out for part in parts),
        largest={head: max(part.largest[head] for part in parts) for head in parts[0].maps},
    )
