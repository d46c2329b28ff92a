"""Whether the files fit, before the first byte is copied."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from dashgaze.errors import OutputError

SPARE_BYTES = 256 << 20
"""What is left free: a full disk stops more than the copy."""


def check_space(needed_bytes: Mapping[Path, int]) -> None:
    """Check that files fit; what goes to the same disk is added up.

    Parameters
    ----------
    needed_bytes
        How much goes to each folder; it may not exist yet.

    Raises
    ------
    OutputError
        If they don't.
    """
    disks: dict[int, tuple[Path, int]] = {}
    for folder, needed in needed_bytes.items():
        place = folder.absolute()
        while not place.exists():
            place = place.parent
        disk = place.stat().st_dev
        disks[disk] = (place, disks.get(disk, (place, 0))[1] + needed)
    for place, needed in disks.values():
        free = shutil.disk_usage(place).free
        if needed and free < needed + SPARE_BYTES:
            raise OutputError(
                f"{needed / 1e9:.2f} GB are to be copied to {place}, which has {free / 1e9:.2f} GB free"
                f"; {SPARE_BYTES / 1e9:.2f} GB have to stay free.",
                fix="Make room, or choose another disk. Nothing was copied yet.",
                path=place,
            )
