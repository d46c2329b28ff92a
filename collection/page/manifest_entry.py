"""What the session's manifest has to say of the page's files."""

from pathlib import Path
from typing import Any

from dashgaze.errors import ManifestError
from dashgaze.files import write_text
from dashgaze.schemas.manifest import MANIFEST_NAME, dump_manifest, parse_manifest

from .finishing import PageResult


def phone_entries(result: PageResult) -> dict[str, Any]:
    """Give what is known for ``phone`` of the manifest."""
    entries = {
        "road": result.road,
        "driver": result.driver,
        "location": result.location,
        "started_at_ns": result.started_at_ns,
        "driver_offset_s": result.driver_offset_s,
    }
    return {name: value for name, value in entries.items() if value is not None}


def enter_in_manifest(session: Path, result: PageResult) -> list[str]:
    """Enter the files and their times in ``session.yaml``, if there is one already.

    Returns
    -------
    list of str
        Why it was not done, in a sentence; empty if it was, or if there is no manifest yet.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    path = session / MANIFEST_NAME
    if result.road is None or not path.is_file():
        return []
    try:
        manifest = parse_manifest(path.read_text(encoding="utf-8-sig"), path=path)
    except (ManifestError, OSError, ValueError) as error:
        return [f"The files were not entered in {MANIFEST_NAME}: {error}"]
    # a driver's video or a track that was planned, and was not made, must not be looked for
    missing = {"driver": result.driver, "location": result.location}
    kept = {name: None for name, value in missing.items() if value is None}
    phone = manifest.phone.model_copy(update=kept | phone_entries(result))
    changed = manifest.model_copy(update={"phone": phone, "recorded_at": result.recorded_at})
    text = dump_manifest(changed)
    parse_manifest(text, path=path)
    write_text(path, text)
    return []
