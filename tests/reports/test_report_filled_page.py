"""Pages of other rooms with the look of all reports."""

import sys
from types import ModuleType

import jinja2
import pytest

from dashgaze._version import __version__
from dashgaze.reports.filled_page import filled_page
from dashgaze.reports.palette import DARK, LIGHT

TEMPLATE = """\
{% import "parts.html.j2" as parts %}
<html><style>{{ style }}</style><p>{{ page.text }}</p>{{ page.svg|drawn }}<i>{{ version }}</i></html>
"""


@pytest.fixture
def room(tmp_path, monkeypatch) -> str:
    """A package with a template of its own."""
    folder = tmp_path / "room_with_a_page"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "page.html.j2").write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder.name
    sys.modules.pop(folder.name, None)


def a_page(**content: str) -> ModuleType:
    page = ModuleType("page")
    page.__dict__.update({"text": "", "svg": ""} | content)
    return page


def test_text_is_escaped_and_our_drawings_are_not(room):
    page = a_page(text="<script>x</script> & co", svg="<svg><g/></svg>")
    html = filled_page(page, template="page.html.j2", package=room)
    assert "&lt;script&gt;x&lt;/script&gt; &amp; co" in html
    assert "<svg><g/></svg>" in html
    assert __version__ in html


def test_the_look_is_that_of_all_reports(room):
    html = filled_page(a_page(), template="page.html.j2", package=room)
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert "prefers-color-scheme: dark" in style
    assert all(palette["page"] in style for palette in (LIGHT, DARK))


def test_what_a_page_lacks_is_an_error_not_a_gap(room):
    class Empty:
        svg = ""

    with pytest.raises(jinja2.UndefinedError, match="text"):
        filled_page(Empty(), template="page.html.j2", package=room)
    with pytest.raises(jinja2.TemplateNotFound):
        filled_page(a_page(), template="other.html.j2", package=room)
