"""Splits from a file: which session, or which driver, goes where."""

import csv
import difflib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NoReturn

import yaml

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import SPLITS, Split

from .leakage import check_leakage
from .protocols import FILE_SUFFIXES
from .split_session import SplitSession, named

Kind = Literal["session", "driver"]
Entry = tuple[int, str, str]
"""Line, name, split as it stands there."""

_HEADINGS: dict[str, Kind] = {"sessions": "session", "drivers": "driver"}
_COLUMNS: dict[str, Kind] = {"session_id": "session", "driver_id": "driver"}
_LARGEST_BYTES = 16 << 20
_EXAMPLE = "Write lines such as `session_001: train`, or `D001: test` to name drivers."


def read_split_file(path: Path, sessions: Sequence[SplitSession]) -> dict[str, Split]:
    """Read the split of each session from a file.

    YAML and JSON hold a mapping from session, or from driver, to split; it may stand under a key
    ``sessions`` or ``drivers``. CSV has a column ``session_id`` or ``driver_id`` and a column
    ``split``; further columns are not looked at.

    Parameters
    ----------
    path
        The file: .yaml, .yml, .json or .csv.
    sessions
        All sessions that need a split.

    Raises
    ------
    InputError
        If it can't be read, names a session or driver that is not there or stands twice, leaves one
        out, gives an unknown split, or puts a driver in two splits; with the lines and the names.
    """
    text = _read(path)
    try:
        kind, entries = _csv(path, text) if path.suffix.lower() == ".csv" else _yaml(path, text)
    except (yaml.YAMLError, csv.Error, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path} can't be read as {path.suffix[1:].upper()}: {reason}.",
            fix="Mend that line.",
            path=path,
        ) from error
    drivers = {session.session_id: session.driver_id for session in sessions}
    people = set(drivers.values())
    if kind is None:
        known_drivers = sum(name in people for _, name, _ in entries)
        known_sessions = sum(name in drivers for _, name, _ in entries)
        kind = "driver" if known_drivers > known_sessions else "session"
    known = people if kind == "driver" else set(drivers)
    split_of = _checked(path, kind, entries, known)
    splits = {
        session: split_of[driver if kind == "driver" else session]
        for session, driver in sorted(drivers.items())
    }
    leaks = check_leakage(splits, drivers)
    if leaks:
        raise InputError(
            f"{path} puts drivers in more than one split. {' '.join(leaks)}",
            fix="Put all sessions of a driver in the same split.",
            path=path,
        )
    return splits


def _read(path: Path) -> str:
    if path.suffix.lower() not in FILE_SUFFIXES:
        raise InputError(
            f"{path} is no file of splits: expected {', '.join(FILE_SUFFIXES)}.",
            fix="Save it as one of these.",
            path=path,
        )
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(
                f"{path} is larger than {_LARGEST_BYTES >> 20} MB: no list of splits is.",
                fix="Check the path.",
                path=path,
            )
        # utf-8-sig: spreadsheets write a mark before the first column's name.
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check the path.", path=path
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text.", fix="Save it as UTF-8.", path=path
        ) from error


def _csv(path: Path, text: str) -> tuple[Kind, list[Entry]]:
    first = text.split("\n", 1)[0]
    # Spreadsheets write semicolons where a comma stands in numbers.
    delimiter = next((sign for sign in ",;\t" if sign in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader, [])]
    keys = [name for name in _COLUMNS if name in header]
    if not keys or "split" not in header:
        raise InputError(
            f"{path} line 1: the columns are {named(header) or 'none'}; expected session_id or "
            "driver_id, and split.",
            fix="Name the columns in the first line: `session_id,split`.",
            path=path,
        )
    key, value = header.index(keys[0]), header.index("split")
    entries: list[Entry] = []
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        cells = [cell.strip() for cell in row] + [""] * len(header)
        entries.append((reader.line_num, cells[key], cells[value]))
    return _COLUMNS[keys[0]], entries


def _yaml(path: Path, text: str) -> tuple[Kind | None, list[Entry]]:
    # JSON is read as YAML, so that its lines are known; a tab may stand only between its tokens.
    source = text.replace("\t", " ") if path.suffix.lower() == ".json" else text
    # Nodes, not values: the name 001 stays 001, and lines are known.
    node = yaml.compose(source, Loader=yaml.SafeLoader)
    kind: Kind | None = None
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        heading, inner = node.value[0]
        named = isinstance(heading, yaml.ScalarNode) and heading.value in _HEADINGS
        if named and isinstance(inner, yaml.MappingNode):
            kind, node = _HEADINGS[heading.value], inner
    if not isinstance(node, yaml.MappingNode):
        raise InputError(
            f"{path} holds no mapping from session or driver to split.", fix=_EXAMPLE, path=path
        )
    return kind, [
        (key.start_mark.line + 1, _plain(path, key), _plain(path, value))
        for key, value in node.value
    ]


def _plain(path: Path, node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value).strip()
    raise InputError(
        f"{path} line {node.start_mark.line + 1}: a list or mapping stands where a name or a split "
        "was expected.",
        fix=_EXAMPLE,
        path=path,
    )


def _checked(path: Path, kind: Kind, entries: list[Entry], known: set[str]) -> dict[str, Split]:
    problems: list[str] = []
    lines: dict[str, int] = {}
    found: dict[str, Split] = {}
    for line, name, split in entries:
        if not name:
            problems.append(f"line {line} names no {kind}")
            continue
        if name in lines:
            problems.append(f"line {line} names {kind} {name} again, after line {lines[name]}")
            continue
        lines[name] = line
        if name not in known:
            problems.append(f"line {line}: there is no {kind} {name}{_meant(name, known)}")
        match [candidate for candidate in SPLITS if candidate == split]:
            case [valid]:
                found[name] = valid
            case _:
                problems.append(
                    f"line {line}: the split of {name} is {split!r}{_meant(split, SPLITS)}, expected "
                    f"{', '.join(SPLITS)}"
                )
    missing = sorted(known - set(lines))
    if missing:
        problems.append(f"the split of {kind}s {named(missing)} is missing")
    if problems:
        _refuse(path, problems)
    return found


def _meant(name: str, known: Sequence[str] | set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.45)
    return f" (did you mean {near[0]}?)" if near else ""


def _refuse(path: Path, problems: list[str]) -> NoReturn:
    shown = "; ".join(problems[:10])
    more = len(problems) - 10
    raise InputError(
        f"{path} has {'a fault' if len(problems) == 1 else f'{len(problems)} faults'}: {shown}"
        f"{f'; and {more} more' if more > 0 else ''}.",
        fix="Mend the file.",
        path=path,
    )
