"""Telling what made a folder."""

from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import RecordingError

from .info import INFO_NAME, kind_of
from .recording import Kind, Source
from .untrusted import is_file, is_folder, list_folder, read_json_object

GAZE_TABLE = "gaze.csv"
WORLD_TABLE = "world_timestamps.csv"
_TABLES = (GAZE_TABLE, WORLD_TABLE)
_DOWNLOAD_FILES = ("enrichment_info.txt", "sections.csv")
_PLAYER_FILE = "info.player.json"
# Widest principal point of a Pupil Invisible, whose pictures are 1088 px wide; Neon's have 1600.
_NEON_CENTRE_PX = 700.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """A recording's folder and what made it.

    Attributes
    ----------
    folder
        The folder of the recording itself; in a Cloud download that is the one inside.
    kind
        Type of device; None for tables that don't tell.
    source
        ``native`` or ``cloud``.
    """

    folder: Path
    kind: Kind | None
    source: Source


def recognise(path: Path) -> tuple[Kind, Source] | None:
    """Tell what made a folder, by a look at its file names and ``info.json``.

    Parameters
    ----------
    path
        Any folder or file.

    Returns
    -------
    tuple of Kind and Source, or None
        None if it is no eye tracker recording that `open_recording` could open.
    """
    try:
        found = find_recording(path)
    except RecordingError:
        return None
    return None if found.kind is None else (found.kind, found.source)


def find_recording(path: Path) -> Found:
    """Find the recording in a folder and tell what made it.

    Raises
    ------
    RecordingError
        If there is none, or several, or one that Pupil Player has rewritten.
    """
    if not is_folder(path):
        raise RecordingError(
            f"{path} is not a folder.",
            fix="Give the folder of one recording, as the device or Pupil Cloud made it.",
            path=path,
        )
    names = {entry.name for entry in list_folder(path)}
    if _PLAYER_FILE in names:
        raise RecordingError(
            f"{path} was opened in Pupil Player, which renames the files and changes their times.",
            fix="Give the folder as it came from the phone or from Pupil Cloud.",
            path=path,
        )
    if names.intersection(_TABLES):
        return Found(folder=path, kind=_kind_of_tables(path), source="cloud")
    if INFO_NAME in names:
        return Found(folder=path, kind=_native_kind(path), source="native")
    if names.intersection(_DOWNLOAD_FILES):
        return find_recording(_only_recording(path))
    raise RecordingError(
        f"{path} is no eye tracker recording: it has neither {INFO_NAME} nor {GAZE_TABLE}.",
        fix="Give the folder of one recording, as the device or Pupil Cloud made it.",
        path=path,
    )


def _only_recording(download: Path) -> Path:
    inside = [
        entry
        for entry in list_folder(download)
        if is_folder(entry) and any(is_file(entry / name) for name in (*_TABLES, INFO_NAME))
    ]
    if len(inside) == 1:
        return inside[0]
    if not inside:
        raise RecordingError(
            f"{download} is a Pupil Cloud download without a recording inside.",
            fix="Download it again and unpack it whole.",
            path=download,
        )
    listed = ", ".join(f"'{entry.name}'" for entry in inside[:20])
    raise RecordingError(
        f"{download} is a Pupil Cloud download of {len(inside)} recordings: {listed}.",
        fix="Give one of these folders.",
        path=download,
    )


def _native_kind(folder: Path) -> Kind:
    path = folder / INFO_NAME
    kind = kind_of(read_json_object(path))
    if kind is None:
        raise RecordingError(
            f"{path} does not say what made the recording: it has no data_format_version.",
            fix="Give the folder of a Pupil Invisible or Neon recording.",
            path=path,
        )
    return kind


def _kind_of_tables(folder: Path) -> Kind | None:
    """Tell the device type of an export, by what only one of the two has if there is no info."""
    info = info_beside_tables(folder)
    kind = None if info is None else kind_of(read_json_object(info))
    if kind is not None:
        return kind
    if is_file(folder / "3d_eye_states.csv"):
        return "neon"
    camera = folder / "scene_camera.json"
    if is_file(camera):
        try:
            centre_px = float(read_json_object(camera)["camera_matrix"][0][2])
        except (RecordingError, KeyError, IndexError, TypeError, ValueError, OverflowError):
            return None
        if centre_px > 0:
            return "neon" if centre_px > _NEON_CENTRE_PX else "pupil_invisible"
    return None


def info_beside_tables(folder: Path) -> Path | None:
    """Find ``info.json`` of an export; exports made on a computer lie inside of the recording."""
    for place in (folder, folder.parent) if folder.name == "export" else (folder,):
        if is_file(place / INFO_NAME):
            return place / INFO_NAME
    return None
