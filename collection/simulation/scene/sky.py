"""What is so far away that it never comes nearer: sky, clouds, sun, hills and a skyline."""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .atlas import paint
from .canvas import Canvas
from .surface_paint import Picture, enlarged, noise

_SIZE_PX = (1024, 8192)
_LOWEST_DEG = -4.0
_PX_PER_DEG = 8192 / 360
_STEP = 16

Tone = tuple[float, float, float]


class Sky:
    """A picture of all directions.

    Parameters
    ----------
    rng
        Random numbers.
    lighting
        ``day``, ``twilight`` or ``night``.
    weather
        ``clear``, ``cloudy``, ``rain`` or ``fog``.
    haze
        Brightness at the horizon.
    """

    def __init__(
        self, rng: np.random.Generator, *, lighting: str, weather: str, haze: float
    ) -> None:
        picture, glow = _painted(rng, lighting, weather, haze)
        whole = paint(picture, glow=glow)
        y, u, v = (
            plane.astype(np.uint32) for plane in (np.maximum(whole.y, glow), whole.u, whole.v)
        )
        self._texels = np.asarray(y | (u << 8) | (v << 16), dtype=np.uint32)

    def draw(self, canvas: Canvas, world_from_camera: NDArray[np.float64]) -> None:
        """Fill what nothing is drawn on; `world_from_camera` is a rotation, shape (3, 3)."""
        _fill_sky(
            self._texels,
            np.ascontiguousarray(world_from_camera @ np.linalg.inv(canvas.matrix)),
            canvas.y,
            canvas.u,
            canvas.v,
            canvas.nearness,
        )


def _painted(
    rng: np.random.Generator, lighting: str, weather: str, haze: float
) -> tuple[Picture, NDArray[np.uint8]]:
    height, width = _SIZE_PX
    elevation = _LOWEST_DEG + (height - 1 - np.arange(height)) / _PX_PER_DEG
    zenith, horizon, cloud = _TONES[lighting]
    if weather in ("cloudy", "rain", "fog"):
        grey = float(np.mean(zenith)) * 0.9
        zenith = (grey * 1.04, grey, grey * 0.97)
    share = np.clip(elevation / 35, 0, 1) ** 0.6
    column = np.array(horizon)[None] + (np.array(zenith) - np.array(horizon))[None] * share[:, None]
    picture = np.repeat(column[:, None].astype(np.float32), width, axis=1)
    cover = {"clear": 0.9, "cloudy": -0.3, "rain": -1.2, "fog": -3.0}[weather]
    quarter = (height // 4, width // 4)
    clouds = noise(rng, quarter, (24.0, 60.0, 160.0)) + 0.35 * noise(rng, quarter, (5.0, 12.0))
    clouds = enlarged(clouds, _SIZE_PX)
    opaque = np.clip((clouds - cover) * 0.8, 0, 1) * np.clip((elevation - 1) / 6, 0, 1)[:, None]
    shade = 1 + 0.10 * np.clip(clouds, -2, 2)
    picture += (np.array(cloud, np.float32) * shade[..., None] - picture) * opaque[..., None]
    glow = np.zeros(_SIZE_PX, dtype=np.uint8)
    _hills(rng, picture, glow, lighting, np.array(horizon, np.float32), haze)
    return picture, glow


def _hills(
    rng: np.random.Generator,
    picture: Picture,
    glow: NDArray[np.uint8],
    lighting: str,
    horizon: NDArray[np.float32],
    haze: float,
) -> None:
    """Draw two ranges of hills and a town between them; all below the horizon fades into haze."""
    height, width = _SIZE_PX
    level = height - 1 + _LOWEST_DEG * _PX_PER_DEG
    azimuth = 2 * np.pi * np.arange(width) / width
    dark = {"day": 1.0, "twilight": 0.4, "night": 0.12}[lighting]
    green = np.array([104, 118, 100], np.float32) * dark
    for fade, tall_deg in ((0.6, 3.2), (0.32, 1.9)):
        ridge = np.zeros(width)
        for wave in range(3, 60):
            ridge += np.sin(wave * azimuth + rng.uniform(0, 2 * np.pi)) / wave**0.9
        ridge = np.clip(tall_deg * (0.5 + 0.28 * ridge), 0.25, 6) * _PX_PER_DEG
        tops = np.rint(level - ridge).astype(int)
        rough = 1 + 0.16 * noise(rng, (256, width), (2.0, 7.0, 24.0))
        for x in range(width):
            part = picture[tops[x] :, x]
            grain = rough[np.arange(len(part)) % 256, x, None]
            part[:] = (green * grain) * (1 - fade) + horizon * fade
    for _ in range(260):
        x = int(rng.integers(0, width - 60))
        wide, tall = int(rng.integers(8, 46)), int(rng.integers(8, 52))
        tone = rng.uniform(0.5, 1.3) * np.array([128, 134, 140], np.float32) * dark
        top = int(level) - tall
        picture[top : int(level), x : x + wide] = 0.6 * tone + 0.4 * horizon
        for row in range(top + 3, int(level) - 3, 6):
            for column in range(x + 2, x + wide - 3, 6):
                picture[row : row + 3, column : column + 3] *= 0.8
                if lighting == "night" and rng.random() < 0.25:
                    glow[row : row + 3, column : column + 3] = rng.integers(60, 190)
    below = np.clip((np.arange(height) - level) / 12 + 0.4, 0, 1)[:, None, None]
    ground = np.array([haze * 0.93, haze * 0.97, haze], np.float32)
    picture[int(level) - 4 :] += ((ground - picture) * below)[int(level) - 4 :]


_TONES: dict[str, tuple[Tone, Tone, Tone]] = {
    "day": ((205.0, 150.0, 100.0), (214.0, 204.0, 190.0), (236.0, 234.0, 232.0)),
    "twilight": ((110.0, 76.0, 60.0), (110.0, 120.0, 165.0), (110.0, 96.0, 110.0)),
    "night": ((22.0, 16.0, 14.0), (32.0, 30.0, 34.0), (30.0, 26.0, 28.0)),
}
"""Zenith, horizon and clouds, BGR."""


@compiled
def _fill_sky(
    texels: NDArray[np.uint32],
    world_from_pixel: NDArray[np.float64],
    y_plane: NDArray[np.uint8],
    u_plane: NDArray[np.uint8],
    v_plane: NDArray[np.uint8],
    nearness: NDArray[np.float32],
) -> None:
    height, width = y_plane.shape
    tall, wide = texels.shape
    m = world_from_pixel
    # Unsigned places spare numba the question whether they count from the end.
    mask = np.uint32(wide - 1)
    for row in range(height):
        at_u, at_v, known = 0.0, 0.0, -1
        even_row = row % 2 == 0
        y_row, near_row = y_plane[row], nearness[row]
        u_row, v_row = u_plane[row >> 1], v_plane[row >> 1]
        for x in range(0, width, _STEP):
            count = min(_STEP, width - x)
            empty = False
            for k in range(count):
                empty |= near_row[np.uint64(x + k)] == 0
            if not empty:
                continue
            if known != x:
                at_u, at_v = _place(m, x, row, tall)
            next_u, next_v = _place(m, x + _STEP, row, tall)
            known = x + _STEP
            turn = next_u - at_u
            if turn > wide / 2:
                turn -= wide
            elif turn < -wide / 2:
                turn += wide
            iu0, iv0 = np.int32(at_u * 256), np.int32(at_v * 256)
            su, sv = np.int32(turn * 256 / _STEP), np.int32((next_v - at_v) * 256 / _STEP)
            at_u, at_v = next_u, next_v
            for k in range(np.int32(count)):
                column = np.uint64(x + k)
                if near_row[column] == 0:
                    iu, iv = iu0 + su * k, iv0 + sv * k
                    v0 = np.uint64(min(max(iv >> 8, 0), tall - 2))
                    u0 = np.uint32(iu >> 8) & mask
                    u1 = (u0 + np.uint32(1)) & mask
                    fu, fv = np.int32(iu & 255), np.int32(iv & 255)
                    upper, lower = texels[v0], texels[v0 + np.uint64(1)]
                    t = upper[np.uint64(u0)]
                    y00 = np.int32(t & np.uint32(255))
                    y01 = np.int32(upper[np.uint64(u1)] & np.uint32(255))
                    y10 = np.int32(lower[np.uint64(u0)] & np.uint32(255))
                    y11 = np.int32(lower[np.uint64(u1)] & np.uint32(255))
                    above = y00 * np.int32(256) + (y01 - y00) * fu
                    below = y10 * np.int32(256) + (y11 - y10) * fu
                    bright = (above * np.int32(256) + (below - above) * fv) >> np.int32(16)
                    y_row[column] = min(max(bright, 16), 235)
                    if even_row and column & np.uint64(1) == 0:
                        half = column >> np.uint64(1)
                        u_row[half] = (t >> np.uint32(8)) & np.uint32(255)
                        v_row[half] = (t >> np.uint32(16)) & np.uint32(255)


@compiled
def _place(m: NDArray[np.float64], column: int, row: int, tall: int) -> tuple[float, float]:
    """Give where a pixel looks in the picture of all directions."""
    dx = m[0, 0] * column + m[0, 1] * row + m[0, 2]
    dy = m[1, 0] * column + m[1, 1] * row + m[1, 2]
    dz = m[2, 0] * column + m[2, 1] * row + m[2, 2]
    up = np.degrees(np.arctan2(-dy, np.sqrt(dx * dx + dz * dz)))
    return np.degrees(np.arctan2(dx, dz)) * _PX_PER_DEG, tall - 1 - (up - _LOWEST_DEG) * _PX_PER_DEG
