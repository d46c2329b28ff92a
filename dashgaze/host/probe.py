"""Trying out a library in a process of its own: what crashes or hangs there harms nobody."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

TIME_LIMIT_S = 60.0
"""A driver of a graphics card that hangs does so for ever; torch takes ten seconds from a slow disk."""


@dataclass(frozen=True)
class Broken:
    """Why a library can't be used, in its own words."""

    reason: str


def probe(code: str, *, time_limit_s: float = TIME_LIMIT_S) -> dict[str, Any] | Broken:
    """Run some lines of Python that leave what they found in ``found``, a dictionary for JSON.

    Parameters
    ----------
    code
        The lines.
    time_limit_s
        How long they may take.
    """
    lines = ["import json", "found = {}", code, "print('\\n' + json.dumps(found))"]
    try:
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(lines)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=time_limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Broken(f"it did not come to an end within {time_limit_s:.0f} s")
    except OSError as error:
        return Broken(f"Python can't be started: {error.strerror or error}")
    if done.returncode < 0:
        return Broken(f"it was ended by signal {-done.returncode}")
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return Broken(_last_words(done.stderr))
    return found if isinstance(found, dict) else Broken("it gave no answer")


def _last_words(text: str) -> str:
    """Give the line of a traceback that names the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
