"""What `validate` found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning")

_MOST_OF_A_KIND = 10


@dataclass(frozen=True, kw_only=True)
class DatasetFinding:
    """One thing that is not as it has to be.

    Attributes
    ----------
    severity
        ``error``: the data set is damaged, contradicts itself, or gives away what it must not.
    code
        Name of the kind of finding, for programs.
    file
        Path from the data set's folder; empty if it is about the whole.
    message
        What is, and what was expected.
    fix
        What to do next.
    """

    severity: Severity
    code: str
    file: str
    message: str
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class ValidationReport:
    """All findings, the worst first.

    Attributes
    ----------
    folder
        The data set.
    deep, release
        What was asked for.
    build
        Of the manifest; empty if it can't be read.
    session_count, file_count
        In the manifest.
    rows
        Rows of each configuration, counted in the files.
    findings
        Errors, then warnings; in the order of the checks.
    """

    folder: Path
    deep: bool
    release: bool
    build: str = ""
    session_count: int = 0
    file_count: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[DatasetFinding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.count("error") == 0

    def count(self, severity: Severity) -> int:
        """Count the findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def codes(self) -> set[str]:
        """Give the kinds of findings."""
        return {finding.code for finding in self.findings}

    def to_json(self) -> dict[str, Any]:
        """Give the report as one object, ready for JSON."""
        return asdict(self) | {
            "folder": str(self.folder),
            "rows": dict(self.rows),
            "findings": [asdict(finding) for finding in self.findings],
            "ok": self.ok,
            "counts": {severity: self.count(severity) for severity in SEVERITIES},
        }


class DatasetFindings:
    """Collects findings; of a kind that is found everywhere the first ten, and how many more there are."""

    def __init__(self) -> None:
        self._found: list[DatasetFinding] = []
        self._counts: Counter[tuple[str, Severity]] = Counter()

    def add(
        self,
        code: str,
        message: str,
        *,
        file: str = "",
        fix: str = "",
        severity: Severity = "error",
    ) -> None:
        """Add a finding."""
        self._counts[code, severity] += 1
        if self._counts[code, severity] <= _MOST_OF_A_KIND:
            self._found.append(
                DatasetFinding(severity=severity, code=code, file=file, message=message, fix=fix)
            )

    def sorted(self) -> tuple[DatasetFinding, ...]:
        """Give the findings, errors first."""
        found = list(self._found)
        for (code, severity), count in self._counts.items():
            if count > _MOST_OF_A_KIND:
                more = count - _MOST_OF_A_KIND
                found.append(
                    DatasetFinding(
                        severity=severity,
                        code=code,
                        file="",
                        message=f"… and {more} more of this kind.",
                    )
                )
        return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
