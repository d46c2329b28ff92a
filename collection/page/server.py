"""The server behind the page: takes what it sends, tells it when to record, and nothing else."""

import asyncio
import hashlib
import hmac
import ssl
import time
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from dashgaze.collection.field.web_guard import read_body
from dashgaze.errors import OutputError

from . import limits
from .access import page_guard
from .drive import Drive
from .folder import PageFolder
from .journal import Journal
from .messages import Beat, PartEnd, PartOpening, Piece, Ping, Wish
from .parts import Parts, RefusedError

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_PAGE = (
    "index.html",
    "page.css",
    "main.js",
    "cameras.js",
    "clock.js",
    "link.js",
    "log.js",
    "recorder.js",
    "screen.js",
    "sensors.js",
    "spool.js",
    "uplink.js",
    "words.js",
)

_Model = TypeVar("_Model", bound=BaseModel)
_SHUTDOWN_S = 1.0


class PageServer:
    """Serves the page for one session and keeps what it sends.

    Losing it stops nothing: the page goes on and keeps its data until the same command runs again.

    Parameters
    ----------
    session
        The session folder.
    host, port
        Where to listen; port 0 takes a free one.
    names
        Further host names that it answers to.
    certificate, key
        Files in PEM; with them it speaks https.
    """

    def __init__(
        self,
        session: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 8765,
        names: tuple[str, ...] = (),
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self.folder = PageFolder(session)
        try:
            self._journal = Journal(self.folder.path / "journal.jsonl")
            self.parts = Parts(self.folder.path, self._journal)
        except BaseException:
            self.folder.close()
            raise
        self.drive = Drive(parts=self.parts)
        self.drive.replay(self._journal.lines)
        self.host, self.port = host, port
        self._tls = _tls(certificate, key)
        self._scheme = "http" if self._tls is None else "https"
        self._names = names
        self._guard = page_guard(self.folder.token, scheme=self._scheme, hosts=names)
        self._bodies = asyncio.Semaphore(limits.BODIES_AT_ONCE)
        self._static = {name: _asset(name) for name in _PAGE}
        self._runner: web.AppRunner | None = None
        self.listening_since_s = 0.0

    @property
    def url(self) -> str:
        """The link for the phone; it holds the token."""
        name = self._names[0] if self._names else "localhost"
        return f"{self._scheme}://{name}:{self.port}/#token={self.folder.token}"

    async def start(self) -> None:
        """Begin to listen.

        Raises
        ------
        OutputError
            If the port is taken.
        """
        if self._runner is not None:
            return
        application = web.Application(
            middlewares=[self._guard.middleware()], client_max_size=limits.CHUNK_BYTES
        )
        application.router.add_get("/", partial(self._get_asset, "index.html"))
        for name in _PAGE:
            application.router.add_get(f"/{name}", partial(self._get_asset, name))
        for path, answer in (
            ("hello", self._hello),
            ("beat", self._beat),
            ("ping", self._ping),
            ("part", self._part),
            ("piece", self._piece),
            ("end", self._end),
            ("wish", self._wish),
        ):
            application.router.add_post(f"/api/{path}", partial(self._answer, answer))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        site = web.TCPSite(runner, self.host, self.port, ssl_context=self._tls)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise OutputError(
                f"Port {self.port} of {self.host} can't be used: {error.strerror}.",
                fix="Stop what uses it, or choose another with --port.",
            ) from error
        self._runner = runner
        self.listening_since_s = time.monotonic()
        # port 0 asks for any: now it has a number
        self.port = int(runner.addresses[0][1])
        self._guard.listen_on(self.port)

    async def close(self) -> None:
        """Stop listening; the drive's state stays as it is."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._journal.close()
        self.folder.close()

    async def _get_asset(self, name: str, _request: web.Request) -> web.Response:
        content_type = _TYPES[name.rpartition(".")[2]]
        return web.Response(body=self._static[name], content_type=content_type, charset="utf-8")

    async def _answer(
        self, handler: Callable[[web.Request], Awaitable[dict[str, object]]], request: web.Request
    ) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except RefusedError as refusal:
            content = {"error": refusal.why, "next": refusal.next_seq}
            return web.json_response(content, status=refusal.status)

    async def _hello(self, request: web.Request) -> dict[str, object]:
        await self._body(request, limits.MESSAGE_BYTES)
        others = [{"device": v.beat.device, "role": v.beat.role} for v in self.drive.here()]
        return {
            "session": self.folder.session.resolve().name,
            "store": hashlib.sha256(self.folder.store.encode()).hexdigest()[:16],
            "state": self.drive.state,
            "others": others,
        }

    async def _beat(self, request: web.Request) -> dict[str, object]:
        beat = await self._message(request, Beat)
        return {"command": self.drive.hear(beat)}

    async def _ping(self, request: web.Request) -> dict[str, object]:
        received_ms = time.time_ns() / 1e6
        await self._message(request, Ping)
        return {"t1_ms": received_ms, "t2_ms": time.time_ns() / 1e6}

    async def _part(self, request: web.Request) -> dict[str, object]:
        opening = await self._message(request, PartOpening)
        stream = opening.stream
        if (stream == "log") != (opening.mime == "application/jsonl"):
            raise RefusedError(422, "A camera sends video, and the log text.")
        known = opening.key in self.parts.by_key
        if not known and stream != "log" and self.drive.taken_role(stream, opening.device):
            raise RefusedError(409, f"Another device records the {stream} already.")
        # What was recorded while the server was away belongs to the drive, until its files are made.
        may_begin = self.drive.state in ("recording", "stopping") or (
            stream == "log" and self.drive.state == "waiting"
        )
        part = await self.parts.open(opening, may_begin=may_begin)
        return {"number": part.number, "next": len(part.digests)}

    async def _piece(self, request: web.Request) -> dict[str, object]:
        piece = _checked(Piece, dict(request.query))
        part = self.parts.by_key.get(piece.key)
        if part is None:
            raise RefusedError(404, "This part is not known; open it first.")
        most = limits.LOG_CHUNK_BYTES if part.stream == "log" else limits.CHUNK_BYTES
        content = await self._body(request, most)
        told = request.headers.get("X-Sha256", "")
        if not content:
            raise RefusedError(422, "The piece is empty.")
        if not hmac.compare_digest(
            told.encode("utf-8", "replace"), hashlib.sha256(content).hexdigest().encode()
        ):
            raise RefusedError(422, "The piece did not arrive as it was sent.")
        part = await self.parts.append(piece.key, piece.seq, content)
        return {"next": len(part.digests)}

    async def _end(self, request: web.Request) -> dict[str, object]:
        end = await self._message(request, PartEnd)
        part = await self.parts.finish(end.key, end.count, end.reason)
        return {"complete": part.complete}

    async def _wish(self, request: web.Request) -> dict[str, object]:
        wish = await self._message(request, Wish)
        if wish.what == "start" and self.drive.state != "recording":
            await self.drive.enter("recording", "pressed on the page")
        elif wish.what == "stop" and self.drive.state == "recording":
            await self.drive.enter("stopping", "pressed on the page")
        return {"state": self.drive.state}

    async def _message(self, request: web.Request, model: type[_Model]) -> _Model:
        return _checked(model, await self._body(request, limits.MESSAGE_BYTES))

    async def _body(self, request: web.Request, most_bytes: int) -> bytes:
        try:
            return await read_body(
                request, most_bytes, within_s=limits.BODY_S, at_once=self._bodies
            )
        except TimeoutError as error:
            raise RefusedError(408, "The body did not arrive in time.") from error


def _checked(model: type[_Model], content: bytes | dict[str, str]) -> _Model:
    try:
        if isinstance(content, bytes):
            return model.model_validate_json(content)
        return model.model_validate(content)
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise RefusedError(422, f"Not understood: {', '.join(places)[:200]}.") from error


def _asset(name: str) -> bytes:
    return (files("dashgaze.collection.page") / "static" / name).read_bytes()


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise OutputError(
            f"{certificate} is no certificate that can be used: {error}.",
            fix="Give a certificate and its key as PEM files with --certificate and --key.",
            path=certificate,
        ) from error
    return context
