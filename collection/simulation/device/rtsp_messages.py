"""RTSP requests and answers as text (RFC 2326)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

SERVER_NAME = {
    "pupil_invisible": "Pupil Invisible RTSP Server",
    "neon": "Neon RTSP Server",
}

_LARGEST_BODY = 65_536
_INTERLEAVED = b"$"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
}


class BadRequestError(Exception):
    """What came is no RTSP."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request.

    Attributes
    ----------
    method, url
        As in its first line.
    headers
        By lower-case name.
    """

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def camera(self) -> str:
        """Sensor that the URL asks for; empty if it asks for none."""
        return parse_qs(urlsplit(self.url).query).get("camera", [""])[0]


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read the next request; packets that the client sends between requests are left out.

    Raises
    ------
    BadRequestError
        If what comes is no RTSP.
    asyncio.IncompleteReadError
        If the client leaves.
    """
    while (first := await reader.readexactly(1)) == _INTERLEAVED:
        header = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(header[1:], "big"))
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("utf-8").strip().split("\r\n")
        method, url, _version = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
    except (ValueError, asyncio.LimitOverrunError) as error:
        raise BadRequestError from error
    if not 0 <= length <= _LARGEST_BODY:
        raise BadRequestError
    await reader.readexactly(length)
    return Request(method=method, url=url, headers=headers)


def answer(
    request: Request | None,
    status: int,
    headers: Mapping[str, str] | None = None,
    *,
    server: str,
    body: str = "",
) -> bytes:
    """Give the bytes of an answer."""
    sequence = "0" if request is None else request.headers.get("cseq", "0")
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}", f"CSeq: {sequence}", f"Server: {server}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/sdp", f"Content-Length: {len(body.encode())}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def transport_fields(header: str) -> dict[str, str]:
    """Split a Transport header into its fields; flags have no value."""
    fields = {}
    for field in header.split(";"):
        name, _, value = field.partition("=")
        fields[name.strip()] = value.strip()
    return fields


def number_pair(text: str, largest: int) -> tuple[int, int]:
    """Read ``a-b``.

    Raises
    ------
    ValueError
        If it is no such pair, or a number is not within 0 … `largest`.
    """
    first, second = (int(part) for part in text.split("-"))
    if not (0 <= first <= largest and 0 <= second <= largest):
        raise ValueError(text)
    return first, second
