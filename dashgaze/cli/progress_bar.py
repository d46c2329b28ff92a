"""Progress on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dashgaze.progress import Progress, silent


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress]:
    """Show a bar while something is done; nothing where stderr is no terminal.

    Parameters
    ----------
    quiet
        Show nothing at all.
    """
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)

        def show(phase: str, fraction: float) -> None:
            bar.update(task, description=phase, completed=min(1.0, max(0.0, fraction)))

        yield show
