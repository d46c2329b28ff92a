"""Whether the copies of a session are still what was brought home."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError, OutputError
from dashgaze.progress import Progress, part_of, silent

from .copy_record import CHECKSUMS_NAME, RECORD_NAME, CopyRecord, read_checksums
from .resumable_copy import sha256_of
from .second_copy import second_place
from .session_files import is_rewritten, recordings_here, unfinished_here


@dataclass(kw_only=True)
class CopyCheck:
    """What became of one copy.

    Attributes
    ----------
    path
        Its folder.
    equal
        How many files are as they were.
    missing, changed, extra, unreadable, unfinished
        Files that are not there, are there and differ, were not brought home, can't be read, or of
        which only a part is there yet.
    """

    path: Path
    equal: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        found = (self.missing, self.changed, self.extra, self.unreadable, self.unfinished)
        return not any(found)

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return {
            "path": str(self.path),
            "ok": self.ok,
            "equal": self.equal,
            "missing": self.missing,
            "changed": self.changed,
            "extra": self.extra,
            "unreadable": self.unreadable,
            "unfinished": self.unfinished,
        }


def verify(
    session: Path, *, second_copy: Path | None = None, progress: Progress = silent
) -> list[CopyCheck]:
    """Read all files again and compare them with what was noted as they were brought home.

    Nothing is written. Of files to which lines may be added, what was there counts.

    Parameters
    ----------
    session
        The session folder.
    second_copy
        The folder that was given to `offload`; its copy is compared with the same list.
    progress
        Called with the share done.

    Returns
    -------
    list of CopyCheck
        The session, then the second copy.

    Raises
    ------
    InputError
        If nothing was noted, or it can't be understood; if the two lists contradict each other.
    """
    session = Path(session)
    expected = _expected(session)
    places = [session] if second_copy is None else [session, second_place(session, second_copy)]
    checks = []
    for number, place in enumerate(places):
        share = part_of(progress, number / len(places), (number + 1) / len(places))
        checks.append(_compare(place, expected, share))
    return checks


@dataclass(frozen=True, kw_only=True)
class _Expected:
    sha256: str
    size_bytes: int | None = None
    append_only: bool = False


def _expected(session: Path) -> dict[str, _Expected]:
    record = CopyRecord(session)
    listed = {name: _Expected(sha256=digest) for name, digest in read_checksums(session).items()}
    for name, file in record.files.items():
        if is_rewritten(name):
            listed.pop(name, None)
            continue
        if name in listed and listed[name].sha256 != file.sha256:
            raise InputError(
                f"{CHECKSUMS_NAME} and {RECORD_NAME} of {session} tell two SHA-256 of {name}.",
                fix="One of the two was changed: restore it from the second copy.",
                path=session / CHECKSUMS_NAME,
            )
        listed[name] = _Expected(
            sha256=file.sha256, size_bytes=file.size_bytes, append_only=file.append_only
        )
    if not listed:
        raise InputError(
            f"{session} has neither {RECORD_NAME} nor {CHECKSUMS_NAME}.",
            fix=f"Type: dashgaze collect offload {session}",
            path=session,
        )
    return listed


def _compare(place: Path, expected: dict[str, _Expected], progress: Progress) -> CopyCheck:
    check = CopyCheck(path=place)
    for number, (name, wanted) in enumerate(sorted(expected.items())):
        progress(f"comparing {name}", number / len(expected))
        path = place / name
        if not path.is_file():
            check.missing.append(name)
            continue
        try:
            size = path.stat().st_size
            same_size = wanted.size_bytes in (None, size) or (
                wanted.append_only and size > (wanted.size_bytes or 0)
            )
            counts = wanted.size_bytes if wanted.append_only else None
            equal = same_size and sha256_of(path, size_bytes=counts) == wanted.sha256
        except (OSError, OutputError):
            check.unreadable.append(name)
            continue
        if equal:
            check.equal += 1
        else:
            check.changed.append(name)
    check.extra = sorted(set(recordings_here(place)) - set(expected))
    check.unfinished = unfinished_here(place)
    progress("compared", 1.0)
    return check
