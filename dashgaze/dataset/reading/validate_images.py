"""Whether the pictures of the configuration `images` are allowed, and tell no more than they show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dashgaze.schemas.dataset_manifest import DatasetSession
from dashgaze.schemas.field import Table
from dashgaze.schemas.image_table import (
    EYE_HEIGHT_PX,
    EYE_WIDTH_PX,
    FACE_PX,
    PICTURES,
    THUMBNAIL_HEIGHT_PX,
    THUMBNAIL_WIDTH_PX,
)

from .validate_privacy import check_face_numbers, check_times, forbidden_pictures
from .validate_relations import Rows
from .validate_report import DatasetFindings
from .validate_values import check_values

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST_ROWS = 32
_NEVER = "Don't publish it. Pack the data set again with this version of dashgaze."
_SIZES_PX = {
    "driver": (FACE_PX, FACE_PX),
    "face": (FACE_PX, FACE_PX),
    "left_eye": (EYE_WIDTH_PX, EYE_HEIGHT_PX),
    "right_eye": (EYE_WIDTH_PX, EYE_HEIGHT_PX),
    "road_at_gaze": (FACE_PX, FACE_PX),
    "road": (THUMBNAIL_WIDTH_PX, THUMBNAIL_HEIGHT_PX),
}
_SCAN = 0xDA
_FRAMES = (0xC0, 0xC1, 0xC2)


def check_images(
    path: Path,
    file: str,
    session: DatasetSession,
    table: Table,
    columns: list[str],
    frames: pa.Table | None,
    findings: DatasetFindings,
    *,
    deep: bool,
) -> None:
    """Check the pictures of one session: labels, consent, and the head of each picture.

    The first pictures are looked at always, all of them if `deep`.
    """
    import pyarrow.parquet as pq

    pictures = [name for name in PICTURES if name in columns]
    labels = [name for name in columns if name not in pictures]
    rows = pq.read_table(path, columns=[*labels, *(f"{name}.path" for name in pictures)])
    check_values(rows, table, labels, file, findings)
    check_times(rows, file, findings)
    check_face_numbers(session, rows, file, findings)
    if frames is not None:
        _check_labels(rows, frames, file, findings)
    forbidden = set(forbidden_pictures(session))
    seen = 0
    with pq.ParquetFile(path) as shard:
        for batch in shard.iter_batches(batch_size=_FIRST_ROWS, columns=pictures):
            for name in pictures:
                for row, picture in enumerate(batch.column(name).to_pylist(), seen):
                    if picture is None:
                        continue
                    if name in forbidden:
                        findings.add(
                            "CONSENT_EXCEEDED",
                            f"Row {row} has a picture {name}, which the consent for "
                            f"{session.session_id} ({session.consent_scope}) keeps in the lab.",
                            file=file,
                            fix=_NEVER,
                        )
                    _check_picture(picture["bytes"], name, row, file, findings)
            seen += len(batch)
            if not deep:
                break


def _check_labels(rows: pa.Table, frames: pa.Table, file: str, findings: DatasetFindings) -> None:
    """Check that labels are those of the frame, bit by bit."""
    import pyarrow.compute as pc

    index = Rows(rows)["frame_index"].values
    if (np.diff(index) <= 0).any() or (len(index) and index[-1] >= frames.num_rows):
        findings.add(
            "ROWS_ORDER",
            "frame_index does not ascend, or names a frame that is not there.",
            file=file,
            fix="Pack the data set again.",
        )
        return
    beside = frames.take(index)
    for name in rows.column_names:
        if name in beside.column_names:
            one, other = rows[name].combine_chunks(), beside[name].combine_chunks()
            if one.type == other.type and not one.equals(other):
                differs = pc.sum(pc.fill_null(pc.not_equal(one, other), fill_value=True)).as_py()
                if differs:
                    findings.add(
                        "IMAGE_LABELS",
                        f"{name} differs from the frame table.",
                        file=file,
                        fix="Pack the data set again.",
                    )


def _check_picture(
    content: bytes | None, name: str, row: int, file: str, findings: DatasetFindings
) -> None:
    if content is None:
        findings.add(
            "IMAGE_UNREADABLE",
            f"{name} of row {row} has no bytes, only a path.",
            file=file,
            fix="Pack the data set again.",
        )
        return
    segments, size_px = jpeg_head(content)
    if size_px is None:
        findings.add("IMAGE_UNREADABLE", f"{name} of row {row} is no JPEG.", file=file, fix=_NEVER)
        return
    if size_px != _SIZES_PX[name]:
        findings.add(
            "IMAGE_SIZE",
            f"{name} of row {row} has {size_px[0]} × {size_px[1]} px.",
            file=file,
            fix="Pack the data set again.",
        )
    told = [number for number in segments if 0xE1 <= number <= 0xEF or number == 0xFE]
    if told:
        findings.add(
            "IMAGE_METADATA",
            f"{name} of row {row} carries metadata (segment {told[0]:X}: EXIF and the like).",
            file=file,
            fix=_NEVER,
        )


def jpeg_head(content: bytes) -> tuple[list[int], tuple[int, int] | None]:
    """Read the head of a JPEG.

    Returns
    -------
    list[int], tuple or None
        Codes of its segments up to the picture itself, and its width and height; None if it is no JPEG.
    """
    if content[:2] != b"\xff\xd8":
        return [], None
    segments, size_px, at = [], None, 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        number, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        segments.append(number)
        if number in _FRAMES:
            height = int.from_bytes(content[at + 5 : at + 7], "big")
            size_px = (int.from_bytes(content[at + 7 : at + 9], "big"), height)
        if number == _SCAN:
            break
        at += 2 + length
    return segments, size_px
