"""Serves the page that shows the film, and takes down what it showed."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from dashgaze.errors import InputError, OutputError

from ..field.web_guard import HEADERS, GuardRules, WebGuard, content_policy, read_body
from .target_log import TargetLog, parse_batch
from .target_track import Target

STATIC = Path(__file__).parent / "static"
_FILES = {
    "index.html": "text/html",
    "targets.css": "text/css",
    "targets.js": "text/javascript",
    "uplink.js": "text/javascript",
}
_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
}
_MOST_BODY_BYTES = 512 << 10
_BODY_S = 30.0
_BODIES_AT_ONCE = 4
_COOKIE = "dashgaze_targets"
_CLOSE_S = 2.0

_HEADERS = {
    "Content-Security-Policy": content_policy(media_src="'self'"),
    "Permissions-Policy": "fullscreen=(self), camera=(), microphone=(), geolocation=()",
    # Isolated pages get a clock of 5 µs instead of 100.
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class TargetServer:
    """The page's server: only whoever has the link, on this computer unless asked otherwise.

    Parameters
    ----------
    session
        The session folder; made if missing.
    video
        The film.
    targets
        What moves over it.
    size_px
        Width and height of the film as it is shown.
    host, port
        Where to listen; port 0 for a free one.
    dot_s, countdown_s
        How long each dot is shown, and the countdown to the film.

    Attributes
    ----------
    finished
        Set when the page has shown all and its log is here.

    Raises
    ------
    InputError
        If the film is of a kind that browsers don't play, or the host is no single address.
    OutputError
        If the session can't be written.
    """

    def __init__(
        self,
        session: Path,
        video: Path,
        targets: Sequence[Target],
        *,
        size_px: tuple[int, int],
        host: str = "127.0.0.1",
        port: int = 0,
        dot_s: float = 1.5,
        countdown_s: int = 3,
    ) -> None:
        if video.suffix.lower() not in _TYPES:
            raise InputError(
                f"Browsers don't play {video.name}.",
                fix=f"Give one of {', '.join(sorted(_TYPES))}.",
                path=video,
            )
        if host in ("0.0.0.0", "::"):
            raise InputError(
                f"{host} is every address of this computer: its page has no name to be told by.",
                fix="Give the address by which the browser reaches this computer.",
            )
        self.host, self.port = host, port
        self.finished = asyncio.Event()
        self._video, self._targets, self._size_px = video, list(targets), size_px
        self._dot_s, self._countdown_s = dot_s, countdown_s
        self._token = secrets.token_urlsafe(24)
        rules = GuardRules(given_token=self._given_token, readable=True, headers=_HEADERS)
        self._guard = WebGuard(self._token, rules, hosts=(self._name,))
        self._bodies = asyncio.Semaphore(_BODIES_AT_ONCE)
        self._log = TargetLog(session)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The link to open; it holds the key."""
        return f"http://{self._name}:{self.port}/?token={self._token}"

    @property
    def _name(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    async def start(self) -> None:
        """Begin to listen.

        Raises
        ------
        OutputError
            If the port is taken.
        """
        app = web.Application(
            middlewares=[self._guard.middleware()], client_max_size=_MOST_BODY_BYTES
        )
        app.router.add_get("/", self._page)
        app.router.add_get("/film", self._film)
        app.router.add_get("/static/{name}", self._static)
        app.router.add_get("/api/plan", self._plan)
        app.router.add_post("/api/clock", self._clock)
        app.router.add_post("/api/log", self._take)
        app.router.add_post("/api/finished", self._finish)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSE_S)
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, self.host, self.port)
            await site.start()
        except OSError as error:
            await self.close()
            raise OutputError(
                f"{self.host}:{self.port} can't be listened on: {error.strerror or error}.",
                fix="Choose another --port, or 0 for a free one.",
            ) from error
        self.port = self._runner.addresses[0][1]
        self._guard.listen_on(self.port)
        self._log.note(
            {
                "kind": "film",
                "host_ns": time.time_ns(),
                "video": self._video.name,
                "size_bytes": self._video.stat().st_size,
                "width_px": self._size_px[0],
                "height_px": self._size_px[1],
                "targets": [target.to_json() for target in self._targets],
            }
        )

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _given_token(self, request: web.Request) -> str:
        given = request.query.get("token", "") if request.path == "/" else ""
        return given or request.cookies.get(self._cookie, "")

    @property
    def _cookie(self) -> str:
        # Cookies know no ports: two servers of one computer would take each other's.
        return f"{_COOKIE}_{self.port}"

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if "token" in request.query:
            # The key leaves the address bar, and the history, at once.
            response: web.StreamResponse = web.Response(status=303, headers={"Location": "/"})
            response.set_cookie(
                self._cookie, self._token, httponly=True, samesite="Strict", path="/"
            )
            return response
        return self._file("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._file(request.match_info["name"])

    def _file(self, name: str) -> web.StreamResponse:
        if name not in _FILES:
            raise web.HTTPNotFound
        return web.Response(
            body=(STATIC / name).read_bytes(), content_type=_FILES[name], charset="utf-8"
        )

    async def _film(self, request: web.Request) -> web.StreamResponse:
        kind = _TYPES[self._video.suffix.lower()]
        return web.FileResponse(self._video, headers={**HEADERS, **_HEADERS, "Content-Type": kind})

    async def _plan(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "width_px": self._size_px[0],
                "height_px": self._size_px[1],
                "targets": [target.to_json() for target in self._targets],
                "dot_ms": self._dot_s * 1000,
                "countdown_s": self._countdown_s,
            }
        )

    async def _clock(self, request: web.Request) -> web.StreamResponse:
        received_ns = time.time_ns()
        # Text: JSON numbers of a browser have 53 bits.
        return web.json_response({"received_ns": str(received_ns), "sent_ns": str(time.time_ns())})

    async def _take(self, request: web.Request) -> web.StreamResponse:
        try:
            content = await read_body(
                request, _MOST_BODY_BYTES, within_s=_BODY_S, at_once=self._bodies
            )
        except TimeoutError as error:
            raise web.HTTPRequestTimeout(reason="The body did not arrive in time.") from error
        batch = parse_batch(content)
        if batch is None:
            raise web.HTTPBadRequest(reason="This is no batch of the page.")
        try:
            taken = self._log.append(batch)
        except OutputError as error:
            raise web.HTTPInsufficientStorage(reason="The log can't be written.") from error
        if not taken:
            raise web.HTTPConflict(reason="A batch before it is missing.")
        return web.json_response({"seq": batch.seq})

    async def _finish(self, request: web.Request) -> web.StreamResponse:
        self.finished.set()
        return web.json_response({})
