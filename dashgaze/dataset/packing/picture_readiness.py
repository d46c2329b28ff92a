"""Whether the pictures that are to be packed are in the state that consent asks for."""

from collections.abc import Sequence
from typing import Literal

from dashgaze.errors import InputError

from .admission import Admitted
from .options import Content

View = Literal["ego", "road", "driver"]
_FOR_VIDEOS: tuple[View, ...] = ("ego", "road", "driver")
_FOR_IMAGES: tuple[View, ...] = ("road", "driver")


def refuse_unready(sessions: Sequence[Admitted], content: Content) -> None:
    """Refuse sessions whose pictures have to be blurred first; what was recorded is never taken instead.

    A view without a recording at hand has no pictures, which is no reason to refuse it.

    Parameters
    ----------
    sessions
        The sessions that are to be written.
    content
        What is in the data set.

    Raises
    ------
    InputError
        If a view of one was never anonymized, or its recording changed since. All sessions are named.
    """
    if not content.pictures:
        return
    wanted = _FOR_VIDEOS if content.videos else _FOR_IMAGES
    problems, commands = [], []
    for admitted in sessions:
        try:
            missing = [view for view in wanted if _is_missing(admitted, view)]
            problem = (
                f"of {admitted.session_id} the {' and '.join(missing)} view" if missing else ""
            )
        except InputError as error:
            problem = error.what.rstrip(".")
        if problem:
            problems.append(problem)
            # The driver view is made of itself only under this session's own scope, so it is named.
            views = " ".join(
                f"--view {view}" for view in wanted if _has_to_be_blurred(admitted, view)
            )
            commands.append(f"dashgaze anonymize {admitted.session.root} {views}")
    if problems:
        raise InputError(
            f"Pictures have to be blurred before they are packed, and are not: {'; '.join(problems)}.",
            fix="Type: " + "; ".join(commands),
        )


def _has_to_be_blurred(admitted: Admitted, view: View) -> bool:
    release, session = admitted.release, admitted.session
    state = release.driver if view == "driver" else release.outward
    if state not in ("anonymized", "blurred"):
        return False
    if view == "ego":
        return session.eye_tracker_path.exists()
    path = session.road_path if view == "road" else session.driver_path
    return path is not None and path.exists()


def _is_missing(admitted: Admitted, view: View) -> bool:
    if not _has_to_be_blurred(admitted, view):
        return False
    from dashgaze.dataset.privacy.anonymized_files import anonymized_view

    return anonymized_view(admitted.session, view) is None
