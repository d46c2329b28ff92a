"""Looking at a whole session."""

from pathlib import Path

from dashgaze.errors import ManifestError
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session, open_session

from .clocks import check_clocks
from .conditions import check_conditions
from .derived import check_derived
from .files import check_disk, check_duplicates, check_unnamed
from .location import check_location
from .phone import check_driver, check_phone_pair, check_road
from .report import CheckReport, Findings
from .sound import check_sound
from .tracker import check_tracker


def check(path: Path, *, deep: bool = False, progress: Progress = silent) -> CheckReport:
    """Say what is in a session folder, what is missing, and how to mend it.

    Headers and times of frames are read; nothing is written, and no video is decoded but for one
    picture.

    Parameters
    ----------
    path
        The session folder.
    deep
        Whether to decode the sound as well: some seconds for each half hour.
    progress
        Called as the files are read.

    Returns
    -------
    CheckReport
        Findings with codes, see `CODES`; no error means that the stages can run.

    Raises
    ------
    InputError
        If there is no such folder, or it is no session. Faults of its manifest are findings.
    """
    root = Path(path)
    findings = Findings(root=root)
    try:
        session = open_session(root)
    except ManifestError as error:
        _note_faults(error, findings)
        return _report(root, None, findings, deep=False)
    with_sound = 0.5 if deep else 1.0
    _check_files(session, findings, part_of(progress, 0.0, with_sound), deep=deep, whole=progress)
    progress("checked", 1.0)
    return _report(root, session.manifest.session_id, findings, deep=deep)


def _check_files(
    session: Session, findings: Findings, progress: Progress, *, deep: bool, whole: Progress
) -> None:
    road = check_road(session, findings, part_of(progress, 0.0, 0.35))
    driver = check_driver(session, findings, part_of(progress, 0.35, 0.6))
    check_phone_pair(road, driver, findings)
    recording = check_tracker(session, findings, part_of(progress, 0.6, 1.0))
    check_location(session, road, findings)
    check_duplicates(session, recording, findings)
    check_unnamed(session, findings)
    check_conditions(session, road, findings)
    check_clocks(session, road, recording, findings)
    check_derived(session, findings)
    check_disk(session, findings)
    if deep:
        check_sound(road, recording, findings, part_of(whole, 0.5, 1.0))


def _note_faults(error: ManifestError, findings: Findings) -> None:
    for problem in error.problems:
        findings.add(
            "error",
            "MANIFEST-FAULT",
            f"{problem[0].upper()}{problem[1:]}.",
            fix="Mend it in session.yaml.",
            path=error.path,
        )
    if not error.problems:
        findings.add_error("MANIFEST-FAULT", error)


def _report(root: Path, session_id: str | None, findings: Findings, *, deep: bool) -> CheckReport:
    return CheckReport(
        path=root,
        session_id=session_id,
        listened=deep,
        findings=findings.sorted(),
        streams=tuple(findings.streams),
    )
