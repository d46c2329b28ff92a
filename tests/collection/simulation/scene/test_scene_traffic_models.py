"""Road users fill their boxes and stay inside of them, from all sides."""

import cv2
import numpy as np
import pytest

from dashgaze.collection.simulation.scene.atlas import AtlasBuilder
from dashgaze.collection.simulation.scene.canvas import Canvas, Lighting
from dashgaze.collection.simulation.scene.traffic_models import TrafficModels
from dashgaze.collection.simulation.story.actor import SIZES_M
from dashgaze.collection.simulation.swing import turns

SIZE_PX = (320, 320)
AWAY_M = 60.0
LOOKS = range(3)


@pytest.fixture(scope="module")
def traffic():
    builder = AtlasBuilder()
    models = TrafficModels(builder, np.random.default_rng(3), night=False)
    return models, builder.build()


def corners_m(size_m):
    width, height, length = size_m
    return np.array(
        [
            (x, y, z)
            for x in (-width / 2, width / 2)
            for y in (-height, 0.0)
            for z in (-length / 2, length / 2)
        ]
    )


def shown(traffic, kind, size_m, heading_deg, look=0, walked_m=0.0):
    """Give which pixels show it, and the rectangle around its box, from 60 m away."""
    models, atlas = traffic
    focal = 0.8 * SIZE_PX[0] * AWAY_M / np.hypot(size_m[2], max(size_m[:2]))
    matrix = np.array([[focal, 0, 159.5], [0, focal, 159.5], [0, 0, 1]])
    turned = turns(np.array([float(heading_deg)]), np.zeros(1), np.zeros(1))[0]
    place = np.array([0.0, size_m[1] / 2, AWAY_M])
    canvas = Canvas(SIZE_PX, matrix)
    canvas.clear()
    mesh = models.model(kind, size_m, look, walked_m)
    canvas.draw(mesh, atlas, np.column_stack([turned, place]), Lighting())
    box, _ = cv2.projectPoints(
        corners_m(size_m) @ turned.T + place, np.zeros(3), np.zeros(3), matrix, None
    )
    box = box.reshape(-1, 2)
    return canvas.nearness > 0, box.min(axis=0), box.max(axis=0), focal / AWAY_M


@pytest.mark.parametrize("kind", SIZES_M)
@pytest.mark.parametrize("heading_deg", [0, 40, 90, 180, 250])
def test_a_road_user_stays_inside_of_its_box(traffic, kind, heading_deg):
    for look in LOOKS:
        mask, low, high, px_per_m = shown(traffic, kind, SIZES_M[kind], heading_deg, look)
        y, x = np.nonzero(mask)
        slack = 1 + 0.03 * px_per_m
        assert x.min() >= low[0] - slack
        assert x.max() <= high[0] + slack
        assert y.min() >= low[1] - slack
        assert y.max() <= high[1] + slack


@pytest.mark.parametrize("kind", SIZES_M)
@pytest.mark.parametrize("heading_deg", [0, 40, 90, 180, 250])
def test_a_road_user_reaches_from_its_head_to_the_ground_and_fills_most_of_its_box(
    traffic, kind, heading_deg
):
    mask, low, high, px_per_m = shown(traffic, kind, SIZES_M[kind], heading_deg)
    y, _ = np.nonzero(mask)
    assert y.min() <= low[1] + 0.15 * px_per_m
    assert y.max() >= high[1] - 0.15 * px_per_m
    area = np.prod(high - low)
    assert mask.sum() > (0.2 if kind in ("pedestrian", "motorcycle") else 0.5) * area


def test_size_is_what_was_asked_for(traffic):
    for size_m in ((1.7, 1.4, 3.6), (1.8, 1.6, 4.6)):
        mask, low, high, _ = shown(traffic, "car", size_m, 0)
        y, x = np.nonzero(mask)
        np.testing.assert_allclose([x.min(), x.max()], [low[0], high[0]], atol=2)
        assert y.max() == pytest.approx(high[1], abs=2)


def test_looks_and_lamps_differ(traffic):
    models, _ = traffic
    meshes = [models.model("car", SIZES_M["car"], look, 0.0) for look in range(3)]
    assert len({tuple(mesh.texture.tolist()) for mesh in meshes}) == 3
    assert models.model("car", SIZES_M["car"], 0, 0.0) is meshes[0]  # made once


def test_people_walk(traffic):
    models, _ = traffic
    steps = [
        models.model("pedestrian", SIZES_M["pedestrian"], 0, walked).texture[0]
        for walked in np.arange(0, 1.4, 0.05)
    ]
    assert len(set(steps)) > 2
    at_rest = models.model("pedestrian", SIZES_M["pedestrian"], 0, 0.0).texture[0]
    assert models.model("pedestrian", SIZES_M["pedestrian"], 0, 1.4).texture[0] == at_rest
