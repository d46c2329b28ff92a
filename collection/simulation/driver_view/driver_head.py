"""A driver's head as meshes, ready to be lit and drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..scene.atlas import AtlasBuilder, paint
from .driver_look import DriverLook
from .ears import ear_surface
from .eyeballs import corners_surface, eyeball_surface, glint_surface, paint_eye
from .eyelids import LidHeights, lid_heights
from .glasses import glasses_surface
from .hair import hair_surface, hairline_mm, paint_hair
from .head_shape import HeadShape
from .head_surface import HeadSurface, head_surface, map_grid, places_of_map
from .light_transfer import light_transfer
from .skin import SKIN_PX, paint_skin
from .surface import FloatArray, Surface, joined_surfaces

F32 = NDArray[np.float32]

_CLOSED = lid_heights(0.0, 0.0)
_OPEN_MM = 9.9
_UNDER_HAIR_MM = 36.0
_HAIR_EDGE = 0.25

LEAST_LIGHT = 0.09
"""What skin scatters into the deepest shade, of the mean radiance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DriverHead:
    """A head, its axes from the pivot of the neck.

    Attributes
    ----------
    solid
        Skin with lids, ears, hair and glasses; the skin's points come first.
    head
        The skin alone.
    transfer, transfer_closed
        Light of each point of `solid` for open eyes, and of the lids' points for closed ones; see
        `light_transfer`.
    outside
        Triangles of `solid` that are not under the hair, shape (t,).
    both_sides
        Triangles of `solid` of which one sees both sides, shape (t,).
    eyeball, corners
        One eyeball and what lies beside it, from its centre.
    glint
        The light mirrored in it, around its middle.
    """

    solid: Surface
    head: HeadSurface
    transfer: F32
    transfer_closed: F32
    outside: NDArray[np.bool_]
    both_sides: NDArray[np.bool_]
    eyeball: Surface
    corners: Surface
    glint: Surface

    def points_m(self, heights: LidHeights) -> FloatArray:
        """Give the points of `solid` with its lids elsewhere, shape (v, 3)."""
        points = self.solid.points_m.copy()
        points[self.head.lid_points] = self.head.lid_places_m(heights)
        return points

    def light(self, radiance: FloatArray, heights: LidHeights) -> FloatArray:
        """Give the light of the points of `solid` for the lids' place, shape (v,)."""
        closed = float(np.clip(1 - (heights.lower_mm - heights.upper_mm) / _OPEN_MM, 0, 1))
        around = radiance.astype(np.float32)
        light = self.transfer @ around
        lids = self.head.lid_points.ravel()
        light[lids] += np.float32(closed) * (self.transfer_closed @ around - light[lids])
        return np.asarray(light + LEAST_LIGHT * around.mean(), dtype=np.float64)


def make_head(look: DriverLook, builder: AtlasBuilder, *, seed: int) -> DriverHead:
    """Make a head, and add its textures."""
    shape = HeadShape(look)
    builder.add("frame", paint(np.full((2, 2, 3), look.glasses_bgr, dtype=np.float32)))
    builder.add("hair", paint_hair(look, seed=seed))
    builder.add("eye", paint_eye(look, seed=seed))
    pink = np.array(look.skin_bgr) * [0.55, 0.5, 0.72] + [40.0, 36.0, 48.0]
    builder.add("corner", paint(np.full((2, 2, 3), pink, dtype=np.float32)))
    skin_number = builder.add("glint", paint(np.full((2, 2, 3), 245, dtype=np.float32))) + 1
    head = head_surface(shape, skin_number)
    around, y = map_grid(SKIN_PX)
    x = shape.half_width_mm(y) * np.sin(around)
    builder.add("skin", paint_skin(shape, x, y, around, head, seed=seed))
    parts = [head.skin]
    if look.hair_style != "long":  # which covers them
        parts += [ear_surface(shape, skin_number, side) for side in (1.0, -1.0)]
    hair = hair_surface(shape, builder["hair"], seed=seed)
    if hair is not None:
        parts.append(hair)
    if look.glasses:
        parts.append(glasses_surface(shape, builder["frame"]))
    solid = joined_surfaces(parts)
    closed = joined_surfaces([head.with_lids(_CLOSED), *parts[1:]])
    return DriverHead(
        solid=solid,
        head=head,
        transfer=light_transfer(solid),
        outside=_outside(shape, head, solid, is_haired=hair is not None),
        both_sides=_both_sides(solid, frame=builder["frame"], hair=builder["hair"]),
        transfer_closed=light_transfer(closed)[head.lid_points.ravel()],
        eyeball=eyeball_surface(builder["eye"]),
        corners=corners_surface(builder["corner"]),
        glint=glint_surface(builder["glint"]),
    )


def _both_sides(solid: Surface, *, frame: int, hair: int) -> NDArray[np.bool_]:
    """Say of which triangles one sees the inside too: a frame of glasses, and hair near its edge."""
    near_edge = solid.uv[solid.triangles, 1].max(axis=1) > _HAIR_EDGE
    return np.asarray((solid.texture == frame) | ((solid.texture == hair) & near_edge))


def _outside(
    shape: HeadShape, head: HeadSurface, solid: Surface, *, is_haired: bool
) -> NDArray[np.bool_]:
    """Say which triangles can be seen: skin well inside of the hair can't."""
    outside = np.ones(len(solid.triangles), dtype=np.bool_)
    if is_haired:
        around_rad, y_mm = places_of_map(head.skin.uv)
        edge_mm = hairline_mm(around_rad, shape.look.hair_style)
        covered = y_mm < edge_mm - _UNDER_HAIR_MM
        outside[: len(head.skin.triangles)] = ~covered[head.skin.triangles].all(axis=1)
    return outside
