"""Gaze of an export: ``gaze.csv``."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import RecordingError

from .cloud_ids import ID_COLUMNS, Ids
from .cloud_table import Column, CsvTable, read_table
from .native_gaze import finite_points
from .notes import NoteBook, counted
from .recording import GazeSamples
from .stamps import in_order
from .untrusted import is_file

_COLUMNS = {
    "at": Column(names=("timestamp",), kind="whole", unit="ns"),
    "x": Column(names=("gaze x",), kind="number", unit="px"),
    "y": Column(names=("gaze y",), kind="number", unit="px"),
    "worn": Column(names=("worn",), kind="text", required=False),
    **ID_COLUMNS,
}
_WORN = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


def read_cloud_gaze(path: Path, ids: Ids, notes: NoteBook) -> GazeSamples:
    """Read ``gaze.csv``.

    Raises
    ------
    RecordingError
        If it is missing, can't be used, or has no sample.
    """
    if not is_file(path):
        raise _no_gaze(path, f"{path.parent} has no {path.name}")
    table = read_table(path, _COLUMNS, stream="gaze")
    ids.add(table)
    stamps, x, y, worn = in_order(
        table.whole("at"),
        "Gaze",
        notes,
        table.numbers["x"],
        table.numbers["y"],
        _read_worn(table, notes),
    )
    if len(stamps) == 0:
        raise _no_gaze(path, f"{path} has no gaze samples with usable time stamps")
    x_px, y_px = finite_points(x, y, notes)
    return GazeSamples(timestamp_ns=stamps, x_px=x_px, y_px=y_px, worn=worn, rate="cloud")


def _read_worn(table: CsvTable, notes: NoteBook) -> NDArray[np.bool_]:
    text = table.texts.get("worn")
    if text is None:
        notes.add("WORN-ASSUMED", f"{table.path.name} has no column 'worn'; taken as worn.")
        return np.ones(table.row_count, dtype=np.bool_)
    # one more value, the empty one, stands at the end for missing cells
    known = [_WORN.get(value.strip().lower()) for value in text.values]
    for place, (value, worn) in enumerate(zip(text.values, known, strict=True)):
        if worn is not None:
            continue
        rows = np.flatnonzero(text.codes == place)
        if value.strip() and len(rows):
            raise RecordingError(
                f"{table.path} can't be used: row {int(rows[0]) + 2} has {value[:40]!r} in column "
                "'worn'; 1, 0, True or False is expected.",
                stream="gaze",
                fix="Download the export again.",
                path=table.path,
            )
        if len(rows):
            notes.add(
                "WORN-ASSUMED",
                f"{table.path.name}: {counted(len(rows), 'sample')} without worn state, taken as "
                "worn.",
            )
    meaning = np.array([worn is not False for worn in known], dtype=np.bool_)
    return meaning[text.codes]


def _no_gaze(path: Path, what: str) -> RecordingError:
    return RecordingError(
        f"{what}.", stream="gaze", fix="Download the export again, with gaze.", path=path
    )
