"""The page in a browser: nothing hangs over, nothing is loaded from outside.

Needs Playwright's Python package and a Chromium or Chrome of the system; skips without.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashgaze.models.evaluation import EvaluateOptions, evaluate

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# Elements that reach beyond the page, but for what scrolls inside of its own box or is hidden.
HANGING_OVER = """() => [...document.body.querySelectorAll('*')].filter(e => {
    const r = e.getBoundingClientRect();
    return r.width > 2 && r.right > document.documentElement.clientWidth + 1
        && !e.closest('.wide, .hidden, svg');
}).map(e => e.outerHTML.slice(0, 120))"""


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
def page_path(tiny_dataset, tmp_path_factory) -> Path:
    """A report over six sessions."""
    out = tmp_path_factory.mktemp("browser") / "report"
    models = ["first_minute_mean", "vanishing_point"]
    return evaluate(tiny_dataset, models, EvaluateOptions(leave_drivers_out=3), out)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_stands_by_itself(browser, page_path, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(page_path.as_uri())
    page.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
    assert page.evaluate(HANGING_OVER) == []
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    # Drawings follow the colours of the page.
    text = page.evaluate(
        "() => getComputedStyle(document.querySelector('.chart [style*=\"var(--text)\"]')).fill"
    )
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert text != ground
    context.close()
