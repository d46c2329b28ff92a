"""The local view of a remote session: small files copied, large media stood for."""

import hashlib
import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dashgaze.errors import OutputError
from dashgaze.files import replacing
from dashgaze.remote_file import (
    RemoteChangedError,
    RemoteError,
    RemoteState,
    Store,
    is_stand_in,
    public_options,
    same_content,
    write_stand_in,
)
from dashgaze.schemas.manifest import MANIFEST_NAME

from .ledger import Ledger
from .vouching import look_at_records, read_outputs

DERIVED = "derived/"

# Opened in one place, which knows stand-ins; all else is read whole by whoever needs it.
_MEDIA = re.compile(
    r"\.(mp4|m4v|mov|mkv|webm|avi|m?ts|m2ts|mpe?g|3gp|wmv|asf|flv"
    r"|wav|w64|aiff?|caf|mp3|m4a|aac|flac|og[ga]|opus|amr)$",
    re.IGNORECASE,
)
_WORK = re.compile(r"\.(part|lock)(/|$)")
_SIDE_BY_SIDE = 8


def default_cache() -> Path:
    """Give the folder where views are kept if nothing else is said: the user's cache folder."""
    given = os.environ.get("DASHGAZE_CACHE")
    if given:
        return Path(given) / "remote"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "dashgaze" / "remote"


def view_folder(store: Store, cache: Path | None) -> Path:
    """Give the folder of the view of a session: always the same one for the same address."""
    said = json.dumps([store.url, public_options(store.options)], sort_keys=True)
    key = hashlib.blake2b(said.encode(), digest_size=10).hexdigest()
    last = store.url.rpartition("/")[2]
    name = last if _is_plain(last) and not last.startswith(".") else "session"
    return (default_cache() if cache is None else Path(cache)).absolute() / key / name


class View:
    """A local folder that stands for a remote session.

    Parameters
    ----------
    store
        The session's address.
    root
        The folder, as `view_folder` gives it.
    stand_in_bytes
        Media files from this size on are not copied.
    """

    def __init__(self, store: Store, root: Path, *, stand_in_bytes: int) -> None:
        self.store, self.root = store, root
        self.ledger = Ledger.load(root.parent / "ledger.json")
        self._stand_in_bytes = stand_in_bytes

    def bring_in(self) -> None:
        """Make the view like the remote session; keep finished results that were not sent yet.

        Raises
        ------
        RemoteError
            If there is no session, or it can't be read.
        OutputError
            If the cache can't be written.
        """
        remote = {name: state for name, state in self.store.files().items() if is_wanted(name)}
        if MANIFEST_NAME not in remote:
            raise RemoteError(
                f"{self.store.url} is no session: there is no {MANIFEST_NAME} in it.",
                fix="Give the address of a session, or of a folder of sessions.",
            )
        self._make_folder()
        kept = self._unsent()
        for name in [*self.local_names(), *self.ledger.entries]:
            if name not in remote and name not in kept:
                (self.root / name).unlink(missing_ok=True)
                self.ledger.entries.pop(name, None)
        wanted = [name for name, state in remote.items() if self._is_wanting(name, state, kept)]
        try:
            with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
                for name, state in pool.map(lambda name: self._bring(name, remote[name]), wanted):
                    self._note(name, state)
        finally:
            self.ledger.save()
        (self.root / DERIVED).mkdir(exist_ok=True)

    def local_names(self) -> list[str]:
        """Give the files of the view, by name from the session folder; not what is at work in it."""
        found = (path for path in self.root.rglob("*") if path.is_file())
        names = (path.relative_to(self.root).as_posix() for path in found)
        return sorted(name for name in names if not _WORK.search(name))

    def note_same(self, name: str, state: RemoteState) -> None:
        """Take down that a file of the view is now on the store, and write it to the ledger."""
        self._note(name, state)
        self.ledger.save()

    def changed(self, name: str) -> bool:
        """Whether a file of the view is not the one that is on the store."""
        entry = self.ledger.entries.get(name)
        return entry is None or not entry.is_untouched(self.root / name)

    def _unsent(self) -> frozenset[str]:
        """Give changed results that are whole: a run was cut off before it had sent them.

        What no record names is whole as well: results appear under their names in one step.
        """
        derived = [name for name in self.local_names() if name.startswith(DERIVED)]
        changed = {name for name in derived if self.changed(name)}
        if not changed:
            return frozenset()
        vouching = look_at_records(self.root, derived)
        torn = (vouching.claimed - vouching.vouched) | (vouching.records.keys() - vouching.standing)
        return frozenset(changed - torn)

    def _is_wanting(self, name: str, state: RemoteState, kept: frozenset[str]) -> bool:
        entry = self.ledger.entries.get(name)
        if entry is None or not same_content(entry.state, state):
            return True
        if name in kept:
            return False
        return not entry.is_untouched(self.root / name) or entry.stand_in is not self._is_stood_for(
            name, state
        )

    def _is_stood_for(self, name: str, state: RemoteState) -> bool:
        return bool(_MEDIA.search(name)) and state.size_bytes >= self._stand_in_bytes

    def _bring(self, name: str, state: RemoteState) -> tuple[str, RemoteState]:
        path = self.root / name
        if path.is_dir():
            raise RemoteError(f"{self.store.address(name)} is a file and a folder at once.")
        with replacing(path) as temporary:
            if self._is_stood_for(name, state):
                write_stand_in(temporary, self.store.address(name), state, self.store.options)
            else:
                self.store.fetch(name, temporary)
                if temporary.stat().st_size != state.size_bytes:
                    raise RemoteChangedError(
                        f"{self.store.address(name)} was changed while it was being read.",
                        fix="Type the command again.",
                    )
            if state.modified_s is not None:
                os.utime(temporary, (state.modified_s, state.modified_s))
        return name, state

    def _note(self, name: str, state: RemoteState) -> None:
        self.ledger.note(
            name,
            self.root / name,
            state,
            stand_in=is_stand_in(self.root / name),
            vouches=read_outputs(self.root / name) if name.startswith(DERIVED) else None,
        )

    def _make_folder(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if os.name != "nt":
                self.root.parent.chmod(
                    0o700
                )  # who may read the store may read this, and nobody else
        except OSError as error:
            raise OutputError(
                f"{self.root} can't be made: {error.strerror or error}.",
                fix="Name another folder for the cache, in DASHGAZE_CACHE for example.",
                path=self.root,
            ) from error


def is_wanted(name: str) -> bool:
    """Whether a remote file belongs to the view.

    Left out are names that no local file can have or that lead out of the folder, hidden files but
    those in ``derived/``, and what is unfinished.
    """
    if not all(_is_plain(part) for part in name.split("/")) or _WORK.search(name):
        return False
    return name.startswith(DERIVED) or not any(part.startswith(".") for part in name.split("/"))


def _is_plain(part: str) -> bool:
    if part in ("", ".", "..") or "\0" in part or "\\" in part:
        return False
    return not (os.name == "nt" and re.search(r'[<>:"|?*]', part))
