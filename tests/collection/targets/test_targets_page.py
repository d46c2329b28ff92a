"""The page in a real browser: what was shown is what was told."""

import asyncio
import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from PIL import Image

from dashgaze.collection.targets import Target, pack_targets
from dashgaze.collection.targets.target_server import TargetServer
from dashgaze.errors import InputError, OutputError

SIZE_PX, RATE_HZ, BITS, BIT_PX = (320, 180), 25, 8, 40
YELLOW = np.array([0xF5, 0xC5, 0x18])
RUN = "0123456789abcdef"

# Looks at the film beside the page, and reads the number out of each frame.
WITNESS = """() => {
  const film = document.getElementById("film");
  const canvas = new OffscreenCanvas(320, 180);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  window.witness = [];
  const look = (now, frame) => {
    pen.drawImage(film, 0, 0, 320, 180);
    let number = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      if (pen.getImageData(bit * 40 + 20, 170, 1, 1).data[0] > 128) number |= 1 << bit;
    }
    window.witness.push([frame.mediaTime, number]);
    film.requestVideoFrameCallback(look);
  };
  film.requestVideoFrameCallback(look);
}"""


def targets():
    way = [[30, 30], [290, 30], [290, 120]]
    return [
        Target(
            target_id="car",
            time_s=np.array([0.4, 2.0, 3.0]),
            points_px=np.array(way, dtype=float),
        ),
        Target(
            target_id="sign",
            time_s=np.array([3.4, 4.4]),
            points_px=np.array([[160, 80], [160, 80]], dtype=float),
        ),
    ]


def number_in(picture):
    """Read the number of the frame out of a picture of the page."""
    scale = picture.shape[1] / SIZE_PX[0]
    row = picture[round(170 * scale)]
    bits = [row[round((bit * BIT_PX + 20) * scale)].mean() > 128 for bit in range(BITS)]
    return sum(1 << bit for bit, on in enumerate(bits) if on)


def ring_in(picture):
    """Find the middle of the ring, px of the film; None if there is none."""
    ys, xs = np.nonzero(np.abs(picture.astype(int) - YELLOW).max(axis=2) < 24)
    if len(xs) < 50:
        return None
    scale = picture.shape[1] / SIZE_PX[0]
    middle = np.array([xs.min() + xs.max(), ys.min() + ys.max()]) / 2
    return (middle + 0.5) / scale - 0.5


async def show(film, session, open_page, *, shots=12):
    """Show the film; give what a witness saw, and pictures of the page."""
    server = TargetServer(session, film, targets(), size_px=SIZE_PX, dot_s=0.1, countdown_s=1)
    await server.start()
    pictures, problems = [], []
    try:
        async with open_page() as page:
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on(
                "console", lambda told: problems.append(told.text) if told.type == "error" else None
            )
            await page.goto(server.url)
            assert "token" not in page.url
            await page.get_by_role("button", name="Begin").click()
            await page.wait_for_selector("#film.shown", timeout=20_000)
            await page.evaluate(WITNESS)
            for _ in range(shots):
                picture = Image.open(io.BytesIO(await page.screenshot()))
                pictures.append(np.asarray(picture.convert("RGB")))
                await asyncio.sleep(0.15)
            await asyncio.wait_for(server.finished.wait(), 30)
            await page.get_by_text("Done").wait_for()
            return await page.evaluate("window.witness"), pictures, problems
    finally:
        await server.close()


@pytest.fixture(scope="module")
def shown(film, open_page, tmp_path_factory):
    session = tmp_path_factory.mktemp("lab") / "session"
    witness, pictures, problems = asyncio.run(show(film, session, open_page))
    lines = [
        json.loads(line) for line in (session / "field/targets.jsonl").read_text().splitlines()
    ]
    return session, lines, witness, pictures, problems


def test_the_page_ran_without_a_complaint(shown):
    assert shown[4] == []


def test_each_frame_that_was_told_is_the_frame_that_was_shown(shown):
    _, lines, witness, _, _ = shown
    told = {line["media_s"] for line in lines if line["kind"] == "frame"}
    assert len(told) > 60
    common = [(media_s, number) for media_s, number in witness if media_s in told]
    assert len(common) > 50
    # A busy browser calls the witness when the next frame is on the canvas already: that is one later,
    # never one earlier, and seldom.
    later = [round(number - media_s * RATE_HZ) for media_s, number in common]
    assert set(later) <= {0, 1}
    assert sum(later) <= 0.05 * len(later)


def test_the_ring_on_the_screen_is_where_the_table_says_within_one_frame(shown):
    _, _, _, pictures, _ = shown
    compared = 0
    for picture in pictures:
        number, ring = number_in(picture), ring_in(picture)
        places = [
            target.at(np.array([max(0, number - 1), number, number + 1]) / RATE_HZ)
            for target in targets()
        ]
        near = np.concatenate(places)
        near = near[np.isfinite(near[:, 0])]
        if ring is None or not len(near):
            continue
        compared += 1
        # One frame of the faster stretch is 6.5 px of the film.
        assert np.abs(near - ring).max(axis=1).min() < 1.5, (number, ring, near)
    assert compared >= 4


def test_the_table_has_the_target_of_each_frame_on_the_computers_clock(shown):
    session, lines, _, _, _ = shown
    begun_ns = next(line["host_ns"] for line in lines if line["kind"] == "film")
    table = pq.read_table(pack_targets(session)).to_pandas()
    assert table["tracker_ns"].isna().all()
    frames = table[table["phase"] == "film"]
    assert frames["host_ns"].is_monotonic_increasing
    for row in frames.itertuples():
        wanted = [
            (target.target_id, *target.at(np.array([row.media_time_s]))[0])
            for target in targets()
            if target.time_s[0] <= row.media_time_s <= target.time_s[-1]
        ]
        if not wanted:
            assert not isinstance(row.target_id, str)
            continue
        assert row.target_id == wanted[0][0]
        assert (row.x_px, row.y_px) == pytest.approx(wanted[0][1:])
    logged = [line for line in lines if line["kind"] == "frame"]
    assert all(
        (line["x_px"], line["y_px"]) == pytest.approx((row.x_px, row.y_px))
        for line, row in zip(logged, frames.itertuples(), strict=True)
        if line["target"] is not None
    )
    # The film runs as fast as this computer's clock, and after the server began.
    media_s, host_s = frames["media_time_s"].to_numpy(), frames["host_ns"].to_numpy() / 1e9
    assert np.median(np.abs((host_s - host_s[0]) - (media_s - media_s[0]))) < 0.1
    assert begun_ns < table["host_ns"].min() < begun_ns + 60 * 10**9
    about = json.loads(
        pq.read_schema(session / "field/known_targets.parquet").metadata[b"dashgaze"]
    )
    assert 0 < about["clock_uncertainty_ms"] < 50


def test_dots_come_before_and_after_and_the_screen_is_told(shown):
    _, lines, _, _, _ = shown
    dots = {line["target"] for line in lines if line["kind"] == "dot"}
    assert dots == {f"dot_{phase}_{n}" for phase in ("before", "after") for n in range(1, 6)}
    screen = next(line for line in lines if line["kind"] == "screen")
    assert screen["film_width"] / screen["film_height"] == pytest.approx(16 / 9)
    events = [line["name"] for line in lines if line["kind"] == "event"]
    order = ["dots_before", "film", "film_ended", "frames_dropped", "dots_after", "done"]
    assert [name for name in events if name in order] == order


def test_leaving_the_full_screen_pauses_the_film_and_is_told(film, open_page, tmp_path):
    async def go():
        server = TargetServer(tmp_path, film, targets(), size_px=SIZE_PX, dot_s=0.05, countdown_s=0)
        await server.start()
        try:
            async with open_page() as page:
                await page.goto(server.url)
                await page.get_by_role("button", name="Begin").click()
                await page.wait_for_selector("#film.shown", timeout=20_000)
                await asyncio.sleep(0.6)
                await page.evaluate("document.exitFullscreen()")
                button = page.get_by_role("button", name="Go on")
                await button.wait_for(timeout=5000)
                await asyncio.sleep(0.5)
                await button.click()
                await asyncio.wait_for(server.finished.wait(), 30)
        finally:
            await server.close()

    asyncio.run(go())
    lines = [
        json.loads(line) for line in (tmp_path / "field/targets.jsonl").read_text().splitlines()
    ]
    events = [line["name"] for line in lines if line["kind"] == "event"]
    for name in ("full_screen", "full_screen_left", "paused", "goes_on", "film_ended"):
        assert name in events
    media = [line["media_s"] for line in lines if line["kind"] == "frame"]
    assert media[-1] > 4.8


def lines_of(count, **more):
    event = {"kind": "event", "page_ms": 1.0, "name": "film", "value": None}
    return [event | more for _ in range(count)]


def ask_server(film, session, asking):
    """Let a coroutine talk to a server."""

    async def go():
        server = TargetServer(session, film, targets(), size_px=SIZE_PX)
        await server.start()
        try:
            jar = aiohttp.CookieJar(unsafe=True)
            async with aiohttp.ClientSession(cookie_jar=jar) as client:
                return await asking(server, client, f"http://127.0.0.1:{server.port}")
        finally:
            await server.close()

    return asyncio.run(go())


def test_nobody_gets_anything_without_the_link(film, tmp_path):
    async def asking(server, client, base):
        statuses = {}
        for path in ("/", "/?token=wrong", "/film", "/static/targets.js", "/api/plan"):
            async with client.get(base + path) as reply:
                statuses[path] = reply.status
        async with client.post(f"{base}/api/log", data=b"{}", headers={"Origin": base}) as reply:
            statuses["post"] = reply.status
        return statuses

    assert set(ask_server(film, tmp_path, asking).values()) == {401}


def test_other_sites_names_and_files_are_refused(film, tmp_path):
    async def asking(server, client, base):
        async with client.get(server.url) as reply:
            assert reply.status == 200
            policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        good = {"Origin": base}
        batch = json.dumps({"run": RUN, "seq": 0, "lines": lines_of(1)})
        cases = [
            ("post", "/api/log", {"Origin": "http://evil.example"}, 403),
            ("post", "/api/log", {}, 403),
            ("post", "/api/log", good | {"Sec-Fetch-Site": "cross-site"}, 403),
            ("get", "/api/plan", {"Host": f"evil.example:{server.port}"}, 421),
            ("get", "/static/../target_server.py", {}, 404),
            ("get", "/static/%2e%2e%2ftarget_server.py", {}, 404),
            ("get", "/field/targets.jsonl", {}, 404),
        ]
        for method, path, headers, status in cases:
            data = batch if method == "post" else None
            async with client.request(method, base + path, headers=headers, data=data) as reply:
                assert reply.status == status, path
        async with client.post(f"{base}/api/log", data=batch, headers=good) as reply:
            assert reply.status == 200
        return True

    assert ask_server(film, tmp_path, asking)


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[" * 100_000,
        json.dumps({"run": "../../x", "seq": 0, "lines": []}).encode(),
        json.dumps({"run": RUN, "seq": -1, "lines": []}).encode(),
        json.dumps({"run": RUN, "seq": 0, "lines": lines_of(1001)}).encode(),
        json.dumps({"run": RUN, "seq": 0, "lines": lines_of(1, name="a" * 31)}).encode(),
        json.dumps({"run": RUN, "seq": 0, "lines": lines_of(1, more=1)}).encode(),
        json.dumps({"run": RUN, "seq": 0, "lines": lines_of(1, page_ms=float("inf"))}).encode(),
        b" " * (600 << 10),
    ],
)
def test_what_is_no_batch_of_the_page_is_not_written(film, tmp_path, body):
    async def asking(server, client, base):
        async with client.get(server.url):
            pass
        async with client.post(f"{base}/api/log", data=body, headers={"Origin": base}) as reply:
            return reply.status

    assert ask_server(film, tmp_path, asking) in (400, 413)
    assert len((tmp_path / "field/targets.jsonl").read_text().splitlines()) == 1


def test_a_batch_counts_once_and_in_its_order(film, tmp_path):
    async def asking(server, client, base):
        async with client.get(server.url):
            pass
        statuses = []
        for seq in (0, 0, 2, 1, 2):
            batch = {"run": RUN, "seq": seq, "lines": lines_of(3)}
            async with client.post(
                f"{base}/api/log", data=json.dumps(batch), headers={"Origin": base}
            ) as reply:
                statuses.append(reply.status)
        return statuses

    assert ask_server(film, tmp_path, asking) == [200, 200, 409, 200, 200]
    lines = (tmp_path / "field/targets.jsonl").read_text().splitlines()
    assert sum('"event"' in line for line in lines) == 9


def test_a_log_that_leads_out_of_the_session_is_refused(film, tmp_path):

    (tmp_path / "session").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "session" / "field").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="leads out"):
        TargetServer(tmp_path / "session", film, targets(), size_px=SIZE_PX)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_page_is_never_served_on_every_address(film, tmp_path, host):

    with pytest.raises(InputError, match="every address"):
        TargetServer(tmp_path, film, targets(), size_px=SIZE_PX, host=host)
