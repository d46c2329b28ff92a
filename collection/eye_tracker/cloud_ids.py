"""Which recording and section the rows of an export belong to."""

from pathlib import Path

import numpy as np

from dashgaze.errors import RecordingError

from .cloud_table import Column, CsvTable
from .notes import NoteBook

ID_COLUMNS = {
    "section": Column(names=("section id",), kind="text", required=False),
    "recording": Column(names=("recording id",), kind="text", required=False),
}


class Ids:
    """Section and recording ids seen in the tables of one export folder."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {key: set() for key in ID_COLUMNS}

    def add(self, table: CsvTable) -> None:
        """Take note of the ids in a table."""
        for key, seen in self._seen.items():
            if key in table.texts:
                text = table.texts[key]
                used = np.unique(text.codes)
                seen.update(text.values[code] for code in used.tolist() if text.values[code])

    def check(self, folder: Path, recording_id: str | None, notes: NoteBook) -> str | None:
        """Check that all rows are of one recording; give its id.

        Parameters
        ----------
        folder
            The export.
        recording_id
            What ``info.json`` says, if it does.
        notes
            Where to write down what does not fit.

        Raises
        ------
        RecordingError
            If the tables mix recordings.
        """
        recordings, sections = (sorted(self._seen[key]) for key in ("recording", "section"))
        if len(recordings) > 1:
            listed = ", ".join(name[:60] for name in recordings[:5])
            raise RecordingError(
                f"The tables in {folder} belong to {len(recordings)} recordings: {listed}.",
                fix="Export the recordings into folders of their own.",
                path=folder,
            )
        if len(sections) > 1:
            notes.add(
                "SECTIONS-SEVERAL",
                f"The tables hold {len(sections)} sections of the recording; samples that stand "
                "twice count once.",
            )
        if recordings and recording_id is not None and recordings[0] != recording_id:
            notes.add(
                "RECORDING-ID",
                f"The tables belong to recording {recordings[0][:60]}, info.json to "
                f"{recording_id[:60]}.",
            )
        return recording_id or (recordings[0] if recordings else None)
