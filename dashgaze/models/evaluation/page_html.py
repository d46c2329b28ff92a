"""The page of a report on models."""

from dashgaze.reports.filled_page import filled_page

TEMPLATE = "evaluation.html.j2"


def fill_page(page: object) -> str:
    """Give the page as HTML (`filled_page`)."""
    return filled_page(page, template=TEMPLATE, package=__package__)
