"""Colours of the reports: after Okabe & Ito, which people with any colour vision tell apart.

Each is dark (or, on a dark page, light) enough to be read: text has a contrast of at least 4.5 to its
ground, shapes of at least 3 (WCAG 2.2, 1.4.3 and 1.4.11). Words or patterns always stand beside them.
"""

GROUNDS = ("page", "card")
"""What text and shapes lie on."""

TEXTS = ("text", "muted", "link", "usable", "flags", "redo", "unknown")
"""Colours of letters."""

SHAPES = ("blue", "green", "red", "purple", "ink")
"""Colours of areas and lines that mean something."""

LIGHT = {
    "page": "#ffffff",
    "card": "#f4f6f8",
    "line": "#ccd3da",
    "text": "#16202a",
    "muted": "#4c5966",
    "link": "#00598c",
    "usable": "#00614a",
    "flags": "#7d4700",
    "redo": "#a3270f",
    "unknown": "#3c4f7c",
    "blue": "#0072b2",
    "green": "#00845f",
    "red": "#c9480b",
    "purple": "#a04a7d",
    "ink": "#2b3742",
}

DARK = {
    "page": "#12171c",
    "card": "#1b2229",
    "line": "#3a4650",
    "text": "#edf1f4",
    "muted": "#aab6c1",
    "link": "#7cc4f0",
    "usable": "#4fd0a8",
    "flags": "#f0b455",
    "redo": "#ff9a76",
    "unknown": "#a9bdf0",
    "blue": "#56b4e9",
    "green": "#2fbf94",
    "red": "#f0793f",
    "purple": "#d98fb8",
    "ink": "#c8d2db",
}


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 … 21 (WCAG 2.2, relative luminance).

    Parameters
    ----------
    one, other
        Colours as ``#rrggbb``.
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
