"""The observer's screen in the sizes and colours that it is looked at in."""

import io
import os
import re
from pathlib import Path

import pytest
from rich.console import Console

from dashgaze.collection.field.check import Check
from dashgaze.collection.record.event_keys import COMMAND_KEYS, DEFAULT_EVENT_KEYS
from dashgaze.collection.record.plain_screen import PlainScreen
from dashgaze.collection.record.screen import render
from dashgaze.collection.record.view import ChecksView, DeviceView, LiveView, StepView

KEYS = tuple((key.key, key.label) for key in DEFAULT_EVENT_KEYS) + tuple(COMMAND_KEYS.items())

GOOD = LiveView(
    title="session_07   driver P07",
    elapsed_s=754.0,
    planned_s=1800.0,
    devices=(
        DeviceView(
            role="phone",
            lamp="on",
            battery_percent=81.0,
            temperature_c=36.2,
            storage_minutes=184.0,
            rates_hz={"road": 30.0, "driver": 29.7},
            sound_dbfs=-24.0,
        ),
        DeviceView(
            role="tracker",
            lamp="on",
            battery_percent=64.0,
            storage_minutes=310.0,
            rates_hz={"gaze": 119.0, "scene": 30.0},
        ),
    ),
    gaze_valid_share=0.94,
    location_fix=True,
    speed_m_s=13.4,
    last_event="overtake",
    last_event_s=12.0,
    event_count=7,
    message="overtake logged",
    keys=KEYS,
)
BAD = LiveView(
    title="session_07   driver P07",
    elapsed_s=6005.0,
    planned_s=5400.0,
    devices=(
        DeviceView(
            role="phone", lamp="off", battery_percent=12.0, temperature_c=46.0, storage_minutes=7.0
        ),
        DeviceView(role="tracker", lamp="gone", note="no answer within 4 s"),
    ),
    gaze_valid_share=0.31,
    location_fix=False,
    speed_m_s=0.0,
    alerts=(
        "TRACKER not reachable for 34 s. It most likely records on; check its cable and network soon.",
        "PHONE does not grow: its recording may have stopped. Look at it at the next stop.",
        "PHONE battery 12 %: charge it or end the drive.",
    ),
    prompt="End the drive?  y yes   n no",
    keys=KEYS,
)
CHECKS = ChecksView(
    title="session_07   driver P07",
    checks=(
        Check(
            code="form.complete",
            subject="form",
            level="green",
            what="Driver P07, consent 2.1 (blurred).",
        ),
        Check(
            code="host.space",
            subject="host",
            level="amber",
            what="21 GB are free on the drives folder's disk; a drive of 30 min needs about 14 GB.",
            fix="Make room, or take another disk: twice the drive, 27 GB, is safe.",
        ),
        Check(
            code="host.write",
            subject="host",
            level="green",
            what="The drives folder takes 312 MB a second.",
        ),
        Check(
            code="tracker.worn",
            subject="tracker",
            level="red",
            what="The glasses are not worn, or their cable is loose.",
            fix="Put them on, push the plug in until it clicks, and look again.",
        ),
        Check(code="phone.battery", subject="phone", level="green", what="Battery 81 %."),
    ),
    keys=(("space", "look again"), ("d", "leave")),
)
FAILED = StepView(
    title="session_07   driver P07",
    step="The phone does not record",
    lines=("The phone's recording does not grow: the tracker is NOT started.",),
    failed=True,
    keys=(("enter", "try again"), ("e", "end the drive"), ("d", "leave, recording goes on")),
)
VIEWS = {"good": GOOD, "bad": BAD, "checks": CHECKS, "failed": FAILED}
SIZES = {"80x24": (80, 24), "120x40": (120, 40)}


def drawn(view, columns, rows, night=False):
    console = Console(
        record=True,
        width=columns,
        height=rows,
        force_terminal=True,
        color_system="truecolor",
        file=io.StringIO(),
        legacy_windows=False,
    )
    console.print(render(view, columns, rows, night=night), end="")
    return console


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", VIEWS)
def test_a_screen_fills_its_terminal_and_no_more(name, size, night, tmp_path):
    columns, rows = SIZES[size]
    console = drawn(VIEWS[name], columns, rows, night)
    text = console.export_text(clear=False)
    lines = text.split("\n")
    assert len([*lines[:-1]]) == rows or len(lines) == rows
    assert all(len(line) <= columns for line in lines)
    picture = os.environ.get("DASHGAZE_SCREEN_PICTURES")
    if picture:  # to be looked at
        stem = Path(picture) / f"{name}_{size}_{'night' if night else 'day'}"
        stem.with_suffix(".html").write_text(console.export_html(clear=False))
        console.save_svg(str(stem.with_suffix(".svg")), clear=False)


@pytest.mark.parametrize("size", SIZES)
def test_the_live_screen_says_all_that_the_observer_needs(size):
    text = drawn(GOOD, *SIZES[size]).export_text()
    for words in (
        "● PHONE RECORDS",
        "● TRACKER RECORDS",
        "battery 81 %",
        "36 °C",
        "space 184 min",
        "space 310 min",
        "road 30 Hz",
        "gaze 119 Hz",
        "-24 dB",
        "GAZE VALID",
        "KM/H",
        "last: overtake, 12 s ago  (7 events)",
        "overtake logged",
        "OF 30 MIN",
    ):
        assert words in text, words
    for key, label in KEYS:
        assert f" {key}  {label}" in text, label


@pytest.mark.parametrize("size", SIZES)
def test_what_is_wrong_stands_out_in_words(size):
    text = drawn(BAD, *SIZES[size]).export_text()
    for words in (
        "✖ PHONE DOES NOT GROW",
        "? TRACKER NOT REACHABLE",
        "PHONE battery 12 %",
        "NO LOCATION",
        "End the drive?",
    ):
        assert words in text, words


def test_what_has_to_be_mended_stands_above_what_is_good():
    text = drawn(CHECKS, 80, 24).export_text()
    order = [text.index(words) for words in ("not worn", "→ Put them on", "21 GB", "Driver P07")]
    assert order == sorted(order)
    assert "3 green   1 amber   1 red" in text


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_night_is_red_and_amber_on_black_and_nothing_brighter(view):
    html = drawn(view, 80, 24, night=True).export_html(inline_styles=True)
    body = html[html.index("<code") :]
    colours = {tuple(bytes.fromhex(c)) for c in re.findall(r"(?<=[ :])#([0-9a-f]{6})", body)}
    assert len(colours) > 2
    for red, green, blue in colours:
        assert blue == 0, "no blue: it ends night vision"
        assert green <= 0.6 * red or red == green == 0
        assert red <= 0xD0


@pytest.mark.parametrize(("columns", "rows"), [(40, 12), (50, 16), (60, 18), (200, 60)])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_other_sizes_do_no_harm(view, columns, rows):
    lines = drawn(view, columns, rows).export_text().rstrip("\n").split("\n")
    assert len(lines) <= rows
    assert all(len(line) <= columns for line in lines)


def test_plain_lines_tell_what_is_new_and_nothing_twice():
    screen = PlainScreen()
    first = screen.lines(GOOD)
    assert any("12:34 | phone records, battery 81 %, space 184 min" in line for line in first)
    assert "overtake logged" in first
    assert screen.lines(GOOD) == []
    bad = screen.lines(BAD)
    assert sum(line.startswith("ALERT: ") for line in bad) == 3
    assert screen.lines(BAD) == []


def test_plain_checks_and_steps():
    screen = PlainScreen()
    lines = screen.lines(CHECKS)
    assert "red    tracker  The glasses are not worn, or their cable is loose." in lines
    assert any(line.strip().startswith("-> Put them on") for line in lines)
    assert screen.lines(CHECKS) == []
    assert "FAILED: The phone does not record" in screen.lines(FAILED)


def test_a_real_terminal_is_filled_rung_and_given_back():
    import asyncio
    import contextlib
    import fcntl
    import pty
    import struct
    import termios

    from dashgaze.collection.record.keyboard import Keyboard
    from dashgaze.collection.record.terminal_desk import TerminalDesk

    far, near = pty.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.set_blocking(far, False)

    async def hear(*words):
        """Read until some words have come: a busy computer hands them over in pieces."""
        heard = b""
        async with asyncio.timeout(10):
            while not all(word in heard for word in words):
                with contextlib.suppress(BlockingIOError):
                    heard += os.read(far, 1 << 20)
                await asyncio.sleep(0.01)
        return heard

    async def main():
        with os.fdopen(os.dup(near), "w") as out:
            async with TerminalDesk(night=True, keyboard=Keyboard(near), out=out) as desk:
                desk.show(GOOD)
                desk.bell()
                heard = await hear(b"PHONE RECORDS", b"\a")
                os.write(far, b"o")
                key = await asyncio.wait_for(desk.key(), 5)
            heard += await hear(b"\x1b[?1049l")
        return key, heard.decode()

    key, heard = asyncio.run(main())
    os.close(far)
    os.close(near)
    assert key == "o"
    assert "PHONE RECORDS" in heard
    assert "\a" in heard
    assert "\x1b[?1049h" in heard  # the other screen, and back again
    assert "\x1b[?1049l" in heard


def test_a_terminal_that_was_closed_costs_the_screen_only():
    import asyncio

    from dashgaze.collection.record.keyboard import Keyboard
    from dashgaze.collection.record.terminal_desk import TerminalDesk

    async def main():
        out = io.StringIO()
        async with TerminalDesk(plain=True, keyboard=Keyboard(-1), out=out) as desk:
            desk.show(GOOD)
            out.close()
            desk.show(BAD)
            desk.bell()

    asyncio.run(main())
