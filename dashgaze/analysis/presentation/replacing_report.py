"""Putting a new report in the place of a former one."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashgaze.errors import OutputError
from dashgaze.files import alone_at

from .figure_files import FIGURES_FOLDER

SCHEMA = "dashgaze/analysis/1"
NUMBERS_NAME = "numbers.json"
_NAMES = {"report.html", "methods.md", NUMBERS_NAME, FIGURES_FOLDER}


@contextmanager
def instead_of(out: Path, *, force: bool) -> Iterator[Path]:
    """Give the folder to write to; with force a former report is replaced once the new one is whole.

    Parameters
    ----------
    out
        Where the report is to be.
    force
        Whether a report that is there may go.

    Raises
    ------
    OutputError
        If there is something else than a report of ours, or the folder can't be replaced.
    """
    with alone_at(out) as left_behind:
        if left_behind:
            _tidy_up(out)
        if not force or not out.is_dir() or not any(out.iterdir()):
            yield out
        else:
            _refuse_others(out)
            with _replacing(out) as new:
                yield new


def _beside(out: Path) -> tuple[Path, Path]:
    return out.with_name(f"{out.name}.new"), out.with_name(f"{out.name}.old")


def _tidy_up(out: Path) -> None:
    """Put back, or throw away, what a run that was killed left beside a report."""
    new, old = _beside(out)
    if _is_report(old) and not out.exists():
        old.replace(out)
    for each in (new, old):
        if each.is_dir() and not _others(each):
            shutil.rmtree(each, ignore_errors=True)


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    new, old = _beside(out)
    for each in (new, old):
        if each.exists():
            raise OutputError(
                f"{each} exists: another run is at work, or one was killed.",
                fix="If none is at work, delete that folder and try again.",
                path=each,
            )
    try:
        yield new
        try:
            out.replace(old)
            new.replace(out)
        except OSError as error:
            # The former report goes back to its place; only where even that fails is there none.
            if old.exists() and not out.exists():
                with contextlib.suppress(OSError):
                    old.replace(out)
            where = (
                f"The former report stands in {out}."
                if out.exists()
                else f"The new report is in {new}, the former one in {old}."
            )
            raise OutputError(
                f"{out} can't be replaced: {error.strerror or error}.", fix=where, path=out
            ) from error
    except BaseException:
        if out.exists():
            shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _refuse_others(out: Path) -> None:
    others = _others(out)
    if others or not _is_report(out):
        what = f"holds {others[0]}" if others else "holds no analysis"
        raise OutputError(
            f"{out} {what}; only a former analysis is ever replaced.",
            fix="Choose another name, or move that folder away.",
            path=out,
        )


def _others(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.name not in _NAMES)


def _is_report(folder: Path) -> bool:
    """Whether a folder is a whole report of ours, and holds nothing else."""
    try:
        schema = json.loads((folder / NUMBERS_NAME).read_text(encoding="utf-8")).get("schema")
    except (OSError, ValueError, AttributeError, RecursionError):
        return False
    return bool(schema == SCHEMA and not _others(folder))
