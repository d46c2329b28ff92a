"""One page over many drives."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dashgaze.errors import DashgazeError, InputError, OutputError
from dashgaze.files import write_text
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import find_sessions, open_session

from .html import MARK, render
from .names import FIGURES_NAME, REPORT_NAME
from .options import ReportOptions
from .texts import MISSING, clock, counted, moment, number, percent
from .verdict import TITLES, Verdict
from .wording import without_root

_ORDER: tuple[Verdict | None, ...] = ("redo", None, "usable_with_flags", "usable")
_COUNTED: dict[Verdict | None, str] = {
    "redo": "to redo",
    None: "not yet known",
    "usable_with_flags": "usable with flags",
    "usable": "usable",
}
_HEAD_BYTES = 2048


@dataclass(frozen=True, kw_only=True)
class DriveRow:
    """A drive in the index, in words."""

    name: str
    link: str
    verdict: str
    verdict_title: str
    recorded: str
    length: str
    clocks: str
    gaze: str
    answered: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many drives have a verdict."""

    verdict: str
    text: str


@dataclass(frozen=True, kw_only=True)
class IndexPage:
    """Content of the index; see the template."""

    title: str
    subtitle: str
    counts: tuple[Count, ...]
    rows: tuple[DriveRow, ...]


def report_drives(
    folder: Path, options: ReportOptions, *, force: bool = False, progress: Progress = silent
) -> Path:
    """Make the reports of all sessions in a folder, and an index of them in it.

    A session that can't be read does not keep the others from being looked at: the index says why.

    Parameters
    ----------
    folder
        A folder that holds sessions at any depth.
    options
        For all of them.
    force
        Make all reports even if nothing changed.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``report.html`` in the folder; ``report.json`` lies beside it.

    Raises
    ------
    InputError
        If it holds no session.
    OutputError
        If the index can't be written, or a file of somebody else has its name.
    """
    roots = find_sessions(folder)
    if not roots:
        raise InputError(
            f"{folder} holds no session.",
            fix="Give a session folder, or a folder of sessions; `dashgaze import FILE… --session DIR` "
            "makes one from recordings.",
            path=folder,
        )
    path, figures_path = folder / REPORT_NAME, folder / FIGURES_NAME
    _refuse_foreign(path, figures_path)
    entries = []
    for number_, root in enumerate(roots):
        part = part_of(progress, number_ / len(roots), (number_ + 1) / len(roots))
        entries.append(_entry(folder, root, options, force=force, progress=part))
    entries.sort(key=lambda entry: (_ORDER.index(entry["verdict"]), entry["path"]))
    write_text(path, render("index.html.j2", _page(folder, entries)))
    content = {"schema": "dashgaze/report-index/1", "counts": _counts(entries), "sessions": entries}
    write_text(
        figures_path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )
    return path


def _entry(
    folder: Path, root: Path, options: ReportOptions, *, force: bool, progress: Progress
) -> dict[str, Any]:
    """Make one report and read what it says; a session at fault is an entry that says why."""
    from .report import report

    relative = root.relative_to(folder).as_posix()
    try:
        path = report(open_session(root), options, force=force, progress=progress)
        content = json.loads(path.with_name(FIGURES_NAME).read_text(encoding="utf-8"))
    except DashgazeError as error:
        return {
            "path": relative,
            "report": None,
            "verdict": None,
            "session_id": None,
            "problem": without_root(str(error), root),
        }
    frames, sync = content["frames"] or {}, content["sync"] or {}
    reasons = [each for each in content["reasons"] if each["severity"] != "note"]
    return {
        "path": relative,
        "report": path.relative_to(folder).as_posix(),
        "verdict": content["verdict"],
        "session_id": content["session"]["session_id"],
        "problem": None,
        "recorded_at": content["session"]["recorded_at"],
        "duration_s": content["session"]["duration_s"],
        "sync_verdict": sync.get("verdict"),
        "gaze_share": frames.get("gaze_share"),
        "road_gaze_share": frames.get("road_gaze_share"),
        "reason_count": len(reasons),
        "first_reason": reasons[0]["message"] if reasons else None,
    }


def _counts(entries: list[dict[str, Any]]) -> dict[str, int]:
    return {
        verdict or "unknown": sum(entry["verdict"] == verdict for entry in entries)
        for verdict in _ORDER
    }


def _page(folder: Path, entries: list[dict[str, Any]]) -> IndexPage:
    counts = _counts(entries)
    return IndexPage(
        title=f"Drives in {folder.absolute().name}",
        subtitle=counted(len(entries), "session"),
        counts=tuple(
            Count(
                verdict=verdict or "unknown",
                text=f"{number(counts[verdict or 'unknown'])} {_COUNTED[verdict]}",
            )
            for verdict in _ORDER
            if counts[verdict or "unknown"]
        ),
        rows=tuple(_row(entry) for entry in entries),
    )


def _row(entry: dict[str, Any]) -> DriveRow:
    verdict: Verdict | None = entry["verdict"]
    reason = entry["problem"] or entry.get("first_reason") or "Nothing speaks against it."
    more = entry.get("reason_count", 0) - 1
    if more > 0:
        reason = f"{reason} ({counted(more, 'more reason')})"
    return DriveRow(
        name=entry["session_id"] or entry["path"],
        link="" if entry["report"] is None else quote(entry["report"]),
        verdict=verdict or "unknown",
        verdict_title="Can't be read" if entry["problem"] else TITLES[verdict],
        recorded=moment(entry.get("recorded_at")),
        length=clock(entry.get("duration_s")),
        clocks=entry.get("sync_verdict") or MISSING,
        gaze=percent(entry.get("gaze_share")),
        answered=percent(entry.get("road_gaze_share")),
        reason=reason,
    )


def _refuse_foreign(path: Path, figures_path: Path) -> None:
    """Refuse to write over files that somebody else made."""
    for each, mark in ((path, MARK), (figures_path, "dashgaze/report-index/")):
        if not each.exists():
            continue
        try:
            with each.open("rb") as file:
                head = file.read(_HEAD_BYTES).decode("utf-8", errors="replace")
        except OSError as error:
            raise OutputError(f"{each} can't be read: {error.strerror}.", path=each) from error
        if mark not in head:
            raise OutputError(
                f"{each} was not made by dashgaze.", fix="Move it away, then try again.", path=each
            )
