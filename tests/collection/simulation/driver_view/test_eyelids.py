"""Lids follow the eye and close over it."""

import numpy as np

from dashgaze.collection.simulation.driver_view.driver_look import draw_look
from dashgaze.collection.simulation.driver_view.eyelids import EYEBALL_MM, Eyelids, lid_heights
from dashgaze.collection.simulation.driver_view.head_shape import HeadShape


def test_the_upper_lid_follows_the_eye_and_closes():
    heights = [lid_heights(1.0, elevation).upper_mm for elevation in (-25, -10, 0, 10, 20)]
    assert (np.diff(heights) < 0).all()  # y points down
    gaps = [
        lid.lower_mm - lid.upper_mm for lid in (lid_heights(open_, -5.0) for open_ in (0, 0.3, 1))
    ]
    assert gaps[0] <= 0 < gaps[1] < gaps[2]


def test_lids_lie_before_the_eyeball_wherever_they_are():
    for seed in range(12):
        lids = Eyelids(HeadShape(draw_look(seed)))
        for openness in (0.0, 0.4, 1.0):
            for elevation_deg in (-30.0, 0.0, 20.0):
                points = lids.points_mm(lid_heights(openness, elevation_deg))
                near = np.abs(points[:4, :, 1]) < 11
                assert np.linalg.norm(points[:4][near], axis=-1).min() > EYEBALL_MM
