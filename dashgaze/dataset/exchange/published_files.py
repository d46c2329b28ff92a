"""Which files of a published data set belong together."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from .published_columns import SESSION_NAMES
from .published_csv import Sheet
from .published_runs import Run, natural

CSV_ENDINGS = frozenset({".csv", ".tsv"})
HDF5_ENDINGS = frozenset({".h5", ".hdf5", ".hdf", ".he5"})
_MANY = 5
# Names of files that say what is in them, not of which drive.
_GENERAL = re.compile(
    r"^(all|annotations?|csv|dashgaze|data|dataset|frames?|gaze|h5|hdf5|images?|imgs?|info|"
    r"labels?|pictures?|samples?|faces?|[lr]?eyes?)$"
)


@dataclass(kw_only=True)
class Part:
    """What belongs to one session.

    Attributes
    ----------
    name
        Name of the session.
    folder
        Where its sheet is, or its first picture.
    sheet
        Its labels; None if there are only pictures.
    runs
        Its pictures.
    hdf5_files
        Where those are.
    """

    name: str
    folder: Path
    sheet: Sheet | None = None
    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    hdf5_files: list[Path] = field(default_factory=list)

    def add(self, path: Path, runs: dict[str, list[Run]]) -> None:
        """Add the pictures of a file."""
        self.hdf5_files.append(path)
        for kind, each in runs.items():
            self.runs[kind].extend(each)


def find_files(root: Path) -> list[Path]:
    """Give all files in a folder, in their natural order, but hidden ones."""
    if root.is_file():
        return [root]
    found = [
        path
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]
    return sorted(found, key=lambda path: natural(path.relative_to(root).as_posix()))


def parts_of_sheet(sheet: Sheet, root: Path) -> list[Part]:
    """Split a sheet into its sessions; where it names none, its file does."""
    place = sheet.find(SESSION_NAMES)
    folder = sheet.path.parent
    if place is None:
        return [Part(name=_name_of(sheet.path, root), folder=folder, sheet=sheet)]
    column = pc.fill_null(sheet.columns[place], "")
    names = pc.unique(column).to_pylist()
    if len(names) == 1 and not names[0]:
        return [Part(name=_name_of(sheet.path, root), folder=folder, sheet=sheet)]
    parts = []
    for name in sorted(names, key=natural):
        rows = pc.equal(column, pa.scalar(name))
        some = Sheet(
            path=sheet.path,
            headers=sheet.headers,
            columns=tuple(each.filter(rows) for each in sheet.columns),
            skipped=sheet.skipped if len(names) == 1 else 0,
            twice=sheet.twice,
        )
        parts.append(Part(name=name or _name_of(sheet.path, root), folder=folder, sheet=some))
    return parts


def owner_of(path: Path, parts: list[Part], root: Path) -> Part | None:
    """Find the session that a file of pictures belongs to.

    By name first: its own, then those of the folders around it, nearest first, against names of
    sessions and of their sheets; then the only sheet in the nearest folder that has any.
    """
    around = [folder for folder in path.parents if folder == root or root in folder.parents]
    for name in (path.stem, *(folder.name for folder in around)):
        alike = [part for part in parts if _key(name) in _names(part)]
        here = [part for part in alike if part.folder == path.parent]
        if len(here) == 1:
            return here[0]
        if len(alike) == 1:
            return alike[0]
    for folder in around:
        within = [part for part in parts if part.folder == folder or folder in part.folder.parents]
        if len(within) == 1:
            return within[0]
        if within:
            return None
    return None


def with_names_of_their_own(parts: list[Part], root: Path) -> list[Part]:
    """Make names unique, and such that they can name files."""
    wanted = Counter(_file_name(part.name) for part in parts)
    taken: set[str] = set()
    for part in parts:
        name = _file_name(part.name)
        if wanted[name] > 1 and part.folder != root and root in part.folder.parents:
            name = _file_name("_".join((*part.folder.relative_to(root).parts, part.name)))
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique)
        part.name = unique
    return parts


def name_of_pictures(path: Path, root: Path) -> str:
    """Name a session of which there are only pictures: one file a frame shares its folder's name."""
    return _name_of(path, root) if not path.stem.isdigit() else _name_of(path.parent / "data", root)


def file_patterns(paths: list[Path], root: Path) -> list[str]:
    """Name files from the folder that was read; many of one kind in one folder as one pattern."""
    kinds = Counter((path.parent, path.suffix) for path in paths)
    names: dict[str, None] = {}
    for path in paths:
        count = kinds[path.parent, path.suffix]
        name = relative_name(path, root)
        if count > _MANY:
            name = f"{relative_name(path.parent / f'*{path.suffix}', root)} ({count} files)"
        names[name] = None
    return list(names)


def relative_name(path: Path, root: Path) -> str:
    """Name a file from the folder that was read."""
    return path.relative_to(root).as_posix()


def _name_of(path: Path, root: Path) -> str:
    if not _GENERAL.match(path.stem.casefold()):
        return path.stem
    for folder in path.parents:
        if not _GENERAL.match(folder.name.casefold()) or folder == root:
            return folder.name or path.stem
    return path.stem


def _names(part: Part) -> set[str]:
    names = {_key(part.name)}
    if part.sheet is not None:
        names.add(_key(part.sheet.path.stem))
    return names


def _key(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())


def _file_name(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z._-]+", "_", name).strip("._-") or "session"
