"""Tables of networks: spoiled pictures, and cost."""

from typing import Any

from dashgaze.reports.texts import MISSING, number

from .corruptions import KINDS, SEVERITIES
from .corruptions import TITLES as KIND_TITLES
from .tables import Row, Table, model_row


def robustness_table(content: dict[str, Any]) -> Table:
    """Give errors and alarms of all networks for each way to spoil pictures."""
    rows = []
    for model in content["robustness"]["networks"]:
        for kind in KINDS:
            for measure, values in (
                ("mean error, px", model["errors_px"][kind]),
                ("AUROC of distance", model["auroc"].get("feature_distance", {}).get(kind)),
                ("AUROC of unusualness", model["auroc"].get("feature_unusualness", {}).get(kind)),
                ("AUROC of stated spread", model["auroc"].get("stated_uncertainty", {}).get(kind)),
            ):
                if values is None:
                    continue
                digits = 1 if measure.endswith("px") else 3
                clean = number(model["clean_px"], 1) if measure.endswith("px") else MISSING
                rows.append(
                    Row(
                        name=f"{model['name']}: {KIND_TITLES[kind].lower()}",
                        mark=measure,
                        cells=(clean, *(number(value, digits) for value in values)),
                    )
                )
    return Table(
        caption="By strength of the damage",
        first="Network",
        head=("Clean", *(str(each) for each in SEVERITIES)),
        rows=tuple(rows),
    )


def cost_table(content: dict[str, Any]) -> Table:
    """Give parameters, operations and time of all networks."""
    return Table(
        caption="Networks; pictures are there already, nothing is read or detected",
        first="Model",
        head=(
            "Parameters",
            "GFLOP a frame",
            "ms a frame, one at a time",
            "ms a frame, 32 at a time",
        ),
        rows=tuple(
            model_row(
                content,
                model,
                (
                    number(model["cost"]["parameters"]),
                    number(model["cost"]["gflop"], 3),
                    number(model["cost"]["ms_batch_1"], 2),
                    number(model["cost"]["ms_batch_32"], 2),
                ),
            )
            for model in content["models"]
            if model["cost"]
        ),
    )
