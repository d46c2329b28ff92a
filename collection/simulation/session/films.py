"""The three films of a simulated drive."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..drive_pictures import Pictures
from ..driver_view.driver_camera import DriverCamera
from ..driver_view.driver_look import DriverLook
from ..driver_view.driver_view import DriverView
from ..lens import Lens
from ..picture_planes import stacked
from ..scene.cameras import EgoCamera, RoadCamera
from ..scene.world import World
from ..story import Poses, Story
from ..story.feeling import turning_deg_s
from .sightings import Sightings

FloatArray = NDArray[np.float64]
Told = Callable[[], None]


def matrices(poses: Poses) -> FloatArray:
    """Give rigid motions as matrices, shape (n, 3, 4)."""
    return np.concatenate([poses.rotation, poses.origin_m[:, :, None]], axis=2)


def road_film(
    story: Story,
    world: World,
    size_px: tuple[int, int],
    matrix: FloatArray,
    phone_s: FloatArray,
    sightings: Sightings,
    told: Told,
) -> Pictures:
    """Give what films the road; who is seen in it is noted down.

    Parameters
    ----------
    story, world
        What happens, and what it looks like.
    size_px, matrix
        Of the camera.
    phone_s
        Times of the frames, shape (n,), s.
    sightings
        Notes who is seen how much.
    told
        Is called at each frame.
    """
    car_from_road = matrices(story.car_from_road)[0]
    camera = RoadCamera(world, size_px, matrix, car_from_road, seed=story.seed + 1)
    car = matrices(story.world_from_car(phone_s))
    distance_m = story.ride.distance_m(phone_s)
    crowd = world.crowd(phone_s)

    def picture(index: int) -> NDArray[np.uint8]:
        standing = crowd.at(index)
        drawn = camera.picture(
            index,
            float(phone_s[index]),
            standing,
            distance_m=float(distance_m[index]),
            world_from_car=car[index],
        )
        sightings.note(index, standing, camera.nearness, car[index])
        told()
        return drawn

    return picture


def ego_film(story: Story, world: World, lens: Lens, phone_s: FloatArray, told: Told) -> Pictures:
    """Give what films from the driver's head; parameters as for `road_film`."""
    camera = EgoCamera(world, lens, seed=story.seed + 2)
    car = matrices(story.world_from_car(phone_s))
    ego = matrices(story.car_from_ego(phone_s))
    turning = np.radians(turning_deg_s(story.world_from_ego, phone_s))
    distance_m = story.ride.distance_m(phone_s)
    crowd = world.crowd(phone_s)

    def picture(index: int) -> NDArray[np.uint8]:
        told()
        return camera.picture(
            index,
            float(phone_s[index]),
            crowd.at(index),
            distance_m=float(distance_m[index]),
            world_from_car=car[index],
            car_from_ego=ego[index],
            turning_rad_s=turning[index],
        )

    return picture


def driver_film(
    story: Story, look: DriverLook, camera: DriverCamera, phone_s: FloatArray, told: Told
) -> Pictures:
    """Give what films the driver; parameters as for `road_film`."""
    view = DriverView(
        look, camera, camera.size_px, seed=story.seed + 3, lighting=story.conditions.lighting
    )
    head = story.head.car_from_head(phone_s)
    gaze_car_m = gaze_in_car_m(story, phone_s)
    openness = story.eyelid_openness(phone_s)
    heading = story.ride.travel_heading_rad(phone_s)
    distance_m = story.ride.distance_m(phone_s)

    def picture(index: int) -> NDArray[np.uint8]:
        told()
        planes = view.picture(
            index,
            car_from_head_rotation=head.rotation[index],
            neck_car_m=head.origin_m[index],
            gaze_point_car_m=gaze_car_m[index],
            eyelid_openness=float(openness[index]),
            world_from_car_heading_rad=float(heading[index]),
            travelled_m=float(distance_m[index]),
        )
        return stacked(planes)

    return picture


def gaze_in_car_m(story: Story, phone_s: FloatArray) -> FloatArray:
    """Give the point that is looked at in the car's axes, shape (n, 3), m."""
    world_from_car = story.world_from_car(phone_s)
    points = story.gaze.gaze_point_world_m(phone_s, world_from_car)
    return world_from_car.inverse().apply(points)
