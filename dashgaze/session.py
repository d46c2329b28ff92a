"""A session folder: one drive, its manifest and its files."""

import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import yaml

from dashgaze.errors import InputError, ManifestError
from dashgaze.fingerprint import Stamp, same_stamps, stamps
from dashgaze.progress import Progress, silent
from dashgaze.schemas.manifest import (
    MANIFEST_NAME,
    SessionManifest,
    manifest_of,
    parse_manifest,
    yaml_events,
)
from dashgaze.schemas.plain_yaml import plain_yaml

if TYPE_CHECKING:
    from dashgaze.collection.eye_tracker import EyeTrackerRecording

DERIVED_NAME = "derived"
TRUTH_NAME = "truth"

# A manifest has some twenty lines; what is larger is another file under its name.
_MAX_MANIFEST_BYTES = 64 << 10
# A camera matrix is a list of lists under phone: intrinsics: matrix.
_DEEPEST = 8
_WINDOWS = os.name == "nt"
# What file systems keep for themselves; often nobody may read it.
_SYSTEM_FOLDERS = frozenset({"lost+found", "System Volume Information", "$RECYCLE.BIN"})


@dataclass(frozen=True, kw_only=True)
class Session:
    """One drive: its folder and what its manifest says. Nothing but the manifest is read yet.

    Attributes
    ----------
    root
        The session folder.
    manifest
        Content of its ``session.yaml``.
    """

    root: Path
    manifest: SessionManifest
    _recordings: "list[tuple[dict[str, Stamp], EyeTrackerRecording]]" = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @property
    def road_path(self) -> Path:
        """Video of the phone's rear camera, with sound."""
        return self.path(self.manifest.phone.road)

    @property
    def driver_path(self) -> Path | None:
        """Video of the phone's front camera; None if the manifest names none."""
        name = self.manifest.phone.driver
        return None if name is None else self.path(name)

    @property
    def location_path(self) -> Path | None:
        """The phone's track; None if the manifest names none."""
        name = self.manifest.phone.location
        return None if name is None else self.path(name)

    @property
    def speed_path(self) -> Path | None:
        """Log of the car's own speed; None if the manifest names none."""
        name = self.manifest.phone.speed
        return None if name is None else self.path(name)

    @property
    def eye_tracker_path(self) -> Path:
        """Folder of the eye tracker recording."""
        return self.path(self.manifest.eye_tracker.path)

    @property
    def derived(self) -> Path:
        """Folder of all that dashgaze computes; it may not exist yet."""
        return self.root / DERIVED_NAME

    @property
    def truth(self) -> Path | None:
        """Folder with the exact truth; None unless the session is simulated."""
        folder = self.root / TRUTH_NAME
        return folder if folder.is_dir() else None

    def path(self, relative: str) -> Path:
        """Give the path of a file that the manifest names; the file may be missing.

        Where no file has the very name, one whose name differs only in how its accents are stored
        (NFC, NFD: archives made on a Mac) is taken.

        Parameters
        ----------
        relative
            Path from the session folder, with forward slashes.
        """
        if relative.isascii():  # no accents, so that there is one way only to store it
            return self.root / relative
        path = self.root
        for part in PurePosixPath(relative).parts:
            path = _entry(path, part)
        return path

    def recording(self, progress: Progress = silent) -> "EyeTrackerRecording":
        """Read the eye tracker recording; the second call gives the first one's result if nothing changed.

        Raises
        ------
        RecordingError
            If it can't be read.
        """
        folder = self.eye_tracker_path
        found = stamps(folder)
        if not self._recordings or not same_stamps(self._recordings[0][0], found):
            from dashgaze.collection.eye_tracker import open_recording

            self._recordings[:] = [(found, open_recording(folder, progress=progress))]
        return self._recordings[0][1]


def open_session(path: Path) -> Session:
    """Read the manifest of a session folder.

    Parameters
    ----------
    path
        The folder that holds ``session.yaml``.

    Raises
    ------
    InputError
        If there is no such folder, it can't be read, or it is no session.
    ManifestError
        If its manifest has faults; the message names all of them.
    """
    root = Path(path)
    _check_folder(root)
    manifest_path = root / MANIFEST_NAME
    if not manifest_path.is_file():
        raise _no_manifest(root)
    text = _read(manifest_path)
    content = plain_yaml(text, deepest=_DEEPEST)
    if content is not None:
        return Session(root=root, manifest=manifest_of(content, path=manifest_path))
    _refuse_riddles(text, manifest_path)
    return Session(root=root, manifest=parse_manifest(text, path=manifest_path))


def find_sessions(folder: Path) -> list[Path]:
    """Find all session folders in a folder, at any depth; the folder itself may be one.

    Hidden folders, unfinished imports (``*.part``) and the inside of sessions are not looked at.

    Returns
    -------
    list of Path
        Sorted.

    Raises
    ------
    InputError
        If there is no such folder, or one in it can't be read.
    """
    root = Path(folder)
    _check_folder(root)
    found: list[Path] = []
    seen: set[Path] = set()
    waiting = [(root, root.resolve())]
    while waiting:
        place, resolved = waiting.pop()
        if resolved in seen:  # a link to a folder above
            continue
        seen.add(resolved)
        if (place / MANIFEST_NAME).is_file():
            found.append(place)
        else:
            # To resolve each path anew asks the disk for every folder above it. Windows has links of other kinds.
            waiting.extend(
                (inside, inside.resolve() if is_link or _WINDOWS else resolved / inside.name)
                for inside, is_link in _subfolders(place)
            )
    return sorted(found)


def _subfolders(folder: Path) -> list[tuple[Path, bool]]:
    """Give the folders in a folder that may be looked at, and whether each is a link."""
    try:
        with os.scandir(folder) as entries:
            return [
                (folder / entry.name, entry.is_symlink())
                for entry in entries
                if not entry.name.startswith(".")
                and not entry.name.endswith(".part")
                and entry.name not in _SYSTEM_FOLDERS
                # Of a link that leads to itself `entry` would raise an error.
                and ((folder / entry.name).is_dir() if entry.is_symlink() else entry.is_dir())
            ]
    except OSError as error:
        raise _cannot_read(folder, error) from error


def _check_folder(path: Path) -> None:
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}.", fix="Check the path.") from error
    if not exists:
        raise InputError(
            f"The session folder {path} does not exist.", fix="Check the path.", path=path
        )
    if is_folder:
        return
    if path.name == MANIFEST_NAME:
        fix = f"Give the folder that it lies in: {path.parent}."
    else:
        fix = "Give a session folder; `dashgaze import FILE… --session DIR` makes one from recordings."
    raise InputError(f"{path} is a file; a folder was expected.", fix=fix, path=path)


def _no_manifest(root: Path) -> InputError:
    inside = [entry for entry, _ in sorted(_subfolders(root)) if (entry / MANIFEST_NAME).is_file()]
    if inside:
        return InputError(
            f"{root} has no {MANIFEST_NAME}: that is a folder of sessions ({len(inside)} in it).",
            fix=f"Give one of them, such as {inside[0]}.",
            path=root,
        )
    manifest_path = root / MANIFEST_NAME
    if manifest_path.exists() or manifest_path.is_symlink():
        return InputError(
            f"{manifest_path} is not a file.", fix="Put the manifest there.", path=manifest_path
        )
    return InputError(
        f"{root} is no session folder: {manifest_path} does not exist.",
        fix=f"Make a session of its files with `dashgaze import {root} --session DIR`.",
        path=root,
    )


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES:
            raise ManifestError(
                f"{path} is larger than 64 KiB; a manifest has some twenty lines.",
                fix="Put the manifest in its place.",
                path=path,
            )
        # Editors on Windows put a byte order mark before the first key.
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{path} is not UTF-8 text (byte {error.start}).", fix="Save it as UTF-8.", path=path
        ) from error
    except OSError as error:
        raise _cannot_read(path, error) from error


def _refuse_riddles(text: str, path: Path) -> None:
    """Refuse YAML that is valid and yet harmful.

    A few aliases make a value of any size, and deep nesting takes the parser minutes.
    """
    # Of each list or mapping that is open: whether a key comes next in it; None in a list.
    key_next: list[bool | None] = []
    try:
        for event in yaml_events(text):
            if isinstance(event, yaml.CollectionEndEvent):
                key_next.pop()
            elif isinstance(event, yaml.NodeEvent):
                _refuse_riddle(event, key_next, path)
                if key_next and key_next[-1] is not None:
                    key_next[-1] = not key_next[-1]
                if isinstance(event, yaml.CollectionStartEvent):
                    key_next.append(True if isinstance(event, yaml.MappingStartEvent) else None)
    except (yaml.YAMLError, ValueError, RecursionError):
        return  # said better by who reads it


def _refuse_riddle(event: yaml.NodeEvent, key_next: list[bool | None], path: Path) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise _riddle(path, event, f"the alias *{event.anchor}", "Write the value there.")
    if not isinstance(event, yaml.CollectionStartEvent):
        return
    if len(key_next) == _DEEPEST:
        fix = "The README shows what a manifest looks like."
        raise _riddle(path, event, "too deep a nesting", fix)
    if key_next and key_next[-1]:
        raise _riddle(path, event, "a list or mapping as a key", "A key is a word.")


def _riddle(path: Path, place: yaml.Event, what: str, fix: str) -> ManifestError:
    where = f" in line {place.start_mark.line + 1}" if place.start_mark else ""
    return ManifestError(f"{path} has {what}{where}.", fix=fix, path=path)


def _cannot_read(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} can't be read: {error.strerror or error}.", fix="Check its permissions.", path=path
    )


def _entry(folder: Path, name: str) -> Path:
    """Give the entry of a folder with this name, or with the same name in another normal form."""
    path = folder / name
    if name.isascii() or path.exists():
        return path
    wanted = unicodedata.normalize("NFC", name)
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return path
    for entry in entries:
        if unicodedata.normalize("NFC", entry.name) == wanted:
            return entry
    return path
