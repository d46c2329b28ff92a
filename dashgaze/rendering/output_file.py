"""Whether an overlay may be written where it is wanted."""

from pathlib import Path

from dashgaze.errors import OutputError
from dashgaze.session import Session

SUFFIX = ".mp4"


def check_output(path: Path, session: Session, *, force: bool) -> None:
    """Refuse places where no overlay belongs, before any work is done.

    Parameters
    ----------
    path
        The file to write.
    session
        What is rendered.
    force
        Whether a file that is there may be replaced.

    Raises
    ------
    OutputError
        If it has another ending than .mp4, its folder does not exist, there is a file, or it would
        become a part of the recording.
    """
    if path.suffix.lower() != SUFFIX:
        raise OutputError(
            f"{path} is no name of an MP4 file; overlays are written as MP4.",
            fix=f"Name it {path.with_suffix(SUFFIX).name if path.suffix else path.name + SUFFIX}.",
            path=path,
        )
    if not path.parent.is_dir():
        raise OutputError(
            f"The folder {path.parent} does not exist.",
            fix="Make it, or choose another.",
            path=path,
        )
    tracker = session.eye_tracker_path
    inputs = [session.road_path, session.driver_path, session.location_path]
    if any(each is not None and _same(path, each) for each in inputs):
        raise OutputError(
            f"{path} is a part of the recording, which is never changed.",
            fix="Choose another name.",
            path=path,
        )
    if tracker.exists() and path.resolve().is_relative_to(tracker.resolve()):
        raise OutputError(
            f"{path} would lie in the eye tracker's recording, which is never changed.",
            fix="Choose another folder.",
            path=path,
        )
    if path.is_dir():
        raise OutputError(f"{path} is a folder.", fix="Choose another name.", path=path)
    if path.exists() and not force:
        raise OutputError(
            f"{path} exists.", fix="Choose another name, or replace it with --force.", path=path
        )


def _same(a: Path, b: Path) -> bool:
    if a.resolve() == b.resolve():
        return True
    return a.exists() and b.exists() and a.samefile(b)
