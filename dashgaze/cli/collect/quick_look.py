"""The first look at a drive, minutes after it: whether it has to be made again."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import DashgazeError
from dashgaze.progress import Progress, part_of, silent

from ..command import DOUBTFUL, FAILED


@dataclass(frozen=True, kw_only=True)
class QuickLook:
    """What a first look gave.

    Attributes
    ----------
    verdict
        usable, usable_with_flags or redo, as the report has it; None if it is not known yet.
    sync
        The verdict of the sync: ok, doubtful or failed; None if it could not be made.
    reasons
        Why, in sentences with what to do, the worst first.
    open
        What is not known yet, in sentences.
    code
        Exit code: 0 usable, 3 with flags, 4 to be made again.
    report
        The page; None if there is none.
    took_s
        How long it took.
    """

    verdict: str | None
    sync: str | None
    reasons: tuple[str, ...]
    open: tuple[str, ...]
    code: int
    report: Path | None
    took_s: float

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return {
            "verdict": self.verdict,
            "sync": self.sync,
            "reasons": list(self.reasons),
            "open": list(self.open),
            "report": None if self.report is None else str(self.report),
            "took_s": round(self.took_s, 1),
        }


def quick_look(session: Path, *, progress: Progress = silent) -> QuickLook:
    """Check a session, sync it, bring its streams together and judge it; the pictures are not matched.

    What a stage can't do becomes a reason: nothing is raised for a drive that is no good. Sound that
    gives no time map is what ruins most drives, so it makes the verdict "redo" here.

    Parameters
    ----------
    session
        The session folder.
    progress
        Called with the share done.
    """
    from dashgaze.checks import check
    from dashgaze.reports import ReportOptions, report
    from dashgaze.schemas.time_map import TimeMapDocument
    from dashgaze.session import open_session
    from dashgaze.stages.frames import frames
    from dashgaze.stages.sync import sync

    begun_s = time.monotonic()
    reasons: list[str] = []
    unknown: list[str] = []
    found = check(session, progress=part_of(progress, 0.0, 0.1))
    reasons += [
        _with_fix(each.message, each.fix) for each in found.findings if each.severity == "error"
    ]
    sync_verdict: str | None = None
    verdict: str | None = None
    page: Path | None = None
    try:
        opened = open_session(session)
        path = sync(opened, progress=part_of(progress, 0.1, 0.6))
        document = TimeMapDocument.model_validate_json(path.read_bytes())
        sync_verdict = document.verdict
        if sync_verdict != "ok":
            reasons += [f"Sync is {sync_verdict}: {reason}" for reason in document.reasons]
        if sync_verdict != "failed":
            frames(opened, progress=part_of(progress, 0.6, 0.8))
    except DashgazeError as error:
        reasons.append(str(error))
    try:
        # The sync has heard the sound already; its level is worth no second pass here.
        page = report(session, ReportOptions(listen=False), progress=part_of(progress, 0.8, 1.0))
        content = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
        verdict = content["verdict"]
        reasons += [
            _with_fix(reason["message"], reason["fix"])
            for reason in content["reasons"]
            if reason["severity"] in ("redo", "flag")
        ]
        unknown += [
            _with_fix(reason["message"], reason["fix"])
            for reason in content["reasons"]
            if reason["severity"] == "unknown"
        ]
    except DashgazeError as error:
        reasons.append(str(error))
    if not found.ok or sync_verdict in (None, "failed"):
        verdict = "redo"
    return QuickLook(
        verdict=verdict,
        sync=sync_verdict,
        reasons=tuple(dict.fromkeys(reasons)),
        open=tuple(unknown),
        code=_code(verdict, sync_verdict, page),
        report=page,
        took_s=time.monotonic() - begun_s,
    )


def _code(verdict: str | None, sync: str | None, page: Path | None) -> int:
    if verdict == "redo" or page is None:
        return FAILED
    # Not known yet is what a drive is before its pictures are matched: no reason to keep a team waiting.
    if verdict == "usable_with_flags" or sync == "doubtful":
        return DOUBTFUL
    return 0


def _with_fix(message: str, fix: str) -> str:
    return f"{message} {fix}".strip()
