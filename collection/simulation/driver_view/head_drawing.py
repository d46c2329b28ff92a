"""Draws a driver's head into a picture, finer than the rest of it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..picture_planes import Plane
from ..scene.atlas import Atlas
from ..scene.canvas import Canvas, Lighting
from ..scene.mesh import Mesh
from .driver_head import DriverHead
from .eyeballs import eye_rotations
from .eyelids import LidHeights
from .light_transfer import directions
from .rigid import after, moved, rigid, source_origin
from .surface import FloatArray, Surface, facing, relit

_FINER, _FINER_IF_UNEVEN = 1.5, 2.0
"""In a small picture the head is drawn this much larger and made smaller: edges are smooth, and an iris moves
by parts of a pixel. One wider than"""

_SMALL_PX = 960
"""has pixels enough."""

_EVEN = 4
"""Limits are multiples of this many px, so that they are even if half as large again."""

_ROOM_M = 0.02
_GLINT_MM = 12.3
"""Before the eyeball, behind the lids; from its centre."""

_LID_SHADE, _IN_OPEN = 0.42, 0.92
_LID_SHADE_MM = 4.0


class HeadDrawing:
    """Draws a head.

    Parameters
    ----------
    head
        The head.
    atlas
        All textures.
    """

    def __init__(self, head: DriverHead, atlas: Atlas) -> None:
        self._head, self._atlas = head, atlas
        solid = head.solid
        self._triangles = solid.triangles[head.outside]
        self._texture = solid.texture[head.outside]
        self._both_sides = head.both_sides[head.outside]
        self._uv: NDArray[np.float32] = np.asarray(solid.uv[self._triangles], dtype=np.float32)
        self._centre_m = (solid.points_m.min(axis=0) + solid.points_m.max(axis=0)) / 2
        away = np.linalg.norm(solid.points_m - self._centre_m, axis=1)
        self._radius_m = float(away.max()) + _ROOM_M
        self._toward = directions()
        self._ball, self._corners, self._glint = (
            each.mesh(np.zeros(len(each.points_m)))
            for each in (head.eyeball, head.corners, head.glint)
        )

    def draw(
        self,
        canvas: Canvas,
        camera_from_head: FloatArray,
        *,
        light: FloatArray,
        radiance: FloatArray,
        lids: LidHeights,
        eyes: tuple[FloatArray, FloatArray],
        lighting: Lighting,
    ) -> None:
        """Draw it over what is there.

        Parameters
        ----------
        canvas
            The picture.
        camera_from_head
            From the head's axes, whose origin is the pivot of the neck, to the camera's, shape (3, 4).
        light
            Of each point of the head, shape (v,).
        radiance
            Around the head, shape (DIRECTIONS,): for the eyes.
        lids
            Where the lids are.
        eyes
            Head from eye, right and left, shape (3, 4) each.
        lighting
            Exposure.
        """
        part = self._part(canvas, camera_from_head)
        if part is None:
            return
        fine = _enlarged(canvas, part)
        points = self._head.points_m(lids)
        # One sees the outside of everything but a frame of glasses, which is thin.
        seen = facing(points, self._triangles, source_origin(camera_from_head))
        seen |= self._both_sides
        around = self._triangles[seen]
        mesh = Mesh(
            corners_m=points.astype(np.float32)[around],
            uv=self._uv[seen],
            light=light.astype(np.float32)[around],
            texture=self._texture[seen],
        )
        fine.draw(mesh, self._atlas, camera_from_head, lighting)
        if lids.lower_mm - lids.upper_mm > 0:
            for eye in eyes:
                self._draw_eye(fine, camera_from_head, eye, radiance, lids, lighting)
        _put_back(fine, canvas, part)

    def _part(self, canvas: Canvas, camera_from_head: FloatArray) -> tuple[slice, slice] | None:
        """Give the rows and columns that hold the head; their limits are even."""
        x, y, z = camera_from_head[:, :3] @ self._centre_m + camera_from_head[:, 3]
        if z < 2 * self._radius_m:
            return None
        reach = self._radius_m / np.sqrt(z**2 - self._radius_m**2)
        limits = []
        for axis, at, length in ((0, x, canvas.y.shape[1]), (1, y, canvas.y.shape[0])):
            focal, middle = canvas.matrix[axis, axis], canvas.matrix[axis, 2]
            # A ball off the axis is seen longer than one on it.
            half = focal * reach * (1 + (at / z) ** 2)
            first = int(middle + focal * at / z - half) // _EVEN * _EVEN
            last = (int(middle + focal * at / z + half) // _EVEN + 1) * _EVEN
            limits.append((max(first, 0), min(last, length)))
        (left, right), (top, bottom) = limits
        if left >= right or top >= bottom:
            return None
        return slice(top, bottom), slice(left, right)

    def _draw_eye(
        self,
        canvas: Canvas,
        camera_from_head: FloatArray,
        eye: FloatArray,
        radiance: FloatArray,
        lids: LidHeights,
        lighting: Lighting,
    ) -> None:
        """Draw an eyeball, in the shade of its upper lid, and what is seen beside it."""
        ball, corners = self._head.eyeball, self._head.corners
        normals = ball.normals @ eye[:, :3].T
        # Only directions in front of the face count in a socket.
        light = np.maximum(normals @ self._toward.T, 0) @ radiance * (4 / len(radiance))
        below_mm = normals[:, 1] * 12.0 - lids.upper_mm
        shade = _LID_SHADE + (_IN_OPEN - _LID_SHADE) * np.clip(below_mm / _LID_SHADE_MM, 0, 1)
        shade *= 1 - 0.25 * np.clip((np.abs(normals[:, 0]) - 0.45) / 0.5, 0, 1)
        lit = relit(self._ball, ball.triangles, light * shade)
        canvas.draw(lit, self._atlas, after(camera_from_head, eye), lighting)
        behind = relit(self._corners, corners.triangles, _even(corners, 0.5 * light.mean()))
        socket = after(camera_from_head, moved(eye[:, 3]))
        canvas.draw(behind, self._atlas, socket, lighting)
        bright = float(radiance.max() - radiance.mean())
        mirrored = glint_pose(source_origin(socket), (radiance**4) @ self._toward)
        spot = self._head.glint
        glint = relit(self._glint, spot.triangles, _even(spot, bright))
        canvas.draw(glint, self._atlas, after(socket, mirrored), lighting)


def _even(body: Surface, light: float) -> FloatArray:
    return np.full(len(body.points_m), float(light))


def glint_pose(camera_m: FloatArray, light: FloatArray) -> FloatArray:
    """Give where the brightest light is mirrored in an eye, from the eyeball's centre; shape (3, 4).

    Parameters
    ----------
    camera_m
        Where the camera is, shape (3,).
    light
        Towards the light, shape (3,), of any length.
    """
    half = light / max(float(np.linalg.norm(light)), 1e-12) + camera_m / np.linalg.norm(camera_m)
    rotation = eye_rotations(half)
    return rigid(rotation, rotation[:, 2] * _GLINT_MM * 1e-3)


def eye_poses(centres_m: FloatArray, rotations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give head from eye of the right and the left eye, from (2, 3) and (2, 3, 3)."""
    right, left = (rigid(rotations[k], centres_m[k]) for k in (0, 1))
    return right, left


def _enlarged(canvas: Canvas, part: tuple[slice, slice]) -> Canvas:
    """Give a part of the picture, larger, to draw into."""
    rows, columns = part
    across, down = columns.stop - columns.start, rows.stop - rows.start
    finer = 1.0
    if canvas.y.shape[1] <= _SMALL_PX:
        finer = _FINER if across % _EVEN == down % _EVEN == 0 else _FINER_IF_UNEVEN
    matrix = canvas.matrix.copy()
    matrix[:2, 2] -= [columns.start, rows.start]
    matrix[:2] *= finer
    matrix[:2, 2] += (finer - 1) / 2
    fine = Canvas((round(across * finer), round(down * finer)), matrix)
    half = _half(part)
    for large, small, where in (
        (fine.y, canvas.y, part),
        (fine.u, canvas.u, half),
        (fine.v, canvas.v, half),
        (fine.nearness, canvas.nearness, part),
    ):
        cv2.resize(small[where], large.shape[::-1], dst=large, interpolation=cv2.INTER_NEAREST)
    return fine


def _put_back(fine: Canvas, canvas: Canvas, part: tuple[slice, slice]) -> None:
    half = _half(part)
    for large, small, where in (
        (fine.y, canvas.y, part),
        (fine.u, canvas.u, half),
        (fine.v, canvas.v, half),
    ):
        small[where] = _smaller(large, small[where].shape)


def _smaller(plane: Plane, shape: tuple[int, ...]) -> Plane:
    resized = cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.uint8)


def _half(part: tuple[slice, slice]) -> tuple[slice, slice]:
    rows, columns = part
    return slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)
