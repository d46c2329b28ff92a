"""Colours: read by everybody."""

import numpy as np
import pytest

from dashgaze.reports.html import render
from dashgaze.reports.palette import DARK, GROUNDS, LIGHT, SHAPES, TEXTS, contrast

# Machado, Oliveira & Fernandes, IEEE TVCG 15(6), 2009: severity 1, linear RGB.
PROTAN = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]
DEUTAN = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_and_shapes_stand_out(theme, ground):
    low = {name: contrast(theme[name], theme[ground]) for name in TEXTS}
    assert {name: value for name, value in low.items() if value < 4.5} == {}
    low = {name: contrast(theme[name], theme[ground]) for name in SHAPES}
    assert {name: value for name, value in low.items() if value < 3} == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", [np.eye(3), PROTAN, DEUTAN], ids=["normal", "protan", "deutan"])
def test_the_colours_of_one_lane_differ_to_all_eyes(theme, vision):
    """Blue, red and ink stand in one lane (green has stripes, too)."""

    def seen(name):
        rgb = np.array([int(theme[name][i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return np.clip(np.asarray(vision) @ linear, 0, 1) ** (1 / 2.4)

    for one, other in (("blue", "red"), ("blue", "green"), ("green", "red")):
        assert np.linalg.norm(seen(one) - seen(other)) > 0.2, (one, other)


def test_the_page_uses_these_colours():
    class Empty:
        title, subtitle, counts, rows = "", "", (), ()

    page = render("index.html.j2", Empty())
    assert all(f"--{name}: {value};" in page for name, value in LIGHT.items())
    assert all(f"--{name}: {value};" in page for name, value in DARK.items())
