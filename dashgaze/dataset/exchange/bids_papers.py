"""What stands at the top of a BIDS data set: description, participants, README, CHANGES."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dashgaze._version import __version__
from dashgaze.schemas.dataset_manifest import DatasetManifest
from dashgaze.schemas.dataset_tables import DATASET_SESSION_TABLE
from dashgaze.schemas.manifest import StrictLoader

from .bids_files import write_json, write_tsv
from .packed import PackedDataset

BIDS_VERSION = "1.11.0"
"""The first that knows eye tracking."""

# Columns of the sessions table that say something of the drive, not of pictures left behind.
CONDITIONS = (
    "split",
    "car",
    "camera_position",
    "weather",
    "lighting",
    "eyewear",
    "passengers",
    "local_hour",
    "phone_model",
    "eye_tracker_kind",
    "duration_s",
    "frame_count",
    "valid_frame_count",
    "gaze_sample_count",
    "fixation_method",
    "blink_method",
    "sync_verdict",
    "road_width_px",
    "road_height_px",
    "road_focal_px",
    "driver_width_px",
    "driver_height_px",
)
# Papers that BIDS has no place for at the top.
_DOCUMENTS = ("DATASHEET.md", "DUA.md", "CITATION.cff")


@dataclass(frozen=True, kw_only=True)
class Citation:
    """What CITATION.cff says, where it says it."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    licence: str | None = None
    doi: str | None = None
    released: str | None = None


def read_citation(folder: Path) -> Citation:
    """Read the data set's CITATION.cff; what is missing or of another form is left out."""
    try:
        content = yaml.load(
            (folder / "CITATION.cff").read_text(encoding="utf-8"), Loader=StrictLoader
        )
    except (OSError, ValueError, TypeError, yaml.YAMLError):
        content = None
    if not isinstance(content, dict):
        content = {}
    authors = []
    listed = content.get("authors")
    for author in listed if isinstance(listed, list) else ():
        if isinstance(author, dict):
            parts = (author.get("given-names"), author.get("family-names"), author.get("name"))
            authors.append(" ".join(str(part) for part in parts if part))

    def text(key: str) -> str | None:
        value = content.get(key)
        return None if value is None or isinstance(value, list | dict) else str(value)

    return Citation(
        title=text("title"),
        # What nobody has filled in yet is no author.
        authors=tuple(author for author in authors if author and not author.startswith("TODO")),
        licence=text("license") or _card_licence(folder),
        doi=text("doi"),
        released=text("date-released"),
    )


def write_description(out: Path, manifest: DatasetManifest, citation: Citation) -> None:
    """Write dataset_description.json."""
    content: dict[str, Any] = {
        "Name": citation.title or manifest.name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "License": citation.licence or "See LICENSE",
    }
    if citation.authors:
        content["Authors"] = list(citation.authors)
    if citation.doi:
        content["DatasetDOI"] = f"doi:{citation.doi}"
    content["GeneratedBy"] = [
        {
            "Name": "dashgaze",
            "Version": __version__,
            "Description": "dashgaze export --bids, from the data set "
            f"{manifest.name} {manifest.version}, build {manifest.build}",
        }
    ]
    content["SourceDatasets"] = [{"Version": manifest.version}]
    if citation.doi:
        content["SourceDatasets"][0]["DOI"] = f"doi:{citation.doi}"
    write_json(out / "dataset_description.json", content)


def write_participants(out: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write participants.tsv: a row for each driver, with the pseudonym as ``driver_id``."""
    names = ("participant_id", "driver_id", "species", "session_count", "consent_scope")
    write_tsv(out / "participants.tsv", names, rows)
    write_json(
        out / "participants.json",
        {
            "participant_id": {"Description": "Label of the driver in this BIDS data set."},
            "driver_id": {"Description": "Pseudonym of the driver in the dashgaze data set."},
            "species": {"Description": "Species of the participant."},
            "session_count": {"Description": "Drives of the driver in this BIDS data set."},
            "consent_scope": {
                "Description": "What of the driver may leave the lab. Only gaze is in here.",
                "Levels": {
                    "raw": "Pictures as they are.",
                    "blurred": "Pictures with the face blurred.",
                    "gaze_only": "No pictures.",
                },
            },
        },
    )


def write_sessions(folder: Path, subject: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a driver's sessions table: conditions of each drive."""
    names = ("session_id", "dashgaze_session_id", *CONDITIONS)
    write_tsv(folder / f"sub-{subject}_sessions.tsv", names, rows)
    content: dict[str, Any] = {
        "session_id": {"Description": "Label of the drive in this BIDS data set."},
        "dashgaze_session_id": {"Description": "Name of the drive in the dashgaze data set."},
    }
    for field in DATASET_SESSION_TABLE.fields:
        if field.name in CONDITIONS:
            content[field.name] = {"Description": field.meaning}
            if field.unit:
                content[field.name]["Units"] = {"px": "pixel"}.get(field.unit, field.unit)
            if field.values:
                content[field.name]["Levels"] = {
                    value: value.replace("_", " ") for value in field.values
                }
    write_json(folder / f"sub-{subject}_sessions.json", content)


def write_readme(
    out: Path, manifest: DatasetManifest, notes: Mapping[str, Sequence[str]], session_count: int
) -> None:
    """Write README.md: what is in it, and what is not.

    Parameters
    ----------
    out
        The BIDS data set.
    manifest
        Where it comes from.
    notes
        What a user should know, and of which sessions.
    session_count
        How many sessions there are.
    """
    said = ""
    for note, names in notes.items():
        whom = "All drives" if len(names) == session_count else ", ".join(names)
        said += f"- {whom}: {note}\n"
    said = said or "- nothing\n"
    text = f"""# {manifest.name} {manifest.version}, gaze of drivers

Made by `dashgaze export --bids` from the packed data set {manifest.name}, version
{manifest.version}, build {manifest.build}.

Each drive is a session of task `driving`: `*_recording-eye1_physio.tsv.gz` holds gaze,
`*_physioevents.tsv.gz` fixations and blinks. Coordinates are angles in degrees in the axes of the
scene camera on the driver's head: x is azimuth, right positive, y is elevation, up positive. Pixels
of the scene camera view and of the phone's road view stand beside them. Times are seconds from the
first scene camera frame. Drivers and drives keep their names of the data set in `participants.tsv`
(`driver_id`) and `*_sessions.tsv` (`dashgaze_session_id`).

Pictures, videos, head motion, location and wall clock times are not in here.

## What to know of single drives

{said}"""
    (out / "README.md").write_text(text, encoding="utf-8", newline="\n")


def write_changes(out: Path, manifest: DatasetManifest, citation: Citation) -> None:
    """Write CHANGES, in the form of CPAN change logs as BIDS asks for."""
    text = (
        f"{manifest.version} {citation.released or 'Unknown Release Date'}\n"
        f" - Export of {manifest.name} {manifest.version}, build {manifest.build}.\n"
    )
    (out / "CHANGES").write_text(text, encoding="utf-8", newline="\n")


def copy_papers(out: Path, dataset: PackedDataset) -> None:
    """Copy the licence to the top, other papers to docs/."""
    listed = set(dataset.file_names())
    if "LICENSE" in listed:
        shutil.copyfile(dataset.folder / "LICENSE", out / "LICENSE")
    for name in _DOCUMENTS:
        if name in listed:
            (out / "docs").mkdir(exist_ok=True)
            shutil.copyfile(dataset.folder / name, out / "docs" / name)


def _card_licence(folder: Path) -> str | None:
    try:
        text = (folder / "README.md").read_text(encoding="utf-8")
        _, head, _ = text.split("---\n", 2)
        content = yaml.load(head, Loader=StrictLoader)
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError):
        return None
    if not isinstance(content, dict):
        return None
    licence = content.get("license_name") or content.get("license")
    return str(licence) if isinstance(licence, str) else None
