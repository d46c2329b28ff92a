"""A published data set as parquet shards that `datasets` loads."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from dashgaze.dataset.tables.shard import ShardWriter, write_shard
from dashgaze.files import filling
from dashgaze.progress import Progress, silent

from .published import PublishedDashGaze, PublishedSession
from .published_columns import PICTURE_COLUMNS, PUBLISHED_FRAME_TABLE, PUBLISHED_IMAGE_TABLE

_ROWS_AT_ONCE = 256
_QUALITY = 92


def write_published(
    published: PublishedDashGaze, out: Path, *, progress: Progress = silent
) -> Path:
    """Write a published data set as ``frames/`` and ``images/``, a shard for each session.

    ``load_dataset(out)`` gives the labels, ``load_dataset(out, "images")`` the pictures that are tied
    to rows, as JPEG, with their labels. What could not be read stands in ``published.json``.

    Parameters
    ----------
    published
        What `read_published` gave.
    out
        New folder; it is there whole or not at all.

    Raises
    ------
    InputError
        If a picture can't be read.
    OutputError
        If `out` is taken or can't be written.
    """
    count = len(published.sessions)
    with filling(out) as folder:
        (folder / "frames").mkdir()
        digest = hashlib.sha256()
        with_pictures = False
        for number, session in enumerate(published.sessions):
            progress(f"writing {session.session_id}", number / count)
            shard = folder / "frames" / f"{session.session_id}.parquet"
            write_shard(shard, session.table, PUBLISHED_FRAME_TABLE)
            shards = [shard]
            if session.pictures is not None and session.picture_of_row:
                (folder / "images").mkdir(exist_ok=True)
                shard = folder / "images" / f"{session.session_id}.parquet"
                _write_images(shard, session)
                shards.append(shard)
                with_pictures = True
            for path in shards:
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        report = published.summary()
        report["path"] = published.root.name
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        (folder / "published.json").write_text(text, encoding="utf-8", newline="\n")
        card = _card(digest.hexdigest()[:16], with_pictures)
        (folder / "README.md").write_text(card, encoding="utf-8", newline="\n")
    progress("written", 1.0)
    return out


def _write_images(path: Path, session: PublishedSession) -> None:
    pictures = session.pictures
    if pictures is None:
        return
    schema = PUBLISHED_IMAGE_TABLE.to_arrow()
    tied = {kind: places.to_pylist() for kind, places in session.picture_of_row.items()}
    kinds = {PICTURE_COLUMNS[kind]: kind for kind in tied}
    rows = [
        row
        for row in range(session.table.num_rows)
        if any(places[row] is not None for places in tied.values())
    ]
    with pictures, ShardWriter(path, PUBLISHED_IMAGE_TABLE) as shard:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            labels = session.table.take(some)
            columns: list[Any] = []
            for field in schema:
                if field.name in kinds:
                    kind = kinds[field.name]
                    values = [
                        None
                        if (place := tied[kind][row]) is None
                        else {"bytes": _jpeg(pictures.read(kind, place)), "path": None}
                        for row in some
                    ]
                    columns.append(pa.array(values, field.type))
                elif field.name in labels.column_names:
                    columns.append(labels[field.name])
                else:
                    columns.append(pa.nulls(len(some), field.type))
            shard.write(pa.Table.from_arrays(columns, schema=schema))


def _jpeg(picture: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def _card(build: str, with_pictures: bool) -> str:
    """Write the card; its build digest keeps `datasets` from serving an older state."""
    lines = ["---", "configs:"]
    for name in ("frames", "images") if with_pictures else ("frames",):
        lines.append(f"- config_name: {name}")
        if name == "frames":
            lines.append("  default: true")
        lines.append("  version: 1.0.0")
        lines.append(f"  description: build-{build}")
        lines.append(f"  data_files: {name}/*.parquet")
    lines += [
        "---",
        "# Read from a published data set in the DashGaze layout",
        "",
        "Made by `dashgaze published`. Labels have the columns of the dashgaze data set; what was not",
        "published is null. Left and right, signs of head angles and the order of colours are as",
        "published. `published.json` says what was found, and what could not be read.",
        "",
    ]
    return "\n".join(lines)
