"""A street of points in space, seen by a phone and by a head beside and behind it, without any pictures."""

from dataclasses import dataclass

import numpy as np

from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.observations import Observations
from dashgaze.alignment.road_camera import RoadCamera
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.sweep import RowResult

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 536.1], [0, 0, 1]])
ROAD_SIZE = (1280, 720)
FOCAL_PX = 1000.0
ROAD_CAMERA = RoadCamera(
    focal_px=FOCAL_PX, spread_px=np.nan, count=0, size_px=ROAD_SIZE, centre_px=(639.5, 359.5)
)
ROAD = ROAD_CAMERA.matrix
FRAME = MapFrame(ego_matrix=EGO, road_size_px=ROAD_SIZE)
HEAD_M = np.array([0.36, 0.08, -0.5])
"""Position of the head from the phone: x right, y down, z forward, m."""

NOISE_PX = 0.5
_PHONE_M = 1.27


@dataclass(frozen=True, kw_only=True, eq=False)
class Street:
    """A drive: observations, turns from ego to road, gaze points in both views."""

    seen: Observations
    turns: np.ndarray
    ego_px: np.ndarray
    road_px: np.ndarray
    depth_m: np.ndarray


def points(rng: np.random.Generator, count: int = 500) -> np.ndarray:
    """Points of the road, of houses on both sides, and of hills, shape (n, 3), m."""
    ground = np.column_stack(
        [rng.uniform(-6, 6, count), np.full(count, _PHONE_M), 5 / rng.uniform(0.03, 0.9, count)]
    )
    walls = np.column_stack(
        [
            rng.choice([-1, 1], count) * rng.uniform(7, 9, count),
            rng.uniform(-6, _PHONE_M, count),
            7 / rng.uniform(0.05, 0.9, count),
        ]
    )
    hills = np.column_stack(
        [rng.uniform(-300, 300, count), rng.uniform(-80, -2, count), rng.uniform(400, 600, count)]
    )
    return np.concatenate([ground, walls, hills])


def see(
    scene: np.ndarray, turn: np.ndarray, head_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give ego px, road px and which points both views show."""
    head = (scene - head_m) @ turn
    ego, road = head @ EGO.T, scene @ ROAD.T
    with np.errstate(divide="ignore", invalid="ignore"):
        ego_px, road_px = ego[:, :2] / ego[:, 2:], road[:, :2] / road[:, 2:]
    seen = (head[:, 2] > 0.5) & (scene[:, 2] > 0.5)
    seen &= ((road_px > 0) & (road_px < ROAD_SIZE)).all(axis=1)
    seen &= ((ego_px > 0) & (ego_px < (1088, 1080))).all(axis=1)
    return ego_px, road_px, seen


def street(
    count: int = 60,
    *,
    head_m: np.ndarray = HEAD_M,
    wrong: float = 0.1,
    matches: int = 90,
    far: bool = False,
    seed: int = 0,
) -> Street:
    """Make a drive whose driver looks at something else in every frame: the road, a wall, a hill.

    Parameters
    ----------
    count
        Frames.
    head_m
        Where the head is.
    wrong
        Share of wrong matches.
    matches
        Matches of a frame.
    far
        Whether everything is thousands of times as far away.
    seed
        Of all that is random.
    """
    rng = np.random.default_rng(seed)
    rows, turns, gaze, true, depth = [], [], [], [], []
    for row in range(count):
        turn = rotation_matrix(rng.normal(0, np.radians([2, 4, 1])))
        scene = points(rng) * (1e4 if far else 1)
        ego_px, road_px, seen = see(scene, turn, head_m)
        target, *chosen = rng.permutation(np.flatnonzero(seen))[: matches + 1]
        ego = ego_px[chosen] + rng.normal(0, NOISE_PX, (matches, 2))
        road = road_px[chosen] + rng.normal(0, NOISE_PX, (matches, 2))
        lost = rng.random(matches) < wrong
        road[lost] += rng.uniform(-40, 40, (int(lost.sum()), 2))
        mapping = Mapping.from_matrix(
            ROAD @ turn @ rotation_matrix(rng.normal(0, 0.003, 3)) @ np.linalg.inv(EGO),
            1e-8 * np.eye(8),
            FRAME,
        )
        result = RowResult(row=row, direct=mapping, inlier_count=80, match_count=matches)
        result.sigma_px, result.spread_px, result.velocity_px_s = NOISE_PX, 0.0, np.zeros(2)
        result.deviation_px = 1.0
        result.matches = np.column_stack([ego, road, np.ones(matches)]).astype(np.float32)
        rows.append(result)
        turns.append(turn)
        gaze.append(ego_px[target])
        true.append(road_px[target])
        depth.append(scene[target, 2] - head_m[2])
    return Street(
        seen=Observations.collect(rows),
        turns=np.array(turns),
        ego_px=np.array(gaze),
        road_px=np.array(true),
        depth_m=np.array(depth),
    )


def apart_px(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Give how far turns are apart, in px of the middle of the road picture, shape (n,)."""
    between = one @ other.transpose(0, 2, 1)
    return FOCAL_PX * np.hypot(between[:, 0, 2], between[:, 1, 2])
