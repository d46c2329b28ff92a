"""The world of one drive, as any camera in the car sees it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..story import Story
from ..story.car_layout import EYES_M
from .atlas import AtlasBuilder
from .canvas import Canvas
from .daylight import Daylight
from .mesh import Mesh
from .own_car import bonnet, inside
from .rain import Drops
from .scenery import Scenery, far_ground
from .sky import Sky
from .traffic_models import TrafficModels

FloatArray = NDArray[np.float64]

_SEEN_M = 280.0
_BLOCK = 64
_WIDEST = 1.2
_LARGEST_M = 8.0
"""No camera sees further to the sides (a tangent), and no road user reaches further from its middle."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """A road user at one moment: its triangles and ``world_from_actor``, shape (3, 4)."""

    track_id: int
    mesh: Mesh
    world_from_actor: FloatArray


class World:
    """Draws the scene of a story.

    Parameters
    ----------
    story
        What happens.
    """

    def __init__(self, story: Story) -> None:
        rng = np.random.default_rng([story.seed, 31])
        conditions = story.conditions
        self.daylight = Daylight(
            lighting=conditions.lighting,
            weather=conditions.weather,
            sun_azimuth_rad=float(rng.uniform(-np.pi, np.pi)),
        )
        textures = AtlasBuilder()
        self._scenery = Scenery(story.route, textures, rng, self.daylight)
        self._models = TrafficModels(textures, rng, night=self.daylight.is_dark)
        self._bonnet = bonnet(textures, rng)
        self._inside = inside(
            textures,
            rng,
            camera_position=conditions.camera_position,
            night=self.daylight.is_dark,
        ).nearest_first(EYES_M)
        self._drops = Drops(textures, rng) if self.daylight.is_wet else None
        self._sky = Sky(
            rng,
            lighting=conditions.lighting,
            weather=conditions.weather,
            haze=self.daylight.haze,
        )
        self._far = far_ground(textures["grass"], 1.0)
        self._atlas = textures.build()
        self._story = story

    def draw(
        self,
        canvas: Canvas,
        standing: list[Standing],
        *,
        time_s: float,
        distance_m: float,
        world_from_car: FloatArray,
        car_from_camera: FloatArray,
        with_inside: bool,
    ) -> None:
        """Draw a picture, nearest things first.

        Parameters
        ----------
        canvas
            Is emptied first.
        standing
            Who is where, as `Crowd.at` gives it.
        time_s
            When, on the phone's clock.
        distance_m
            Where the car is on the route.
        world_from_car, car_from_camera
            Shape (3, 4), m.
        with_inside
            Whether the camera sees the inside of the car.
        """
        camera_from_car = inverse(car_from_camera)
        world_from_camera = chained(world_from_car, car_from_camera)
        camera_from_world = inverse(world_from_camera)
        outside, atlas = self.daylight.outside, self._atlas
        canvas.clear()
        if with_inside:
            canvas.draw(self._inside, atlas, camera_from_car, self.daylight.inside)
            if self._drops is not None:
                drops, there = self._drops.at(time_s)
                canvas.draw(drops, atlas, camera_from_car, outside, part=there)
        canvas.draw(self._bonnet, atlas, camera_from_car, outside)
        for one in _ahead_of(standing, camera_from_world):
            canvas.draw(
                one.mesh,
                atlas,
                chained(camera_from_world, one.world_from_actor),
                outside,
                car_from_camera=car_from_camera,
            )
        canvas.draw(
            self._scenery.mesh,
            atlas,
            camera_from_world,
            outside,
            car_from_camera=car_from_camera,
            part=self._scenery.near(distance_m),
        )
        x_m, _, z_m = world_from_camera[:, 3]
        canvas.draw(
            self._far(x_m, z_m), atlas, camera_from_world, outside, car_from_camera=car_from_camera
        )
        self._sky.draw(canvas, world_from_camera[:, :3])

    def crowd(self, time_s: FloatArray) -> "Crowd":
        """Give who is where at the times of frames, shape (n,), s."""
        return Crowd(self._story, self._models, time_s)


class Crowd:
    """Who is where in each frame; found for some dozens of frames at a time."""

    def __init__(self, story: Story, models: TrafficModels, time_s: FloatArray) -> None:
        self._story, self._models, self._time_s = story, models, time_s
        self._own_m = story.ride.distance_m(time_s)
        self._block = -1
        self._frames: list[list[Standing]] = []

    def at(self, index: int) -> list[Standing]:
        """Give those of a frame, the nearest along the road first."""
        block = index // _BLOCK
        if block != self._block:
            self._fill(slice(block * _BLOCK, (block + 1) * _BLOCK))
            self._block = block
        return self._frames[index - block * _BLOCK]

    def _fill(self, rows: slice) -> None:
        times, own_m = self._time_s[rows], self._own_m[rows]
        found: list[list[tuple[float, Standing]]] = [[] for _ in times]
        for actor in self._story.actors:
            if actor.start_s > times[-1] or actor.end_s < times[0]:
                continue
            along_m = actor.along(times)[0]
            near = actor.present(times) & (along_m - own_m > -30) & (along_m - own_m < _SEEN_M)
            if not near.any():
                continue
            poses = actor.world_from_actor(times)
            for row in np.flatnonzero(near).tolist():
                mesh = self._models.model(
                    actor.kind, actor.size_m, actor.look_seed, float(along_m[row])
                )
                place = np.column_stack([poses.rotation[row], poses.origin_m[row]])
                standing = Standing(track_id=actor.track_id, mesh=mesh, world_from_actor=place)
                found[row].append((abs(float(along_m[row] - own_m[row])), standing))
        self._frames = [
            [one for _, one in sorted(frame, key=lambda pair: pair[0])] for frame in found
        ]


def _ahead_of(standing: list[Standing], camera_from_world: FloatArray) -> list[Standing]:
    """Give those who are not wholly behind a camera or far beside what it sees."""
    if not standing:
        return standing
    places = np.stack([one.world_from_actor[:, 3] for one in standing])
    seen = places @ camera_from_world[:, :3].T + camera_from_world[:, 3]
    near = np.abs(seen[:, 0]) < _WIDEST * np.maximum(seen[:, 2], 0) + _LARGEST_M
    return [standing[row] for row in np.flatnonzero(near & (seen[:, 2] > -_LARGEST_M)).tolist()]


def inverse(motion: FloatArray) -> FloatArray:
    """Give a rigid motion back, shape (3, 4)."""
    turned = motion[:, :3].T
    return np.column_stack([turned, -turned @ motion[:, 3]])


def chained(second: FloatArray, first: FloatArray) -> FloatArray:
    """Do one rigid motion after the other, shape (3, 4)."""
    return np.column_stack(
        [second[:, :3] @ first[:, :3], second[:, :3] @ first[:, 3] + second[:, 3]]
    )
