"""Telling that an input was changed while a stage read it.

A stage takes the fingerprints of its inputs before it reads them (`plan_stage`). What changes after that is
mixed with what was read before, under the fingerprint of the old; if the change is undone later, nothing would
tell. So a stage looks again before it writes anything::

    watch = InputWatch(session, inputs)  # before anything is read
    wanted = plan_stage(…)
    …
    watch.refuse_changes(wanted)
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.fingerprint import Stamp, fingerprint, same_stamps, stamps
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session, open_session

from .record import StageRecord

Stamps = Mapping[Path, Mapping[str, Stamp]]


class InputWatch:
    """What the inputs of a stage looked like before it began.

    Parameters
    ----------
    session
        The session.
    inputs
        Files and folders that are read.
    """

    def __init__(self, session: Session, inputs: Iterable[Path]) -> None:
        self._session = session
        self.stamps: Stamps = stamps_of(inputs)

    def refuse_changes(self, wanted: StageRecord) -> None:
        """Refuse to go on if an input is not what it was; to be called before anything is written.

        Parameters
        ----------
        wanted
            The plan of the stage, made after this watch.

        Raises
        ------
        InputError
            If one changed. Nothing is lost but the time.
        """
        refuse_touched(self.stamps)
        root = self._session.root
        for name, content in wanted.inputs.items():
            if fingerprint(root / name) != content:
                raise _changed(root / name)
        manifest = root / MANIFEST_NAME
        # It was read when the session was opened, before its fingerprint was taken.
        if manifest in self.stamps and open_session(root).manifest != self._session.manifest:
            raise _changed(manifest)


def stamps_of(inputs: Iterable[Path]) -> Stamps:
    """Give the stamps of files and folders, to be compared later, be it in another process."""
    return {path: stamps(path) for path in inputs}


def refuse_touched(before: Stamps) -> None:
    """Refuse to go on if somebody wrote to an input since its stamps were taken.

    Raises
    ------
    InputError
        If somebody did.
    """
    for path, known in before.items():
        if not same_stamps(known, stamps(path)):
            raise _changed(path)


def _changed(path: Path) -> InputError:
    return InputError(
        f"{path} changed while it was read, so what came of it was thrown away.",
        fix="Leave it alone for a while, then type the command again.",
        path=path,
    )
