"""Zip archives of eye tracker recordings, as Pupil Cloud gives them; not one byte is trusted."""

import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dashgaze.errors import InputError

_MARKERS = frozenset({"gaze.csv", "world_timestamps.csv", "info.json"})
_TOP_FILES = frozenset({"enrichment_info.txt", "sections.csv"})
_MOST_MEMBERS = 100_000
ZIP_ERRORS = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error),
    *(ValueError, LookupError, OverflowError),  # of numbers and names in a damaged directory
)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive.

    Attributes
    ----------
    info
        Where it is in the archive.
    name
        Where it belongs, from the folder of the recording.
    """

    info: zipfile.ZipInfo
    name: PurePosixPath


def is_recording_zip(path: Path) -> bool:
    """Whether an archive holds an eye tracker recording, by the names in it.

    Raises
    ------
    InputError
        If it is no archive that can be read.
    """
    names = {PurePosixPath(info.filename).name for info in _infos(path)}
    return bool(names & _MARKERS)


def list_members(path: Path) -> list[Member]:
    """List what belongs to the recording in an archive, without the folders around it.

    Raises
    ------
    InputError
        If the archive can't be read, or holds names that lead out of it, links, encrypted files,
        or two files of one name.
    """
    members = []
    for info in _infos(path):
        name = _safe_name(path, info)
        if name is not None:
            members.append(Member(info=info, name=name))
    while len({member.name.parts[0] for member in members}) == 1 and all(
        len(member.name.parts) > 1 for member in members
    ):
        members = [
            Member(info=member.info, name=PurePosixPath(*member.name.parts[1:]))
            for member in members
        ]
    seen: set[str] = set()
    for member in members:
        # Two names may be one to the file system of a Mac or of Windows.
        key = unicodedata.normalize("NFC", str(member.name)).casefold()
        if key in seen:
            raise _refused(path, f"holds '{member.name}' twice")
        seen.add(key)
    return members


def _infos(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except ZIP_ERRORS as error:
        raise InputError(
            f"{path} is no zip archive that can be read ({error}).",
            fix="Download it again.",
            path=path,
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check it.", path=path
        ) from error
    if len(infos) > _MOST_MEMBERS:
        raise _refused(path, f"holds {len(infos)} files")
    return infos


def _safe_name(path: Path, info: zipfile.ZipInfo) -> PurePosixPath | None:
    """Give the name of a file; None for folders and what a Mac adds."""
    name = info.filename
    if not name:
        raise _refused(path, "holds a file without a name")
    pure = PurePosixPath(name)
    parts = pure.parts
    if pure.is_absolute() or ".." in parts or "\\" in name or ":" in name or "\0" in name:
        raise _refused(path, f"holds {name!r}, which leads out of it")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _refused(path, f"holds the link {name!r}")
    if info.is_dir() or not parts or "__MACOSX" in parts or parts[-1].startswith("."):
        return None
    if info.flag_bits & 0x1:
        raise _refused(path, f"holds {name!r} encrypted")
    return pure


def _refused(path: Path, what: str) -> InputError:
    return InputError(
        f"{path} {what}; Pupil Cloud makes no such archives, so it is not unpacked.",
        fix="Download it again from Pupil Cloud, or unpack it yourself and give the folder.",
        path=path,
    )
