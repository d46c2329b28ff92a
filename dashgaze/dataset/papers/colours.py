"""Colours of the figures: those of the reports, after Okabe & Ito.

Said again here because `dashgaze.reports` brings the whole of the reports with it (0.1 GB); a test holds
both together.
"""

PAGE = "#ffffff"
EMPTY = "#f4f6f8"
TEXT = "#16202a"
MUTED = "#4c5966"
BLUE = "#0072b2"
GREEN = "#00845f"
RED = "#c9480b"
PURPLE = "#a04a7d"
GREY = "#b9c2cb"

SERIES = (BLUE, RED, GREEN, PURPLE)
"""Colours of lines; these differ in their dashes too."""
