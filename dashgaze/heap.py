"""What a process does with memory that is no longer used."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_KEPT_BYTES = 256 << 20
_OLD_MOST_BYTES = 32 << 20
"""The largest threshold for mapping that glibc before 2.36 takes."""


def keep_freed_memory() -> bool:
    """Keep the memory of freed pictures for the next ones, instead of giving it back to the system.

    Several threads that each make and drop pictures of megabytes otherwise have the system map and unmap
    them all the time, which took a third of the time of a simulation. This is for the whole process and
    for good, so programs decide on it, and no library function does.

    Returns
    -------
    bool
        Whether the C library can be told so (glibc can); elsewhere nothing changes.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    mapped = mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES) or mallopt(_M_MMAP_THRESHOLD, _OLD_MOST_BYTES)
    trimmed = mallopt(_M_TRIM_THRESHOLD, 2 * _KEPT_BYTES)
    padded = mallopt(_M_TOP_PAD, 64 << 20)
    return bool(mapped and trimmed and padded)
