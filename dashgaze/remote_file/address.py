"""Addresses of remote files, and the options that go with them."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from dashgaze.errors import InputError

# Two letters at least: C:\drive is a place on a disk. Chains such as zip::s3://… are addresses too.
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]+(://|::)")
# Only what is named here is written into files; whatever else is given may be a secret.
_PUBLIC = frozenset({"anon", "endpoint_url", "use_ssl", "requester_pays", "profile", "project"})
_PUBLIC_CLIENT = frozenset({"endpoint_url", "region_name", "verify"})
# Like the keys of the stores themselves, read by this process and those that it starts.
_VARIABLE = "DASHGAZE_STORAGE_OPTIONS"


def is_url(text: str) -> bool:
    """Whether a text is an address such as ``s3://bucket/drives``, and no path of this machine."""
    return bool(_URL.match(text))


def tidy_url(url: str) -> str:
    """Give an address without slashes at its end.

    Raises
    ------
    InputError
        If it is no address, or holds a password: addresses end up in logs.
    """
    if not is_url(url):
        raise InputError(
            f"{url} is no address of a store.",
            fix="Give one such as s3://bucket/drives.",
        )
    protocol, separator, rest = url.partition("://")
    if separator and "@" in rest.partition("/")[0]:
        raise InputError(
            f"An address that starts with {protocol}:// holds a user name or password.",
            fix=f"Leave it out, and give it in the environment (FSSPEC_{protocol.upper()}_…) or in "
            "the file of fsspec's settings.",
        )
    bare = url.rstrip("/")
    return url if bare.endswith((":", "::")) else bare


def public_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give those options that may be written into a file: no keys, no passwords."""
    found = {name: value for name, value in options.items() if name in _PUBLIC}
    client = options.get("client_kwargs")
    if isinstance(client, Mapping):
        found["client_kwargs"] = {
            name: value for name, value in client.items() if name in _PUBLIC_CLIENT
        }
    for place in (found, found.get("client_kwargs", {})):
        if "@" in urlsplit(str(place.get("endpoint_url") or "")).netloc:
            del place["endpoint_url"]
    return found


@contextmanager
def remembering(url: str, options: Mapping[str, Any]) -> Iterator[None]:
    """Let this process, and those it starts, reach an address with these options.

    Raises
    ------
    InputError
        If the options are no plain values: a process started later could not be given them.
    """
    if not options:
        yield
        return
    before = os.environ.get(_VARIABLE)
    known = _remembered() | {url: dict(options)}
    try:
        os.environ[_VARIABLE] = json.dumps(known, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"storage_options for {url} hold more than text, numbers and lists ({error}).",
            fix="Give plain values, or settings in fsspec's own file.",
        ) from error
    try:
        yield
    finally:
        left = {name: value for name, value in _remembered().items() if name != url}
        if before is not None and url in (earlier := json.loads(before)):
            left[url] = earlier[url]
        if left:
            os.environ[_VARIABLE] = json.dumps(left)
        else:
            os.environ.pop(_VARIABLE, None)


def options_for(url: str) -> dict[str, Any]:
    """Give the options remembered for an address, or for the longest one above it."""
    known = _remembered()
    above = [each for each in known if url == each or url.startswith(f"{each.rstrip('/')}/")]
    return dict(known[max(above, key=len)]) if above else {}


def _remembered() -> dict[str, dict[str, Any]]:
    text = os.environ.get(_VARIABLE, "")
    content = json.loads(text) if text else {}
    return content if isinstance(content, dict) else {}
