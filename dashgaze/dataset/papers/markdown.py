"""Filling the Markdown templates. Nothing is loaded from outside."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import jinja2

from . import wording


def fill(template: str, **content: Any) -> str:
    """Fill a template of this package.

    Parameters
    ----------
    template
        Its file name.
    content
        What stands in it. Text from session manifests has to go through `cell` or `plain`.
    """
    text = _environment().get_template(template).render(**content)
    # Blocks that were left out leave holes behind.
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def plain(text: object) -> str:
    """Keep text from being taken for Markdown or HTML."""
    flat = wording.one_line(str(text))
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", flat)


def cell(text: object) -> str:
    """Make Markdown safe to stand in a cell of a table."""
    return wording.one_line(str(text)).replace("|", r"\|").replace("<", "&lt;")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    # Markdown, not HTML: what is not ours is escaped by `plain` and `cell`.
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        plain=plain,
        cell=cell,
        integer=wording.integer,
        hours=wording.hours,
        percent=wording.percent,
        listed=wording.listed,
        sentence=wording.sentence,
        condition=wording.condition,
    )
    environment.globals.update(counted=wording.counted)
    return environment


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
