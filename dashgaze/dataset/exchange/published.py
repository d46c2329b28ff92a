"""Reading the published DashGaze layout.

No official copy of it, and no description, is public; what is known are the keys of its HDF5 files
and the columns of its CSV files. The reader is therefore tolerant of everything else, guesses
nothing, and tells what it could not read.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from dashgaze.errors import InputError, MissingExtraError
from dashgaze.progress import Progress, silent

from .published_columns import LABELS, PUBLISHED_FRAME_TABLE
from .published_csv import NotASheetError, read_sheet
from .published_files import (
    CSV_ENDINGS,
    HDF5_ENDINGS,
    Part,
    file_patterns,
    find_files,
    name_of_pictures,
    owner_of,
    parts_of_sheet,
    relative_name,
    with_names_of_their_own,
)
from .published_labels import Labels, read_labels
from .published_pictures import PublishedPictures, tie
from .published_runs import find_runs, import_h5py

_MANY = 5


@dataclass(frozen=True)
class NotRead:
    """Something that was found and not read.

    Attributes
    ----------
    path
        The file, or several: ``road/*.jpg``; from the folder that was read.
    reason
        Why not.
    """

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PublishedSession:
    """One session of the published layout.

    Attributes
    ----------
    session_id
        Its name: as the files or their folders say.
    table
        Its labels, a row for each row of the CSV file, with the columns of the data set's frame table
        (`PUBLISHED_FRAME_TABLE`). What was not published is null. Left and right, the signs of head
        angles and the order of colours are as published: nothing says what they mean.
    other
        Columns that have no certain place in it, under their published names: ``face x`` and the like,
        of which it is not known whether they are a corner or the middle of a box.
    pictures
        Its pictures; None if it has none, or h5py is not installed.
    picture_of_row
        For each kind of picture, which one belongs to each row (null: none); a kind of which nothing
        says so is not in it.
    found, missing
        Columns that were found, by our name: header; and those that were not.
    nulled
        How many values stood for "missing" and are null now, by what they said.
    files
        What it was read from.
    notes
        What a user should know.
    """

    session_id: str
    table: pa.Table
    other: pa.Table
    pictures: PublishedPictures | None
    picture_of_row: dict[str, pa.Array]
    found: dict[str, str]
    missing: tuple[str, ...]
    nulled: dict[str, int]
    files: tuple[str, ...]
    notes: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """Give what is in it as an object for JSON."""
        kinds = () if self.pictures is None else self.pictures.kinds
        return {
            "session_id": self.session_id,
            "rows": self.table.num_rows,
            "pictures": {
                kind: self.pictures.count(kind) for kind in kinds if self.pictures is not None
            },
            "tied_to_rows": sorted(self.picture_of_row),
            "found": self.found,
            "missing": list(self.missing),
            "other": self.other.column_names,
            "nulled": self.nulled,
            "files": list(self.files),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class PublishedDashGaze:
    """What was read of a published data set.

    Attributes
    ----------
    root
        The folder.
    sessions
        What could be read, sorted by name.
    not_read
        What could not.
    """

    root: Path
    sessions: tuple[PublishedSession, ...]
    not_read: tuple[NotRead, ...] = field(default=())

    def summary(self) -> dict[str, Any]:
        """Give what was found as an object for JSON."""
        return {
            "path": str(self.root),
            "sessions": [session.summary() for session in self.sessions],
            "not_read": [{"path": each.path, "reason": each.reason} for each in self.not_read],
        }


def read_published(folder: Path, *, progress: Progress = silent) -> PublishedDashGaze:
    """Read a data set in the published DashGaze layout.

    HDF5 files with the keys ``img``, ``face``, ``leye``, ``reye`` and CSV files with columns such as
    ``dash gaze x [px]``, in any folders, of one session or several. Labels are read now, pictures when
    asked for.

    Parameters
    ----------
    folder
        Where it is; or one of its files.

    Raises
    ------
    InputError
        If there is nothing of that layout.
    MissingExtraError
        If there are only pictures, and h5py is not installed.
    """
    if not folder.exists():
        raise InputError(f"{folder} does not exist.", fix="Check the path.", path=folder)
    root = folder if folder.is_dir() else folder.parent
    files = find_files(folder)
    not_read: list[NotRead] = []
    parts: list[Part] = []
    pictures: list[Path] = []
    unknown: list[Path] = []
    for path in files:
        ending = path.suffix.casefold()
        if ending in CSV_ENDINGS:
            try:
                parts += parts_of_sheet(read_sheet(path), root)
            except NotASheetError as error:
                not_read.append(NotRead(relative_name(path, root), str(error)))
        elif ending in HDF5_ENDINGS:
            pictures.append(path)
        else:
            unknown.append(path)
    not_read += _add_pictures(pictures, parts, root, progress)
    not_read += _of_unknown(unknown, root)
    parts = with_names_of_their_own(parts, root)
    sessions = tuple(_session(part, root) for part in sorted(parts, key=lambda part: part.name))
    if not sessions:
        why = "; ".join(f"{each.path} {each.reason}" for each in not_read[:_MANY])
        raise InputError(
            f"{folder} holds nothing of the published DashGaze layout"
            f"{': ' + why if why else ', it is empty'}.",
            fix="Expected are HDF5 files with the keys img, face, leye and reye, and CSV files with "
            "columns such as `dash gaze x [px]`.",
            path=folder,
        )
    progress("published", 1.0)
    return PublishedDashGaze(root=folder, sessions=sessions, not_read=tuple(not_read))


def _add_pictures(
    paths: list[Path], parts: list[Part], root: Path, progress: Progress
) -> list[NotRead]:
    """Give each file of pictures to its session; those that have none found a session of their own."""
    if not paths:
        return []
    try:
        import_h5py()
    except MissingExtraError as error:
        if not parts:
            raise
        return [NotRead(path, str(error)) for path in file_patterns(paths, root)]
    not_read: list[NotRead] = []
    alone: dict[str, Part] = {}
    with_labels = list(parts)
    for number, path in enumerate(paths):
        progress("pictures", number / len(paths))
        place = relative_name(path, root)
        try:
            runs, strange = find_runs(path)
        except InputError as error:
            not_read.append(NotRead(place, error.what.removeprefix(f"{path} ")))
            continue
        if strange:
            names = ", ".join(strange[:_MANY]) + (" …" if len(strange) > _MANY else "")
            not_read.append(NotRead(place, f"holds data sets that are no pictures: {names}"))
        if not runs:
            if not strange:
                not_read.append(NotRead(place, "holds nothing"))
            continue
        part = owner_of(path, with_labels, root)
        if part is None:
            name = name_of_pictures(path, root)
            part = alone.setdefault(name, Part(name=name, folder=path.parent))
        part.add(path, runs)
    parts += alone.values()
    return not_read


def _session(part: Part, root: Path) -> PublishedSession:
    labels = _no_labels() if part.sheet is None else read_labels(part.sheet, part.name)
    pictures = PublishedPictures({kind: tuple(runs) for kind, runs in part.runs.items()})
    notes = list(labels.notes)
    tied: dict[str, pa.Array] = {}
    if part.sheet is None:
        notes.append("There are pictures, but no labels for them.")
        labels = _numbered(part, pictures)
    frames = labels.table["frame_index"].to_pylist()
    for kind in pictures.kinds:
        places = tie(frames, labels.numbered, pictures, kind)
        count = pictures.count(kind)
        if places is None:
            notes.append(
                f"{count} pictures of {kind}, {len(frames)} rows, and nothing that says which belong "
                "together: they are not tied to rows."
            )
            continue
        tied[kind] = pa.array(places, pa.int32())
        used = len(places) - tied[kind].null_count
        if used != len(frames) or used != count:
            notes.append(f"{kind}: {used} of {count} pictures belong to one of {len(frames)} rows.")
    files = [*([part.sheet.path] if part.sheet is not None else []), *part.hdf5_files]
    return PublishedSession(
        session_id=part.name,
        table=labels.table,
        other=labels.other,
        pictures=pictures if pictures.kinds else None,
        picture_of_row=tied,
        found=labels.found,
        missing=labels.missing,
        nulled=labels.nulled,
        files=tuple(file_patterns(files, root)),
        notes=tuple(notes),
    )


def _no_labels(count: int = 0, frames: pa.Array | None = None, session_id: str = "") -> Labels:
    schema = PUBLISHED_FRAME_TABLE.to_arrow()
    columns = {
        "session_id": pa.array([session_id] * count, pa.string()),
        "frame_index": pa.array(range(count), pa.int32()) if frames is None else frames,
    }
    arrays = [
        columns[name.name] if name.name in columns else pa.nulls(count, name.type)
        for name in schema
    ]
    return Labels(
        table=pa.Table.from_arrays(arrays, schema=schema),
        other=pa.table({}),
        numbered=frames is not None,
        found={},
        missing=tuple(LABELS.values()),
        nulled={},
        notes=(),
    )


def _numbered(part: Part, pictures: PublishedPictures) -> Labels:
    """Give rows without labels for pictures without rows."""
    kind = max(pictures.kinds, key=pictures.count)
    numbers = pictures.frame_numbers(kind)
    frames = None if numbers is None else pa.array(numbers, pa.int32())
    return _no_labels(pictures.count(kind), frames, part.name)


def _of_unknown(paths: list[Path], root: Path) -> list[NotRead]:
    return [
        NotRead(path, "is of a kind that is not known here") for path in file_patterns(paths, root)
    ]
