"""The driver's own car: bonnet, dashboard, wheel, pillars, doors, roof and mirrors, in the car's axes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..story.car_layout import CAR_TARGETS_M, PHONE_M
from .atlas import AtlasBuilder, Paint, paint
from .mesh import Mesh, joined, quads
from .surface_paint import Picture, flat, noise, scribble

FloatArray = NDArray[np.float64]

_BONNET_BGR = (
    (172.0, 174.0, 176.0),
    (44.0, 40.0, 120.0),
    (112.0, 74.0, 46.0),
    (70.0, 72.0, 74.0),
)


def bonnet(textures: AtlasBuilder, rng: np.random.Generator) -> Mesh:
    """Give the bonnet, which both cameras see."""
    texture = textures.add("bonnet", _bonnet_paint(rng))
    x = np.linspace(-0.78, 0.78, 9)
    z = np.linspace(0.98, 2.02, 7)
    height = 0.97 - 0.10 * ((z - 0.98) / 1.04) ** 2 - 0.10 * np.clip((z - 1.8) / 0.22, 0, 1) ** 2
    grid = np.stack(
        np.broadcast_arrays(x[None], -(height[:, None] - 0.05 * (x[None] / 0.78) ** 2), z[:, None]),
        -1,
    )
    return _patch(grid, texture, light=0.85 + 0.25 * np.linspace(1, 0, 7)[:, None] * np.ones(9))


def inside(
    textures: AtlasBuilder, rng: np.random.Generator, *, camera_position: str, night: bool
) -> Mesh:
    """Give what the driver sees of the inside."""
    cloth = textures.add("cloth", _cloth(rng, 150.0))
    dark = textures.add("dark", _cloth(rng, 66.0))
    board = textures.add("board", _board(rng))
    dials = textures.add("dials", _dials(rng, night=night))
    screen = textures.add("screen", _screen(rng, night=night))
    glass = textures.add("mirror", _mirror(rng))
    parts = [
        # Top of the dashboard, and its face towards the driver.
        _patch(
            _sheet((-0.80, 0.80, 9), [(-0.955, 0.97), (-0.955, 0.74), (-0.93, 0.62)]),
            board,
            light=1.05,
        ),
        _patch(
            _sheet((-0.80, 0.80, 9), [(-0.93, 0.62), (-0.86, 0.57), (-0.60, 0.55), (-0.30, 0.62)]),
            board,
            light=0.72,
        ),
        # The instruments under a hood, and a screen in the middle.
        _plate((0.36, -0.925, 0.60), (0.34, 0.13), dials, tilt_deg=-22),
        _patch(_sheet((0.16, 0.56, 5), [(-1.0, 0.66), (-1.0, 0.585)]), dark, light=0.8),
        _plate((0.0, -0.80, 0.545), (0.24, 0.15), screen, tilt_deg=-12),
        *_wheel(dark),
        # Doors up to the windows, and the roof with its edge above the windscreen.
        _patch(
            _wall_sheet(-0.84, [(-0.96, 0.95), (-0.96, -0.9), (-0.2, -0.9)], 0.95), dark, light=0.9
        ),
        _patch(
            _wall_sheet(0.84, [(-0.96, 0.95), (-0.96, -0.9), (-0.2, -0.9)], 0.95), dark, light=0.9
        ),
        _patch(
            _sheet((-0.62, 0.62, 7), [(-1.40, 0.36), (-1.46, 0.1), (-1.47, -0.9)]),
            cloth,
            light=0.85,
        ),
        _patch(_sheet((-0.62, 0.62, 7), [(-1.37, 0.40), (-1.40, 0.36)]), dark, light=0.7),
    ]
    for way in (-1, 1):
        foot, head = np.array([way * 0.80, -0.94, 0.98]), np.array([way * 0.60, -1.40, 0.38])
        parts.append(_beam(foot, head, 0.075, cloth))  # pillars beside the windscreen
        parts.append(
            _beam(
                np.array([way * 0.84, -0.96, -0.42]),
                np.array([way * 0.62, -1.46, -0.5]),
                0.12,
                cloth,
            )
        )
        parts.append(_beam(head, np.array([way * 0.62, -1.46, -0.5]), 0.06, cloth))
        outer = np.array(CAR_TARGETS_M["mirror_left" if way < 0 else "mirror_right"])
        parts.append(_plate(outer, (0.21, 0.13), glass))
        parts.append(_plate(outer + np.array([0, 0, 0.012]), (0.235, 0.155), dark))
    inner = np.array(CAR_TARGETS_M["mirror_inner"])
    parts.append(_plate(inner, (0.24, 0.065), glass))
    parts.append(_plate(inner + np.array([0, 0, 0.01]), (0.26, 0.085), dark))
    parts.append(
        _beam(inner + np.array([0, -0.03, 0.01]), inner + np.array([0, -0.11, 0.03]), 0.02, dark)
    )
    phone = np.array(PHONE_M[camera_position])
    parts.append(_plate(phone - np.array([0, 0, 0.01]), (0.155, 0.074), dark))
    return joined(parts)


def _patch(grid: FloatArray, texture: int, *, light: float | FloatArray = 1.0) -> Mesh:
    """Make faces of a grid of points, shape (rows, columns, 3); the texture spans it."""
    rows, columns = grid.shape[:2]
    lit = np.broadcast_to(np.asarray(light, dtype=np.float64), (rows, columns))
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    where = np.stack([u, v], axis=-1)

    def corners(values: FloatArray) -> FloatArray:
        return np.stack(
            [values[1:, :-1], values[1:, 1:], values[:-1, 1:], values[:-1, :-1]], axis=2
        ).reshape(-1, 4, *values.shape[2:])

    return quads(corners(grid), texture, uv=corners(where), light=corners(lit))


def _sheet(across: tuple[float, float, int], line: list[tuple[float, float]]) -> FloatArray:
    """Give a surface along x of a line (y, z)."""
    x = np.linspace(*across)
    y, z = np.array(line).T
    return np.stack(np.broadcast_arrays(x[None], y[:, None], z[:, None]), axis=-1)


def _wall_sheet(x: float, line: list[tuple[float, float]], front_z: float) -> FloatArray:
    """Give an upright surface at one x: below the line's first height, from front to back."""
    top, bottom = line[0][0], line[-1][0]
    z = np.linspace(front_z, line[-1][1], 6)
    y = np.linspace(top, bottom, 3)
    return np.stack(np.broadcast_arrays(np.full((1, 1), x), y[:, None], z[None]), axis=-1)


def _plate(
    middle: FloatArray | tuple[float, float, float],
    size_m: tuple[float, float],
    texture: int,
    *,
    tilt_deg: float = 0.0,
) -> Mesh:
    """Give a plate that faces backwards."""
    w, h = size_m[0] / 2, size_m[1] / 2
    tilt = np.radians(tilt_deg)
    dy, dz = h * np.cos(tilt), -h * np.sin(tilt)
    x, y, z = middle
    corners = np.array(
        [
            [
                (x - w, y + dy, z - dz),
                (x + w, y + dy, z - dz),
                (x + w, y - dy, z + dz),
                (x - w, y - dy, z + dz),
            ]
        ]
    )
    return quads(corners, texture)


def _beam(start: FloatArray, stop: FloatArray, wide_m: float, texture: int) -> Mesh:
    """Give a crossed pair of bands along a line: a pillar from any side."""
    along = (stop - start) / np.linalg.norm(stop - start)
    one = np.cross(along, (0.0, 0.0, 1.0))
    one /= np.linalg.norm(one)
    meshes = []
    for aside in (one, np.cross(along, one)):
        half = wide_m / 2 * aside
        corners = np.stack([start - half, start + half, stop + half, stop - half])[None]
        meshes.append(quads(corners, texture, light=0.8))
    return joined(meshes)


def _wheel(texture: int) -> list[Mesh]:
    """Give the steering wheel: a ring and three spokes."""
    middle, tilt = np.array([0.36, -0.84, 0.40]), np.radians(62)
    right, up = np.array([1.0, 0, 0]), np.array([0.0, -np.sin(tilt), np.cos(tilt)])
    angle = np.linspace(0, 2 * np.pi, 33)
    ring = np.stack(
        [
            middle + r * (np.cos(angle)[:, None] * right + np.sin(angle)[:, None] * up)
            for r in (0.195, 0.165)
        ]
    )
    meshes = [_patch(ring, texture, light=0.9)]
    for turn in (np.pi / 2 * 3, 0.15, np.pi - 0.15):
        direction = np.cos(turn) * right + np.sin(turn) * up
        meshes.append(_beam(middle, middle + 0.17 * direction, 0.045, texture))
    return meshes


def _bonnet_paint(rng: np.random.Generator) -> Paint:
    shape = (256, 256)
    picture = flat(shape, _BONNET_BGR[rng.integers(len(_BONNET_BGR))])
    gloss = 1 + 0.30 * np.exp(-(((np.arange(256) - 90) / 40.0) ** 2))[None, :, None]
    picture *= gloss * (1 + 0.04 * noise(rng, shape, (2.0, 20.0))[..., None])
    for x in (60, 196):
        cv2.line(picture, (x, 0), (128 + (x - 128) * 3 // 4, 255), (40, 40, 42), 2, cv2.LINE_AA)
    picture[:10] *= 0.4
    for start in (40, 130):  # wipers
        cv2.line(picture, (start, 8), (start + 84, 2), (18, 18, 18), 4, cv2.LINE_AA)
    return paint(picture.astype(np.float32))


def _cloth(rng: np.random.Generator, tone: float) -> Paint:
    shape = (128, 128)
    picture = flat(shape, (tone, tone, tone * 1.02))
    picture *= 1 + 0.05 * noise(rng, shape, (2.0, 6.0, 30.0))[..., None]
    return paint(picture)


def _board(rng: np.random.Generator) -> Paint:
    """Paint a dashboard: grained plastic with vents, seams, knobs and labels."""
    shape = (256, 1024)
    picture = flat(shape, (62.0, 60.0, 60.0)) * (
        1 + 0.06 * noise(rng, shape, (2.0, 5.0, 40.0))[..., None]
    )
    for x in (60, 400, 560, 930):
        cv2.rectangle(picture, (x, 120), (x + 80, 170), (24, 24, 24), -1)
        for y in range(126, 170, 9):
            cv2.line(picture, (x, y), (x + 80, y), (90, 90, 92), 2)
    for y in (60, 200):
        cv2.line(picture, (0, y), (1023, y), (30, 30, 30), 2)
    for _ in range(40):
        x, y = int(rng.integers(0, 990)), int(rng.integers(10, 230))
        tone = float(rng.uniform(24, 150))
        cv2.rectangle(
            picture,
            (x, y),
            (x + int(rng.integers(6, 30)), y + int(rng.integers(4, 14))),
            (tone,) * 3,
            -1,
        )
    scribble(rng, picture, (180, 130, 150, 24), lines=1)
    return paint(picture.astype(np.float32))


def _dials(rng: np.random.Generator, *, night: bool) -> Paint:
    shape = (128, 256)
    picture = flat(shape, (16.0, 16.0, 16.0))
    for x in (68, 188):
        cv2.circle(picture, (x, 66), 52, (60, 60, 60), 3, cv2.LINE_AA)
        for turn in np.linspace(0.75 * np.pi, 2.25 * np.pi, 13):
            ray = np.array([np.cos(turn), np.sin(turn)])
            ends = [np.rint((x, 66) + r * ray).astype(int).tolist() for r in (40, 49)]
            cv2.line(picture, ends[0], ends[1], (225, 225, 225), 2, cv2.LINE_AA)
        turn = rng.uniform(0.9, 1.7) * np.pi
        tip = int(x + 40 * np.cos(turn)), int(66 + 40 * np.sin(turn))
        cv2.line(picture, (x, 66), tip, (60, 60, 230), 3, cv2.LINE_AA)
    return _lit(picture, 0.7 if night else 0.0)


def _screen(rng: np.random.Generator, *, night: bool) -> Paint:
    shape = (64, 128)
    picture = flat(shape, (80.0, 54.0, 34.0))
    for _ in range(6):
        points = rng.integers(0, (128, 64), (4, 2)).astype(np.int32)
        cv2.polylines(picture, [points], False, rng.uniform(100, 240, 3).tolist(), 3, cv2.LINE_AA)
    scribble(rng, picture, (6, 6, 60, 14), lines=1)
    return _lit(picture, 0.5 if night else 0.6)


def _mirror(rng: np.random.Generator) -> Paint:
    """Paint what a mirror shows, which stays the same: sky, road and a rear window's frame."""
    shape = (64, 128)
    picture = flat(shape, (196.0, 186.0, 172.0))
    picture[34:] = (92, 92, 94)
    picture *= 1 + 0.08 * noise(rng, shape, (2.0, 10.0))[..., None]
    cv2.rectangle(picture, (0, 0), (127, 63), (40, 40, 42), 4)
    cv2.line(picture, (52, 34), (20, 63), (210, 210, 210), 2, cv2.LINE_AA)
    return paint(picture.astype(np.float32))


def _lit(picture: Picture, strength: float) -> Paint:
    glow = np.clip(strength * picture.mean(axis=2), 0, 255).astype(np.uint8)
    return paint(picture, glow=glow if strength else None)
