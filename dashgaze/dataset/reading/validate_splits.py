"""Whether no session and no driver is in two splits."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from pathlib import Path

from dashgaze.schemas.dataset_manifest import DATASET_MANIFEST_NAME, DatasetManifest

from .card import CARD_NAME, Card, data_files
from .validate_report import DatasetFindings

_SPLIT_AGAIN = "Pack with another split: what was seen in training tells nothing of a test."


def check_splits(
    folder: Path, manifest: DatasetManifest, card: Card | None, findings: DatasetFindings
) -> None:
    """Check the data set's own split, the folds, and every configuration of the card."""
    ids = [session.session_id for session in manifest.sessions]
    if len(set(ids)) != len(ids):
        findings.add(
            "SESSION_TWICE",
            "The manifest lists a session more than once.",
            file=DATASET_MANIFEST_NAME,
            fix="Pack the data set again.",
        )
    own = [(session.split, session.session_id) for session in manifest.sessions]
    _check(manifest, own, "The data set's split", DATASET_MANIFEST_NAME, findings)
    split_of = {session.session_id: session.split for session in manifest.sessions}
    for file in manifest.files:
        if file.session_id is None:
            continue
        if file.session_id not in split_of:
            findings.add(
                "SESSION_UNKNOWN",
                f"It is of session {file.session_id}, which the manifest does not list.",
                file=file.path,
                fix="Pack the data set again.",
            )
        elif file.split is not None and (
            file.split != split_of[file.session_id] or file.split not in Path(file.path).parts
        ):
            findings.add(
                "SPLIT_OF_FILE",
                f"{file.session_id} is in {split_of[file.session_id]}, its file in {file.split}.",
                file=file.path,
                fix="Pack the data set again.",
            )
    for protocol, fold in manifest.folds.items():
        pairs = [(split, session) for split, sessions in fold.items() for session in sessions]
        _check(manifest, pairs, f"Fold {protocol}", DATASET_MANIFEST_NAME, findings)
    if card is not None:
        for config in card.configs:
            pairs = list(_of_config(folder, manifest, data_files(config)))
            _check(
                manifest, pairs, f"Configuration {config.get('config_name')}", CARD_NAME, findings
            )


def _of_config(
    folder: Path, manifest: DatasetManifest, files: Mapping[str, list[str]]
) -> Iterable[tuple[str, str]]:
    session_of = {file.path: file.session_id for file in manifest.files}
    for split, patterns in files.items():
        for pattern in patterns:
            # A path without a wildcard is looked up; thousands of folds' files are such.
            plain = session_of.get(pattern)
            found = (
                [pattern] if plain is not None else glob.glob(pattern, root_dir=folder)  # noqa: PTH207
            )
            for path in found:
                session = session_of.get(Path(path).as_posix())
                if session is not None:
                    yield split, session


def _check(
    manifest: DatasetManifest,
    pairs: Iterable[tuple[str, str]],
    what: str,
    file: str,
    findings: DatasetFindings,
) -> None:
    driver_of = {session.session_id: session.driver_id for session in manifest.sessions}
    of_session: dict[str, set[str]] = {}
    of_driver: dict[str, set[str]] = {}
    for split, session in pairs:
        of_session.setdefault(session, set()).add(split)
        if session in driver_of:
            of_driver.setdefault(driver_of[session], set()).add(split)
        else:
            findings.add(
                "SESSION_UNKNOWN",
                f"{what} names session {session}, which is not in the data set.",
                file=file,
                fix="Pack the data set again.",
            )
    for session, splits in sorted(of_session.items()):
        if len(splits) > 1:
            findings.add(
                "LEAK_SESSION",
                f"{what} has session {session} in {' and '.join(sorted(splits))}.",
                file=file,
                fix=_SPLIT_AGAIN,
            )
    for driver, splits in sorted(of_driver.items()):
        if len(splits) > 1:
            findings.add(
                "LEAK_DRIVER",
                f"{what} has driver {driver} in {' and '.join(sorted(splits))}.",
                file=file,
                fix=_SPLIT_AGAIN,
            )
