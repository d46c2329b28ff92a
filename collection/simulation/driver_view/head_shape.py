"""The shape of a head: where its skin is.

Head axes: x to the wearer's right, y down, z out of the face; the origin lies between the eyes' centres.
Sections across the head are two half ovals; nose, sockets, lips and so on are bumps on them. Sizes are means of
adults' faces, mm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from .driver_look import DriverLook

FloatArray = NDArray[np.float64]

EYE_X_MM = 31.0
"""Eyes' centres lie at (±31, 0, 0)."""

TOP_MM, CHIN_MM = -118.0, 113.0

_HEIGHT = (-118, -113, -100, -80, -50, -25, 0, 15, 30, 45, 60, 75, 90, 100, 108, 113)
_HALF_WIDTH = (4, 27, 48, 64.5, 75.5, 77, 72, 69.5, 68, 65, 60.5, 54.5, 45.5, 37, 26, 6)
_FRONT = (-70, -44, -14, 7, 19.5, 21.5, 17, 18, 20, 22.5, 25, 23.5, 22, 22, 17, 6)
_WIDEST = (-75, -75, -80, -82, -82, -80, -76, -70, -63, -57, -52, -45, -34, -23, -10, 0)
_BACK = (-80, -118, -142, -160, -173, -176, -172, -165, -152, -135, -115, -88, -58, -38, -18, -5)
_SQUARE = (2.0, 2.0, 2.1, 2.2, 2.35, 2.4, 2.4, 2.4, 2.35, 2.25, 2.2, 2.1, 2.05, 2.0, 2.0, 2.0)


def bump(
    x: FloatArray, y: FloatArray, centre: tuple[float, float], size: tuple[float, float]
) -> FloatArray:
    """Give a smooth hill of height 1; `size` is its standard deviation across and down."""
    across, down = (x - centre[0]) / size[0], (y - centre[1]) / size[1]
    return np.asarray(np.exp(-0.5 * (across**2 + down**2)), dtype=np.float64)


@dataclass(frozen=True)
class HeadShape:
    """The skin of a person's head as a function of the direction around it and the height."""

    look: DriverLook

    def half_width_mm(self, y_mm: FloatArray) -> FloatArray:
        """Give half the width of the section at a height."""
        jaw = 1 + (self.look.jaw_width - 1) * np.clip((y_mm - 20) / 60, 0, 1)
        return np.asarray(self._profile(_HALF_WIDTH, y_mm) * self.look.face_width * jaw)

    def around_rad(self, x_mm: FloatArray, y_mm: FloatArray) -> FloatArray:
        """Give the direction around the head (0 in front, right positive) of a point of the face."""
        return np.asarray(np.arcsin(np.clip(x_mm / self.half_width_mm(y_mm), -1, 1)))

    def points_mm(self, around_rad: FloatArray, y_mm: FloatArray) -> FloatArray:
        """Give points of the skin, shape (…, 3)."""
        width = self.half_width_mm(y_mm)
        sine = np.sin(around_rad)
        x = width * sine
        widest = self._profile(_WIDEST, y_mm)
        exponent = self._profile(_SQUARE, y_mm)
        across = np.minimum(np.abs(sine), 1.0)
        ahead = (1 - across**exponent) ** (1 / exponent)
        behind = np.sqrt(1 - across**2)
        z = np.where(
            np.cos(around_rad) >= 0,
            widest + (self._profile(_FRONT, y_mm) - widest) * ahead,
            widest + (self._profile(_BACK, y_mm) - widest) * behind,
        )
        in_front = np.cos(around_rad) > 0
        z = z + np.where(in_front, self._bumps_mm(x, y_mm), 0.0)
        lower = self._drooped(x, y_mm)
        return np.stack([x, lower * self.height_factor(lower), z], axis=-1)

    def height_factor(self, y_mm: FloatArray) -> FloatArray:
        """Give how much longer than the mean the face is; 1 at the eyes, where lids are fitted."""
        reach = np.clip((np.abs(y_mm) - 15) / 30, 0, 1)
        return np.asarray(1 + (self.look.face_height - 1) * reach, dtype=np.float64)

    def front_mm(self, x_mm: FloatArray, y_mm: FloatArray) -> FloatArray:
        """Give points of the face at x and (undrooped) y, shape (…, 3)."""
        return self.points_mm(self.around_rad(x_mm, y_mm), y_mm)

    def _drooped(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Let the tip of the nose hang over: its underside is hidden from in front."""
        tip = bump(x, y, (0, 41 * self.look.nose_length), (9, 4.0))
        return np.asarray(y + 2.2 * tip, dtype=np.float64)

    def _profile(self, values: tuple[float, ...], y_mm: FloatArray) -> FloatArray:
        curve = PchipInterpolator(_HEIGHT, values)
        return np.asarray(curve(np.clip(y_mm, TOP_MM, CHIN_MM)), dtype=np.float64)

    def _bumps_mm(self, x: FloatArray, y: FloatArray) -> FloatArray:
        look, side = self.look, np.abs(x)
        lips = look.lips
        z = self._nose_mm(x, y)
        z -= 5.5 * bump(side, y, (EYE_X_MM, 1), (11, 9))  # sockets
        z -= 6.0 * bump(side, y, (17, -4), (5, 8))
        z += 4.5 * bump(side, y, (24, -21 + look.brow_drop_mm), (17, 6.5))
        z -= 1.5 * bump(x, y, (0, -22), (7, 8))
        z += 4.0 * bump(side, y, (43, 27), (13, 11))  # cheekbones
        z += 2.5 * bump(side, y, (30, 42), (12, 14))
        z -= 4.0 * bump(side, y, (52, 62), (10, 18))  # hollow cheeks
        z -= 3.0 * bump(side, y, (62, -22), (9, 18))  # temples
        z -= (1.0 + 1.8 * look.age) * bump(side - 0.42 * (y - 50), y, (21, 52), (2.6, 11))
        z += 3.0 * bump(x, y, (0, 61), (17, 9))
        z += 2.6 * lips * bump(x, y, (0, 60.5), (15, 3.4))
        z -= 4.2 * np.exp(-((x / 24) ** 4)) * bump(x, y, (0, 65.2), (40, 1.6))
        z -= 2.0 * bump(side, y, (25.5, 66), (4, 4))
        z -= 1.3 * bump(x, y, (0, 53.5), (2.6, 4))  # philtrum
        z += 4.6 * lips * bump(x, y, (0, 71.5), (13, 4))
        z -= 3.4 * bump(x, y, (0, 82), (15, 4.5))
        z += 3.6 * bump(x, y, (0, 97), (13, 8))
        return np.asarray(z, dtype=np.float64)

    def _nose_mm(self, x: FloatArray, y: FloatArray) -> FloatArray:
        longer, wider, side = self.look.nose_length, self.look.nose_width, np.abs(x)
        at = (-16, -8, 3, 15, 28, 36, 41, 45, 49, 53)
        ridge = PchipInterpolator(
            np.array(at) * longer, (0, 1, 6, 12.5, 18.5, 22.5, 20.5, 13, 5.5, 0)
        )
        half = PchipInterpolator(np.array(at) * longer, (6, 6, 6, 6.5, 7.5, 8.5, 9, 9, 8, 8))
        inside = np.clip(y, at[0] * longer, at[-1] * longer)
        narrow = side / (half(inside) * wider)
        wide = side / ((half(inside) + 5) * wider)
        z = ridge(inside) * (0.45 * np.exp(-(narrow**2)) + 0.55 * np.exp(-(wide**2)))
        z += 6.5 * bump(side, y, (12.5 * wider, 41.0 * longer), (4.2, 4.6))  # wings
        z -= 3.0 * bump(side, y, (18.5 * wider, 42 * longer), (2.2, 5))
        return np.asarray(z, dtype=np.float64)
