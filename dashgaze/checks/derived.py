"""Whether what was computed still belongs to the files that are there."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint
from dashgaze.session import Session

from .report import Findings


def check_derived(session: Session, findings: Findings) -> None:
    """Compare the input fingerprints in the records of the stages with the files."""
    if not session.derived.is_dir():
        return
    for path in sorted(session.derived.glob("*.json")):
        changed = [
            name
            for name, content in _inputs(path).items()
            if not _is_same(session.root, name, content)
        ]
        if changed:
            findings.add(
                "warning",
                "DERIVED-STALE",
                f"{findings.relative(path)} was computed before {', '.join(sorted(changed)[:5])} "
                "changed.",
                fix="Run the stage again; it sees by itself that it has to.",
                path=path,
            )


def _inputs(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():  # to open a pipe is to wait without end
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    inputs = content.get("inputs") if isinstance(content, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def _is_same(root: Path, name: str, content: Any) -> bool:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        return True  # not ours to judge
    try:
        return bool(fingerprint(root / relative) == content)
    except InputError:
        return False
