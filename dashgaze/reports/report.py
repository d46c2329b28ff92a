"""The ``report`` stage: whether a drive is usable, and why, on one page that needs no network."""

import json
from pathlib import Path
from typing import Any

from dashgaze.files import alone_at, write_text
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session, open_session
from dashgaze.stages.align import ALIGN_RECORD_NAME, HOMOGRAPHIES_NAME
from dashgaze.stages.frames import FRAMES_NAME
from dashgaze.stages.frames import RECORD_NAME as FRAMES_RECORD_NAME
from dashgaze.stages.input_watch import InputWatch
from dashgaze.stages.record import StageRecord, plan_stage, read_record, up_to_date
from dashgaze.stages.session_clock import TIME_MAP_NAME

from .density import Density, draw_density
from .drive import Drive
from .faces import FACES_NAME
from .gathering import look_at
from .html import render
from .index import report_drives
from .names import FIGURES_NAME, REPORT_NAME
from .options import ReportOptions
from .page import make_page
from .rules import find_reasons
from .summary import summarise

VERSION = 1
"""Version of the method; counted up when the same input gives another report."""

REPORT_SCHEMA = "dashgaze/report/1"

# Writing takes a moment; whoever writes the same at once waits for it.
_WAIT_S = 60.0

_DEFAULT = ReportOptions()


def report(
    session: Session | Path,
    options: ReportOptions = _DEFAULT,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Say whether a drive is usable, and show what speaks for it.

    Writes ``derived/report.html``, a page that needs no other file, and ``derived/report.json`` with its figures.
    It can be made at any time: what no stage has computed yet is said to be missing. Nothing is done where
    both stand and options and inputs are the same. Of a folder of sessions all reports are made, and a
    ``report.html`` and ``report.json`` in it that lead to them.

    Parameters
    ----------
    session
        The session, its folder, or a folder of sessions.
    options
        What can be chosen.
    force
        Make it even if nothing changed.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``report.html``.

    Raises
    ------
    InputError
        If there is no session.
    OutputError
        If the reports can't be written.
    """
    if not isinstance(session, Session):
        if not (Path(session) / MANIFEST_NAME).is_file() and Path(session).is_dir():
            return report_drives(Path(session), options, force=force, progress=progress)
        session = open_session(Path(session))
    path = session.derived / REPORT_NAME
    figures_path = session.derived / FIGURES_NAME
    watch = InputWatch(session, _inputs(session))
    wanted = plan_report(session, options)
    if not force and up_to_date(read_record(figures_path), wanted, root=session.root):
        return path
    drive = look_at(session, listen=options.listen, progress=part_of(progress, 0.0, 0.95))
    progress("drawing", 0.95)
    reasons = find_reasons(drive)
    density = _density(drive)
    page = render("report.html.j2", make_page(drive, reasons, density))
    with alone_at(path, wait_s=_WAIT_S):
        watch.refuse_changes(wanted)
        write_text(path, page)
        content = _record(wanted, session, path) | summarise(drive, reasons, density)
        write_text(
            figures_path,
            json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        )
    progress("written", 1.0)
    return path


def plan_report(session: Session, options: ReportOptions = _DEFAULT) -> StageRecord:
    """Describe what `report` would do for a session, without doing it.

    Raises
    ------
    InputError
        If a file can't be read.
    """
    return plan_stage(
        "report",
        version=VERSION,
        options=options,
        inputs=_inputs(session),
        root=session.root,
        packages=("av", "jinja2", "numpy", "opencv-python-headless", "pyarrow"),
    )


def _inputs(session: Session) -> list[Path]:
    """List what is looked at; a file that comes later makes another report."""
    derived = session.derived
    paths = [
        session.root / MANIFEST_NAME,
        session.eye_tracker_path,
        session.road_path,
        session.driver_path,
        session.location_path,
        *(
            derived / name
            for name in (
                TIME_MAP_NAME,
                FRAMES_RECORD_NAME,
                FRAMES_NAME,
                ALIGN_RECORD_NAME,
                HOMOGRAPHIES_NAME,
                FACES_NAME,
            )
        ),
    ]
    return [path for path in paths if path is not None and path.exists()]


def _record(wanted: StageRecord, session: Session, path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(wanted.finished([path], root=session.root).to_json())
    return {"schema": REPORT_SCHEMA} | record


def _density(drive: Drive) -> Density | None:
    road, facts = drive.stream("road"), drive.frames
    if facts is None or road is None or road.width_px is None or road.height_px is None:
        return None
    seen = drive.exposures.get("road")
    return draw_density(
        facts, (road.width_px, road.height_px), None if seen is None else seen.backdrop
    )
