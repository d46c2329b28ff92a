"""The report of an explanation, in words, tables and drawings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dashgaze.models.evaluation.drawing import Drawing
from dashgaze.models.evaluation.page import Page
from dashgaze.models.evaluation.sections import Section
from dashgaze.models.evaluation.summary import Tile
from dashgaze.models.evaluation.tables import Row, Table
from dashgaze.reports.texts import number, percent

from .displacement import Head
from .explanation_tables import drop_table, faith_table, sanity_table, share_words
from .findings import Findings, HeadFindings
from .judgement import in_words
from .map_figures import draw_convergence, draw_curves, draw_maps, draw_view_map

METHOD = (
    "For each visible place of a plain face that is laid over the driver's, a small square is covered; how far "
    "the answer moves is drawn at the same place of the plain face, and averaged over frames, then sessions. "
    "The driver's left is the right of the picture."
)


def make_explanation_page(
    findings: Findings,
    *,
    title: str,
    subtitle: str,
    warnings: Sequence[str],
    notes: Sequence[str],
    facts: Sequence[tuple[str, str]],
    faces: Sequence[Drawing],
    maps_folder: Path,
) -> Page:
    """Lay out all findings; maps are written as PNG into a folder on the way.

    Parameters
    ----------
    findings
        All of it.
    title, subtitle, warnings, notes, facts
        What stands around it.
    faces
        Examples with pictures of people; empty unless asked for.
    maps_folder
        Where PNG files go; made.
    """
    sections = [_drop_section(findings)]
    for name, heads in findings.inputs.items():
        sections.append(_input_section(name, heads, maps_folder))
    view = _view_section(findings)
    sections += [] if view is None else [view]
    if findings.probes:
        sections.append(_probe_section(findings))
    if faces:
        sections.append(
            Section(
                name="faces",
                title="Example frames",
                text=("Of drivers who agreed to raw pictures.",),
                drawings=tuple(faces),
            )
        )
    return Page(
        title=title,
        subtitle=subtitle,
        verdict="usable_with_flags" if warnings else "usable",
        verdict_title="Read with care" if warnings else "The maps stand",
        verdict_text="What speaks against believing them, or the network, stands below."
        if warnings
        else "They converge, hang on what was learned, and what they call salient moves the answer.",
        warnings=tuple(warnings),
        notes=tuple(notes),
        tiles=_tiles(findings),
        sections=tuple(sections),
        examples=(),
        facts=tuple(facts),
        with_faces=bool(faces),
    )


def _tiles(findings: Findings) -> tuple[Tile, ...]:
    tiles = []
    for name, heads in findings.inputs.items():
        for head, found in heads.items():
            if found.map is None:
                continue
            eyes = found.shares["left_eye"], found.shares["right_eye"]
            area = sum(each["area"] for each in eyes)
            tiles.append(
                Tile(
                    label=f"Eyes, {head}",
                    value=percent(sum(each["share"] for each in eyes)),
                    detail=f"of the map of input {name}; {percent(area)} of the area",
                )
            )
    for head, share in findings.shortcuts.items():
        if share.outside is not None:
            tiles.append(
                Tile(
                    label=f"Outside of the face, {head}",
                    value=percent(share.outside.mean),
                    detail=f"of the driver view's saliency; {percent(share.area_outside.mean)} of the area",
                )
            )
    return tuple(tiles)


def _drop_section(findings: Findings) -> Section:
    return Section(
        name="drops",
        title="Taking inputs away",
        text=(
            (
                "Each input in turn is another frame's (permuted): pictures look as they usually do, but tell nothing. "
                "Blacked out (zero) or averaged over all frames (mean), a network may also be moved by the strange look."
            ),
        ),
        tables=(drop_table([drop for drop in findings.drops if drop.way == "permuted"]),),
        folded=(drop_table([drop for drop in findings.drops if drop.way != "permuted"]),),
    )


def _input_section(name: str, heads: Mapping[Head, HeadFindings], folder: Path) -> Section:
    drawings: list[Drawing] = []
    means = {head: each.map.mean for head, each in heads.items() if each.map is not None}
    shown = {head: each for head, each in heads.items() if head in means}
    if shown:
        drawings.append(
            draw_maps(
                f"map-{name}",
                {head: (head, each) for head, each in means.items()},
                f"Canonical map, input {name}",
                METHOD,
                png=folder / f"{name}.png",
            )
        )
        curves = {head: each.convergence for head, each in shown.items() if each.convergence}
        if curves:
            drawings.append(
                draw_convergence(
                    f"convergence-{name}",
                    curves,
                    "Do more frames change it?",
                    "Correlation of the maps of two random halves of the frames, mean of 20 draws.",
                )
            )
    for head, each in shown.items():
        drawings += _head_drawings(name, head, each)
    return Section(
        name=f"input-{name}",
        title=f"Input {name}" if name != "all" else "All pictures at once",
        text=tuple(in_words(each, head) for head, each in heads.items()),
        drawings=tuple(drawings),
        tables=tuple(sanity_table(head, each) for head, each in shown.items() if each.sanity),
        folded=tuple(faith_table(head, each) for head, each in shown.items() if each.faithful),
    )


def _head_drawings(name: str, head: Head, found: HeadFindings) -> list[Drawing]:
    drawings = []
    groups = {key: (head, each.mean) for key, each in found.groups.items()}
    for condition in ("eyewear", "lighting"):
        some = {
            f"{key.split(': ')[1]} ({found.groups[key].sessions})": each
            for key, each in groups.items()
            if key.startswith(condition) and np.isfinite(each[1]).any()
        }
        if len(some) > 1:
            drawings.append(
                draw_maps(
                    f"{condition}-{name}-{head}",
                    some,
                    f"The {head} by {condition}",
                    "Number of sessions in brackets; with one, this is that driver, not the condition.",
                    same_scale=True,
                )
            )
    if found.adapted is not None and found.map is not None:
        drawings.append(
            draw_maps(
                f"adapted-{name}-{head}",
                {"before": (head, found.map.mean), "after": (head, found.adapted.mean)},
                f"The {head} before and after learning at test time",
                "Each session's frames, asked of what that session made of the network.",
                same_scale=True,
            )
        )
    if found.faithful is not None:
        drawings.append(
            draw_curves(
                f"faithful-{name}-{head}",
                found.faithful.curves,
                head,
                f"Is it what moves the {head}?",
                "Parts of the face are blurred in the map's order, or at random. A faithful map's line rises "
                "sooner on the left, and falls sooner on the right.",
            )
        )
    return drawings


def _view_section(findings: Findings) -> Section | None:
    if not findings.view:
        return None
    rows = [
        Row(
            name=head,
            cells=(
                "no effect" if share.outside is None else share_words(share.outside),
                share_words(share.area_outside),
            ),
        )
        for head, share in findings.shortcuts.items()
    ]
    drawing = draw_view_map(
        "view",
        {head: (head, each) for head, each in findings.view.items()},
        "Mean occlusion map of the driver view",
        "The whole view as the network takes it, squeezed; no picture of a person.",
    )
    return Section(
        name="view",
        title="Driver or car?",
        text=(
            (
                "A network that answers by the seat, the window or the belt knows the car and not the driver. "
                "Faces are counted with a quarter of their size around them."
            ),
        ),
        drawings=(drawing,),
        tables=(
            Table(
                caption="Share of the driver view's saliency outside of the face",
                first="Answer",
                head=("Of the saliency", "Of the area (chance)"),
                rows=tuple(rows),
            ),
        ),
    )


def _probe_section(findings: Findings) -> Section:
    return Section(
        name="probes",
        title="What features tell",
        text=(
            (
                "A linear model reads each branch's features. Session and eyewear: share of frames named rightly; "
                "head pose: R², of drivers that were not learned from."
            ),
        ),
        tables=(
            Table(
                caption="Read off the features of each branch",
                first="Branch",
                head=("What", "Value", "Chance", "Tested on"),
                rows=tuple(
                    Row(
                        name=each.branch,
                        cells=(
                            each.target,
                            number(each.value, 2),
                            number(each.chance, 2),
                            each.tested,
                        ),
                    )
                    for each in findings.probes
                ),
            ),
        ),
    )
