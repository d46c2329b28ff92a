"""Tables that put models, variants and folds beside one another."""

from typing import Any

from dashgaze.reports.texts import number

from .tables import Row, Table, interval, model_row, p_words


def comparison_table(content: dict[str, Any], against: str) -> Table:
    """Give the paired comparison of all models with one."""
    found = [each for each in content["comparisons"] if each["against"] == against]
    marks = {model["name"]: model for model in content["models"]}
    return Table(
        caption=f"Error of each model minus that of {against}, px",
        first="Model",
        head=("Difference, px", "95 % t-interval", "Better in sessions", "p", "p (Holm)", "So"),
        rows=tuple(
            model_row(
                content,
                marks[each["model"]],
                (
                    number(each["mean"], 1),
                    interval(each["low"], each["high"], 1),
                    f"{each['sessions_better']} of {each['sessions']}",
                    p_words(each["p"]),
                    p_words(each["p_holm"]),
                    each["conclusion"],
                ),
            )
            for each in found
        ),
    )


def ablation_table(content: dict[str, Any]) -> Table:
    """Give the rows of the paper beside ours."""
    rows = []
    for each in content["ablation"]["rows"]:
        paper = each["paper"]
        rows.append(
            Row(
                name=each["title"],
                mark=each["row"],
                cells=(
                    number(paper["azimuth_rmse_deg"], 2),
                    number(each["azimuth_rmse_deg"], 2),
                    number(paper["elevation_rmse_deg"], 2),
                    number(each["elevation_rmse_deg"], 2),
                    number(paper["location_rms_px"], 2),
                    number(each["location_rms_px"], 2),
                    number(each["location_mean_px"], 2),
                    number(each["pretext_accuracy"], 3),
                ),
            )
        )
    return Table(
        caption="Root mean square errors: the paper's, read as such, and ours",
        first="Variant",
        head=(
            "Azimuth, paper, °",
            "Azimuth, ours, °",
            "Elevation, paper, °",
            "Elevation, ours, °",
            "Location, paper, px",
            "Location, ours, px",
            "Mean error, ours, px",
            "Pretext accuracy at test time",
        ),
        rows=tuple(rows),
    )


def fold_table(content: dict[str, Any]) -> Table:
    """Give what was trained and tested in each fold."""
    folds = content["folds"]["folds"]
    models = content["models"]
    return Table(
        caption="Folds; mean error of sessions, px",
        first="Fold",
        head=("Tested sessions", "Drivers", *(model["name"] for model in models)),
        rows=tuple(
            Row(
                name=fold["name"],
                cells=(
                    number(len(fold["test"])),
                    ", ".join(fold["drivers"]),
                    *(number(fold["mean_error_px"].get(model["name"]), 1) for model in models),
                ),
            )
            for fold in folds
        ),
    )
