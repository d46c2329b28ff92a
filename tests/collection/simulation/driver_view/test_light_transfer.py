"""Light that comes from around reaches what it can reach."""

import numpy as np

from dashgaze.collection.simulation.driver_view.light_transfer import directions, light_transfer
from dashgaze.collection.simulation.driver_view.surface import Surface, grid_surface


def ball(radius_m: float, centre_m: tuple[float, float, float]) -> Surface:
    down, turn = np.linspace(0.05, np.pi - 0.05, 25)[:, None], np.linspace(0, 2 * np.pi, 49)
    unit = np.stack(
        [np.sin(down) * np.sin(turn), -np.cos(down) + 0 * turn, np.sin(down) * np.cos(turn)], -1
    )
    return grid_surface(radius_m * unit + centre_m, 0, flip=True)


def test_a_ball_in_the_open_gets_all_of_the_light_and_one_behind_another_does_not():
    body = ball(0.1, (0.0, 0.0, 0.0))
    assert ((body.normals * body.points_m).sum(axis=1) >= 0).all()
    alone = light_transfer(body)
    np.testing.assert_allclose(alone.sum(axis=1), 1, atol=0.08)
    lamp = np.exp(20 * (directions()[:, 2] - 1)).astype(np.float32)
    in_front = body.points_m[:, 2] > 0.09
    assert (alone @ lamp)[in_front].min() > 20 * (alone @ lamp)[~in_front].min()
    shaded = light_transfer(body, [ball(0.3, (0.0, 0.0, 0.8))])
    assert (shaded @ lamp)[in_front].max() < 0.25 * (alone @ lamp)[in_front].min()
