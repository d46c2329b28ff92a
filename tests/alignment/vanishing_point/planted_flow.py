"""Flow of a street, a bend and other road users, with noise, as a phone's camera would see it."""

from dataclasses import dataclass

import numpy as np

from dashgaze.alignment.vanishing_point.picture_flow import PictureFlow

PX = 1 / 554.0
HALF_SIZE = np.array([0.6, 0.34])


@dataclass(frozen=True, kw_only=True)
class Ride:
    """What the camera does from one picture to the next: m, and rad about x (upwards), y (right), z."""

    focus: tuple[float, float] = (0.05, -0.03)
    way_m: float = 1.2
    turn_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise_px: float = 0.15


def matrix(turn):
    angle = np.linalg.norm(turn)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = np.asarray(turn) / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def street(rng, n):
    """Points of road, houses and far things in the camera's axes, shape (n, 3), m."""
    road = np.column_stack(
        [rng.uniform(-8, 8, n), np.full(n, 1.3), 1 / rng.uniform(1 / 60, 1 / 4, n)]
    )
    walls = np.column_stack(
        [rng.choice([-1, 1], n) * rng.uniform(6, 12, n), rng.uniform(-7, 1.3, n),
         rng.uniform(8, 80, n)]
    )  # fmt: skip
    far = np.column_stack(
        [rng.uniform(-200, 200, n), rng.uniform(-60, 0, n), rng.uniform(200, 600, n)]
    )
    points = np.concatenate([road[: n // 3], walls[: n // 2], far[: n - n // 3 - n // 2]])
    rng.shuffle(points)
    return points


def seen(points):
    return points[:, :2] / points[:, 2:]


def flow_of(ride, *, seed=0, n=250, outliers=0.15, car=None):
    """Plant flow; the true focus, halfway, is that of `true_focus`.

    `car` is (share of points, velocity in m from picture to picture): another road user at 12 m.
    """
    rng = np.random.default_rng(seed)
    points = street(rng, 4 * n)
    # The focus is halfway between the pictures: in the first one it is turned back by half the turn.
    to_middle = matrix(-np.asarray(ride.turn_rad) / 2)
    ahead = to_middle.T @ np.array([*ride.focus, 1.0])
    step = ride.way_m * ahead / np.linalg.norm(ahead)
    inside = (np.abs(seen(points)) < HALF_SIZE).all(axis=1)
    points = points[inside][:n]
    own = np.zeros_like(points)
    if car is not None:
        share, velocity = car
        count = round(share * len(points))
        points[:count] = np.column_stack(
            [rng.uniform(-5, 2, count), rng.uniform(-0.8, 1.2, count), rng.uniform(11, 13, count)]
        )
        own[:count] = velocity
    later = (points + own - step) @ matrix(-np.asarray(ride.turn_rad)).T
    start, end = seen(points), seen(later)
    end = end + rng.normal(0, ride.noise_px * PX, end.shape)
    wrong = rng.random(len(end)) < outliers
    end[wrong] = start[wrong] + rng.normal(0, 12 * PX, (int(wrong.sum()), 2))
    return PictureFlow(from_points=start, to_points=end, px=PX)
