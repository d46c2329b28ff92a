"""World video of an export: ``world_timestamps.csv`` and its mp4, or ``world.csv``."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dashgaze.errors import RecordingError

from .cloud_ids import ID_COLUMNS, Ids
from .cloud_table import Column, CsvTable, read_table
from .untrusted import is_file, list_folder
from .world_parts import PartSource

_COLUMNS = {
    "at": Column(names=("timestamp",), kind="whole", unit="ns"),
    "file": Column(names=("file",), kind="text", required=False),
    **ID_COLUMNS,
}
_PART_NUMBER = re.compile(r" ps([0-9]{1,9})")


def find_cloud_world(folder: Path, ids: Ids) -> Sequence[PartSource]:
    """List the world video of an export with its stamps.

    Pupil Cloud joins all parts to one video. Exports made on a computer keep the parts; their
    videos lie in the recording around the export.

    Raises
    ------
    RecordingError
        If there are no stamps, or several videos.
    """
    for name in ("world_timestamps.csv", "world.csv"):
        path = folder / name
        if is_file(path):
            break
    else:
        raise _no_world(folder, f"{folder} has no world_timestamps.csv")
    table = read_table(path, _COLUMNS, stream="world")
    ids.add(table)
    if table.row_count == 0:
        raise _no_world(path, f"{path} has no rows")
    if "file" in table.texts:
        return _by_file(table)
    video = _only_video(folder)
    return [PartSource(number=1, path=video, timestamp_ns=table.whole("at"))]


def _only_video(folder: Path) -> Path | None:
    videos = [
        path for path in list_folder(folder) if path.suffix.lower() == ".mp4" and is_file(path)
    ]
    if len(videos) > 1:
        listed = ", ".join(f"'{path.name}'" for path in videos[:20])
        raise RecordingError(
            f"{folder} has {len(videos)} videos: {listed}.",
            stream="world",
            fix="Leave only the scene camera's in it, named <section>_<start>-<end>.mp4.",
            path=folder,
        )
    return videos[0] if videos else None


def _by_file(table: CsvTable) -> list[PartSource]:
    """Make a part of each file that the rows name, in the order of the rows."""
    text, stamps = table.texts["file"], table.whole("at")
    sources: list[PartSource] = []
    codes, first_rows = np.unique(text.codes, return_index=True)
    for code in codes[np.argsort(first_rows)].tolist():
        name = text.values[code]
        match = _PART_NUMBER.search(name)
        sources.append(
            PartSource(
                number=int(match[1]) if match else len(sources) + 1,
                path=_video_around(table.path.parent, name),
                timestamp_ns=stamps[text.codes == code],
            )
        )
    return sources


def _video_around(export: Path, name: str) -> Path | None:
    """Find the video that a row names, in the recording around the export and nowhere else."""
    if export.name != "export":
        return None
    wanted = f"{name.removesuffix('.mp4')}.mp4"
    beside = (path for path in list_folder(export.parent) if path.name == wanted)
    return next((path for path in beside if is_file(path)), None)


def _no_world(path: Path, what: str) -> RecordingError:
    return RecordingError(
        f"{what}; without the times of its frames the world video can't be placed.",
        stream="world",
        fix="Download the export again.",
        path=path,
    )
