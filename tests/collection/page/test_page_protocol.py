"""Pieces come twice, late, out of order, and around a crash: what is on disk is right."""

import asyncio
import json

import pytest

from dashgaze.collection.page import limits
from dashgaze.collection.page.journal import Journal
from dashgaze.collection.page.server import PageServer
from dashgaze.errors import OutputError

KEY = "0123456789abcdef" * 2
OTHER = "f" * 32


def _road(folder):
    return (folder / "field/page/road_1.webm").read_bytes()


def test_pieces_are_on_disk_in_their_order_when_they_are_acknowledged(tools, tmp_path):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            assert await page.open(KEY) == (200, {"number": 1, "next": 0})
            assert await page.piece(KEY, 0, b"a") == (200, {"next": 1})
            assert _road(tmp_path) == b"a"
            # ahead: not taken, and told which is wanted
            status, answer = await page.piece(KEY, 2, b"c")
            assert (status, answer["next"]) == (409, 1)
            assert await page.piece(KEY, 1, b"b") == (200, {"next": 2})
            # again: only confirmed
            assert await page.piece(KEY, 0, b"a") == (200, {"next": 2})
            # another one under the same number
            status, answer = await page.piece(KEY, 0, b"x")
            assert (status, answer["next"]) == (409, 2)
            assert await page.piece(KEY, 2, b"c") == (200, {"next": 3})
            assert await page.open(KEY) == (200, {"number": 1, "next": 3})
            assert _road(tmp_path) == b"abc"
            assert (await page.piece(OTHER, 0, b"a"))[0] == 404

    asyncio.run(run())


def test_pieces_that_come_at_the_same_time_count_once(tools, tmp_path):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            for seq in range(5):
                sent = [page.piece(KEY, seq, b"%d" % seq) for _ in range(4)]
                assert {status for status, _ in await asyncio.gather(*sent)} == {200}
            assert _road(tmp_path) == b"01234"

    asyncio.run(run())


def test_a_server_that_was_killed_goes_on_where_its_journal_ends(tools, tmp_path):
    async def before() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            await page.piece(KEY, 0, b"a" * 100)
            await page.piece(KEY, 1, b"b" * 100)

    asyncio.run(before())
    # killed in the middle of the next piece, and of the line about it
    folder = tmp_path / "field/page"
    with (folder / "road_1.webm").open("ab") as file:
        file.write(b"c" * 40)
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"what": "piece", "key": "0123')

    async def after() -> None:
        async with tools.serving(tmp_path) as (server, page):
            assert server.drive.state == "recording"
            assert await page.beat(state="recording") == "record"
            assert await page.open(KEY) == (200, {"number": 1, "next": 2})
            assert await page.piece(KEY, 1, b"b" * 100) == (200, {"next": 2})
            assert await page.piece(KEY, 2, b"c" * 100) == (200, {"next": 3})
            # a page that was loaded again
            assert (await page.open(OTHER))[1] == {"number": 2, "next": 0}

    asyncio.run(after())
    assert _road(tmp_path) == b"a" * 100 + b"b" * 100 + b"c" * 100
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert [line["seq"] for line in lines if line["what"] == "piece"] == [0, 1, 2]


def test_a_file_that_lost_what_its_journal_says_is_told(tools, tmp_path):
    async def before() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            await page.piece(KEY, 0, b"a" * 100)

    asyncio.run(before())
    (tmp_path / "field/page/road_1.webm").write_bytes(b"a" * 10)
    with pytest.raises(OutputError, match="10 bytes; the journal beside it says 100"):
        PageServer(tmp_path, port=0)


def test_a_full_disk_refuses_a_piece_and_takes_it_later(tools, tmp_path, monkeypatch):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            monkeypatch.setattr(limits, "FREE_BYTES", 1 << 60)
            status, answer = await page.piece(KEY, 0, b"a")
            assert status == 507
            assert "disk" in answer["error"]
            monkeypatch.setattr(limits, "FREE_BYTES", 0)
            assert (await page.piece(KEY, 0, b"a"))[0] == 200

    asyncio.run(run())


def test_a_line_that_was_not_written_whole_leaves_no_trace(tmp_path, monkeypatch):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.add({"n": 1})

    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("dashgaze.collection.page.journal.os.fsync", fail)
        with pytest.raises(OSError, match="No space"):
            journal.add({"n": 2})
    journal.add({"n": 3})
    journal.close()
    reopened = Journal(path)
    assert [line["n"] for line in reopened.lines] == [1, 3]
    reopened.close()


def test_two_phones_film_one_camera_each_and_not_the_same(tools, tmp_path):
    async def run() -> None:
        async with tools.serving(tmp_path) as (server, page):
            second = tools.PlayedPage(page.session, server, "b")
            await server.drive.enter("recording", "test")
            await page.beat(role="road", driver=None)
            await second.beat(role="driver", road=None)
            assert (await page.open(KEY, "road"))[0] == 200
            assert (await second.open(OTHER, "road"))[0] == 409
            assert (await second.open(OTHER, "driver"))[0] == 200
            _, hello = await second.post("hello", json={})
            assert {other["role"] for other in hello["others"]} == {"road", "driver"}

    asyncio.run(run())


def test_the_state_and_a_press_on_the_page_survive_the_server(tools, tmp_path):
    async def run(pressed: str | None) -> str:
        async with tools.serving(tmp_path) as (_server, page):
            if pressed:
                await page.post("wish", json={"page": page.page, "what": pressed})
            return await page.beat()

    assert asyncio.run(run(None)) == "wait"
    assert asyncio.run(run("stop")) == "wait", "what does not run can't be stopped"
    assert asyncio.run(run("start")) == "record"
    assert asyncio.run(run(None)) == "record", "a server that ends stops nothing"
    assert asyncio.run(run("stop")) == "stop"
    assert asyncio.run(run(None)) == "stop"


def test_a_ping_tells_this_computers_clock(tools, tmp_path):
    import time

    async def run() -> None:
        async with tools.serving(tmp_path) as (_server, page):
            before = time.time_ns() / 1e6
            _, reply = await page.post("ping", json={"page": page.page, "t0_ms": 0})
            assert before <= reply["t1_ms"] <= reply["t2_ms"] <= time.time_ns() / 1e6

    asyncio.run(run())


def test_a_piece_that_is_in_the_journal_twice_counts_once(tools, tmp_path):
    """An answer that was broken off between journal and memory: the drive must open all the same."""

    async def before() -> None:
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.open(KEY)
            await page.piece(KEY, 0, b"a" * 100)

    async def after() -> None:
        async with tools.serving(tmp_path) as (_server, page):
            assert (await page.open(KEY))[1]["next"] == 1
            assert await page.piece(KEY, 1, b"b") == (200, {"next": 2})

    asyncio.run(before())
    journal = tmp_path / "field/page/journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines for _ in range(2)))
    asyncio.run(after())
    assert _road(tmp_path) == b"a" * 100 + b"b"
