"""Tables of stated uncertainty, densities and groups of frames."""

from typing import Any

from dashgaze.reports.texts import MISSING, number, percent

from .subgroups import TITLES as GROUP_TITLES
from .tables import Row, Table, interval, model_row


def uncertainty_table(content: dict[str, Any]) -> Table:
    """Give how true stated covariances are."""
    rows = []
    for model in content["models"]:
        if not model["uncertainty"]:
            continue
        stated = model["uncertainty"]["stated"]
        with_noise = model["uncertainty"]["with_label_noise"]
        found = stated["region_coverage"]
        rows.append(
            model_row(
                content,
                model,
                (
                    number(stated["nll_nats"], 2),
                    percent(found["0.5"]),
                    percent(found["0.8"]),
                    percent(found["0.95"]),
                    percent(with_noise["region_coverage"]["0.95"]),
                    number(stated["ence"], 3),
                    number(stated["mean_sd_px"], 0),
                    number(stated["sparsification"]["ause"], 3),
                    percent(stated["coverage"]),
                ),
            )
        )
    return Table(
        caption="Stated uncertainty against what happened, on the frames that were answered",
        first="Model",
        head=(
            "Negative log likelihood, nats",
            "In the 50 % region",
            "In the 80 % region",
            "In the 95 % region",
            "The same with the labels' own error",
            "ENCE",
            "Mean stated sd, px",
            "AUSE (0 is best)",
            "Stated for",
        ),
        rows=tuple(rows),
    )


def density_table(content: dict[str, Any]) -> Table:
    """Give the scores of densities."""
    rows = []
    for model in content["models"]:
        for kind, words in (("fitted", ""), ("stated", "as stated")):
            scores = (model["density"] or {}).get(kind)
            if not scores:
                continue
            rows.append(
                Row(
                    name=model["name"],
                    mark=", ".join(each for each in (model["mark"], words) if each),
                    strong=model["name"] == content["best"],
                    cells=(
                        number(scores["nss"], 2),
                        number(scores["information_gain_bits"], 2),
                        number(scores["auc_judd"], 3),
                        number(scores["shuffled_auc"], 3),
                        number(scores["cc"], 3),
                        number(scores["kl_nats"], 2),
                        number(scores["similarity"], 3),
                        f"{number(scores['answered'])} of {number(scores['frames'])}",
                    ),
                )
            )
    return Table(
        caption="Densities; information gain is over where drivers looked in training",
        first="Model",
        head=(
            "NSS",
            "Information gain, bits",
            "AUC-Judd",
            "s-AUC",
            "CC",
            "KL, nats",
            "SIM",
            "Frames",
        ),
        rows=tuple(rows),
    )


def subgroup_table(model: dict[str, Any]) -> Table:
    """Give the error of one model in all groups of frames."""
    words = {"suppressed": "not shown: one session", "descriptive": "descriptive only", "ok": ""}
    return Table(
        caption=f"Groups of frames: {model['name']}",
        first="Group",
        head=(
            "Sessions",
            "Drivers",
            "Frames",
            "Mean error, px",
            "95 % t-interval",
            "Skill to train median",
            "Note",
        ),
        rows=tuple(
            Row(
                name=f"{GROUP_TITLES[cell['group']]}: {cell['level'].replace('_', ' ')}",
                cells=(
                    number(cell["sessions"]),
                    number(cell["drivers"]),
                    number(cell["frames"]),
                    number(cell["mean_error_px"], 1),
                    interval(cell["low_px"], cell["high_px"])
                    if cell["standing"] == "ok"
                    else MISSING,
                    number(cell["skill"], 3),
                    words[cell["standing"]],
                ),
            )
            for cell in model["subgroups"]
        ),
    )
