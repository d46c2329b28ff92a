"""Who may talk to the server: this page, from this origin, with this session's token."""

import hmac
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from . import limits

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self), "
    "accelerometer=(self), gyroscope=(self), screen-wake-lock=(self), fullscreen=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WINDOW_S = 10.0


class Access:
    """The rules of one server.

    The page itself is given to whoever asks under a known host name: it holds nothing of the session,
    and its token stands behind the ``#`` of its address, which browsers don't send. All else needs
    the token.

    Parameters
    ----------
    token
        The session's token.
    scheme
        ``http`` or ``https``.
    hosts
        Further host names that the server answers to, beside this computer's own loopback names.
    """

    def __init__(self, token: str, *, scheme: str, hosts: tuple[str, ...] = ()) -> None:
        self._token = token.encode()
        self._scheme = scheme
        self._names = (*_LOOPBACK, *hosts)
        self._hosts: frozenset[str] = frozenset()
        self._times: list[float] = []

    def listen_on(self, port: int) -> None:
        """Say which port it is."""
        plain = {name for name in self._names if port == (443 if self._scheme == "https" else 80)}
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
                    if error.status == 413:
                        response.force_close()
            response.headers.update(HEADERS)
            return response

        return guard

    def _refusal(self, request: web.Request) -> tuple[int, str] | None:
        # A name that merely resolves to this computer (DNS rebinding) is another site's.
        host = request.headers.get("Host", "").lower()
        if host not in self._hosts:
            return 421, "This server does not answer to that name."
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() != f"{self._scheme}://{host}":
            return 403, "Only its own page may talk to this server."
        if not request.path.startswith("/api/"):
            return None
        if origin is None or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return 403, "Only its own page may talk to this server."
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token):
            return 401, "The token is missing or wrong; open the link that the computer shows."
        # counted last, so that whoever has no token can't use up the page's share
        return (429, "Too many requests.") if self._too_many() else None

    def _too_many(self) -> bool:
        now = time.monotonic()
        self._times = [moment for moment in self._times if now - moment < _WINDOW_S]
        if len(self._times) >= limits.REQUESTS_PER_S * _WINDOW_S:
            return True
        self._times.append(now)
        return False
