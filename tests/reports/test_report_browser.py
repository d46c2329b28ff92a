"""The pages in a browser: nothing hangs over, nothing is loaded, nothing overlaps.

Needs Playwright's Python package and a Chromium or Chrome of the system; skips without.
"""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from dashgaze.reports import report
from dashgaze.session import open_session
from dashgaze.stages.sync import sync

WIDTHS = (360, 768, 1280)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# Elements that reach beyond the page, but for what scrolls inside of its own box or is hidden.
HANGING_OVER = """() => [...document.body.querySelectorAll('*')].filter(e => {
    const r = e.getBoundingClientRect();
    return r.width > 2 && r.right > document.documentElement.clientWidth + 1
        && !e.closest('.scroll, .wide, .hidden, svg');
}).map(e => e.outerHTML.slice(0, 120))"""

# Pairs of labels of one axis that touch.
TOUCHING = """() => [...document.querySelectorAll('.axis, .y-axis, .marks')].flatMap(axis => {
    const boxes = [...axis.children].map(e => [e.textContent, e.getBoundingClientRect()]);
    return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) =>
        p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom
    ).map(([b, q]) => a + ' / ' + b));
})"""

# Text that is cut off by its own box.
CUT_OFF = """() => [...document.querySelectorAll('h1, h2, h3, p, td, th, dd, dt, li, figcaption')].filter(
    e => !e.closest('.hidden, .stack thead') && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
        && getComputedStyle(e).display !== 'inline'
).map(e => e.textContent.slice(0, 80))"""

HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3')].map(e => +e.tagName[1])"


@pytest.fixture(scope="module")
def browser() -> Iterator:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser here: looked for {', '.join(NAMES)}")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(aligned_drive, short_drive, tiny, whole_session, tmp_path_factory) -> dict[str, Path]:
    """A whole drive, one with clocks only (so with the curves of the sync), a raw one, and the index."""
    folder = tmp_path_factory.mktemp("pages")
    short_drive.copy_of(aligned_drive, folder / "whole")
    tiny.copy_of(whole_session, folder / "raw")
    clocks = tiny.copy_of(whole_session, folder / "clocks")
    sync(open_session(clocks), manual_offset_s=0.4)
    manifest = clocks / "session.yaml"
    text = manifest.read_text(encoding="utf-8")
    long = "W" * 90  # a word that fits into no line of a phone
    manifest.write_text(text.replace("car: VW Golf", f"car: {long}"), encoding="utf-8")
    index = report(folder)
    found = {each: folder / each / "derived" / "report.html" for each in ("whole", "raw", "clocks")}
    return found | {"index": index}


@pytest.mark.parametrize("name", ["whole", "clocks", "raw", "index"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_stands_by_itself(browser, pages, name, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 780}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"failed: {request.url}"))
    page.on("request", lambda request: asked.append(request.url))
    try:
        address = pages[name].as_uri()
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        assert [url for url in asked if not url.startswith("data:")] == [address]
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(HANGING_OVER) == []
        assert page.evaluate(TOUCHING) == []
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate("[...document.images].every(i => i.naturalWidth > 0 && i.alt)")
    finally:
        context.close()


@pytest.mark.parametrize("name", ["whole", "raw", "index"])
def test_headings_form_a_tree(browser, pages, name):
    page = browser.new_page()
    try:
        page.goto(pages[name].as_uri())
        levels = page.evaluate(HEADINGS)
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))
        assert page.evaluate("document.documentElement.lang") == "en"
    finally:
        page.close()


def test_the_verdict_is_seen_first(browser, pages):
    page = browser.new_page(viewport={"width": 360, "height": 640})
    try:
        page.goto(pages["whole"].as_uri())
        box = page.locator(".verdict").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 400
        assert "Usable with flags" in page.locator(".verdict").inner_text()
        reasons = page.locator(".reasons").first.bounding_box()
        assert reasons["y"] < 640
    finally:
        page.close()


def test_the_timeline_scrolls_in_its_own_box(browser, pages):
    page = browser.new_page(viewport={"width": 360, "height": 640})
    try:
        page.goto(pages["whole"].as_uri())
        inner, outer = page.evaluate(
            "[document.querySelector('.scroll').scrollWidth, document.querySelector('.scroll').clientWidth]"
        )
        assert outer < 360 < inner
        page.evaluate("document.querySelector('.scroll').scrollLeft = 200")
        text = page.locator(".lane-text").first.bounding_box()
        assert text["x"] >= 0  # the words stay where they are read
        assert text["x"] + text["width"] <= 360
    finally:
        page.close()


def test_the_index_leads_to_the_reports(browser, pages):
    page = browser.new_page()
    try:
        page.goto(pages["index"].as_uri())
        page.get_by_role("link", name="clocks").or_(
            page.get_by_role("link", name="tiny")
        ).first.click()
        assert page.url.endswith("/derived/report.html")
        assert page.locator(".verdict").count() == 1
    finally:
        page.close()
