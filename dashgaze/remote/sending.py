"""Sending results back, so that no record on the store ever vouches for what is not there."""

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dashgaze.fingerprint import fingerprint
from dashgaze.progress import Progress
from dashgaze.remote_file import (
    RemoteChangedError,
    RemoteError,
    RemoteState,
    Store,
    is_stand_in,
    same_content,
)

from .view import DERIVED, View, is_wanted
from .vouching import Vouching, look_at_records

_CHUNK_BYTES = 1 << 20
# The ETag of what was sent in several parts, which is no sum of the whole.
_IN_PARTS = re.compile(r"[0-9a-f]{32}-\d+")


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What is to be done on the store, in this order; names from the session folder.

    Attributes
    ----------
    revoked
        Records to be removed, because what they vouch for will not be there any more.
    removed
        Files to be removed.
    outputs
        Files to be sent.
    records
        Records to be sent.
    """

    revoked: tuple[str, ...]
    removed: tuple[str, ...]
    outputs: tuple[str, ...]
    records: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All files that are touched."""
        return tuple(dict.fromkeys((*self.revoked, *self.removed, *self.outputs, *self.records)))


def plan_sending(view: View, *, whole_only: bool) -> Sending:
    """Find out what of a view's results has to be sent.

    What a record names, but is not as it says, is never sent: a stage was cut off while it wrote.

    Parameters
    ----------
    view
        The view.
    whole_only
        Whether to send only what a record vouches for, and to remove nothing.
    """
    here = [name for name in view.local_names() if name.startswith(DERIVED) and is_wanted(name)]
    vouching = look_at_records(view.root, here)
    changed = [name for name in here if view.changed(name) and not is_stand_in(view.root / name)]
    outputs = [name for name in changed if _may_go(name, vouching, whole_only=whole_only)]
    records = [name for name in changed if name in vouching.standing]
    removed: list[str] = []
    if not whole_only:
        known = view.ledger.entries
        removed = [name for name in known if name.startswith(DERIVED) and name not in here]
    revoked = _revoked(view, outputs, removed)
    # A record that was revoked and stands all the same goes back with the others.
    records += [name for name in revoked if name in vouching.standing and name not in records]
    return Sending(
        revoked=tuple(revoked),
        removed=tuple(name for name in removed if name not in revoked),
        outputs=tuple(outputs),
        records=tuple(sorted(records, key=lambda name: (view.root / name).stat().st_mtime_ns)),
    )


def send(view: View, sending: Sending, progress: Progress) -> None:
    """Do it. Each step is whole or not done, and can be done again.

    Raises
    ------
    RemoteChangedError
        If somebody else has written one of these files since they were fetched.
    RemoteError
        If the store can't be written.
    """
    store, ledger = view.store, view.ledger
    already = _check_nobody_wrote(view, sending)
    for name in (*sending.revoked, *sending.removed):
        store.remove(name)
        ledger.entries.pop(name, None)
        ledger.save()
    going = (*sending.outputs, *sending.records)
    for count, name in enumerate(going):
        progress(f"sending {name}", count / len(going))
        state = None if name in sending.revoked else already.get(name)
        view.note_same(name, state or _send(store, view.root / name, name))
    progress("sent", 1.0)


def _may_go(name: str, vouching: Vouching, *, whole_only: bool) -> bool:
    if name in vouching.records:
        return False
    if name in vouching.claimed or whole_only:
        return name in vouching.vouched
    return True


def _revoked(view: View, outputs: list[str], removed: list[str]) -> list[str]:
    """Give the records on the store that vouch for another content than will be there."""
    coming = {name: fingerprint(view.root / name) for name in outputs} | dict.fromkeys(removed)
    return [
        record
        for record, entry in view.ledger.entries.items()
        if entry.vouches is not None
        and any(
            name in coming and coming[name] != content for name, content in entry.vouches.items()
        )
    ]


def _check_nobody_wrote(view: View, sending: Sending) -> dict[str, RemoteState]:
    """Refuse to overwrite what came from elsewhere; give files that are there already as they are here."""
    if not sending.names:
        return {}
    there = view.store.files()
    already: dict[str, RemoteState] = {}
    for name in sending.names:
        entry, state = view.ledger.entries.get(name), there.get(name)
        if state is None or (entry is not None and same_content(entry.state, state)):
            continue
        path = view.root / name
        if path.is_file() and _is_same(view.store, path, name, state):
            already[name] = state
            continue
        raise RemoteChangedError(
            f"{view.store.address(name)} was written by somebody else since this run began.",
            fix="Nothing was overwritten. Type the command again: it goes on from what is there now. "
            f"The results of this run lie in {view.root / 'derived'} until then.",
            path=path,
        )
    return already


def _send(store: Store, path: Path, name: str) -> RemoteState:
    """Send a file, and make sure that it arrived."""
    store.put(path, name)
    state = store.state(name)
    if state is None or not _arrived(store, path, name, state):
        raise RemoteError(
            f"{store.address(name)} did not arrive as it was sent.",
            fix=f"Type the command again. The file is here: {path}.",
            path=path,
        )
    return state


def _arrived(store: Store, path: Path, name: str, state: RemoteState) -> bool:
    if _IN_PARTS.fullmatch(state.version):  # the store has checked the sum of each part
        return state.size_bytes == path.stat().st_size
    return _is_same(store, path, name, state)


def _is_same(store: Store, path: Path, name: str, state: RemoteState) -> bool:
    """Whether a remote file has the content of a local one."""
    if state.size_bytes != path.stat().st_size:
        return False
    # Of files sent in one piece the ETag is the MD5, unless the store encrypts them.
    if state.version == _digest(path, "md5"):
        return True
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        store.fetch(name, copy)
        return _digest(copy, "sha256") == _digest(path, "sha256")


def _digest(path: Path, method: str) -> str:
    digest = hashlib.new(method, usedforsecurity=False)
    with path.open("rb") as file:
        while data := file.read(_CHUNK_BYTES):
            digest.update(data)
    return digest.hexdigest()
