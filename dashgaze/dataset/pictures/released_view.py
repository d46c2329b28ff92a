"""The video of a view in the state in which it may be packed."""

from dataclasses import dataclass
from pathlib import Path

from dashgaze.dataset.consent import Release
from dashgaze.dataset.privacy.anonymized_files import anonymized_view
from dashgaze.dataset.video.view_source import View, ViewSource, open_view
from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent
from dashgaze.session import Session


@dataclass(frozen=True, kw_only=True, eq=False)
class ReleasedView:
    """A view that may be packed.

    Attributes
    ----------
    source
        Its pictures.
    anonymized
        The finished video that they stand in; None where they are as recorded.
    """

    source: ViewSource
    anonymized: Path | None


def open_released(
    session: Session, view: View, release: Release, *, progress: Progress = silent
) -> ReleasedView | None:
    """Find the pictures of a view that may be packed.

    Parameters
    ----------
    session
        The session.
    view
        Which view.
    release
        What of the session may be packed.
    progress
        Where to report to.

    Returns
    -------
    ReleasedView or None
        None if nothing of it may, or the session does not have the view.

    Raises
    ------
    InputError
        If the view has to be anonymized and was not, or the recording changed since.
    MediaError, RecordingError
        If a recording is there and can't be read.
    """
    state = release.driver if view == "driver" else release.outward
    if state == "none" or not _is_recorded(session, view):
        return None
    if state in ("raw", "as_recorded"):
        source = open_view(session, view, progress=progress)
        return None if source is None else ReleasedView(source=source, anonymized=None)
    path = anonymized_view(session, view)
    if path is None:
        plates = "" if view == "driver" else " and plates"
        raise InputError(
            f"Faces{plates} in the {view} pictures of {session.manifest.session_id} have to be "
            "blurred before they are packed, and were not yet.",
            fix=f"Type: dashgaze anonymize {session.root} --view {view}",
            path=session.root,
        )
    source = open_view(session, view, path=path, progress=progress)
    return None if source is None else ReleasedView(source=source, anonymized=path)


def _is_recorded(session: Session, view: View) -> bool:
    """Whether the session has the files of a view at hand: some come as tables only."""
    if view == "ego":
        return session.eye_tracker_path.exists()
    path = session.road_path if view == "road" else session.driver_path
    return path is not None and path.exists()
