"""How much of the drive the driver's face was seen in, if the ``faces`` stage has run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

FACES_NAME = "faces.parquet"

_WORDS = ("visible", "detected", "found")


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceFacts:
    """Face visibility.

    Attributes
    ----------
    note
        Why nothing is known; empty if it is.
    seen
        Whether a face was seen in each row of the table, shape (n,).
    driver_index
        The frame of the driver video each row belongs to, shape (n,).
    """

    note: str
    seen: NDArray[np.bool_] | None = None
    driver_index: NDArray[np.int64] | None = None

    @property
    def visible_share(self) -> float | None:
        """Share of frames with a face; None if unknown."""
        return None if self.seen is None or not len(self.seen) else float(np.mean(self.seen))

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        return {"visible_share": self.visible_share, "note": self.note or None}


def read_face_facts(derived: Path, *, has_driver_video: bool) -> FaceFacts:
    """Read whether faces were seen; tolerant, as the table's columns may grow.

    A face is seen where a column ``…visible``, ``…detected`` or ``…found`` is true, else where a number whose
    name ends in ``confidence``, or starts with ``face_`` or ``box``, is not null.
    """
    path = derived / FACES_NAME
    if not has_driver_video:
        return FaceFacts(note="not measured: the session has no video of the driver")
    if not path.is_file():
        return FaceFacts(note="not measured: the faces stage has not run")
    try:
        table = pq.read_table(path)
        seen, driver_index = _seen(table), _index(table)
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
        return FaceFacts(note=f"not known: {FACES_NAME} can't be read ({error})")
    if seen is None:
        return FaceFacts(note=f"not known: no column of {FACES_NAME} says whether a face was seen")
    return FaceFacts(note="", seen=seen, driver_index=driver_index)


def _seen(table: pa.Table) -> NDArray[np.bool_] | None:
    for field in table.schema:
        if pa.types.is_boolean(field.type) and field.name.lower().endswith(_WORDS):
            column = table.column(field.name).fill_null(False)
            return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.bool_)
    for field in table.schema:
        name = field.name.lower()
        measured = name.endswith("confidence") or name.startswith(("face_", "box"))
        if measured and not name.endswith(("index", "id")):
            return np.asarray(
                table.column(field.name).is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_
            )
    return None


def _index(table: pa.Table) -> NDArray[np.int64]:
    for name in ("driver_frame_index", "frame_index"):
        if name in table.column_names:
            column = table.column(name).cast(pa.int64()).fill_null(-1)
            return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.arange(table.num_rows, dtype=np.int64)
