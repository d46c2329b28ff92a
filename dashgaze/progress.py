"""How long work reports that it is alive.

Library functions take ``progress: Progress = silent`` and call it with a phase and a fraction; they
never print. The command line turns the calls into a bar on stderr.
"""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called as ``progress(phase, fraction)``: a few words, and the share done, in 0 … 1."""


def silent(phase: str, fraction: float) -> None:
    """Report nothing."""


def part_of(progress: Progress, start: float, end: float) -> Progress:
    """Report the progress of a part of a longer work.

    Parameters
    ----------
    progress
        Where the whole work reports to.
    start, end
        The range of the whole that the part covers, in 0 … 1.
    """

    def scaled(phase: str, fraction: float) -> None:
        progress(phase, start + (end - start) * fraction)

    return scaled
