"""What the report says, as plain text and drawings, for the template to lay out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dashgaze.reports.texts import counted, number

from .examples import ExampleFrame
from .sections import Section, sections_of
from .summary import Tile, tiles_of, verdict_of


@dataclass(frozen=True, kw_only=True)
class Page:
    """Content of the page; see the template."""

    title: str
    subtitle: str
    verdict: str
    verdict_title: str
    verdict_text: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    examples: tuple[ExampleFrame, ...]
    facts: tuple[tuple[str, str], ...]
    with_faces: bool


def make_page(
    content: dict[str, Any],
    *,
    ground: np.ndarray | None = None,
    road_size_px: tuple[float, float] = (1920.0, 1080.0),
    examples: tuple[ExampleFrame, ...] = (),
) -> Page:
    """Put the numbers of an evaluation into words and drawings.

    Parameters
    ----------
    content
        That of ``report.json``.
    ground
        How the road looks, for the map of errors; None if that is not known.
    road_size_px
        Width and height of the road picture.
    examples
        Pictures of faces, where somebody asked for them and the drivers agreed.
    """
    data = content["data"]
    verdict, title, text = verdict_of(content)
    return Page(
        title="How well gaze is predicted",
        subtitle=f"{data['title']} · {data['split']}{'' if data['split'] == 'folds' else ' split'} · {counted(len(data['sessions']), 'session')} · "
        f"{counted(len(data['drivers']), 'driver')} · {counted(data['judged_frames'], 'frame')}",
        verdict=verdict,
        verdict_title=title,
        verdict_text=text,
        warnings=tuple(content["warnings"]),
        notes=tuple(content["notes"]),
        tiles=tiles_of(content),
        sections=tuple(sections_of(content, ground, road_size_px)),
        examples=examples,
        facts=_facts(content),
        with_faces=bool(examples),
    )


def _facts(content: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    data = content["data"]
    left_out = (
        "; ".join(f"{number(n)}: {reason}" for reason, n in data["left_out"].items() if n) or "none"
    )
    rows = [
        ("Data set", data["title"]),
        ("Its digest", data["digest"]),
        ("Split", data["split"]),
        ("Sessions", ", ".join(data["sessions"])),
        ("Frames with pictures", number(data["frames"])),
        ("Judged for location", number(data["judged_frames"])),
        ("Judged for the angle", number(data["angle_frames"])),
        ("Not judged for location", left_out),
        ("Judged frames without a face", number(data["judged_without_face"])),
    ]
    for model in content["models"]:
        if model["checkpoint"]:
            checkpoint = model["checkpoint"]
            rows.append(
                (
                    model["name"],
                    (
                        f"{checkpoint['model']}, {number(checkpoint['step'])} steps on "
                        f"{counted(len(checkpoint['train_sessions']), 'session')} of {checkpoint['data_title']}"
                    ),
                )
            )
    return tuple(rows)
