"""Makes a road video and the eye tracker's video of one drive, with the true geometry between them.

    python scripts/made_clips.py OUT --seconds 20 --road-mbit 17              # a drawn scene
    python scripts/made_clips.py OUT --seconds 20 --road-mbit 8 --clip CLIP   # a real one

The road video (1920 × 1080) shows the scene; the eye tracker's (1088 × 1080) shows the same through
the typical lens of a Pupil Invisible on a moving head, framed by the inside of a car. Both have 30
frames per second, frame i of one belongs to frame i of the other, and both carry grain, so that they
cost as much to decode as a recording of the same bit rate. There is no parallax: the two differ by a
rotation, and ``truth.npz`` holds its homography for every frame.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.camera import undistort_points
from dashgaze.collection.eye_tracker.scene_camera import typical_camera
from dashgaze.media import read_frame_times

RATE_HZ = 30
ROAD_PX = (1920, 1080)
ROAD_FOCAL_PX = 1735.0
ROAD_MATRIX = np.array([[ROAD_FOCAL_PX, 0, 959.5], [0, ROAD_FOCAL_PX, 539.5], [0, 0, 1]])
EGO_CAMERA = typical_camera("pupil_invisible")
EGO_PX = (EGO_CAMERA.width_px, EGO_CAMERA.height_px)
EGO_MBIT = 6.0
GRAIN = 2.5  # standard deviation, grey levels
MAX_CLIP_FRAMES = 240
# Where the camera's view is not hidden by the car, in road pixels: left, top, right, bottom.
WINDSCREEN_PX = (90, 40, 1840, 960)
# The inside of the car is a picture on the road camera's image plane, this much coarser and larger.
INSIDE_PX_PER_UNIT, INSIDE_EXTENT = 500.0, 2.4
# The lens is computed at every eighth pixel and interpolated, to 0.03 px of the road picture.
NODE_STEP_PX = 8

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
"""Y, U and V, the latter two at half the size."""

Where = tuple[NDArray[np.float32], NDArray[np.float32]]
"""x and y of where to look in another picture, for each pixel."""


@dataclass(frozen=True, kw_only=True)
class MadeClips:
    """The files: two videos, and ``truth.npz``.

    ``truth.npz`` holds ``road_from_ego``, shape (n, 3, 3): undistorted pixels of the eye tracker's
    camera to road pixels, for each frame.
    """

    road: Path
    ego: Path
    truth: Path
    road_mbit: float
    ego_mbit: float


def make_clips(
    folder: Path,
    *,
    seconds: float,
    road_mbit: float,
    clip: Path | None = None,
    seed: int = 0,
) -> MadeClips:
    """Write ``road.mp4``, ``ego.mp4`` and ``truth.npz``.

    Parameters
    ----------
    folder
        Made if it does not exist.
    seconds
        Length.
    road_mbit
        Bit rate of the road video, Mb/s; the other has 6.
    clip
        A driving video, of which 8 s are played to and fro; None for a drawn scene.
    seed
        Of grain and textures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = round(seconds * RATE_HZ)
    scene = DrawnScene(seed) if clip is None else _PlayedClip(clip)
    rotations = [road_from_ego_rotation(index / RATE_HZ) for index in range(count)]
    road_from_ego = np.array(
        [ROAD_MATRIX @ rotation @ np.linalg.inv(EGO_CAMERA.matrix) for rotation in rotations]
    )
    truth = folder / "truth.npz"
    np.savez_compressed(
        truth,
        road_from_ego=road_from_ego,
        road_matrix=ROAD_MATRIX,
        ego_matrix=EGO_CAMERA.matrix,
        ego_distortion=EGO_CAMERA.distortion,
    )
    eye = EgoView(seed)
    grain = _Grain(seed)
    road, ego = folder / "road.mp4", folder / "ego.mp4"
    with (
        _writing(road, ROAD_PX, road_mbit) as add_road,
        _writing(ego, EGO_PX, EGO_MBIT) as add_ego,
    ):
        for index in range(count):
            planes = _resized(scene(index), ROAD_PX)
            add_road(grain(planes))
            add_ego(grain(eye(planes, road_from_ego[index])))
    return MadeClips(
        road=road,
        ego=ego,
        truth=truth,
        road_mbit=_mbit(road, count),
        ego_mbit=_mbit(ego, count),
    )


def road_from_ego_rotation(time_s: float) -> NDArray[np.float64]:
    """Give a head's rotation: glances of ±8° and ±4°, some roll, and the car's vibration."""

    def wave(*terms: tuple[float, float, float]) -> float:
        return sum(size * math.sin(2 * math.pi * hz * time_s + phase) for size, hz, phase in terms)

    yaw = wave((6.0, 0.11, 0.0), (2.0, 0.37, 1.0))
    pitch = wave((2.6, 0.17, 0.5), (1.2, 0.45, 2.0), (0.08, 4.3, 0.0), (0.05, 9.1, 1.0))
    roll = wave((1.5, 0.13, 1.5), (0.05, 6.2, 0.0))
    turns = np.radians([pitch, yaw, roll])
    x, y, z = (cv2.Rodrigues(turn * axis)[0] for turn, axis in zip(turns, np.eye(3), strict=True))
    return np.asarray(y @ x @ z, dtype=np.float64)


class EgoView:
    """What the eye tracker's camera sees of a road picture and of the car around it."""

    def __init__(self, seed: int) -> None:
        width, height = EGO_PX
        nodes = np.mgrid[
            : height + NODE_STEP_PX : NODE_STEP_PX, : width + NODE_STEP_PX : NODE_STEP_PX
        ]
        self._grid = nodes.shape[1:]
        distorted = nodes[::-1].reshape(2, -1).T.astype(np.float64)
        rays = undistort_points(distorted, EGO_CAMERA.matrix, EGO_CAMERA.distortion)
        pixels = np.column_stack([rays, np.ones(len(rays))]) @ EGO_CAMERA.matrix.T
        self._undistorted = np.nan_to_num(pixels, nan=1e6)
        self._inside, self._opaque = _car_inside(seed)

    def __call__(self, road: Planes, road_from_ego: NDArray[np.float64]) -> Planes:
        """Render one frame."""
        points = self._undistorted @ road_from_ego.T
        at_road = points[:, :2] / points[:, 2:]
        y, u, v = road
        # The eye tracker's pixels are more than two road pixels wide.
        y = _plane(cv2.resize(y, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        dimmed = _plane(cv2.convertScaleAbs(y, alpha=0.9, beta=10))
        at_half = self._spread((at_road + 0.5) / 2 - 0.5)
        scale = INSIDE_PX_PER_UNIT / ROAD_FOCAL_PX
        centre = INSIDE_EXTENT * INSIDE_PX_PER_UNIT
        at_inside = self._spread((at_road - ROAD_MATRIX[:2, 2]) * scale + centre)
        opaque = _look(self._opaque, at_inside)
        inside = _look(self._inside, at_inside)
        # Every other pixel is near enough for colour.
        at_half_2 = (at_half[0][::2, ::2].copy(), at_half[1][::2, ::2].copy())
        opaque_2 = opaque[::2, ::2].copy()
        grey = np.full_like(opaque_2, 128)
        return (
            _blend(_look(dimmed, at_half), inside, opaque),
            _blend(_look(u, at_half_2), grey, opaque_2),
            _blend(_look(v, at_half_2), grey, opaque_2),
        )

    def _spread(self, at_nodes: NDArray[np.float64]) -> Where:
        """Interpolate points between the nodes."""
        scale = np.array([[1 / NODE_STEP_PX, 0, 0], [0, 1 / NODE_STEP_PX, 0]])
        way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        x, y = (
            np.asarray(
                cv2.warpAffine(nodes.reshape(self._grid), scale, EGO_PX, flags=way),
                dtype=np.float32,
            )
            for nodes in at_nodes.T.astype(np.float32)
        )
        return x, y


def _look(plane: Plane, where: Where) -> Plane:
    return _plane(cv2.remap(plane, *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _blend(seen: Plane, inside: Plane, opaque: Plane) -> Plane:
    through = cv2.multiply(seen, cv2.bitwise_not(opaque), scale=1 / 255)
    return _plane(cv2.add(through, cv2.multiply(inside, opaque, scale=1 / 255)))


def _plane(picture: object) -> Plane:
    return np.asarray(picture, dtype=np.uint8)


def _car_inside(seed: int) -> tuple[Plane, Plane]:
    """Draw the car's inside on the plane of the road camera; and where it hides the road."""
    size = round(2 * INSIDE_EXTENT * INSIDE_PX_PER_UNIT) + 1
    texture = _clouds(np.random.default_rng(seed + 1), (size, size), (6, 20, 90))
    inside = 45 + 10 * texture
    step = 60
    for row in range(0, size, step):  # seams, buttons and edges, which have corners as a road has
        for column in range(0, size, step):
            pick = np.random.default_rng([seed, row, column])
            if pick.random() < 0.35:
                x, y = column + pick.integers(0, 30), row + pick.integers(0, 30)
                w, h = pick.integers(6, 40, 2)
                inside[y : y + h, x : x + w] += pick.uniform(-30, 60)
    edges = (np.array(WINDSCREEN_PX).reshape(2, 2) - ROAD_MATRIX[:2, 2]) / ROAD_FOCAL_PX
    (left, top), (right, bottom) = edges * INSIDE_PX_PER_UNIT + INSIDE_EXTENT * INSIDE_PX_PER_UNIT
    lean = 0.1 * (bottom - top)  # pillars lean inwards
    corners = [(left + lean, top), (right - lean, top), (right, bottom), (left, bottom)]
    opaque = np.full((size, size), 255, dtype=np.uint8)
    cv2.fillPoly(opaque, [np.rint(corners).astype(np.int32)], 0)
    return np.clip(inside, 16, 235).astype(np.uint8), _plane(cv2.GaussianBlur(opaque, (0, 0), 2))


class DrawnScene:
    """A drive along a straight road between textured walls, posts and hills, drawn frame by frame."""

    SIZE_PX = (1280, 720)
    FOCAL_PX = ROAD_FOCAL_PX * 720 / 1080
    SPEED_M_S, CAMERA_HEIGHT_M = 14.0, 1.3

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        width, height = self.SIZE_PX
        self._horizon = height // 2
        sky = 185 + 12 * _clouds(random, (height, width), (40, 120))
        ridge = 60 * _clouds(random, (1, width), (30, 200))[0] + self._horizon - 70
        hills = 95 + 30 * _clouds(random, (height, width), (2, 5, 15))
        rows = np.arange(height)[:, None]
        self._far = np.where(rows < ridge, sky, hills).clip(16, 235).astype(np.uint8)
        # Ground: 40 px per metre, lane marks included, repeating.
        ground = 90 + 16 * _clouds(random, (2048, 2048), (1, 3, 8, 40))
        ground[:, 1024 + 70 : 1024 + 78] += 90
        ground[:1024, 1024 - 78 : 1024 - 70] += 90
        self._ground = ground.clip(16, 235).astype(np.uint8)
        below = np.arange(self._horizon + 12, height)
        self._below = below[0]
        self._depth_m = self.CAMERA_HEIGHT_M * self.FOCAL_PX / (below - self._horizon)
        across_m = (np.arange(width) - width / 2) * self._depth_m[:, None] / self.FOCAL_PX
        self._ground_x = ((across_m + 1.2) * 40 + 1024).astype(np.float32)
        self._things = [
            (
                random.choice([-1, 1]) * random.uniform(4.5, 16),
                distance,
                random.uniform(0.4, 5, 2),
                (110 + 45 * _clouds(random, (96, 96), (1, 4, 12))).clip(16, 235).astype(np.uint8),
            )
            for distance in np.arange(0, 160, 2.5)
        ]
        self._chroma = np.full((height // 2, width // 2), 128, dtype=np.uint8)

    def __call__(self, index: int) -> Planes:
        """Draw a frame."""
        driven_m = self.SPEED_M_S * index / RATE_HZ
        picture = self._far.copy()
        along = ((self._depth_m + driven_m) * 40 % 2048).astype(np.float32)
        ground_y = np.broadcast_to(along[:, None], self._ground_x.shape)
        picture[self._below :] = cv2.remap(
            self._ground, self._ground_x, ground_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        things = [((thing[1] - driven_m) % 160 + 3, *thing) for thing in self._things]
        for depth_m, side_m, _, (wide_m, high_m), texture in sorted(
            things, key=itemgetter(0), reverse=True
        ):
            scale = self.FOCAL_PX / depth_m
            x = self.SIZE_PX[0] / 2 + side_m * scale
            bottom = self._horizon + self.CAMERA_HEIGHT_M * scale
            size = (max(1, round(wide_m * scale)), max(1, round(high_m * scale)))
            _paste(picture, texture, (round(x), round(bottom) - size[1]), size)
        return picture, self._chroma, self._chroma


def _paste(
    picture: Plane, texture: Plane, at_px: tuple[int, int], size_px: tuple[int, int]
) -> None:
    """Draw a texture at a size, as far as it lies in the picture."""
    height, width = picture.shape
    (x, y), (w, h) = at_px, size_px
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if left >= right or top >= bottom:
        return
    scale = np.array([w / texture.shape[1], h / texture.shape[0]])
    matrix = np.array([[scale[0], 0, x - left], [0, scale[1], y - top]])
    picture[top:bottom, left:right] = cv2.warpAffine(
        texture, matrix, (right - left, bottom - top), borderMode=cv2.BORDER_REPLICATE
    )


class _PlayedClip:
    """A video played to and fro."""

    def __init__(self, path: Path) -> None:
        read_frame_times(path)  # says what is wrong, if anything is
        self._frames: list[Planes] = []
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for picture in container.decode(stream):
                width, height = picture.width // 2 * 2, picture.height // 2 * 2
                planes = _plane(picture.reformat(width, height, "yuv420p").to_ndarray())
                chroma = planes[height:].reshape(2, height // 2, width // 2)
                self._frames.append((planes[:height], chroma[0], chroma[1]))
                if len(self._frames) == MAX_CLIP_FRAMES:
                    break

    def __call__(self, index: int) -> Planes:
        last = len(self._frames) - 1
        place = index % (2 * last) if last else 0
        return self._frames[min(place, 2 * last - place)]


class _Grain:
    """Adds noise that never repeats in place."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        noise = self._random.normal(0, GRAIN, (1600, 2500))
        self._noise = np.rint(noise).astype(np.int8)

    def __call__(self, planes: Planes) -> Planes:
        y = planes[0]
        height, width = y.shape
        down, right = self._random.integers(0, (1600 - height, 2500 - width))
        noise = self._noise[down : down + height, right : right + width]
        noisy = cv2.add(y, noise, dtype=cv2.CV_8U)
        return _plane(noisy), planes[1], planes[2]


def _clouds(
    random: np.random.Generator, shape: tuple[int, int], sizes_px: tuple[int, ...]
) -> NDArray[np.float64]:
    """Give noise with structure of several sizes, about -2 … 2."""
    total = np.zeros(shape, dtype=np.float64)
    for size in sizes_px:
        coarse = random.normal(size=(shape[0] // size + 2, shape[1] // size + 2))
        total += cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return total / math.sqrt(len(sizes_px))


def _resized(planes: Planes, size_px: tuple[int, int]) -> Planes:
    """Fill a size with a picture, cutting what is too long of it."""
    y, u, v = planes
    scale = max(size_px[0] / y.shape[1], size_px[1] / y.shape[0])
    wide, high = round(size_px[0] / scale / 2) * 2, round(size_px[1] / scale / 2) * 2
    left, top = (y.shape[1] - wide) // 4 * 2, (y.shape[0] - high) // 4 * 2

    def fill(plane: Plane, part: int) -> Plane:
        cut = plane[top // part : (top + high) // part, left // part : (left + wide) // part]
        size = (size_px[0] // part, size_px[1] // part)
        return _plane(cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC))

    return fill(y, 1), fill(u, 2), fill(v, 2)


@contextmanager
def _writing(
    path: Path, size_px: tuple[int, int], mbit: float
) -> Iterator[Callable[[Planes], None]]:
    """Open an H.264 file; give what appends a picture to it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = round(mbit * 1e6)
        limits = {"maxrate": f"{round(1.2 * mbit * 1e6)}", "bufsize": f"{round(mbit * 1e6)}"}
        stream.options = {
            "preset": "veryfast",
            "bf": "0",
            "g": str(RATE_HZ),
            "sc_threshold": "0",
            **limits,
        }
        count = 0

        def add(planes: Planes) -> None:
            nonlocal count
            # One above the other, the rows of U and V two to a line, as PyAV wants them.
            stacked = np.concatenate([plane.reshape(-1, size_px[0]) for plane in planes])
            frame = av.VideoFrame.from_ndarray(stacked, format="yuv420p")
            frame.pts, frame.time_base = count, Fraction(1, RATE_HZ)
            container.mux(stream.encode(frame))
            count += 1

        yield add
        container.mux(stream.encode(None))


def _mbit(path: Path, count: int) -> float:
    return 8e-6 * path.stat().st_size * RATE_HZ / count


def main() -> None:
    """Make the clips; say how large they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="OUT")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--road-mbit", type=float, default=17.0)
    parser.add_argument("--clip", type=Path)
    args = parser.parse_args()
    started = time.perf_counter()
    made = make_clips(args.folder, seconds=args.seconds, road_mbit=args.road_mbit, clip=args.clip)
    print(f"{made.road}  {made.road_mbit:.1f} Mb/s ({args.road_mbit:g} asked for)")
    print(f"{made.ego}  {made.ego_mbit:.1f} Mb/s ({EGO_MBIT:g} asked for)")
    print(f"{made.truth}\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
