"""Showing a session in Rerun, or writing it to a file for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import DashgazeError, OutputError
from dashgaze.files import replacing
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session

from .arrangement import arrange
from .drive import Drive, read_drive
from .gaze import log_gaze
from .plots import log_events, log_notes, log_numbers
from .rerun_extra import import_rerun, require_display
from .videos import find_videos, log_video

SUFFIX = ".rrd"


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """What can be chosen.

    Attributes
    ----------
    videos
        Whether videos are among it. They are copied whole, so a file is as large as they are.
    """

    videos: bool = True


@dataclass(frozen=True, kw_only=True)
class Viewed:
    """What was shown.

    Attributes
    ----------
    path
        The file; None where the viewer was opened.
    notes
        What is missing or doubtful, in sentences.
    """

    path: Path | None
    notes: tuple[str, ...]


_USUAL = ViewOptions()


def view(
    session: Session,
    options: ViewOptions = _USUAL,
    *,
    save: Path | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Path | None:
    """Show videos, gaze, errors, eye events, head motion, speed and events of a drive on one time line.

    Parameters
    ----------
    session
        The session; stages that have not run are no error.
    options
        What can be chosen.
    save
        An ``.rrd`` file to write; None opens the viewer.
    force
        Replace a file that is there.
    progress
        Where to report to.

    Returns
    -------
    Path or None
        The file, if one was written.

    Raises
    ------
    MissingExtraError
        If Rerun is not installed.
    OutputError
        If the file can't be written, or is there already.
    DashgazeError
        If there is no display, or the viewer does not start.
    """
    return show(session, options, save=save, force=force, progress=progress).path


def show(
    session: Session,
    options: ViewOptions = _USUAL,
    *,
    save: Path | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Viewed:
    """Do what `view` does, and tell what came of it."""
    rr = import_rerun()
    if save is None:
        require_display(f"dashgaze view {session.root} --save drive.rrd")
        drive = read_drive(session, part_of(progress, 0.0, 0.1))
        recording = _new_recording(rr, session)
        try:
            recording.spawn(default_blueprint=arrange(drive))
        except (RuntimeError, OSError) as error:
            raise DashgazeError(
                f"The viewer does not start: {error}.",
                fix=f"Write a file instead: dashgaze view {session.root} --save drive.rrd",
            ) from error
        _log(rr, recording, drive, options, part_of(progress, 0.1, 1.0))
        recording.flush()
        return Viewed(path=None, notes=tuple(drive.notes))
    save = Path(save)
    _check_output(save, session, force=force)
    drive = read_drive(session, part_of(progress, 0.0, 0.1))
    with replacing(save) as temporary:
        recording = _new_recording(rr, session)
        try:
            recording.save(temporary, default_blueprint=arrange(drive))
            _log(rr, recording, drive, options, part_of(progress, 0.1, 1.0))
        finally:
            recording.flush()
            recording.disconnect()
    return Viewed(path=save, notes=tuple(drive.notes))


def _new_recording(rr: Any, session: Session) -> Any:
    recording = rr.RecordingStream("dashgaze", recording_id=session.manifest.session_id)
    recording.set_log_time_enabled(False)
    recording.set_log_tick_enabled(False)
    return recording


def _log(rr: Any, recording: Any, drive: Drive, options: ViewOptions, progress: Progress) -> None:
    log_gaze(rr, recording, drive)
    log_numbers(rr, recording, drive)
    log_events(rr, recording, drive)
    files = find_videos(rr, drive) if options.videos else []
    for number, file in enumerate(files):
        report = part_of(progress, number / len(files), (number + 1) / len(files))
        report(f"video {file.path.name}", 0.0)
        try:
            log_video(rr, recording, file, drive, report)
        except DashgazeError as error:
            drive.notes.append(str(error))
    log_notes(rr, recording, drive)
    progress("written", 1.0)


def _check_output(path: Path, session: Session, *, force: bool) -> None:
    if path.suffix.lower() != SUFFIX:
        raise OutputError(
            f"{path} is no name of a Rerun file.", fix=f"Let it end in {SUFFIX}.", path=path
        )
    if not path.parent.is_dir():
        raise OutputError(
            f"The folder {path.parent} does not exist.",
            fix="Make it, or choose another.",
            path=path,
        )
    tracker = session.eye_tracker_path
    if tracker.exists() and path.resolve().is_relative_to(tracker.resolve()):
        raise OutputError(
            f"{path} would lie in the eye tracker's recording, which is never changed.",
            fix="Choose another folder.",
            path=path,
        )
    if path.exists() and not (force and path.is_file()):
        raise OutputError(
            f"{path} exists.", fix="Choose another name, or replace it with --force.", path=path
        )
