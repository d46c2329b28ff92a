"""Filling a page's template from another room with the look of all reports.

Everything is escaped but the style and SVG that we drew ourselves, and nothing is loaded from outside.
"""

from functools import lru_cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from dashgaze._version import __version__

from .palette import DARK, LIGHT


def filled_page(page: object, *, template: str, package: str) -> str:
    """Give a page as HTML.

    Parameters
    ----------
    page
        What it shows; text in it is plain and is escaped, SVG that goes through ``drawn`` is taken as it is.
    template
        Name of its template, which may import ``parts.html.j2``.
    package
        The package that the template lies in.
    """
    environment = _environment(package)
    style = environment.get_template("style.css.j2").render(light=LIGHT, dark=DARK)
    return environment.get_template(template).render(
        page=page, style=Markup(style), version=__version__
    )


@lru_cache(maxsize=8)
def _environment(package: str) -> jinja2.Environment:
    def source(name: str) -> str | None:
        """Find a template in the package, or the look of all reports here."""
        for place in (package, __package__):
            path = files(place).joinpath(name)
            if path.is_file():
                return path.read_text(encoding="utf-8")
        return None

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["drawn"] = Markup
    return environment
