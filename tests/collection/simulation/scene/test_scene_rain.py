"""Drops gather on the windscreen until the wiper comes; streaks fall elsewhere in each frame."""

import numpy as np

from dashgaze.collection.simulation.scene.atlas import AtlasBuilder
from dashgaze.collection.simulation.scene.rain import WIPE_S, Drops, Streaks


def test_drops_gather_until_the_wiper_comes():
    drops = Drops(AtlasBuilder(), np.random.default_rng(1))
    counts = []
    for part in (0.0, 0.3, 0.6, 0.99):
        mesh, there = drops.at((7 + part) * WIPE_S)
        assert there.start == 0
        assert there.stop % 2 == 0  # two triangles each
        counts.append(there.stop / len(mesh))
    np.testing.assert_allclose(counts, [0.0, 0.3, 0.6, 0.99], atol=0.01)


def test_drops_stay_where_they_are_and_lie_elsewhere_after_a_wipe():
    drops = Drops(AtlasBuilder(), np.random.default_rng(1))
    early, late, after = (drops.at(part * WIPE_S)[0].corners_m for part in (4.2, 4.9, 5.2))
    np.testing.assert_array_equal(early, late)
    assert (early != after).any(axis=(1, 2)).all()


def test_drops_are_small_and_on_the_windscreen():
    mesh, _ = Drops(AtlasBuilder(), np.random.default_rng(1)).at(0.0)
    corners = mesh.corners_m.astype(float)
    size_m = np.ptp(corners, axis=1)
    assert size_m.max() < 0.01
    # The plane from the dashboard to the edge of the roof.
    normal = np.cross((1.0, 0, 0), (0, -1.37 + 0.965, 0.40 - 0.95))
    away_m = (corners - (0, -0.965, 0.95)) @ (normal / np.linalg.norm(normal))
    assert np.abs(away_m).max() < 1e-5
    assert np.abs(corners[..., 0]).max() < 0.63


def test_streaks_only_brighten_and_lie_elsewhere_in_the_next_frame():
    dark = np.full((180, 320), 60, dtype=np.uint8)
    streaks = Streaks((320, 180), np.random.default_rng(2), 34.0)
    first, second, again = (streaks(dark, index).astype(int) for index in (0, 1, 0))
    np.testing.assert_array_equal(first, again)
    for each in (first, second):
        assert each.min() == 60
        assert 62 < each.max() <= 94
        assert 0.02 < (each > 62).mean() < 0.4
    assert (first != second).mean() > 0.05
    stronger = Streaks((320, 180), np.random.default_rng(2), 68.0)(dark, 0).astype(int) - 60
    assert stronger.sum() > 1.7 * (first - 60).sum()
