"""Filling the template of the report: everything is escaped, nothing is loaded from outside."""

from functools import lru_cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from dashgaze._version import __version__
from dashgaze.reports.palette import DARK, LIGHT

TEMPLATE = "analysis.html.j2"
_OURS = (__package__, "dashgaze.reports")


def fill_page(page: object) -> str:
    """Give the page as HTML.

    Parameters
    ----------
    page
        What it shows; all text in it is plain and is escaped here.
    """
    environment = _environment()
    style = environment.get_template("style.css.j2").render(light=LIGHT, dark=DARK)
    return environment.get_template(TEMPLATE).render(
        page=page, style=Markup(style), version=__version__
    )


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _source(name: str) -> str | None:
    """Find a template here, or the look of all reports where the others are."""
    for package in _OURS:
        path = files(package).joinpath(name)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None
