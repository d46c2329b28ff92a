"""Loading from the Hugging Face Hub, with a clear word where it can't be reached."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies

from dashgaze.errors import InputError

from .place import ROOT_VARIABLE, Place

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

    Loaded: TypeAlias = Dataset | DatasetDict | IterableDataset | IterableDatasetDict

_PATIENCE_S = 3.0


def load_from_hub(place: Place, name: str, **wanted: Any) -> Loaded:
    """Load a configuration of a repository; `wanted` as `datasets.load_dataset` takes it.

    Raises
    ------
    InputError
        If the Hub can't be reached, or the repository or configuration is not there.
    """
    import datasets
    from datasets.exceptions import DatasetNotFoundError

    from .video_table import VIDEOS, load_hub_videos

    refuse_unreachable(place)
    try:
        if name == VIDEOS:
            return load_hub_videos(place, **wanted)
        loaded: Loaded = datasets.load_dataset(place.hub_id, name, **wanted)
    except (ConnectionError, FileNotFoundError, DatasetNotFoundError) as error:
        raise _not_there(place, str(error)) from error
    except ValueError as error:
        if "not found. Available" in str(error) or "corresponds to no data" in str(error):
            raise InputError(
                f"{place.hub_id}: {error}", fix="Choose another name, or other filters."
            ) from error
        raise
    return loaded


def fetch(place: Place, path: str, revision: str | None = None) -> Path:
    """Give a file of a repository, downloaded once and then taken from the Hub's cache.

    Raises
    ------
    InputError
        If it can't be had.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

    try:
        return Path(hf_hub_download(place.hub_id, path, repo_type="dataset", revision=revision))
    except (
        EntryNotFoundError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        OSError,
    ) as error:
        raise _not_there(place, f"{path}: {error}") from error


def refuse_unreachable(place: Place) -> None:
    """Say at once that the Hub can't be reached; the library tries for half a minute.

    With ``HF_HUB_OFFLINE`` set nothing is refused: what was downloaded before may do.

    Raises
    ------
    InputError
        If its host does not answer within three seconds.
    """
    from datasets import config

    if config.HF_HUB_OFFLINE or _answers(str(config.HF_ENDPOINT)):
        return
    raise InputError(
        f"The data set was not found here, and the Hub ({config.HF_ENDPOINT}) does not answer. "
        f"{_looked(place)}",
        fix=f"Set {ROOT_VARIABLE} to the data set's folder or give root=…; to use what was "
        "downloaded before, set HF_HUB_OFFLINE=1.",
    )


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme in getproxies():  # whom to ask is the proxy's matter
        return True
    port = parts.port or (80 if parts.scheme == "http" else 443)
    answered = threading.Event()

    def call() -> None:
        try:
            socket.create_connection((parts.hostname or "", port), timeout=_PATIENCE_S).close()
        except OSError:
            return
        answered.set()

    # In a thread of its own: looking up a name knows no time limit.
    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(_PATIENCE_S + 0.5)
    return answered.is_set()


def _looked(place: Place) -> str:
    return f"Looked at: {'; '.join(place.looked_at)}."


def _not_there(place: Place, said: str) -> InputError:
    return InputError(
        f"{place.hub_id} can't be had from the Hub: {said.strip().rstrip('.')}. {_looked(place)}",
        fix=f"Check the name and your access, or set {ROOT_VARIABLE} to the data set's folder.",
    )
