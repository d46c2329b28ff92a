"""The parts of the page."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dashgaze.reports.texts import percent

from .certainty_tables import density_table, subgroup_table, uncertainty_table
from .comparison_tables import ablation_table, comparison_table, fold_table
from .drawing import Drawing
from .figures import (
    draw_calibration,
    draw_error_map,
    draw_models,
    draw_sessions,
    draw_subgroups,
)
from .gaze_tables import angle_table, distance_table, location_table, session_table
from .network_tables import cost_table, robustness_table
from .robustness_figures import draw_robustness
from .summary import find_model
from .tables import Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    name
        Its anchor.
    title
        What stands above.
    text
        Paragraphs before the drawings.
    drawings, tables
        What it shows.
    folded
        Tables that are closed until somebody opens them.
    """

    name: str
    title: str
    text: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[Table, ...] = ()


def sections_of(
    content: dict[str, Any], ground: np.ndarray | None, road_size_px: tuple[float, float]
) -> list[Section]:
    """Put the numbers of an evaluation into tables and drawings, part by part."""
    models = content["models"]
    best = find_model(content, content["best"]) or models[0]
    median = find_model(content, "train_median")
    line = None if median is None else median["location"]["all"]["px"]["mean"]
    found = [
        Section(
            name="location",
            title="Where on the road",
            text=(content["headline"]["why"],),
            drawings=(draw_models(models, line), draw_sessions(models)),
            tables=(location_table(content),),
            folded=(session_table(content), distance_table(content)),
        ),
        Section(
            name="comparison",
            title="Who is better",
            text=(
                (
                    "Differences of errors by session, negative: better. Signs of sessions are flipped to see "
                    "how often chance alone would give as much; p is corrected for the number of models (Holm)."
                ),
            ),
            tables=tuple(
                comparison_table(content, against) for against in content["compared_with"]
            ),
        ),
    ]
    if any(model["angle"] for model in models):
        found.append(
            Section(
                name="angle",
                title="Angle relative to the head",
                text=(
                    (
                        "Between the true and the predicted direction, on the frames that all models which give "
                        "angles answered."
                    ),
                ),
                tables=(angle_table(content),),
            )
        )
    found.append(_certainty(content))
    shown = [best, *_best_network(models, best)]
    drawn: list[Drawing | None] = [draw_subgroups(each) for each in shown]
    for each in shown:
        grid = next(g for g in content["error_maps"] if g["model"] == each["name"])
        drawn.append(draw_error_map(grid, ground, *road_size_px))
    found.append(
        Section(
            name="groups",
            title="Groups of frames",
            text=(
                (
                    "Sessions differ in many ways at once. With fewer than five sessions a group is an anecdote; "
                    "with one it is not shown, it would be a person."
                ),
            ),
            drawings=tuple(each for each in drawn if each is not None),
            folded=tuple(subgroup_table(each) for each in shown),
        )
    )
    if content["ablation"]:
        found.append(
            Section(
                name="ablation",
                title="The rows of the paper",
                text=tuple(content["ablation"]["text"]),
                tables=(ablation_table(content),),
            )
        )
    if content["folds"]:
        found.append(
            Section(
                name="folds",
                title="Each driver left out once",
                text=tuple(content["folds"]["text"]),
                tables=(fold_table(content),),
            )
        )
    if content["robustness"]:
        found.append(
            Section(
                name="robustness",
                title="Spoiled pictures",
                text=tuple(content["robustness"]["text"]),
                drawings=tuple(draw_robustness(content["robustness"])),
                folded=(robustness_table(content),),
            )
        )
    if any(model["cost"] for model in models):
        found.append(
            Section(
                name="cost",
                title="What it costs",
                text=(content["cost_note"],),
                tables=(cost_table(content),),
            )
        )
    return found


def _certainty(content: dict[str, Any]) -> Section:
    drawing = draw_calibration(content["models"])
    tables = [density_table(content)]
    stating = any(model["uncertainty"] for model in content["models"])
    if stating:
        tables.insert(0, uncertainty_table(content))
    return Section(
        name="certainty",
        title="Densities and stated uncertainty",
        text=(
            (
                "Each answer as a Gaussian. So that models can be compared, all get the spread of their own errors in "
                "the other tested sessions; where a model states a spread, that is judged too. "
                f"True gaze is blurred by {percent(content['options']['blur_share'])} of the width for CC, KL and SIM."
            ),
        ),
        drawings=() if drawing is None else (drawing,),
        tables=tuple(table for table in tables if table.rows),
    )


def _best_network(models: list[dict[str, Any]], best: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the network with the least error, if the best model is none; its groups are of interest too."""
    networks = [each for each in models if each["kind"] != "baseline"]
    return networks[:1] if best["kind"] == "baseline" else []
