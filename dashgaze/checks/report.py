"""What a check found."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from dashgaze.errors import DashgazeError

from .codes import CODES

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a user should know of a session.

    Attributes
    ----------
    code
        Stable name, see `CODES`.
    severity
        error: a stage can't run, or would run on the wrong data. warning: the result suffers, or
        something is missing for the data set. info: good to know.
    message
        What was found, with the figures.
    fix
        What to do, or the line to add to ``session.yaml``; empty if nothing can be done.
    path
        The file or folder, from the session folder; None if it is about none.
    """

    code: str
    severity: Severity
    message: str
    fix: str = ""
    path: str | None = None


@dataclass(frozen=True, kw_only=True)
class StreamSummary:
    """What a video of the session is like; None where unknown."""

    name: Literal["road", "driver", "world"]
    path: str
    duration_s: float | None
    frame_count: int | None
    frame_rate_hz: float | None
    width_px: int | None
    height_px: int | None
    has_sound: bool | None


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """All findings, the worst first.

    Attributes
    ----------
    path
        The session folder.
    session_id
        As the manifest says; None if it could not be read.
    listened
        Whether the sound was decoded.
    findings
        Errors, warnings, infos.
    streams
        The videos.
    """

    path: Path
    session_id: str | None
    listened: bool
    findings: tuple[Finding, ...]
    streams: tuple[StreamSummary, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.count("error") == 0

    def count(self, severity: Severity) -> int:
        """Count the findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Give the report as one object, ready for JSON."""
        return {
            "path": str(self.path),
            "session_id": self.session_id,
            "ok": self.ok,
            "listened": self.listened,
            "counts": {severity: self.count(severity) for severity in SEVERITIES},
            "findings": [asdict(finding) for finding in self.findings],
            "streams": [asdict(stream) for stream in self.streams],
        }


@dataclass
class Findings:
    """Collects the findings of one session while it is looked at."""

    root: Path
    found: list[Finding] = field(default_factory=list)
    streams: list[StreamSummary] = field(default_factory=list)

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        *,
        fix: str = "",
        path: Path | None = None,
    ) -> None:
        """Note one finding; the same one counts once."""
        if code not in CODES:
            raise ValueError(f"{code} is not in the table of codes")
        finding = Finding(
            code=code,
            severity=severity,
            message=message,
            fix=fix,
            path=None if path is None else self.relative(path),
        )
        if finding not in self.found:
            self.found.append(finding)

    def add_error(self, code: str, error: DashgazeError, *, path: Path | None = None) -> None:
        """Note what an error says."""
        self.add("error", code, error.what, fix=error.fix, path=error.path or path)

    def relative(self, path: Path) -> str:
        """Give a path from the session folder, where it lies in it."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)

    def sorted(self) -> tuple[Finding, ...]:
        """Give all findings, the worst first, else in the order in which they were noted."""
        return tuple(sorted(self.found, key=lambda finding: SEVERITIES.index(finding.severity)))
