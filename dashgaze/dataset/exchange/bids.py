"""A packed data set as BIDS: gaze, fixations and blinks in a form that neuroscience tools read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.files import filling
from dashgaze.progress import Progress, silent
from dashgaze.schemas.dataset_manifest import DatasetSession

from .bids_files import seconds, write_json, write_tsv
from .bids_gaze import Recording, read_events, read_recording, write_events, write_recording
from .bids_labels import bids_labels
from .bids_papers import (
    CONDITIONS,
    copy_papers,
    read_citation,
    write_changes,
    write_description,
    write_participants,
    write_readme,
    write_sessions,
)
from .packed import open_packed

TASK = "driving"
_LEFT_OUT = "Left out: there is no gaze with times."
_OF_FRAMES = "Raw gaze samples were not packed; gaze is that of the frames of the scene camera."


def export_bids(
    dataset: Path,
    out: Path,
    *,
    sessions: Sequence[str] | None = None,
    progress: Progress = silent,
) -> Path:
    """Write gaze, fixations and blinks of a packed data set as eye tracking in BIDS 1.11.

    No picture and no video leaves: gaze is what all consent scopes allow. The same data set gives
    the same bytes. Where raw samples were not packed, gaze is that of the frames; the sidecars and
    the README say so.

    Parameters
    ----------
    dataset
        Folder that `dashgaze pack` wrote.
    out
        New folder; it is there whole or not at all.
    sessions
        Names of the sessions to export; all if not given.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    InputError
        If the data set can't be read, has no such session, or nothing of it can be exported.
    OutputError
        If `out` is taken or can't be written.

    References
    ----------
    BIDS specification 1.11, "Physiological recordings", section "Eye-tracking".
    """
    packed = open_packed(dataset)
    wanted = packed.sessions(sessions)
    rows = packed.session_rows()
    # Of all sessions, so that a part of a data set has the labels of the whole.
    labels = bids_labels(session.session_id for session in packed.manifest.sessions)
    subjects = bids_labels(session.driver_id for session in packed.manifest.sessions)
    citation = read_citation(dataset)
    notes: dict[str, list[str]] = {}
    written: list[DatasetSession] = []
    with filling(out) as folder:
        for number, session in enumerate(wanted):
            name = session.session_id
            progress(f"BIDS: {name}", number / len(wanted))
            recording = read_recording(packed, name)
            if recording is None:
                notes.setdefault(_LEFT_OUT, []).append(name)
                continue
            for note in (*(() if recording.of_samples else (_OF_FRAMES,)), *session.notes):
                notes.setdefault(note, []).append(name)
            row = rows.get(name, {})
            subject = subjects[session.driver_id]
            label = f"sub-{subject}_ses-{labels[name]}_task-{TASK}"
            beh = folder / f"sub-{subject}" / f"ses-{labels[name]}" / "beh"
            beh.mkdir(parents=True)
            write_recording(beh / f"{label}_recording-eye1", recording, row, TASK)
            events = read_events(packed, name, recording)
            if events.num_rows:
                write_events(beh / f"{label}_recording-eye1", events, row, TASK)
            _write_drive(beh / label, recording)
            written.append(session)
        if not written:
            raise InputError(
                f"Nothing of {dataset} can be exported: no session has gaze with times.",
                fix="Pack sessions whose frames stage has run.",
                path=dataset,
            )
        drivers = sorted({session.driver_id for session in written})
        participants = []
        for driver in drivers:
            drives = [session for session in written if session.driver_id == driver]
            participants.append(
                {
                    "participant_id": f"sub-{subjects[driver]}",
                    "driver_id": driver,
                    "species": "homo sapiens",
                    "session_count": len(drives),
                    "consent_scope": drives[0].consent_scope,
                }
            )
            write_sessions(
                folder / f"sub-{subjects[driver]}",
                subjects[driver],
                [_session_row(drive, labels, rows) for drive in drives],
            )
        write_participants(folder, participants)
        write_description(folder, packed.manifest, citation)
        write_readme(folder, packed.manifest, notes, len(wanted))
        write_changes(folder, packed.manifest, citation)
        copy_papers(folder, packed)
    progress("BIDS", 1.0)
    return out


def _session_row(
    session: DatasetSession, labels: dict[str, str], rows: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    known = rows.get(session.session_id, {})
    row = {name: known.get(name) for name in CONDITIONS}
    return row | {
        "session_id": f"ses-{labels[session.session_id]}",
        "dashgaze_session_id": session.session_id,
        "split": session.split,
    }


def _write_drive(stem: Path, recording: Recording) -> None:
    """Write the one event of the task: the drive itself."""
    onset, end = seconds(recording.start_ns), seconds(recording.end_ns)
    row = {"onset": onset, "duration": end - onset, "trial_type": "drive"}
    write_tsv(stem.with_name(f"{stem.name}_events.tsv"), tuple(row), [row])
    nothing = {
        "ScreenDistance": "n/a",
        "ScreenOrigin": ["top", "left"],
        "ScreenResolution": "n/a",
        "ScreenSize": "n/a",
    }
    write_json(
        stem.with_name(f"{stem.name}_events.json"),
        {
            "TaskName": TASK,
            "TaskDescription": "Driving a car in traffic, without instructions where to look. "
            "There is no screen: the scene is the road.",
            "StimulusPresentation": nothing,
            "trial_type": {
                "Description": "What happens.",
                "Levels": {"drive": "From the first gaze sample to the last."},
            },
        },
    )
