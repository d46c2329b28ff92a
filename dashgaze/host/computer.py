"""Disk, memory and cores."""

import os
import shutil
from pathlib import Path

from dashgaze.errors import InputError

from .finding import Finding

DRIVE_BYTES = 13.5e9
"""Half an hour of two phone videos and the tracker's, at 450 MB a minute."""
PROCESS_BYTES = 0.4e9
"""What a process of `align` takes, the thirstiest stage, and some."""

_MEMORY = Path("/proc/meminfo")
_GROUP_MEMORY = Path("/sys/fs/cgroup")


def computer_findings(folder: Path) -> list[Finding]:
    """Look at the disk of a folder, memory and cores.

    Raises
    ------
    InputError
        If the folder is a file.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [_disk(folder), *_memory(cores or 1)]


def _disk(folder: Path) -> Finding:
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise InputError(
            f"{place} is a file.", fix="Give the folder that drives will lie in.", path=folder
        )
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Finding(
            code="computer.disk",
            group="computer",
            level="doubtful",
            what=f"{place} can't be looked at: {error.strerror or error}.",
            fix="Give a folder on a disk of your own.",
        )
    what = f"{free / 1e9:.0f} GB are free for {folder}; half an hour of driving takes {DRIVE_BYTES / 1e9:.0f} GB."
    if not os.access(place, os.W_OK):
        return Finding(
            code="computer.disk",
            group="computer",
            level="doubtful",
            what=f"{place} can't be written to.",
            fix="Give a folder of your own, or mount its disk for writing.",
        )
    if free < DRIVE_BYTES:
        return Finding(
            code="computer.disk",
            group="computer",
            level="doubtful",
            what=what,
            fix="Make room, or take a folder on another disk.",
        )
    return Finding(code="computer.disk", group="computer", level="good", what=what)


def _memory(cores: int) -> list[Finding]:
    counted = f"{cores} core{'' if cores == 1 else 's'}"
    found = free_memory_bytes()
    if found is None:
        what = f"{counted}; this system does not tell how much memory is free."
        return [Finding(code="computer.memory", group="computer", level="note", what=what)]
    what = f"{counted}, {found / 1e9:.1f} GB of memory free; a worker takes up to {PROCESS_BYTES / 1e9:.1f} GB."
    if found >= cores * PROCESS_BYTES:
        return [Finding(code="computer.memory", group="computer", level="good", what=what)]
    workers = max(1, int(found / PROCESS_BYTES))
    return [
        Finding(
            code="computer.memory",
            group="computer",
            level="doubtful",
            what=what,
            fix=f"Close other programs, or give --workers {workers}.",
        )
    ]


def free_memory_bytes() -> float | None:
    """Give the memory that may still be taken: of the machine, or of the container that this is."""
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
        free = next(1024.0 * int(line.split()[1]) for line in lines if "MemAvailable" in line)
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    try:
        limit = int((_GROUP_MEMORY / "memory.max").read_text(encoding="ascii"))
        used = int((_GROUP_MEMORY / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free  # no container, or one without a limit ("max")
    return min(free, max(0.0, float(limit - used)))
