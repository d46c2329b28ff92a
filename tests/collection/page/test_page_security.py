"""Who tries to get at the page's server without being its page, and what becomes of it."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from dashgaze.collection.page import limits
from dashgaze.collection.page.server import PageServer
from dashgaze.errors import OutputError

KEY = "0123456789abcdef" * 2
ENDPOINTS = ("hello", "beat", "ping", "part", "piece", "end", "wish")


def _files(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer \xe9"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"}, 421),
        ({"Host": "localhost:1"}, 421),
    ],
)
def test_a_request_that_is_not_the_pages_is_refused_and_leaves_nothing(
    tools, tmp_path, headers, status
):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            given = {name: value.format(port=server.port) for name, value in headers.items()}
            before = _files(tmp_path)
            for endpoint in ENDPOINTS:
                got, answer = await page.post(endpoint, json=page.opening(KEY), headers=given)
                assert got == status, endpoint
                assert server.folder.token not in str(answer)
            assert _files(tmp_path) == before

    asyncio.run(run())


def test_the_page_is_given_only_under_a_known_name_and_tells_no_secret(tools, tmp_path):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            for name in ("", "index.html", "main.js", "page.css", "words.js"):
                async with page.session.get(f"{page.base}/{name}") as reply:
                    text = await reply.text()
                    assert reply.status == 200
                    assert server.folder.token not in text
                    policy = reply.headers["Content-Security-Policy"]
                    assert "default-src 'none'" in policy
                    assert "frame-ancestors 'none'" in policy
                    assert "unsafe" not in policy
                    assert reply.headers["X-Content-Type-Options"] == "nosniff"
                    assert reply.headers["Referrer-Policy"] == "no-referrer"
                    assert "http://" not in text.replace("http://localhost", "")
                    assert "https://" not in text
                async with page.session.get(
                    f"{page.base}/{name}", headers={"Host": "rebound.example"}
                ) as reply:
                    assert reply.status == 421

    asyncio.run(run())


@pytest.mark.parametrize(
    "path",
    [
        "../session.yaml",
        "%2e%2e/%2e%2e/session.yaml",
        "..%2f..%2fsession.yaml",
        "static/../../session.yaml",
        "token",
        "journal.jsonl",
        "field/page/token",
        "//etc/passwd",
        "server.py",
        "api/",
        "api/../token",
    ],
)
def test_no_file_but_the_pages_own_can_be_fetched(tools, tmp_path, path):
    (tmp_path / "session.yaml").write_text("secret: yes\n")

    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            request = f"GET /{path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nConnection: close"
            token = f"Authorization: Bearer {server.folder.token}\r\nOrigin: {page.base}"
            writer.write(f"{request}\r\n{token}\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            assert answer.split()[1] in (b"404", b"400", b"405")
            assert b"secret" not in answer
            # an unknown page is refused with the same headers as any other
            assert b"Content-Security-Policy" in answer or answer.split()[1] == b"400"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "../../../../tmp/evil"),
        ("key", "..%2f..%2fevil"),
        ("key", "/etc/cron.d/evil"),
        ("key", "a" * 31),
        ("key", KEY + "\n"),
        ("key", KEY.upper()),
        ("page", "../x"),
        ("device", "../x"),
        ("stream", "../../road"),
        ("stream", "road\0"),
        ("stream", "token"),
        ("mime", "video/../../x"),
        ("mime", "text/html"),
        ("mime", "application/jsonl"),
        ("start_ms", float("inf")),
        ("start_ms", -1),
        ("width_px", 10**30),
        ("number", 7),
        ("path", "/tmp/evil"),
    ],
)
def test_no_field_of_an_opening_chooses_where_it_is_written(tools, tmp_path, field, value):
    async def run() -> None:
        async with tools.serving(tmp_path / "drive") as (server, page):
            await server.drive.enter("recording", "test")
            before = _files(tmp_path)
            text = page.opening(KEY) | {field: value}
            status, _ = await page.post("part", json=text)
            assert status == 422
            assert _files(tmp_path) == before
            assert not list(server.parts)

    asyncio.run(run())


@pytest.mark.parametrize("seq", ["-1", "1e3", "0x1", "", "9" * 30, "1.5", "../0", "500000", "NaN"])
def test_numbers_of_pieces_are_small_whole_numbers(tools, tmp_path, seq):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            before = _files(tmp_path)
            status, _ = await page.piece(KEY, seq, b"x")
            assert status == 422
            assert _files(tmp_path) == before

    asyncio.run(run())


def test_a_body_is_read_only_as_far_as_it_may_be_long(tools, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(limits, "MESSAGE_BYTES", 1000)
    monkeypatch.setattr(limits, "LOG_CHUNK_BYTES", 500)

    async def endless():
        for _ in range(100):
            yield b"x" * 1000

    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            await page.open(KEY.replace("0", "f"), "log")
            assert (await page.piece(KEY, 0, b"x" * 1001))[0] == 413
            assert (await page.piece(KEY.replace("0", "f"), 0, b"x" * 501))[0] == 413
            assert (await page.post("beat", data=b"{" + b" " * 1000))[0] == 413
            # one that does not tell its length
            assert (await page.post(f"piece?key={KEY}&seq=0", data=endless()))[0] == 413
            assert [part.size_bytes for part in server.parts] == [0, 0]
            assert (await page.piece(KEY, 0, b"x" * 1000))[0] == 200

    asyncio.run(run())


def test_a_body_that_does_not_come_is_not_waited_for(tools, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "BODY_S", 0.2)

    async def stalling():
        yield b"x"
        await asyncio.sleep(1.0)
        yield b"x"

    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            assert (await page.post(f"piece?key={KEY}&seq=0", data=stalling()))[0] == 408

    asyncio.run(run())


def test_parts_requests_and_pages_are_counted(tools, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "PARTS", 3)
    monkeypatch.setattr(limits, "PAGES", 2)

    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            opened = [(await page.open(f"{n:032x}"))[0] for n in range(5)]
            assert opened == [200, 200, 200, 429, 429]
            for n in range(5):
                await page.post("beat", json=page.report(page=f"{n:032x}"))
            assert list(server.drive.pages) == [f"{3:032x}", f"{4:032x}"]
            monkeypatch.setattr(limits, "REQUESTS_PER_S", 2.0)
            many = [(await page.post("hello", json={}))[0] for _ in range(25)]
            assert many[-1] == 429
            # who has no token does not use up the page's share
            monkeypatch.setattr(limits, "REQUESTS_PER_S", 100.0)
            for _ in range(30):
                await page.post("hello", json={}, headers={"Authorization": "Bearer wrong"})
            assert (await page.post("hello", json={}))[0] == 200

    asyncio.run(run())


def test_after_stop_nothing_new_is_taken(tools, tmp_path):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            assert (await page.open(KEY))[0] == 410, "before the start"
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            await page.piece(KEY, 0, b"one")
            await page.post("end", json={"key": KEY, "count": 2})
            await server.drive.enter("finished", "test")
            assert (await page.open("f" * 32))[0] == 410
            # what is still owed is taken, and no more
            assert (await page.piece(KEY, 1, b"two"))[0] == 200
            assert (await page.piece(KEY, 2, b"more"))[0] == 410
            assert (await page.post("end", json={"key": KEY, "count": 99}))[1]["complete"]
            assert (await page.piece(KEY, 2, b"more"))[0] == 410
            assert (tmp_path / "field/page/road_1.webm").read_bytes() == b"onetwo"

    asyncio.run(run())


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_do_not_lead_the_server_out_of_the_session(tools, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    session = tmp_path / "drive"
    (session / "field").mkdir(parents=True)
    (session / "field" / "page").symlink_to(outside)
    with pytest.raises(OutputError, match="leads out of the session"):
        PageServer(session, port=0)
    assert not list(outside.iterdir())
    (session / "field" / "page").unlink()

    async def run() -> None:
        async with tools.serving(session) as (server, page):
            (outside / "victim").write_bytes(b"precious")
            (session / "field/page/road_1.webm").symlink_to(outside / "victim")
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            assert (await page.piece(KEY, 0, b"evil"))[0] == 507
            assert (outside / "victim").read_bytes() == b"precious"

    asyncio.run(run())


def test_a_session_is_served_once_at_a_time_and_its_token_is_private(tools, tmp_path):
    async def run() -> str:
        async with tools.serving(tmp_path) as (server, _page):
            with pytest.raises(OutputError, match="Another"):
                PageServer(tmp_path, port=0)
            assert (tmp_path / "field/page/token").stat().st_mode & 0o077 == 0
            assert len(server.folder.token) >= 32
            assert server.host == "127.0.0.1"
            return server.folder.token

    first = asyncio.run(run())
    assert asyncio.run(run()) == first, "the page has to be able to come back"


def test_a_piece_that_was_changed_on_its_way_is_refused(tools, tmp_path):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            other = {"X-Sha256": hashlib.sha256(b"another").hexdigest()}
            status, _ = await page.post(f"piece?key={KEY}&seq=0", data=b"this", headers=other)
            assert status == 422

    asyncio.run(run())
