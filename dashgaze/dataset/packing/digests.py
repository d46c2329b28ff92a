"""What identifies a session's source, a file, and the data of a whole data set."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from dashgaze.dataset.tables.drive_tables import source_files
from dashgaze.fingerprint import fingerprints
from dashgaze.session import DERIVED_NAME

from .admission import Admitted
from .layout import TABLES
from .options import Content

PACK_VERSION = 2
"""Counted up when the same session gives other files, so that all are written again."""

ANONYMIZED_NAMES = ("anonymized", "anonymized.json")
_BLOCK_BYTES = 1 << 20


def source_digest(admitted: Admitted, content: Content) -> str:
    """Give what identifies everything that a session's files are made of.

    Parameters
    ----------
    admitted
        The session, and what of it may be packed.
    content
        What is in the data set. Options that don't touch this session's files don't count.

    Raises
    ------
    InputError
        If a source can't be read.
    """
    session, release = admitted.session, dataclasses.asdict(admitted.release)
    sources = set(source_files(session))
    matters: dict[str, Any] = {"raw_gaze": content.raw_gaze, "location": content.location}
    if content.location and session.location_path is not None:
        sources.add(session.location_path)
    if content.pictures:
        matters |= {"images": content.images_every if content.images else None}
        matters |= {"videos": content.videos, "sound": content.videos and content.sound}
        sources.update({session.road_path, session.eye_tracker_path})
        if session.driver_path is not None:
            sources.add(session.driver_path)
        sources.update(session.root / DERIVED_NAME / name for name in ANONYMIZED_NAMES)
    else:
        del release["outward"], release["driver"]
    described = {
        "version": PACK_VERSION,
        "tables": {name: table.id for name, table in TABLES.items()},
        "session": [admitted.session_id, admitted.driver_id],
        "release": release,
        "content": matters,
        "files": fingerprints((path for path in sources if path.exists()), root=session.root),
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
