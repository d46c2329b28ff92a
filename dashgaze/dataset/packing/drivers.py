"""Drivers who withdrew are known by a digest of their pseudonym, so that no list keeps their names."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from dashgaze.errors import InputError

WITHDRAWALS_NAME = "withdrawals.jsonl"
WITHDRAWAL_SCHEMA = "dashgaze/withdrawal/1"
_DIGITS = 16


def driver_digest(driver_id: str) -> str:
    """Give what a withdrawn driver is known by: 16 hexadecimal digits of SHA-256 of the pseudonym."""
    return hashlib.sha256(driver_id.encode()).hexdigest()[:_DIGITS]


def withdrawn_from_drives(roots: Iterable[Path]) -> set[str]:
    """Give the digests of all drivers who withdrew from folders of drives.

    Parameters
    ----------
    roots
        Session folders. ``withdrawals.jsonl`` is looked for in every folder above them, so that a single
        session of a folder of drives can be packed and its driver's withdrawal still counts.

    Raises
    ------
    InputError
        If a list can't be read: then nobody knows who withdrew.
    """
    folders = {parent for root in roots for parent in root.resolve().parents}
    return {
        digest
        for folder in sorted(folders)
        for digest in read_withdrawals(folder / WITHDRAWALS_NAME)
    }


def read_withdrawals(path: Path) -> list[str]:
    """Read who withdrew from a folder of drives; nobody, where there is no list.

    Raises
    ------
    InputError
        If a line can't be read.
    """
    if not path.is_file():
        return []
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        entries = [json.loads(line) for line in lines]
        if not all(entry["schema"] == WITHDRAWAL_SCHEMA for entry in entries):
            raise ValueError("a line is of another form")
        return [str(entry["driver_digest"]) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read ({error}), so nobody knows who withdrew.",
            fix=f"Mend it: one JSON object a line, with schema {WITHDRAWAL_SCHEMA!r} and driver_digest.",
            path=path,
        ) from error
