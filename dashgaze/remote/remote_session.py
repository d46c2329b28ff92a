"""Working on a session that lies on a remote store."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashgaze.errors import DashgazeError
from dashgaze.files import alone_at
from dashgaze.progress import Progress, silent
from dashgaze.remote_file import Store, remembering

from .sending import plan_sending, send
from .view import View, view_folder

STAND_IN_BYTES = 4 << 20
"""Media files from this size on stay where they are; of smaller ones a fingerprint reads all."""


@contextmanager
def remote_session(
    url: str,
    cache: Path | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
    stand_in_bytes: int = STAND_IN_BYTES,
    progress: Progress = silent,
) -> Iterator[Path]:
    """Give a local folder that stands for a remote session; at the end send what is new in ``derived/``.

    Videos and sound of some size are not copied: a small file stands for each, and stages read through
    it what they need. All else is copied, if it changed since the last time.

    What is sent: outputs first, then the records that vouch for them; before that, records on the store
    whose outputs are about to be replaced are taken away. So a record on the store never vouches for
    what is not there, whenever the work is cut off. After an exception only what a record vouches for is
    sent. Files outside ``derived/`` are never written and never removed.

    Parameters
    ----------
    url
        The session's address, such as ``s3://bucket/drives/session_001``.
    cache
        Where views are kept; `default_cache` if not given. One that is left there saves fetching.
    storage_options
        Settings for fsspec (``anon``, ``endpoint_url`` …); what is not given is taken from the
        environment and fsspec's own file. Keys are never written into the view.
    stand_in_bytes
        Media files from this size on are not copied.
    progress
        Where to report sending to.

    Yields
    ------
    Path
        The folder.

    Raises
    ------
    InputError
        If it is no address.
    MissingExtraError
        If the package for this kind of store is not installed.
    RemoteError
        If the session can't be read, or at the end its results can't be written: they stay in the view,
        and the next call sends them.
    RemoteChangedError
        If somebody else wrote the same results meanwhile.
    OutputError
        If another process works on the same view, or it can't be written.
    """
    options = dict(storage_options or {})
    store = Store(url, options)
    root = view_folder(store, cache)
    with (
        alone_at(root, busy=f"Another process works on {store.url} with the same cache."),
        remembering(store.url, options),
    ):
        view = View(store, root, stand_in_bytes=stand_in_bytes)
        view.bring_in()
        finished = False
        try:
            yield root
            finished = True
        finally:
            if finished:
                send(view, plan_sending(view, whole_only=False), progress)
            else:
                _send_whole(view, progress)


def _send_whole(view: View, progress: Progress) -> None:
    """Send what is whole of a run that broke off; its own error is the one that counts."""
    broken = sys.exception()
    try:
        send(view, plan_sending(view, whole_only=True), progress)
    except DashgazeError as error:
        if broken is not None:
            broken.add_note(f"What was finished before could not be sent: {error}")
