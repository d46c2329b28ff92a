"""A made-up view seen by two cameras that turn about one point, small enough for tests.

Things are far away: between the views lie a rotation and the two lenses, so that the map from one to the
other is known exactly. The ego camera is a Pupil Invisible of half the resolution, 544 × 540 px, with its
distortion; the road camera is a pinhole 60° wide, 640 × 360 px.
"""

from functools import cache

import cv2
import numpy as np

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.features import FeatureDetector
from dashgaze.alignment.mapping import MapFrame
from dashgaze.alignment.road_camera import RoadCamera
from dashgaze.alignment.road_view import RoadView
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.collection.eye_tracker.scene_camera import typical_camera

ROAD_SIZE = (640, 360)
EGO_SIZE = (544, 540)
ROAD_FOCAL_PX = 554.0
ROAD = RoadCamera(
    focal_px=ROAD_FOCAL_PX, spread_px=np.nan, count=0, size_px=ROAD_SIZE, centre_px=(319.5, 179.5)
)
FRAME_S = 1 / 30

# The scene is painted on the plane z = 1, this many pixels to one.
_PAINT_PX = 700.0
_PAINT_SIZE = 2400

HEAD = np.array([0.10, 0.12, -0.05])
"""How the head stands to the road camera at first: a little up, 7° to the right, and tilted."""


@cache
def camera() -> EgoCamera:
    typical = typical_camera("pupil_invisible")
    matrix = typical.matrix.copy()
    # half the resolution, with pixel centres at integers
    matrix[:2] /= 2
    matrix[:2, 2] -= 0.25
    return EgoCamera(matrix, typical.distortion, size_px=EGO_SIZE)


@cache
def frame() -> MapFrame:
    return MapFrame(ego_matrix=camera().matrix, road_size_px=ROAD_SIZE)


@cache
def paint(seed: int = 0) -> np.ndarray:
    """Noise of several sizes, and shapes with corners."""
    rng = np.random.default_rng(seed)
    size = _PAINT_SIZE
    picture = np.zeros((size, size), dtype=np.float32)
    for step in (4, 12, 40):
        noise = rng.normal(size=(size // step + 2,) * 2).astype(np.float32)
        noise = cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
        picture += noise * 12
    picture += 120
    for _ in range(1500):
        x, y = rng.integers(0, size, 2)
        half = rng.integers(5, 40, 2)
        turn = rng.uniform(0, 180)
        box = cv2.boxPoints(((float(x), float(y)), tuple(half.astype(float)), turn))
        cv2.fillConvexPoly(picture, np.rint(box).astype(np.int32), float(rng.uniform(20, 235)))
    return cv2.GaussianBlur(np.clip(picture, 0, 255), (0, 0), 0.8)


@cache
def _ego_rays() -> np.ndarray:
    """Rays of all ego pixels, shape (h · w, 3)."""
    x, y = np.meshgrid(np.arange(EGO_SIZE[0]), np.arange(EGO_SIZE[1]))
    pixels = np.column_stack([x.ravel(), y.ravel()]).astype(float)
    points = camera().undistort(pixels)
    return np.column_stack([points, np.ones(len(points))]) @ np.linalg.inv(camera().matrix).T


def _show(rays: np.ndarray, size: tuple[int, int], noise_seed: int, seed: int) -> np.ndarray:
    """Show the painted scene in directions, in its axes, with a camera's noise."""
    with np.errstate(divide="ignore", invalid="ignore"):
        points = np.where(rays[:, 2:] > 0.05, rays[:, :2] / rays[:, 2:], 1e3)
    places = (points * _PAINT_PX + _PAINT_SIZE / 2).astype(np.float32).reshape(size[1], size[0], 2)
    seen = cv2.remap(
        paint(seed), places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderValue=120.0
    )
    noise = np.random.default_rng(noise_seed).normal(0, 1.5, seen.shape)
    return np.clip(np.rint(seen + noise), 0, 255).astype(np.uint8)


def ego_picture(
    head: np.ndarray, *, noise_seed: int = 1, seed: int = 0, stretch: np.ndarray | None = None
) -> np.ndarray:
    """What a head sees.

    Parameters
    ----------
    head
        Rotation from ego to scene axes, shape (3, 3).
    noise_seed, seed
        Of the camera's noise, and of the scene.
    stretch
        What a scene that is not far away does to directions, shape (3, 3).
    """
    rays = _ego_rays() @ head.T
    return _show(rays if stretch is None else rays @ stretch.T, EGO_SIZE, noise_seed, seed)


def road_picture(
    phone: np.ndarray | None = None, *, noise_seed: int = 2, seed: int = 0
) -> np.ndarray:
    """What the phone sees, turned from the scene's axes by a rotation, shape (3, 3)."""
    x, y = np.meshgrid(np.arange(ROAD_SIZE[0]), np.arange(ROAD_SIZE[1]))
    pixels = np.column_stack([x.ravel(), y.ravel(), np.ones(x.size)])
    rays = pixels @ np.linalg.inv(ROAD.matrix).T
    return _show(rays if phone is None else rays @ phone.T, ROAD_SIZE, noise_seed, seed)


def road_from_ego(head: np.ndarray, phone: np.ndarray | None = None) -> np.ndarray:
    """The true map, last element 1."""
    turn = head if phone is None else phone.T @ head
    matrix = ROAD.matrix @ turn @ np.linalg.inv(camera().matrix)
    return matrix / matrix[2, 2]


def first_head() -> np.ndarray:
    return rotation_matrix(HEAD)


def road_view(
    picture: np.ndarray, *, index: int = 0, time_s: float = 0.0, count: int = 1000
) -> RoadView:
    return RoadView(
        index=index,
        time_s=time_s,
        picture=picture,
        reduction=1.0,
        features=FeatureDetector(count=count).find(picture),
    )


def map_error_px(found: np.ndarray, truth: np.ndarray, part: float = 0.5) -> float:
    """Largest distance between two maps within the middle part of the road picture."""
    width, height = ROAD_SIZE
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 5), np.linspace(-0.5, 0.5, 5))
    road = np.column_stack(
        [
            width * (part * x.ravel() + 0.5) - 0.5,
            height * (part * y.ravel() + 0.5) - 0.5,
            np.ones(x.size),
        ]
    )
    image = road @ np.linalg.inv(truth).T @ found.T
    return float(np.hypot(*(image[:, :2] / image[:, 2:] - road[:, :2]).T).max())
