"""The one folder that the server writes what it receives to."""

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from dashgaze.errors import OutputError
from dashgaze.files import write_text

_TOKEN_BYTES = 24


class PageFolder:
    """``field/page`` of a session, held by one server at a time.

    Parameters
    ----------
    session
        The session folder; made if missing.

    Raises
    ------
    OutputError
        If it can't be written, leads out of the session, or another server holds it.
    """

    def __init__(self, session: Path) -> None:
        self.session = Path(session)
        self.path = self.session / "field" / "page"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            inside = self.path.resolve().is_relative_to(self.session.resolve())
        except OSError as error:
            raise OutputError(
                f"{self.path} can't be made: {error.strerror}.",
                fix="Choose a folder that you can write to.",
                path=self.path,
            ) from error
        if not inside:
            raise OutputError(
                f"{self.path} is a link that leads out of the session.",
                fix="Put a folder in its place.",
                path=self.path,
            )
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            _hold(self._lock)
        except OSError as error:
            os.close(self._lock)
            raise OutputError(
                f"Another `dashgaze collect` serves {self.session} already.",
                fix="Use that one, or stop it first; nothing is lost.",
                path=self.path,
            ) from error
        self.token = self._keep("token")
        self.store = self._keep("store")

    def _keep(self, name: str) -> str:
        """Give a secret that stays the same when the server is started again."""
        path = self.path / name
        text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
        if len(text) < _TOKEN_BYTES:
            text = secrets.token_urlsafe(_TOKEN_BYTES)
            write_text(path, text + "\n")
            path.chmod(0o600)
        return text

    def close(self) -> None:
        """Let others have it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def free_bytes(folder: Path) -> int:
    """Give the space that is left on a disk."""
    return shutil.disk_usage(folder).free


def _hold(descriptor: int) -> None:
    with suppress(ImportError):  # Windows has no such lock; the taken port refuses there
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
