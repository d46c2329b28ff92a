"""Whether the card says to the `datasets` library what it needs, and nothing that leads it astray."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import SPLITS, DatasetManifest

from .card import CARD_NAME, Card, data_files, read_card
from .validate_report import DatasetFindings

_PACK_AGAIN = "Pack the data set again."


def check_card(folder: Path, manifest: DatasetManifest, findings: DatasetFindings) -> Card | None:
    """Check the head of README.md against the rules that loading rests on, and against the files.

    Returns
    -------
    Card or None
        None if it can't be read.
    """
    try:
        card = read_card(folder)
    except InputError as error:
        findings.add("CARD_UNREADABLE", error.what, file=CARD_NAME, fix=error.fix)
        return None

    def wrong(code: str, message: str) -> None:
        findings.add(code, message, file=CARD_NAME, fix=_PACK_AGAIN)

    defaults = [
        name for name, config in zip(card.names, card.configs, strict=True) if _true(config)
    ]
    if not card.names or card.names[0] != "frames" or defaults != ["frames"]:
        wrong(
            "CARD_FRAMES_FIRST",
            f"The configurations are {', '.join(card.names) or 'none'}, with "
            f"{', '.join(defaults) or 'none'} as default; frames has to be the first and the default.",
        )
    if len(set(card.names)) != len(card.names):
        wrong("CARD_NAME_TWICE", "Two configurations have the same name.")
    for config in card.configs:
        name = str(config.get("config_name"))
        if str(config.get("version", "")) != manifest.version:
            wrong(
                "CARD_VERSION",
                f"{name} is of version {config.get('version')}; the data are {manifest.version}.",
            )
        if f"build-{manifest.build}" not in str(config.get("description", "")):
            wrong(
                "CARD_BUILD",
                f"The description of {name} lacks build-{manifest.build}: readers who loaded an older "
                "build would be given it from their cache.",
            )
        _check_data_files(folder, manifest, name, config, wrong)
    _check_infos(card, wrong)
    _check_all_named(card, manifest, wrong)
    return card


def _true(config: Mapping[str, Any]) -> bool:
    return config.get("default") is True


def _check_data_files(
    folder: Path, manifest: DatasetManifest, name: str, config: Mapping[str, Any], wrong: Any
) -> None:
    listed = {file.path for file in manifest.files}
    files = data_files(config)
    if not files:
        wrong("CARD_NO_FILES", f"{name} names no files of any split.")
    for split, patterns in files.items():
        if split not in SPLITS:
            wrong("CARD_SPLIT", f"{name} has a split {split!r}; splits are {', '.join(SPLITS)}.")
        for pattern in patterns:
            found = {
                Path(path).as_posix()
                for path in glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207
            }
            if not found:
                wrong("CARD_PATTERN", f"{name}: nothing is called {pattern}.")
            if found - listed:
                wrong(
                    "CARD_PATTERN",
                    f"{name}: {pattern} takes in {min(found - listed)}, which is not listed.",
                )


def _check_infos(card: Card, wrong: Any) -> None:
    infos = card.head.get("dataset_info")
    for info in infos if isinstance(infos, list) else [infos]:
        if isinstance(info, Mapping) and "splits" in info:
            wrong(
                "CARD_SPLIT_SIZES",
                "dataset_info tells sizes of splits: loading with filters then fails.",
            )


def _check_all_named(card: Card, manifest: DatasetManifest, wrong: Any) -> None:
    for config in sorted({file.config for file in manifest.files if file.rows and file.config}):
        if config != "videos" and config not in card.names:
            wrong(
                "CARD_CONFIG_MISSING",
                f"There are shards of {config}, which the card does not name.",
            )
