"""Who may talk to a server of ours: its own page, from its own origin, with the session's token.

The page that films and the page that shows the film differ in where their token stands, and in what
may be had without; all else about access is here. Needs aiohttp.
"""

import asyncio
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WINDOW_S = 10.0
_ONLY_OWN = "Only its own page may talk to this server."
_USUAL_PORTS = {"http": 80, "https": 443}

HEADERS: Mapping[str, str] = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer of every server of ours says."""


def content_policy(**more: str) -> str:
    """Give a content security policy: nothing but what is said here, and the server's own files.

    Parameters
    ----------
    more
        Further directives, such as ``media_src="'self'"``.
    """
    own = dict.fromkeys(("script-src", "style-src", "connect-src"), "'self'")
    none = dict.fromkeys(("base-uri", "form-action", "frame-ancestors"), "'none'")
    further = {name.replace("_", "-"): value for name, value in more.items()}
    trusted = {"require-trusted-types-for": "'script'", "trusted-types": "'none'"}
    rules = {"default-src": "'none'"} | own | further | none | trusted
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@dataclass(frozen=True, kw_only=True)
class GuardRules:
    """What is particular to one server.

    Attributes
    ----------
    given_token
        Takes the token out of a request; empty if there is none.
    open_to_all
        Whether a request may be answered without a token, to whoever asks under a known name.
    readable
        Whether what changes nothing (GET) may be asked for without an origin, as a browser does for
        a page's files. All else needs it.
    headers
        What every answer says beside `HEADERS`.
    requests_per_s
        Gives the most requests a second, over ten seconds; None for any number.
    """

    given_token: Callable[[web.Request], str]
    open_to_all: Callable[[web.Request], bool] = lambda _request: False
    readable: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    requests_per_s: Callable[[], float] | None = None


class WebGuard:
    """Stands before every handler of one server.

    Parameters
    ----------
    token
        The session's token.
    rules
        See `GuardRules`.
    scheme
        ``http`` or ``https``.
    hosts
        Further host names that the server answers to, beside this computer's own loopback names.
    """

    def __init__(
        self, token: str, rules: GuardRules, *, scheme: str = "http", hosts: tuple[str, ...] = ()
    ) -> None:
        self._token = token.encode()
        self._rules = rules
        self._scheme = scheme
        self._names = tuple(name.lower() for name in (*_LOOPBACK, *hosts))
        self._hosts: frozenset[str] = frozenset()
        self._times: list[float] = []
        self._headers = {**HEADERS, **rules.headers}

    def listen_on(self, port: int) -> None:
        """Say which port it is; before that, nothing is answered."""
        plain = {name for name in self._names if port == _USUAL_PORTS[self._scheme]}
        self._hosts = frozenset(f"{name}:{port}" for name in self._names) | plain

    def middleware(self) -> Middleware:
        """Give what stands before every handler."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refusal = self._refusal(request)
            if refusal is not None:
                response: web.StreamResponse = web.json_response(
                    {"error": refusal[1]}, status=refusal[0]
                )
                # what was refused unread must not be taken for the next request
                response.force_close()
            else:
                try:
                    response = await handler(request)
                except web.HTTPException as error:
                    response = web.json_response({"error": error.reason}, status=error.status)
                    response.force_close()
            if not response.prepared:
                response.headers.update(self._headers)
            return response

        return guard

    def _refusal(self, request: web.Request) -> tuple[int, str] | None:
        # A name that merely resolves to this computer (DNS rebinding) is another site's.
        host = request.headers.get("Host", "").lower()
        if host not in self._hosts:
            return 421, "This server does not answer to that name."
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() != f"{self._scheme}://{host}":
            return 403, _ONLY_OWN
        if self._rules.open_to_all(request):
            return None
        reads = self._rules.readable and request.method in ("GET", "HEAD")
        # "none": typed in by a person, or opened from a link outside any page
        sites = ("same-origin", "none") if reads else ("same-origin",)
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in sites:
            return 403, _ONLY_OWN
        if origin is None and not reads:
            return 403, _ONLY_OWN
        given = self._rules.given_token(request).encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._token):
            return 401, "The token is missing or wrong; open the link that the computer shows."
        # counted last, so that whoever has no token can't use up the page's share
        return (429, "Too many requests.") if self._too_many() else None

    def _too_many(self) -> bool:
        if self._rules.requests_per_s is None:
            return False
        now = time.monotonic()
        self._times = [moment for moment in self._times if now - moment < _WINDOW_S]
        if len(self._times) >= self._rules.requests_per_s() * _WINDOW_S:
            return True
        self._times.append(now)
        return False


async def read_body(
    request: web.Request, most_bytes: int, *, within_s: float, at_once: asyncio.Semaphore
) -> bytes:
    """Read a body, but no more than may be: not even a liar's.

    Parameters
    ----------
    request
        Whose body.
    most_bytes
        How much it may hold.
    within_s
        How long it may take to arrive.
    at_once
        Limits how many are read at a time.

    Raises
    ------
    aiohttp.web.HTTPRequestEntityTooLarge
        If it is larger, as it says or as it comes.
    TimeoutError
        If it does not arrive in time.
    """
    if (request.content_length or 0) > most_bytes:
        raise web.HTTPRequestEntityTooLarge(most_bytes, request.content_length or 0)
    content = bytearray()
    async with asyncio.timeout(within_s), at_once:
        async for piece in request.content.iter_any():
            content += piece
            if len(content) > most_bytes:
                raise web.HTTPRequestEntityTooLarge(most_bytes, len(content))
    return bytes(content)
