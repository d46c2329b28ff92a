"""Training and testing the rows of the paper's table on the same data."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.contract.samples import Samples
from dashgaze.progress import Progress, part_of, silent

from .ablation_rows import ROWS, AblationRow
from .answers import Answers
from .entrants import Entrant
from .leakage import check_data, check_seen
from .options import EvaluateOptions
from .resolution import adapt_options, require_torch

TEXT = (
    (
        "The data differ: the paper's numbers are of its own drives, ours of this data set, with networks of the size and "
        "with the training said below. Rows can be compared within a column, not across. The paper's errors are best read "
        "as root mean squares; in its row 4 the head of the location did not train."
    ),
    "Each row is one training; another seed would move it. Differences smaller than the intervals above mean nothing.",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedRow:
    """A variant that has been trained."""

    row: AblationRow
    entrant: Entrant


def trained_rows(
    data: Path,
    tested: Samples,
    options: EvaluateOptions,
    *,
    digest: str,
    progress: Progress = silent,
) -> list[TrainedRow]:
    """Train the variants, those with the same weights once.

    Parameters
    ----------
    data
        The data set's folder.
    tested
        All frames of the split.
    options
        ``train_options`` hold for all of them: size, steps …
    digest
        Of the data set.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If an option does not fit, or a training fails.
    """
    require_torch()
    from dashgaze.models.training.checkpoint import load_checkpoint
    from dashgaze.models.training.train import train

    loaded: dict[str, tuple[Any, CheckpointConfig]] = {}
    names = list(dict.fromkeys(row.training for row in ROWS))
    with tempfile.TemporaryDirectory(prefix="dashgaze-ablation-") as folder:
        for place, name in enumerate(names):
            row = next(each for each in ROWS if each.training == name)
            checkpoint = train(
                data,
                _train_options(row, options),
                Path(folder) / name,
                progress=part_of(progress, place / len(names), (place + 1) / len(names)),
            )
            loaded[name] = load_checkpoint(checkpoint)
    return [_trained(row, loaded[row.training], tested, options, digest) for row in ROWS]


def ablation_content(
    rows: Sequence[TrainedRow], models: Sequence[dict[str, Any]], answers: Sequence[Answers]
) -> dict[str, Any]:
    """Put our numbers beside the paper's.

    Parameters
    ----------
    rows
        The variants.
    models
        Of the report.
    answers
        Of all models.
    """
    by_name = {model["name"]: model for model in models}
    notes = {each.entrant.name: each.predictions.notes or {} for each in answers}
    found = []
    for each in rows:
        model = by_name[each.entrant.name]
        location = model["location"]["all"]["frames"]
        angle = model["angle"]["own"]["frames"] if model["angle"] else {}
        found.append(
            {
                "row": each.row.row,
                "name": each.row.name,
                "title": each.row.title,
                "model": each.entrant.name,
                "paper": asdict(each.row.paper),
                "azimuth_rmse_deg": angle.get("rmse_azimuth_deg"),
                "elevation_rmse_deg": angle.get("rmse_elevation_deg"),
                "location_rms_px": location["rms_euclid_px"],
                "location_mean_px": model["location"]["all"]["px"]["mean"],
                "pretext_accuracy": notes[each.entrant.name].get("pretext_accuracy"),
            }
        )
    config = rows[0].entrant.config
    training = {} if config is None else config.training
    options = {} if config is None else config.options
    size = options.get("size", "unknown")
    how = f"Size {size}; {0 if config is None else config.step} steps in row 5."
    return {"text": [*TEXT, how], "rows": found, "training": training}


def _train_options(row: AblationRow, options: EvaluateOptions) -> Any:
    from dashgaze.models.training.options_file import train_options

    given = dict(options.train_options)
    wanted: dict[str, Any] = {
        "seed": options.seed,
        **given,
        "model": "dashgazenet",
        "network": {**given.get("network", {}), **row.network},
    }
    if row.pretext is None:
        wanted["pretext_weight"] = 0.0
    else:
        wanted["pretext"] = {**given.get("pretext", {}), **row.pretext}
    return train_options(wanted, source="The training of the ablation")


def _trained(
    row: AblationRow,
    trained: tuple[Any, CheckpointConfig],
    tested: Samples,
    options: EvaluateOptions,
    digest: str,
) -> TrainedRow:
    from dashgaze.models.adaptation.predictor import AdaptivePredictor
    from dashgaze.models.networks.predictor import NetworkPredictor

    network, config = trained
    name = f"row {row.row} {row.name}"
    seen = check_seen(tested, config, name=name, split=options.split, allow_seen=options.allow_seen)
    predictor: Any
    if row.adapt is None:
        predictor = NetworkPredictor(
            network, name=name, batch_size=options.batch_size, device=options.device
        )
    else:
        wanted = adapt_options(options, pretext=dict(row.adapt))
        predictor = AdaptivePredictor(network, wanted, name=name, device=options.device)
    return TrainedRow(
        row=row,
        entrant=Entrant(
            name=name,
            predictor=predictor,
            kind="network" if row.adapt is None else "adapted",
            config=config,
            network=network,
            seen_drivers=frozenset(seen.drivers),
            notes=(*seen.notes, *check_data(config, name=name, digest=digest)),
        ),
    )
