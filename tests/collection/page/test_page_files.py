"""What becomes of the pieces at stop: files with length and index, at the right times."""

import asyncio
import json

import numpy as np
import pytest

from dashgaze.collection.location import read_location
from dashgaze.collection.page import hand_over, limits
from dashgaze.collection.page.part_times import part_start
from dashgaze.collection.page.phone_log import PhoneLog, PingSample
from dashgaze.collection.page.remux import join, read_part
from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.media import Sound, probe, read_frame_times, read_sound
from dashgaze.schemas.manifest import parse_manifest

START_MS = 1_795_000_000_000.0
LIVE = FileOptions(live=True)
MANIFEST = """\
schema: dashgaze/session/1
session_id: s1
phone: {model: OnePlus 8, road: phone/road.mp4, driver: phone/driver.mp4}
eye_tracker: {kind: pupil_invisible, path: eye_tracker}
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(limits, "PAGE_GONE_S", 0.3)
    monkeypatch.setattr(limits, "FAREWELL_S", 0.1)


def _video(path, times_s, *, click_s: float, size_px=(64, 48)):
    samples = np.zeros(int(48_000 * (times_s[-1] + 0.2)), dtype=np.float32)
    at = int(click_s * 48_000)
    samples[at : at + 480] = np.sin(np.arange(480) * 2 * np.pi * 1000 / 48_000) * 0.8
    sound = Sound(samples=samples, rate_hz=48_000, start_s=0.0)
    write_video(path, times_s=times_s, size_px=size_px, sound=sound, options=LIVE)
    return path.read_bytes()


def _uneven(count: int, seed: int) -> np.ndarray:
    steps = np.random.default_rng(seed).choice([0.033, 0.034, 0.066], count - 1, p=[0.6, 0.3, 0.1])
    return np.concatenate([[0.0], np.cumsum(steps)]).round(3)


def _log_lines(key: str, times_s, *, zero_ms: float, offset_ms: float) -> list[dict]:
    captured = zero_ms + times_s * 1000
    lines = [{"k": "frames", "key": key, "rows": [[t, 0, 0, t] for t in captured]}]
    for t0 in np.arange(zero_ms - 2000, captured[-1], 5000.0):
        host = t0 - offset_ms
        lines.append({"k": "clock", "t0": t0, "t1": host + 2, "t2": host + 2.1, "t3": t0 + 4.1})
    return lines


async def _send(page, key, stream, content: bytes, *, pieces: int = 4, **more) -> None:
    assert (await page.open(key, stream, **more))[0] == 200
    size = -(-len(content) // pieces)
    for seq in range(pieces):
        assert (await page.piece(key, seq, content[seq * size : (seq + 1) * size]))[0] == 200
    assert (await page.post("end", json={"key": key, "count": pieces}))[1]["complete"]


def _click_s(path) -> float:
    sound = read_sound(path, rate_hz=48_000)
    return float(np.argmax(np.abs(sound.samples) > 0.3)) / 48_000 + sound.start_s


def test_a_drive_becomes_files_with_length_index_and_times(tools, tmp_path):
    (tmp_path / "session.yaml").write_text(MANIFEST)
    road_s, driver_s = _uneven(90, 1), _uneven(80, 2)
    road = _video(tmp_path / "r.webm", road_s, click_s=1.5)
    driver = _video(tmp_path / "d.webm", driver_s, click_s=1.48)
    assert probe(tmp_path / "r.webm").duration_s is None, "as a browser writes it"
    zero = {"1": START_MS + 12.0, "2": START_MS + 32.0}
    lines = [
        *_log_lines("1" * 32, road_s, zero_ms=zero["1"], offset_ms=70.0),
        *_log_lines("2" * 32, driver_s, zero_ms=zero["2"], offset_ms=70.0),
        {"k": "fix", "t": START_MS, "lat": 48.1, "lon": 11.5, "speed": None},
        {"k": "fix", "t": START_MS + 1000, "lat": 48.2, "lon": 11.6, "speed": 13.5},
        {"k": "fix", "t": "nonsense", "lat": {}, "lon": 0},
        {"k": "fix"},
    ]
    # a line that is nested too deeply to be read must not keep the files from being made
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines) + b"not json\n\n"
    text += b"[" * 200_000 + b"\n"

    async def run():
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await page.beat(state="recording")
            more = {"start_ms": START_MS + 150.0, "wall_minus_page_ms": 5.0}
            await _send(page, "1" * 32, "road", road, **more)
            await _send(page, "2" * 32, "driver", driver, **more)
            await _send(page, "3" * 32, "log", text)
            await page.beat(state="done")
            return await hand_over(server, why="test")

    result = asyncio.run(run())
    assert (result.road, result.driver) == ("phone/road.webm", "phone/driver.webm")
    assert result.notes == []
    for name, times_s in (("road", road_s), ("driver", driver_s)):
        path = tmp_path / "phone" / f"{name}.webm"
        assert probe(path).duration_s == pytest.approx(times_s[-1] + 0.15, abs=0.2)
        assert read_frame_times(path).time_s == pytest.approx(times_s, abs=1e-9)
        # the pieces stay as they came
        assert (tmp_path / f"field/page/{name}_1.webm").read_bytes() == (
            road if name == "road" else driver
        )
    # The recorder told its start 138 ms late; the frames' capture times tell the right one.
    assert result.started_at_ns == pytest.approx((zero["1"] + 5.0) * 1e6, abs=1e6)
    assert result.driver_offset_s == pytest.approx(0.020, abs=0.001)
    assert result.driver_offset_error_ms == 2.0
    road_click, driver_click = (_click_s(tmp_path / f"phone/{n}.webm") for n in ("road", "driver"))
    assert driver_click + result.driver_offset_s == pytest.approx(road_click, abs=0.002)
    assert result.clock_before.offset_ms == pytest.approx(70.0, abs=0.06)
    assert result.clock_before.uncertainty_ms == pytest.approx(2.0, abs=0.01)
    track = read_location(tmp_path / "phone/location.csv")
    assert track.timestamp_ns.tolist() == [int(START_MS) * 10**6, int(START_MS + 1000) * 10**6]
    assert track.speed_m_s[1] == 13.5
    assert np.isnan(track.speed_m_s[0])
    manifest = parse_manifest((tmp_path / "session.yaml").read_text(), path=tmp_path)
    assert manifest.phone.road == "phone/road.webm"
    assert manifest.phone.model == "OnePlus 8"
    assert manifest.phone.driver_offset_s == result.driver_offset_s
    assert manifest.phone_start_ns == result.started_at_ns
    kept = json.loads((tmp_path / "field/page/result.json").read_text())
    assert kept["started_at_ns"] == result.started_at_ns


def test_parts_of_a_page_that_was_loaded_again_are_joined_each_at_its_time(tools, tmp_path):
    """The second part begins 7 s after the first, which lasts 3 s and was cut by the browser's end."""
    first_s, second_s = _uneven(90, 3), _uneven(60, 4)
    first = _video(tmp_path / "1.webm", first_s, click_s=1.0)
    second = _video(tmp_path / "2.webm", second_s, click_s=0.5)
    zero_ms = START_MS + 7000.0
    log = {
        "first": _log_lines("1" * 32, first_s, zero_ms=START_MS, offset_ms=-30.0),
        # the phone's own clock was set back an hour between them
        "second": _log_lines("2" * 32, second_s, zero_ms=zero_ms, offset_ms=-30.0),
    }

    async def run():
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            cut = first[: len(first) - 700]
            assert (await page.open("1" * 32, "road", start_ms=START_MS))[0] == 200
            await page.piece("1" * 32, 0, cut)
            again = tools.PlayedPage(page.session, server, "a")
            again.page = "9" * 32
            await again.beat(state="recording")
            jumped = {"start_ms": zero_ms, "wall_minus_page_ms": -3_600_000.0}
            await _send(again, "2" * 32, "road", second, **jumped)
            for key, name, who in (("3" * 32, "first", page), ("4" * 32, "second", again)):
                text = "".join(json.dumps(line) + "\n" for line in log[name]).encode()
                await _send(who, key, "log", text)
            return await hand_over(server, why="test")

    result = asyncio.run(run())
    path = tmp_path / "phone/road.webm"
    times_s = read_frame_times(path).time_s
    early = times_s[times_s < 5]
    assert early == pytest.approx(first_s[: len(early)], abs=1e-9)
    assert len(early) > 60
    assert times_s[times_s > 5] == pytest.approx(second_s + 7.0, abs=0.0015)
    assert result.parts[1].zero_in_target_s == pytest.approx(7.0, abs=0.001)
    assert [part.complete for part in result.parts] == [False, True]
    assert any("did not arrive" in note for note in result.notes)
    assert any("joined of 2 parts" in note for note in result.notes)
    sound = read_sound(path, rate_hz=48_000)
    loud = np.flatnonzero(np.abs(sound.samples) > 0.3) / 48_000 + sound.start_s
    assert loud[0] == pytest.approx(1.0, abs=0.003)
    assert loud[loud > 5][0] == pytest.approx(7.5, abs=0.003)


def test_parts_of_another_size_become_a_file_of_their_own(tools, tmp_path):
    long_s, short_s = _uneven(90, 5), _uneven(40, 6)
    long = _video(tmp_path / "1.webm", long_s, click_s=1.0)
    short = _video(tmp_path / "2.webm", short_s, click_s=0.5, size_px=(48, 64))

    async def run():
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await _send(page, "1" * 32, "road", short, start_ms=START_MS)
            await _send(page, "2" * 32, "road", long, start_ms=START_MS + 5000)
            await _send(page, "3" * 32, "driver", b"no video at all", start_ms=START_MS)
            return await hand_over(server, why="test")

    result = asyncio.run(run())
    assert result.road == "phone/road.webm"
    assert len(read_frame_times(tmp_path / "phone/road.webm").time_s) == 90
    assert len(read_frame_times(tmp_path / "phone/road_other_1.webm").time_s) == 40
    # the session's clock starts with the file that the manifest names
    assert result.started_at_ns == pytest.approx((START_MS + 5000) * 1e6)
    assert result.driver is None
    assert {part.source: part.target for part in result.parts} == {
        "field/page/road_1.webm": "phone/road_other_1.webm",
        "field/page/road_2.webm": "phone/road.webm",
        "field/page/driver_1.webm": None,
    }


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_other_containers_keep_their_times_too(tmp_path, suffix):
    times_s = _uneven(60, 7)
    source = tmp_path / f"source{suffix}"
    options = FileOptions(live=suffix == ".mkv", fragmented=suffix == ".mp4")
    samples = np.sin(np.arange(96_000) * 0.1).astype(np.float32) * 0.5
    sound = Sound(samples=samples, rate_hz=48_000, start_s=0.0)
    write_video(source, times_s=times_s, sound=sound, options=options)
    content = read_part(source)
    assert content.suffix == suffix
    assert content.has_sound
    target = tmp_path / f"out{suffix}"
    assert join([content], [START_MS / 1e3], target) == [0.0]
    assert read_frame_times(target).time_s == pytest.approx(times_s, abs=1e-4)
    assert probe(target).duration_s == pytest.approx(2.0, abs=0.15)


def test_parts_that_would_overlap_are_put_behind_each_other(tmp_path):
    times_s = _uneven(60, 8)
    _video(tmp_path / "1.webm", times_s, click_s=0.5)
    content = read_part(tmp_path / "1.webm")
    zeros = join([content, content], [10.0, 11.0], tmp_path / "out.webm")
    assert zeros[1] > content.end_s
    read = read_frame_times(tmp_path / "out.webm").time_s
    assert (np.diff(read) > 0).all()
    assert len(read) == 120


def test_frames_that_came_before_the_first_one_of_the_file_do_not_mislead():
    """A camera that is even to 0.7 ms, and a recorder that began two frames after it was told to."""
    from dashgaze.collection.page.messages import PartOpening
    from dashgaze.collection.page.parts import Part

    steps = np.random.default_rng(11).normal(1000 / 30, 0.7, 240)
    captured = START_MS + np.concatenate([[0.0], np.cumsum(steps)])
    opening = PartOpening(
        key="1" * 32,
        page="2" * 32,
        device="3" * 32,
        stream="road",
        mime="video/webm",
        start_ms=START_MS + 100,
    )
    part = Part(opening=opening, number=1, path=None)
    log = PhoneLog(frames_ms={"1" * 32: list(captured)})
    start = part_start(part, log, np.round(captured[2:] - captured[2]))
    assert start.wall_ns == pytest.approx(captured[2] * 1e6, abs=0.6e6)


@pytest.mark.parametrize("even", [False, True])
def test_a_parts_start_is_told_by_its_frames(tools, even):
    """The recorder says that it started 140 ms after the first frame that is in the file."""
    from dashgaze.collection.page.messages import PartOpening
    from dashgaze.collection.page.parts import Part

    pts_s = np.arange(120) / 30 if even else _uneven(120, 9)
    opening = PartOpening(
        key="1" * 32,
        page="2" * 32,
        device="3" * 32,
        stream="road",
        mime="video/webm",
        start_ms=START_MS + 140,
        wall_minus_page_ms=3.0,
    )
    part = Part(opening=opening, number=1, path=None)
    captured = START_MS + np.concatenate([pts_s, pts_s[-1] + [0.03, 0.06]]) * 1000
    noise = np.random.default_rng(1).normal(0, 0.2, len(captured))
    pings = [PingSample(page_ms=START_MS + 9, offset_ms=50.0, rtt_ms=3.0)]
    log = PhoneLog(pings=pings, frames_ms={"1" * 32: list(captured + noise)})
    start = part_start(part, log, np.round(pts_s * 1000))
    assert start.from_frames
    assert start.wall_ns == pytest.approx((START_MS + 3) * 1e6, abs=1e6)
    assert start.host_ns == pytest.approx((START_MS - 50) * 1e6, abs=1e6)
    # a log that has nothing to do with the file is not believed
    other = PhoneLog(frames_ms={"1" * 32: list(START_MS + _uneven(120, 10) * 3000)})
    lost = part_start(part, other, np.round(pts_s * 1000))
    assert not lost.from_frames
    assert lost.wall_ns == (START_MS + 143) * 1e6
    assert lost.host_ns is None


def _hum(seconds: float) -> np.ndarray:
    """A car's noise, with a low hum."""
    noise = np.random.default_rng(12).normal(0, 0.05, int(48_000 * seconds))
    return (noise + 0.1 * np.sin(np.arange(len(noise)) * 2 * np.pi * 90 / 48_000)).astype("f4")


@pytest.mark.parametrize("heard", ["the same", "nothing", "something else"])
def test_where_frames_come_too_evenly_the_sound_tells_how_many_lie_between(tools, tmp_path, heard):
    """The driver's file begins 120 ms after the road's; the page saw its first two frames late."""
    times_s, hum = np.arange(120) * 0.05, _hum(7.0)
    begin = {"road": 0, "driver": round(0.120 * 48_000)}
    contents = {}
    for name, at in begin.items():
        samples = hum[at : at + 6 * 48_000].copy()
        if name == "driver" and heard == "nothing":
            samples[:] = 0.0
        if name == "driver" and heard == "something else":
            samples = samples[::-1].copy()
        path = tmp_path / f"{name}.webm"
        sound = Sound(samples=samples, rate_hz=48_000, start_s=0.0)
        write_video(path, times_s=times_s, size_px=(64, 48), sound=sound, options=LIVE)
        contents[name] = path.read_bytes()
    zero = {"road": START_MS, "driver": START_MS + 120.0}
    lines = []
    for key, name, unseen in (("1", "road", 0), ("2", "driver", 2)):
        mine = _log_lines(key * 32, times_s[unseen:], zero_ms=zero[name], offset_ms=70.0)
        lines += mine

    async def run():
        async with tools.serving(tmp_path) as (server, page):
            await server.drive.enter("recording", "test")
            await _send(page, "1" * 32, "road", contents["road"], start_ms=START_MS + 130)
            await _send(page, "2" * 32, "driver", contents["driver"], start_ms=START_MS + 130)
            text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            await _send(page, "3" * 32, "log", text)
            return await hand_over(server, why="test")

    result = asyncio.run(run())
    assert [part.start_error_ms for part in result.parts] == pytest.approx([50.0, 50.0], abs=1.0)
    if heard == "the same":
        assert result.driver_offset_s == pytest.approx(0.120, abs=0.001)
        assert result.driver_offset_error_ms <= 5.0
    else:
        # wrong by the frames that were not seen, and it says so
        assert result.driver_offset_s == pytest.approx(0.120, abs=0.101)
        assert result.driver_offset_error_ms == pytest.approx(100.0, abs=2.0)
