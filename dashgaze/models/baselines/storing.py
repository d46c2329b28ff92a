"""Saving fitted baselines: ``baseline.json`` and ``baseline.npz``, nothing that is executed on loading."""

import json
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from dashgaze.errors import InputError
from dashgaze.files import filling
from dashgaze.models.contract.predictions import Predictor

from .baseline import Baseline
from .boosting import Boosting
from .calibrated import Calibrated, calibrated
from .ridge import Ridge
from .rule_baseline import RuleBaseline
from .rules import RULES

BASELINE_SCHEMA = "dashgaze/baseline/1"
VALUES_NAME = "baseline.json"
ARRAYS_NAME = "baseline.npz"

KINDS: dict[str, type[RuleBaseline] | type[Ridge] | type[Boosting]] = {
    "rule": RuleBaseline,
    "ridge": Ridge,
    "boosting": Boosting,
}


def save_baseline(predictor: Predictor, folder: Path) -> Path:
    """Write a fitted baseline into a new folder.

    Boosted trees are saved as the frames they were fitted on (numbers of faces, no pictures, no names), and
    fitted again when loaded.

    Raises
    ------
    InputError
        If it is no baseline, such as a network.
    OutputError
        If the folder is taken or can't be written.
    """
    inner: Predictor = predictor
    calibration: dict[str, float | str | None] | None = None
    if isinstance(predictor, Calibrated):
        inner = predictor.predictor
        calibration = {
            "seconds": predictor.seconds,
            "kind": predictor.kind,
            "title": predictor.title,
        }
    kind = next((kind for kind, made in KINDS.items() if isinstance(inner, made)), None)
    if kind is None or not isinstance(inner, Baseline):
        raise InputError(
            f"{predictor.name} is no baseline.", fix="Networks are saved as checkpoints."
        )
    values, arrays = inner.state()
    document = {
        "schema_id": BASELINE_SCHEMA,
        "kind": kind,
        "name": inner.name,
        "calibration": calibration,
        "state": values,
    }
    with filling(folder) as part:
        (part / VALUES_NAME).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        np.savez_compressed(part / ARRAYS_NAME, allow_pickle=False, **arrays)
    return folder


def load_baseline(folder: Path) -> Predictor:
    """Read what `save_baseline` wrote.

    Raises
    ------
    InputError
        If the folder holds no baseline, one of another schema, or a damaged one.
    """
    path = folder / VALUES_NAME
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        with (folder / ARRAYS_NAME).open("rb") as opened, np.load(opened) as file:
            arrays = {name: file[name] for name in file.files}
    except (
        *(OSError, ValueError, EOFError, RuntimeError, SyntaxError, MemoryError),
        *(TokenError, zipfile.BadZipFile, zlib.error),
    ) as error:
        raise InputError(
            f"{folder} holds no baseline that can be read: {error}",
            fix=f"Give a folder with {VALUES_NAME} and {ARRAYS_NAME}, or fit the baseline again.",
            path=folder,
        ) from error
    schema = document.get("schema_id") if isinstance(document, dict) else None
    if schema != BASELINE_SCHEMA:
        raise InputError(
            f"{path} is of the schema {schema!r}; {BASELINE_SCHEMA!r} was expected.",
            fix="Fit the baseline again with this version.",
            path=path,
        )
    try:
        kind, name = KINDS[document["kind"]], document["name"]
        if kind is RuleBaseline and name not in RULES:
            raise KeyError(name)
        loaded: Predictor = kind.from_state(name, document["state"], arrays)
        calibration = document["calibration"]
        return loaded if calibration is None else calibrated(loaded, **calibration)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(
            f"{path} is damaged: {type(error).__name__} {error}.",
            fix="Fit the baseline again.",
            path=path,
        ) from error
