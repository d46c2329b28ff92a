"""Pictures of the phone's front camera."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ..grain import Grain
from ..picture_planes import Plane, Planes
from ..scene.atlas import AtlasBuilder, paint
from ..scene.canvas import Canvas, Lighting
from ..scene.mesh import Mesh
from ..texture import texture
from .body import body_surface
from .cabin import make_cabin
from .cabin_light import CabinLight, LightingName
from .driver_camera import NECK_AT_REST_CAR_M, DriverCamera
from .driver_head import LEAST_LIGHT, make_head
from .driver_look import DriverLook
from .eyeballs import eye_rotations
from .eyelids import lid_heights
from .face_geometry import EYE_CENTRES_M
from .head_drawing import HeadDrawing, eye_poses
from .light_transfer import directions, light_transfer
from .rigid import after, moved, rigid
from .surface import FloatArray, facing, relit

_NOISE: dict[LightingName, float] = {"day": 1.6, "twilight": 3.2, "night": 6.0}
"""Standard deviation, grey levels."""

_FACE_LIGHT: dict[LightingName, float] = {"day": 0.82, "twilight": 0.70, "night": 0.48}
"""What the exposure aims at."""

_COLOUR: dict[LightingName, float] = {"day": 1.0, "twilight": 0.85, "night": 0.6}
"""Phones take back colour with the light, as its noise is seen most."""

_OUTSIDE: dict[LightingName, float] = {"day": 1.25, "twilight": 0.35, "night": 0.05}

# The exposure follows most of the light's changes, so that some are seen.
_EXPOSURE = 0.75
_MOST_GAIN = 10.0
_MEAN_SKIN, _SKIN_EXPOSURE = 160.0, 0.75


class DriverView:
    """What the front camera sees.

    Parameters
    ----------
    look
        The driver.
    camera
        The phone.
    size_px
        Width and height, even, those of the camera.
    seed
        Of the car, the light and the noise.
    lighting
        Time of day.
    """

    def __init__(
        self,
        look: DriverLook,
        camera: DriverCamera,
        size_px: tuple[int, int],
        *,
        seed: int,
        lighting: LightingName,
    ) -> None:
        if size_px != camera.size_px:
            raise ValueError(f"The camera's pictures are {camera.size_px} px, not {size_px}.")
        self._look, self._camera, self._lighting = look, camera, lighting
        builder = AtlasBuilder()
        self._head = make_head(look, builder, seed=seed)
        _add_clothes(look, builder, seed=seed)
        body = body_surface(skin=builder["neck"], clothes=builder["clothes"], belt=builder["belt"])
        self._cabin = make_cabin(builder, seed=seed)
        self._atlas = builder.build()
        self._drawing = HeadDrawing(self._head, self._atlas)
        self._body_transfer = light_transfer(body, [self._head.solid])
        # The body hardly moves: what it turns away is never seen.
        phone_m = camera.car_from_camera[:, 3]
        seen = facing(body.points_m, body.triangles, phone_m - np.array(NECK_AT_REST_CAR_M))
        self._body_triangles = body.triangles[seen]
        shown = replace(body, triangles=self._body_triangles, texture=body.texture[seen])
        self._body_mesh = shown.mesh(np.zeros(len(body.points_m)))
        self._toward = directions()
        self._light = CabinLight(lighting, phone_m, seed=seed)
        self._grain = Grain(size_px, seed=seed, sigma=_NOISE[lighting])
        self._canvas, self._inside = (Canvas(size_px, camera.matrix) for _ in range(2))
        self._inside.clear()
        self._inside.draw(self._cabin.inside, self._atlas, camera.camera_from_car, Lighting())
        self._windows = _rows(self._canvas, _open_rows(self._inside))

    def picture(
        self,
        index: int,
        *,
        car_from_head_rotation: FloatArray,
        gaze_point_car_m: FloatArray,
        neck_car_m: FloatArray | tuple[float, float, float] = NECK_AT_REST_CAR_M,
        eyelid_openness: float = 1.0,
        world_from_car_heading_rad: float = 0.0,
        outside_light: float = 1.0,
        travelled_m: float | None = None,
    ) -> Planes:
        """Draw a picture.

        Parameters
        ----------
        index
            Number of the frame, for the noise.
        car_from_head_rotation
            From the head's axes to the car's, shape (3, 3).
        gaze_point_car_m
            What both eyes look at, shape (3,), m.
        neck_car_m
            What the head turns about, shape (3,), m.
        eyelid_openness
            0 (closed) … 1.
        world_from_car_heading_rad
            Where the car drives to, to the right positive: the sun stays where it is.
        outside_light
            Factor of the light outside: 1 in the open, less under trees.
        travelled_m
            Way of the car: streets and lamps pass by. By default 0.5 m a frame.

        Returns
        -------
        Planes
            In memory of its own.
        """
        way_m = 0.5 * index if travelled_m is None else travelled_m
        neck_m = np.asarray(neck_car_m, dtype=np.float64)
        car_from_head = rigid(car_from_head_rotation, neck_m)
        around_head, around_body = np.split(
            self._light.radiance(
                np.concatenate([self._toward @ car_from_head_rotation.T, self._toward]),
                heading_rad=world_from_car_heading_rad,
                outside_light=outside_light,
                travelled_m=way_m,
            ),
            2,
        )
        to_point = (gaze_point_car_m - neck_m) @ car_from_head_rotation - EYE_CENTRES_M
        up_deg = -np.degrees(np.arctan2(to_point[:, 1], np.hypot(to_point[:, 0], to_point[:, 2])))
        lids = lid_heights(eyelid_openness, float(up_deg.mean()), wide=self._look.eye_opening)
        light = self._head.light(around_head, lids)
        lighting = Lighting(ambient=self._gain(light))
        self._draw_background(lighting.ambient, float(around_body.mean()), outside_light, way_m)
        from_car = self._camera.camera_from_car
        self._canvas.draw(
            self._lit_body(around_body), self._atlas, after(from_car, moved(neck_m)), lighting
        )
        self._drawing.draw(
            self._canvas,
            after(from_car, car_from_head),
            light=light,
            radiance=around_head,
            lids=lids,
            eyes=eye_poses(EYE_CENTRES_M, eye_rotations(to_point)),
            lighting=lighting,
        )
        drawn = self._canvas.planes()
        u, v = (self._coloured(plane) for plane in (drawn.u, drawn.v))
        return Planes(self._grain(drawn.y, index), u, v)

    def _coloured(self, plane: Plane) -> Plane:
        share = _COLOUR[self._lighting]
        return np.asarray(cv2.convertScaleAbs(plane, None, share, 128 * (1 - share)), np.uint8)

    def _gain(self, light: FloatArray) -> float:
        """Give the exposure for a face."""
        # Bright sides count for more: cameras keep them from being burnt out.
        on_face = float((light[self._head.head.face_points] ** 4).mean() ** 0.25)
        # It is the face's brightness that is measured, in part: dark skin gets more of it.
        skin = float(np.mean(self._look.skin_bgr)) / _MEAN_SKIN
        on_face *= skin**_SKIN_EXPOSURE
        gain = (_FACE_LIGHT[self._lighting] / max(on_face, 1e-4)) ** _EXPOSURE
        return float(min(gain, _MOST_GAIN))

    def _lit_body(self, radiance: FloatArray) -> Mesh:
        light: NDArray[np.float32] = self._body_transfer @ radiance.astype(np.float32)
        least = LEAST_LIGHT * float(radiance.mean())
        return relit(self._body_mesh, self._body_triangles, light.astype(np.float64) + least)

    def _draw_background(self, gain: float, inside: float, outside: float, way_m: float) -> None:
        """Lay the car's inside, and draw what is seen through its windows."""
        canvas, car = self._canvas, self._inside
        bright = min(gain * inside * 1.6, 1.6)
        cv2.convertScaleAbs(car.y, canvas.y, bright, 16 * (1 - bright))
        np.copyto(canvas.u, car.u)
        np.copyto(canvas.v, car.v)
        np.copyto(canvas.nearness, car.nearness)
        sun = _OUTSIDE[self._lighting] * (0.3 + 0.7 * outside)
        lighting = Lighting(ambient=min(sun * max(gain, 0.5), 2.5), glow=min(0.35 * gain, 1.0))
        street = self._cabin.outside_at(way_m)
        self._windows.draw(street, self._atlas, self._camera.camera_from_car, lighting)


def _open_rows(inside: Canvas) -> slice:
    """Give the rows of the picture that windows reach over; limits are even."""
    rows = np.flatnonzero((inside.nearness == 0).any(axis=1))
    if len(rows) == 0:
        return slice(0, 2)
    return slice(int(rows[0]) // 2 * 2, int(rows[-1]) // 2 * 2 + 2)


def _rows(canvas: Canvas, rows: slice) -> Canvas:
    """Give some rows of a picture to draw into, in the same memory."""
    matrix = canvas.matrix.copy()
    matrix[1, 2] -= rows.start
    part = Canvas((canvas.y.shape[1], 2), matrix)
    part.y, part.nearness = canvas.y[rows], canvas.nearness[rows]
    half = slice(rows.start // 2, rows.stop // 2)
    part.u, part.v = canvas.u[half], canvas.v[half]
    return part


def _add_clothes(look: DriverLook, builder: AtlasBuilder, *, seed: int) -> None:
    rng = np.random.default_rng([seed, 48])
    cloth = 1 + 0.07 * texture(rng, (128, 128), (2, 4, 40))[..., None]
    builder.add("clothes", paint(np.asarray(cloth * look.clothes_bgr, dtype=np.float32)))
    pores = 1 + 0.02 * texture(rng, (64, 64), (2, 6))[..., None]
    builder.add("neck", paint(np.asarray(pores * look.skin_bgr, dtype=np.float32)))
    builder.add("belt", paint(np.full((2, 2, 3), 44, dtype=np.float32)))
