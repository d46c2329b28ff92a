"""Which files of a session count, and how."""

from pathlib import Path, PurePosixPath

from dashgaze.errors import DeviceError, OutputError

from .folder_store import files_below
from .resumable_copy import PART_SUFFIX

PLACES = ("phone", "eye_tracker")
FIELD = "field"

# Of no worth after the drive, rewritten at any time, or secret.
_NOT_EVIDENCE = frozenset(
    {"offload.json", "offload.lock", "status.json", "inbox.jsonl", "recorder.lock", "lock", "token"}
    | {"store"}
)
_REWRITTEN = frozenset(
    {"field/clocks.json", "field/preflight.json", "field/page/result.json"}
    | {"field/gaze_offset.json", "field/known_targets.parquet"}
)


def recordings_here(session: Path) -> list[str]:
    """List the files of phone and eye tracker; unfinished copies are none."""
    return [
        f"{place}/{name}"
        for place in PLACES
        if (session / place).is_dir()
        for name in files_below(session / place)
        if not name.endswith((PART_SUFFIX, f"{PART_SUFFIX}.json"))
    ]


def unfinished_here(session: Path) -> list[str]:
    """List what an offload that broke off has not finished, by the names that the files will have."""
    return [
        f"{place}/{name.removesuffix(PART_SUFFIX)}"
        for place in PLACES
        if (session / place).is_dir()
        for name in files_below(session / place)
        if name.endswith(PART_SUFFIX)
    ]


def evidence_here(session: Path) -> list[str]:
    """List the files of ``field/`` that are kept."""
    if not (session / FIELD).is_dir():
        return []
    return [
        f"{FIELD}/{name}"
        for name in files_below(session / FIELD)
        if PurePosixPath(name).name not in _NOT_EVIDENCE
        and not name.endswith((PART_SUFFIX, f"{PART_SUFFIX}.json"))
    ]


def is_append_only(target: str) -> bool:
    """Whether lines may be added to a file later."""
    return target.startswith(f"{FIELD}/") and target.endswith(".jsonl")


def is_rewritten(target: str) -> bool:
    """Whether a file of ``field/`` is written anew as the drive goes on."""
    return target in _REWRITTEN


def place_for(session: Path, target: str) -> Path:
    """Give the path of a place in the session.

    Raises
    ------
    DeviceError
        If a device names a place outside of phone/ and eye_tracker/.
    OutputError
        If a link leads out of the session.
    """
    path = PurePosixPath(target)
    odd = any(not character.isprintable() or character == "\\" for character in target)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] not in [(p,) for p in PLACES]:
        raise DeviceError(
            f"A device names {target!r} as a place in the session.", fix="Leave it out."
        )
    if odd or len(path.parts) < 2:
        raise DeviceError(
            f"{target!r} can't be the name of a file.", fix="Rename it on the device."
        )
    place = session / path
    existing = place.parent
    while not existing.exists():
        existing = existing.parent
    if not existing.resolve().is_relative_to(session.resolve()):
        raise OutputError(
            f"{existing} is a link that leads out of the session.",
            fix="Put a folder in its place.",
            path=existing,
        )
    return place
