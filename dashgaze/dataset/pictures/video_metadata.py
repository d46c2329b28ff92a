"""The list of videos: `videos/metadata.parquet`, by which `datasets` finds them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.errors import InputError
from dashgaze.files import replacing

from .videos import VIEWS

METADATA_NAME = "metadata.parquet"

# `datasets` takes folders with these words for splits, and would leave out all others.
_SPLIT_WORDS = "train|training|validation|valid|dev|val|test|testing|eval|evaluation"
_LOOKS_LIKE_SPLIT = re.compile(rf"(^|[-._ 0-9])({_SPLIT_WORDS})([-._ 0-9]|$)")


def write_video_metadata(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write the list that makes a folder of videos a `VideoFolder`.

    ``datasets.load_dataset("<data set>/videos")`` gives the columns ``ego``, ``road`` and ``driver`` as
    videos, by their full paths, and beside them what the rows say. A view that a session does not have is
    null.

    All of it comes as one split, named "train" as `datasets` names what it knows no better: the split that a
    session belongs to is a column. Splits can't be told in a card in that folder either: with one, `datasets`
    keeps the paths of whichever copy of the data set it saw first.

    Parameters
    ----------
    folder
        The data set's folder ``videos``, with the videos in it.
    rows
        One for each session: ``session_id``, and plain values such as ``driver_id`` and ``split``, the same
        keys in all.

    Returns
    -------
    Path
        The file. Sessions without a video are not in it.

    Raises
    ------
    InputError
        If the rows differ in their keys, or two are of the same session.
    OutputError
        If it can't be written.
    """
    names = _names(rows)
    content: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: str(row["session_id"])):
        files = {
            f"{view}_file_name": f"{row['session_id']}/{view}.mp4"
            if (folder / row["session_id"] / f"{view}.mp4").is_file()
            else None
            for view in VIEWS
        }
        if any(files.values()):
            content.append({**files, **row})
    columns = {f"{view}_file_name": pa.string() for view in VIEWS} | dict.fromkeys(names)
    # A view that no session has would else be a column without a type.
    table = pa.table(
        {
            name: pa.array([row[name] for row in content], type=_type(content, name, kind))
            for name, kind in columns.items()
        }
    )
    path = folder / METADATA_NAME
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return path


def misread_names(session_ids: Sequence[str]) -> list[str]:
    """Give the names of sessions that `datasets` takes for a split, such as ``test_03``.

    With one of them in the folder ``videos``, ``load_dataset("<data set>/videos")`` finds no list of videos.
    ``load_dataset("<data set>/videos", data_files="**")`` and `dashgaze.load_dataset` still do.
    """
    return [name for name in session_ids if _LOOKS_LIKE_SPLIT.search(name)]


def _type(content: Sequence[Mapping[str, Any]], name: str, kind: Any) -> Any:
    if kind is None and all(row[name] is None for row in content):
        return pa.string()
    return kind


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = list(rows[0]) if rows else ["session_id"]
    for row in rows:
        if list(row) != names or "session_id" not in row:
            raise InputError(
                f"Rows of {METADATA_NAME} have different keys: {names} and {list(row)}.",
                fix="Give each row the same keys, session_id among them.",
            )
    ids = [row["session_id"] for row in rows]
    if len(set(ids)) != len(ids):
        raise InputError(
            f"Rows of {METADATA_NAME} name a session twice.", fix="Give one row for each session."
        )
    return names
