"""The files as such: whether they are there, twice, unnamed, and whether more will fit."""

import difflib
import os
import shutil
from itertools import combinations
from pathlib import Path

from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.collection.importing import LOCATION_SUFFIXES, VIDEO_SUFFIXES, part_number
from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint
from dashgaze.session import Session

from .report import Findings

# Tables and reports of an hour's drive take some hundred megabytes.
_LEAST_FREE_BYTES = 512 << 20


def file_is_there(path: Path, what: str, findings: Findings) -> bool:
    """Whether a file exists and has content; notes it if not."""
    try:
        if path.is_file():
            if path.stat().st_size > 0:
                return True
            findings.add(
                "error",
                "FILE-EMPTY",
                f"{what} is empty (0 bytes).",
                fix="Copy it from the device again.",
                path=path,
            )
            return False
        exists = path.exists()
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        exists, names = False, []
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    if exists:
        message = f"{what} is not a file."
    else:
        message = f"{what} does not exist" + (f"; there is '{near[0]}'." if near else ".")
    findings.add(
        "error",
        "FILE-MISSING",
        message,
        fix="Copy it there, or mend its path in session.yaml.",
        path=path,
    )
    return False


def check_duplicates(
    session: Session, recording: EyeTrackerRecording | None, findings: Findings
) -> None:
    """Look for files that were copied twice under different names."""
    named = {
        "road video": session.road_path,
        "driver video": session.driver_path,
        "phone's track": session.location_path,
        "log of the car's speed": session.speed_path,
    }
    if recording is not None:
        for part in recording.world_parts:
            named[f"scene camera's video (part {part.number})"] = part.path
    prints = []
    for name, path in named.items():
        if path is not None and path.is_file():
            try:
                prints.append((name, path, fingerprint(path)))
            except InputError:
                continue  # noted by who looks at its content
    for (name, path, content), (other, _, other_content) in combinations(prints, 2):
        if content == other_content and content["size_bytes"] > 0:
            findings.add(
                "error",
                "SAME-FILE-TWICE",
                f"The {name} and the {other} are the same file.",
                fix="Put the right file in the place of one of them.",
                path=path,
            )


def check_unnamed(session: Session, findings: Findings) -> None:
    """Look for recordings beside the phone's files that the manifest does not name."""
    road = session.road_path
    used = [road, session.driver_path, session.location_path, session.speed_path]
    names = {path.name for path in used if path is not None}
    try:
        entries = sorted(entry for entry in road.parent.iterdir() if entry.is_file())
    except OSError:
        return
    for entry in entries:
        suffix = entry.suffix.lower()
        is_video = suffix in VIDEO_SUFFIXES
        if entry.name in names or entry.name.startswith("."):
            continue
        if not is_video and suffix not in LOCATION_SUFFIXES:
            continue
        if is_video and part_number(entry)[0] == part_number(road)[0]:
            findings.add(
                "warning",
                "ROAD-PARTS",
                f"'{entry.name}' seems to be another part of the road video '{road.name}'; only "
                "the one that session.yaml names is used.",
                fix="Join the parts without encoding them anew, or take the other one away.",
                path=entry,
            )
            continue
        key = "location" if not is_video else "driver"
        fix = f"If it belongs to the drive, add under phone: {key}: {findings.relative(entry)}"
        if getattr(session.manifest.phone, key) is not None:
            fix = "If it does not belong to the drive, take it away."
        findings.add(
            "warning",
            "FILE-NOT-NAMED",
            f"'{entry.name}' lies beside the road video, but session.yaml does not name it.",
            fix=fix,
            path=entry,
        )


def check_disk(session: Session, findings: Findings) -> None:
    """Look whether results can be written."""
    free_bytes = shutil.disk_usage(session.root).free
    if free_bytes < _LEAST_FREE_BYTES:
        findings.add(
            "error",
            "DISK-FULL",
            f"The disk has {free_bytes / 1e6:.0f} MB free; the stages need about "
            f"{_LEAST_FREE_BYTES / 1e6:.0f} MB.",
            fix="Make room, or move the session to another disk.",
            path=session.root,
        )
    place = session.derived if session.derived.is_dir() else session.root
    if not os.access(place, os.W_OK):
        findings.add(
            "warning",
            "SESSION-READ-ONLY",
            f"Nothing can be written into {place}.",
            fix="Copy the session to where it can be, or change its permissions.",
            path=place,
        )
