"""From names and folders to the models that are tested."""

import difflib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgaze.errors import InputError, MissingExtraError
from dashgaze.models.baselines.baseline import NO_LABELS
from dashgaze.models.baselines.registry import baseline_names, fit_baseline
from dashgaze.models.contract.samples import Samples

from .entrants import Entrant, with_unique_names
from .leakage import check_data, check_seen
from .options import EvaluateOptions

if TYPE_CHECKING:
    from dashgaze.models.adaptation.options import AdaptOptions

ALL_BASELINES = "all-baselines"
CONSTANTS = ("centre", "train_mean", "train_median", "camera_position_median")
ALWAYS = (*CONSTANTS, "session_mean")
"""What every report shows: without it nobody can tell what an error is worth."""
FALLBACK = "train_median"


def wanted_baselines(models: Sequence[Path | str]) -> list[str]:
    """Give the baselines that are tested: those always shown, then those named."""
    names = baseline_names()
    found = list(ALWAYS)
    for model in models:
        text = str(model)
        if text == ALL_BASELINES:
            found += names
        elif text in names:
            found.append(text)
    return list(dict.fromkeys(found))


def fitted_baselines(names: Sequence[str], train: Samples) -> list[Entrant]:
    """Fit baselines to training frames."""
    seen = frozenset(train.driver_id.tolist()) - {""}
    found = []
    for name in names:
        predictor = fit_baseline(name, train)
        uses = getattr(predictor, "uses_labels", NO_LABELS)
        found.append(
            Entrant(
                name=predictor.name,
                predictor=predictor,
                calibrated=uses != NO_LABELS and not predictor.oracle,
                constant=name in CONSTANTS,
                seen_drivers=seen if _learns(name) else frozenset(),
            )
        )
    return found


def checkpoint_folders(models: Sequence[Path | str]) -> list[Path]:
    """Give the folders among the models.

    Raises
    ------
    InputError
        If something is neither a baseline nor a folder.
    """
    names = baseline_names()
    folders = []
    for model in models:
        text = str(model)
        if text == ALL_BASELINES or text in names:
            continue
        folder = Path(model)
        if not folder.is_dir():
            near = difflib.get_close_matches(text, [*names, ALL_BASELINES], n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise InputError(
                f"{text} is no folder of a trained model, and no baseline has that name.{meant}",
                fix=f"Give a folder that `dashgaze train` wrote, {ALL_BASELINES}, or one of: "
                f"{', '.join(names)}.",
                path=folder,
            )
        folders.append(folder)
    return folders


def open_networks(
    folders: Sequence[Path], tested: Samples, options: EvaluateOptions, *, digest: str
) -> list[Entrant]:
    """Load checkpoints, and refuse those that have seen what they are tested on.

    Raises
    ------
    InputError
        If weights are missing, of another schema, or the model has seen the test.
    """
    found: list[Entrant] = []
    if not folders:
        return found
    require_torch()
    from dashgaze.models.networks.predictor import NetworkPredictor
    from dashgaze.models.training.checkpoint import load_checkpoint
    from dashgaze.models.training.run_files import CHECKPOINT_FOLDER

    for folder in folders:
        place = folder.resolve()
        # A run's folder says more than the name that all checkpoints in runs have.
        name = place.parent.name if place.name == CHECKPOINT_FOLDER else place.name
        network, config = load_checkpoint(folder)
        seen = check_seen(
            tested, config, name=name, split=options.split, allow_seen=options.allow_seen
        )
        found.append(
            Entrant(
                name=name,
                predictor=NetworkPredictor(
                    network, name=name, batch_size=options.batch_size, device=options.device
                ),
                kind="network",
                config=config,
                folder=str(folder),
                network=network,
                seen_drivers=frozenset(seen.drivers),
                notes=(*seen.notes, *check_data(config, name=name, digest=digest), *config.notes),
            )
        )
    return found


def require_torch() -> None:
    """Refuse to go on without torch, which networks need.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise MissingExtraError(
            "Networks need the package torch, which is not installed.",
            fix="Type `pip install 'dashgaze[train]'`, or test baselines alone.",
        )


def adapted(entrant: Entrant, options: EvaluateOptions) -> tuple[Entrant | None, str]:
    """Give the same network learning at test time, or the reason why it can't."""
    from dashgaze.models.adaptation.heads import SessionHeads
    from dashgaze.models.adaptation.predictor import AdaptivePredictor
    from dashgaze.models.training.heads_file import load_heads

    name = f"{entrant.name} adapting"
    wanted = adapt_options(options)
    try:
        heads = None
        if wanted.head_init == "mean_of_sources" and entrant.folder is not None:
            found = load_heads(Path(entrant.folder), entrant.network)
            # Heads that tell sessions apart can't start one that detects shifts.
            heads = found if isinstance(found, SessionHeads) else None
        predictor = AdaptivePredictor(
            entrant.network, wanted, name=name, heads=heads, device=options.device
        )
    except InputError as error:
        return None, f"{entrant.name} is not tested learning at test time: {error}"
    return (
        Entrant(
            name=name,
            predictor=predictor,
            kind="adapted",
            config=entrant.config,
            folder=entrant.folder,
            network=entrant.network,
            seen_drivers=entrant.seen_drivers,
        ),
        "",
    )


def adapt_options(options: EvaluateOptions, **more: Any) -> "AdaptOptions":
    """Read the options of learning at test time.

    Raises
    ------
    InputError
        If there is no such option, or it can't have that value.
    """
    from pydantic import TypeAdapter, ValidationError

    from dashgaze.models.adaptation.options import AdaptOptions

    given = {"seed": options.seed, **options.adapt_options, **more}
    known = [each.name for each in fields(AdaptOptions)]
    for name in given:
        if name not in known:
            raise InputError(
                f"Learning at test time has no option {name}.", fix=f"It has {', '.join(known)}."
            )
    try:
        return TypeAdapter(AdaptOptions).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise InputError(
            f"Learning at test time: {where}: {first['msg']}; it was {first['input']!r}.",
            fix="Mend it and try again.",
        ) from error


def all_entrants(
    models: Sequence[Path | str],
    train: Samples,
    tested: Samples,
    options: EvaluateOptions,
    *,
    digest: str,
) -> tuple[list[Entrant], list[str]]:
    """Give all models that are tested, and notes on those that can't be.

    Parameters
    ----------
    models
        As the user named them.
    train
        What baselines are fitted to.
    tested
        All frames of the split.
    options
        What is wanted.
    digest
        Of the data set.
    """
    networks = open_networks(checkpoint_folders(models), tested, options, digest=digest)
    learning, notes = [], []
    if options.adapt:
        for network in networks:
            entrant, reason = adapted(network, options)
            if entrant is None:
                notes.append(reason)
            else:
                learning.append(entrant)
    baselines = fitted_baselines(wanted_baselines(models), train)
    return with_unique_names([*baselines, *networks, *learning]), notes


def _learns(name: str) -> bool:
    """Tell whether a baseline is more than a constant or what is seen in the frame itself."""
    return name in ("ridge", "boosting")
