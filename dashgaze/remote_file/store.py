"""One place that fsspec reaches: everything that is asked of it, with patience and named errors."""

import errno
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from dashgaze.errors import MissingExtraError

from .address import options_for, tidy_url
from .errors import RemoteError

_T = TypeVar("_T")

TRIES = 4
"""How often something is asked of a store before it counts as out of reach."""

_FIRST_PAUSE_S = 0.5
_EXTRAS = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
}
# Stores where a file appears under its name whole or not at all. Elsewhere it is renamed into place.
_WHOLE = frozenset({*_EXTRAS, "abfss", "oss", "oci", "memory"})
# fsspec leaves errors of the libraries under it as they are; these are the bases of what they raise.
_NETWORK_ERRORS = {
    "botocore.exceptions": ("BotoCoreError", "ClientError", "HTTPClientError"),
    "aiohttp": ("ClientError",),
    "requests": ("RequestException",),
    "urllib3.exceptions": ("HTTPError",),
    "gcsfs.retry": ("HttpError",),
    "azure.core.exceptions": ("AzureError",),
    "paramiko": ("SSHException",),
}
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
_NO_KEYS = frozenset({"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"})
_VERSION_KEYS = ("ETag", "etag", "generation", "content_md5", "md5Hash", "checksum")
_TIME_KEYS = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")


@dataclass(frozen=True, kw_only=True)
class RemoteState:
    """What a store says of a file.

    Attributes
    ----------
    size_bytes
        Its size.
    version
        Its ETag; where the store has none, when it was last changed. Equal means the same content.
    modified_s
        When it was last changed, Unix seconds; None if the store does not tell.
    """

    size_bytes: int
    version: str
    modified_s: float | None = None


class Store:
    """What lies under an address.

    Parameters
    ----------
    url
        The address; all names are relative to it, with forward slashes; ``""`` is the address itself.
    options
        Settings for fsspec; what is not given is taken from the environment and fsspec's own file.

    Raises
    ------
    MissingExtraError
        If the package for this kind of store is not installed.
    InputError
        If it is no address.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self.url = tidy_url(url)
        self.options = {**options_for(self.url), **(options or {})}
        self.protocol = self.url.partition(":")[0].lower()
        self._fs, self._root = self._attempt("reached", self.url, self._open)

    def address(self, name: str) -> str:
        """Give the whole address of a file."""
        return f"{self.url.rstrip('/')}/{name}" if name else self.url

    def state(self, name: str = "") -> RemoteState | None:
        """Ask how a file stands now; None if there is none."""
        path = self._path(name)

        def ask() -> dict[str, Any]:
            self._fs.invalidate_cache(self._fs._parent(path))
            return dict(self._fs.info(path))

        try:
            found = self._attempt("read", self.address(name), ask)
        except RemoteError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        return None if found.get("type") == "directory" else _state(found)

    def files(self) -> dict[str, RemoteState]:
        """Give all files under the address, at any depth, by name; none if there is nothing."""

        def ask() -> dict[str, dict[str, Any]]:
            self._fs.invalidate_cache()
            return dict(self._fs.find(self._root, detail=True))

        try:
            found = self._attempt("listed", self.url, ask)
        except RemoteError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return {}
            raise
        root = self._root.strip("/")
        start = f"{root}/" if root else ""
        states = {}
        for path, info in found.items():
            plain = path.lstrip("/")
            if plain.startswith(start) and not plain.endswith("/") and plain != start:
                states[plain[len(start) :]] = _state(info)
        return states

    def read_ranges(self, name: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Read several stretches [start, end) of a file, side by side where the store can."""
        path = self._path(name)
        starts, ends = [start for start, _ in ranges], [end for _, end in ranges]

        def ask() -> list[bytes]:
            if len(ranges) == 1:
                return [self._fs.cat_file(path, start=starts[0], end=ends[0])]
            return list(self._fs.cat_ranges([path] * len(ranges), starts, ends, on_error="raise"))

        return self._attempt("read", self.address(name), ask)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file from the store to `target`, in place."""
        path = self._path(name)
        self._attempt("read", self.address(name), lambda: self._fs.get_file(path, str(target)))

    def put(self, source: Path, name: str) -> None:
        """Copy a file to the store; it appears there whole or not at all."""
        path = self._path(name)

        def ask() -> None:
            if self.protocol in _WHOLE:
                self._fs.put_file(str(source), path)
                return
            parent, _, last = path.rpartition("/")
            temporary = f"{parent}/.{last}.part"
            self._fs.makedirs(parent, exist_ok=True)
            self._fs.put_file(str(source), temporary)
            self._fs.mv(temporary, path)

        self._attempt("written", self.address(name), ask)

    def remove(self, name: str) -> None:
        """Remove a file from the store; it may be gone already."""
        path = self._path(name)

        def ask() -> None:
            try:
                self._fs.rm_file(path)
            except FileNotFoundError:
                return

        self._attempt("removed", self.address(name), ask)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}" if name else self._root

    def _open(self) -> tuple[Any, str]:
        from fsspec.config import conf
        from fsspec.core import url_to_fs

        options = dict(self.options)
        if self.protocol in ("s3", "s3a") and "config_kwargs" not in conf.get("s3", {}):
            # Two layers under this one try again as well; three times three waits take minutes.
            options.setdefault(
                "config_kwargs",
                {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 1}},
            )
        try:
            fs, root = url_to_fs(self.url, **options)
        except ImportError as error:
            package = _EXTRAS.get(self.protocol)
            raise MissingExtraError(
                f"Sessions on {self.protocol}:// need a package that is not installed ({error}).",
                fix="Install it: pip install 'dashgaze[cluster]'"
                if package == "s3fs"
                else f"Install it: pip install {package or 'what fsspec names'}",
            ) from error
        except ValueError as error:
            raise RemoteError(
                f"{self.url} can't be used: {error}.",
                fix="Give an address such as s3://bucket/drives.",
            ) from error
        return fs, str(root)

    def _attempt(self, done: str, address: str, ask: Callable[[], _T]) -> _T:
        """Do something, several times if the network fails it."""
        for count in range(TRIES):
            try:
                return ask()
            except FileNotFoundError as error:
                raise RemoteError(f"{address} does not exist.", fix="Check the address.") from error
            except PermissionError as error:
                raise RemoteError(
                    f"{address} may not be {done}: {_words(error)}.",
                    fix="Check the keys and what they allow; they are taken from the environment "
                    "(for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_PROFILE).",
                ) from error
            except _network_errors() as error:
                if getattr(error, "errno", None) in _DISK_ERRORS:
                    raise  # of this machine
                if type(error).__name__ in _NO_KEYS:
                    raise RemoteError(
                        f"{address} can't be {done}: there are no keys for it ({_words(error)}).",
                        fix="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or "
                        "FSSPEC_S3_ANON=true for a public bucket.",
                    ) from error
                if count == TRIES - 1:
                    raise RemoteError(
                        f"{address} can't be {done}, after {TRIES} tries: {_words(error)}.",
                        fix="Check the network and the address of the store, then type the command "
                        "again: it goes on where it stopped.",
                    ) from error
            # Many readers that failed together should not come back together.
            time.sleep(_FIRST_PAUSE_S * 2**count * random.uniform(0.7, 1.3))
        raise AssertionError("unreachable")  # the last try returns or raises


def _network_errors() -> tuple[type[BaseException], ...]:
    found: list[type[BaseException]] = [OSError, EOFError]
    for module, names in _NETWORK_ERRORS.items():
        loaded = sys.modules.get(module)
        found += [getattr(loaded, name) for name in names if hasattr(loaded, name)]
    return tuple(found)


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


def _state(info: Mapping[str, Any]) -> RemoteState:
    size = info.get("size")
    moment = next((info[key] for key in _TIME_KEYS if info.get(key)), None)
    version = next((info[key] for key in _VERSION_KEYS if info.get(key)), None)
    return RemoteState(
        size_bytes=-1 if size is None else int(size),
        version=str(moment if version is None else version).strip('"'),
        modified_s=_seconds(moment),
    )


def _seconds(moment: object) -> float | None:
    if isinstance(moment, datetime):
        return moment.timestamp()
    return float(moment) if isinstance(moment, int | float) else None
