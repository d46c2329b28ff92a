import itertools

import pytest

from dashgaze.errors import InputError
from dashgaze.rendering.layout import PANELS, lay_out
from dashgaze.rendering.options import RenderOptions

ASPECTS = {"road": 16 / 9, "ego": 1088 / 1080, "projected": 4 / 3, "driver": 16 / 9}


def overlap(a, b):
    return (
        a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )


@pytest.mark.parametrize("width", [320, 642, 1280, 1920])
@pytest.mark.parametrize("road", [9 / 16, 1.0, 4 / 3, 16 / 9, 3.57])
@pytest.mark.parametrize("driver", [9 / 16, 16 / 9])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_views_lie_side_by_side_and_keep_their_shape(width, road, driver, count):
    aspects = {**ASPECTS, "road": road, "driver": driver}
    layout = lay_out({name: aspects[name] for name in PANELS[:count]}, width)
    rects = [*layout.panels.values(), layout.header, layout.footer]
    assert layout.size_px[0] == width
    assert layout.size_px[1] <= 1.25 * width + 5 * layout.letter_px + 8
    for rect in rects:
        assert not any(value % 2 for value in (rect.x, rect.y, rect.width, rect.height))
        assert rect.x >= 0
        assert rect.x + rect.width <= width
        assert rect.y + rect.height <= layout.size_px[1]
    assert not any(overlap(a, b) for a, b in itertools.combinations(rects, 2))
    for name, rect in layout.panels.items():
        assert rect.width / rect.height == pytest.approx(aspects[name], rel=6 / min(rect.size_px))


def test_the_first_view_is_the_large_one():
    layout = lay_out({"driver": 16 / 9, "road": 16 / 9, "ego": 1.0}, 1280)
    areas = {name: rect.width * rect.height for name, rect in layout.panels.items()}
    assert max(areas, key=areas.get) == "driver"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width_px": 1281}, "A width of 1281 px"),
        ({"width_px": 100}, "from 320 to 3840"),
        ({"panels": ("road", "sky")}, "There is no panel 'sky'"),
        ({"panels": ()}, "are empty"),
        ({"panels": ("road", "road")}, "each once"),
        ({"start_s": 3.0, "end_s": 2.0}, "starts at 3 s and ends at 2 s"),
        ({"start_s": float("nan")}, "start_s is nan"),
        ({"fps": 0.0}, "0.0 frames per second"),
        ({"sound": "radio"}, "no sound 'radio'"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(InputError, match=message):
        RenderOptions(**options)
