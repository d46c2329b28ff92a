"""What was found out about one network."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .branch_drop import Drop
from .displacement import UNITS, Head
from .face_regions import region_shares
from .faithfulness import Faithfulness
from .model_saliency import ModelMap, alike
from .names import InputName
from .probe import Probe
from .randomisation import RandomisedMap
from .shortcut import ShortcutShare

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadFindings:
    """What one head does when places of the face are covered in one input.

    Attributes
    ----------
    largest
        Largest displacement of all, px or degrees.
    refusal
        Why there is no map; None if there is one.
    map
        The model's map.
    shares
        Of the map, by part of the face.
    groups
        Maps by condition and value, such as ``eyewear: glasses``.
    adapted
        The map after learning at test time; None if that was not asked for.
    convergence, sanity, faithful
        See the modules of these names.
    """

    largest: float
    refusal: str | None = None
    map: ModelMap | None = None
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    groups: Mapping[str, ModelMap] = field(default_factory=dict)
    adapted: ModelMap | None = None
    convergence: Sequence[tuple[int, float]] = ()
    sanity: Sequence[RandomisedMap] = ()
    faithful: Faithfulness | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """All of it.

    Attributes
    ----------
    drops
        The first table.
    inputs
        By input and head.
    left_out
        By input, frames over which the plain face could not be laid.
    view
        Mean occlusion maps of the driver view by head; empty if there is no such picture.
    shortcuts
        By head.
    probes
        What features tell.
    """

    drops: Sequence[Drop]
    inputs: Mapping[InputName, Mapping[Head, HeadFindings]]
    left_out: Mapping[InputName, int]
    view: Mapping[Head, FloatArray]
    shortcuts: Mapping[Head, ShortcutShare]
    probes: Sequence[Probe]


def in_numbers(findings: Findings) -> dict[str, Any]:
    """Give the findings without their maps, ready for JSON."""
    return {
        "branch_drops": [asdict(drop) | {"unit": UNITS[drop.head]} for drop in findings.drops],
        "inputs": {
            name: {
                "frames_left_out": findings.left_out[name],
                "heads": {head: _head_numbers(head, each) for head, each in heads.items()},
            }
            for name, heads in findings.inputs.items()
        },
        "driver_view": {head: asdict(each) for head, each in findings.shortcuts.items()},
        "probes": [asdict(each) for each in findings.probes],
    }


def _head_numbers(head: Head, found: HeadFindings) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        "unit": UNITS[head],
        "largest_displacement": found.largest,
        "refusal": found.refusal,
    }
    if found.map is None:
        return numbers
    whole = found.map
    error = None
    if whole.standard_error is not None and np.isfinite(whole.standard_error).any():
        error = float(np.nanmean(whole.standard_error) / np.nanmean(whole.mean))
    return numbers | {
        "frames": whole.frames,
        "sessions": whole.sessions,
        "relative_standard_error": error,
        "region_shares": found.shares,
        "groups": {
            name: {
                "frames": each.frames,
                "sessions": each.sessions,
                "correlation_with_all": alike(each.mean, whole.mean),
                "region_shares": region_shares(each.mean),
            }
            for name, each in found.groups.items()
        },
        "after_adaptation": None
        if found.adapted is None
        else {
            "correlation_with_before": alike(found.adapted.mean, whole.mean),
            "region_shares": region_shares(found.adapted.mean),
        },
        "convergence": [
            {"frames": count, "correlation": value} for count, value in found.convergence
        ],
        "randomisation": [asdict(each) for each in found.sanity],
        "faithfulness": None if found.faithful is None else asdict(found.faithful),
    }
