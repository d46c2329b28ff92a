"""Blocks of the documentation that say that they can be run, and what they say that is printed.

::

    <!-- run -->           or, for another exit code than 0:  <!-- run: 3 -->
    ```bash               or, in a folder of the page's:      <!-- run: in out -->
    dashgaze …
    ```

    <!-- prints -->
    ```text
    what it prints; … stands for lines, or for the end of a line, that are left out
    ```
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^<!-- run(?:: *(.*?))? *-->\n```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"\s*<!-- prints -->\n```text\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Some lines to run.

    Attributes
    ----------
    language
        bash or python.
    lines
        What is run.
    prints
        Lines that are printed, in this order; empty if the page does not say.
    exit_code
        How it ends.
    folder
        Where it is run, from the page's folder.
    """

    language: str
    lines: str
    prints: tuple[str, ...] = ()
    exit_code: int = 0
    folder: str = "."


def blocks_of(page: str) -> list[Block]:
    """Find the blocks of a page."""
    found = []
    for match in BLOCK.finditer(page):
        how = match[1] or ""
        folder = how.removeprefix("in ").strip() if how.startswith("in ") else "."
        printed = PRINTS.match(page, match.end())
        found.append(
            Block(
                language=match[2],
                lines=match[3],
                prints=tuple(printed[1].splitlines()) if printed else (),
                exit_code=int(how) if how.isdigit() else 0,
                folder=folder,
            )
        )
    return found


def run(block: Block, folder: Path, *, settings: dict[str, str]) -> str:
    """Run a block as a reader would, with this Python first on PATH; give what it prints."""
    if block.language == "bash":
        command = ["bash", "-e", "-c", block.lines]
    else:
        command = [sys.executable, "-c", block.lines]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder / block.folder,
        env=os.environ | settings | {"PATH": path, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    if done.returncode != block.exit_code:
        raise AssertionError(f"{block.lines}\nended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def missing_lines(prints: tuple[str, ...], output: str) -> list[str]:
    """Give the lines that are not printed, or not in this order, numbers taken as equal."""
    left = iter([_without_numbers(line) for line in output.splitlines()])
    missing = []
    for line in prints:
        if line.strip() in ("…", ""):
            continue
        start, is_cut, _ = _without_numbers(line).partition("…")
        if not any(each.startswith(start) if is_cut else each == start for each in left):
            missing.append(line)
    return missing


def _without_numbers(line: str) -> str:
    """Numbers and the spaces that line them up differ from one machine to the next."""
    return " ".join(re.sub(r"[-+−]?\d[\d.,]*", "0", line).split())
