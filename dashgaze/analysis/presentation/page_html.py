"""The page of a report on a data set."""

from dashgaze.reports.filled_page import filled_page

TEMPLATE = "analysis.html.j2"


def fill_page(page: object) -> str:
    """Give the page as HTML (`filled_page`)."""
    return filled_page(page, template=TEMPLATE, package=__package__)
