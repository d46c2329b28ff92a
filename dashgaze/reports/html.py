"""Filling the templates: everything is escaped, nothing is loaded from outside."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import jinja2

from dashgaze._version import __version__

from .palette import DARK, LIGHT

MARK = '<meta name="generator" content="dashgaze">'
"""What tells a page of ours from somebody else's file of the same name."""

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|px|ppm|dBFS|km/h)(?!\w))|(?<=±) (?=\d)")


def render(template: str, page: object) -> str:
    """Fill a template.

    Parameters
    ----------
    template
        Its file name.
    page
        What it shows; all text in it is plain and is escaped here.
    """
    environment = _environment()
    style = environment.get_template("style.css.j2").render(light=LIGHT, dark=DARK)
    content: dict[str, Any] = {"page": page, "version": __version__}
    # The style sheet is ours alone, from first to last.
    return environment.get_template(template).render(style=_trusted(style), **content)


def _trusted(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_unbroken,
    )


def _unbroken(value: Any) -> Any:
    """Keep a number and its unit on one line."""
    if type(value) is not str:
        return value
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", value)


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
