"""A simulated drive at the rate of its frames, without pictures and without other road users."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..lens import Lens
from .blinks import Blinks
from .car_layout import EYES_M, place_m
from .conditions import Conditions
from .effects import Effects
from .fixation_plan import FixationPlan, angles_deg, plan_fixations
from .gaze_track import GazeTrack
from .glances import IN_CAR, PEDESTRIAN, VEHICLE, draw_timeline
from .head_track import HeadTrack
from .mount import car_from_driver_camera, car_from_road
from .object_choice import made_up_objects
from .poses import Poses
from .projection import RoadCamera
from .ride import Ride, route_length_m
from .route import Route
from .story import Story
from .streams import Stream, stream
from .tracker_gaze import SessionError, TrackerError, measured_rays, within_reach

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]

SAMPLES_HZ = 200.0
_FAR_M = 1000.0
_JITTER = 0.03


@dataclass(frozen=True, kw_only=True)
class LabelDrive:
    """What is known of each of n ego frames; arrays of shape (n, …).

    Attributes
    ----------
    phone_s
        Times on the phone's clock.
    kind, span
        Target kind, and number of the fixation (or of the one that the saccade leads to).
    in_saccade, on_object, blink
        Flags of the true gaze.
    blink_id
        −1 outside of blinks.
    azimuth_deg, elevation_deg
        True gaze from the level direction of travel, at the driver's eyes.
    measured_ray
        Unit vectors in the scene camera's axes.
    tangents, within
        Measured gaze as (x / z, y / z) there, and whether the lens reaches that far.
    true_road_px, road_px
        True and measured gaze in the road view; NaN where there is no such place.
    vanishing_point_px
        Of travel.
    world_from_ego
        Poses of the scene camera.
    head_yaw_deg
        Of the head in the car.
    plan
        All fixations.
    bias_deg
        The tracker's constant error.
    ride
        Of the car.
    story
        All that the numbers above were taken from.
    """

    phone_s: FloatArray
    kind: IndexArray
    span: IndexArray
    in_saccade: BoolArray
    on_object: BoolArray
    blink: BoolArray
    blink_id: IndexArray
    azimuth_deg: FloatArray
    elevation_deg: FloatArray
    measured_ray: FloatArray
    tangents: FloatArray
    within: BoolArray
    true_road_px: FloatArray
    road_px: FloatArray
    vanishing_point_px: FloatArray
    world_from_ego: Poses
    head_yaw_deg: FloatArray
    plan: FixationPlan
    bias_deg: FloatArray
    ride: Ride
    story: Story


def label_drive(
    seed: int,
    conditions: Conditions,
    seconds: float,
    effects: Effects,
    *,
    fps: float,
    error: TrackerError,
    camera: RoadCamera,
) -> LabelDrive:
    """Simulate a drive for its labels only.

    Route, ride, fixations, head and blinks are made by the same code as in a full story. What is left
    out, and how that shows:

    - Gaze is taken at the time of each frame instead of as the mean of its 200 Hz samples: frames in
      saccades are less smeared than real ones. Noise is that of a mean.
    - There are no other road users. Fixations on them have their share, but look at made-up places, 9 to
      60 m ahead, that keep their distance.
    - Targets in the car are carried to the road view as if they were far away, which is what a homography
      does with them.

    Parameters
    ----------
    seed, conditions, seconds, effects
        As for a story.
    fps
        Frames a second.
    error
        Of the eye tracker.
    camera
        The phone's rear camera.
    """
    story, plan = _plan_story(seed, conditions, seconds, effects)
    ride, gaze, head, blinks = story.ride, story.gaze, story.head, story.blinks
    times_rng = stream(seed, Stream.TABLE)
    count = round(seconds * fps)
    phone_s = (np.arange(count) + times_rng.uniform(-_JITTER, _JITTER, count)) / fps

    world_from_car = ride.world_from_car(phone_s)
    car_from_world = world_from_car.inverse()
    car_from_ego = head.car_from_ego(phone_s)
    seen_m = car_from_world.apply(gaze.gaze_point_world_m(phone_s, world_from_car))
    level_from_car = ride.ground_from(phone_s).inverse() @ world_from_car
    azimuth, elevation = angles_deg(level_from_car.turn(seen_m - place_m(EYES_M)))
    kind, _ = gaze.target(phone_s)
    in_car = np.isin(kind, IN_CAR)

    ego_m = car_from_ego.inverse().apply(seen_m)
    session = SessionError(seed, error, blinks)
    wrong_deg = session.slow_deg(phone_s) + session.noise_deg(count, SAMPLES_HZ / fps)
    rays = measured_rays(ego_m, wrong_deg)
    tangents, within = within_reach(rays)
    range_m = np.where(in_car, _FAR_M, np.linalg.norm(ego_m, axis=1))
    road_from_car = story.car_from_road.inverse()
    true_road_px = camera.pixels(road_from_car.apply(seen_m))
    true_road_px[in_car] = np.nan
    measured_px = camera.pixels(road_from_car.apply(car_from_ego.apply(rays * range_m[:, None])))
    measured_px[~within] = np.nan
    forward = level_from_car.rotation[:, 2]  # the level direction of travel, in the car's axes
    return LabelDrive(
        phone_s=phone_s,
        kind=kind,
        span=gaze.span(phone_s),
        in_saccade=gaze.in_saccade(phone_s),
        on_object=(kind == VEHICLE) | (kind == PEDESTRIAN),
        blink=blinks.blink(phone_s),
        blink_id=blinks.blink_id(phone_s),
        azimuth_deg=azimuth,
        elevation_deg=elevation,
        measured_ray=rays,
        tangents=tangents,
        within=within,
        true_road_px=true_road_px,
        road_px=measured_px,
        vanishing_point_px=camera.pixels(road_from_car.turn(forward)),
        world_from_ego=world_from_car @ car_from_ego,
        head_yaw_deg=np.degrees(
            np.arctan2(car_from_ego.rotation[:, 0, 2], car_from_ego.rotation[:, 2, 2])
        ),
        plan=plan,
        bias_deg=session.bias_deg,
        ride=ride,
        story=story,
    )


def _plan_story(
    seed: int, conditions: Conditions, seconds: float, effects: Effects
) -> tuple[Story, FixationPlan]:
    """Make up a drive without other road users, and the plan of its fixations."""
    ride, plan = plan_labels(seed, conditions, seconds, effects)
    story = Story(
        seed=seed,
        conditions=conditions,
        seconds=seconds,
        effects=effects,
        route=ride.route,
        ride=ride,
        actors=(),
        gaze=GazeTrack(plan, ride, ()),
        head=HeadTrack(stream(seed, Stream.HEAD), plan, ride),
        blinks=Blinks(stream(seed, Stream.BLINKS), seconds),
        car_from_road=car_from_road(seed, conditions),
        car_from_driver_camera=car_from_driver_camera(conditions),
    )
    return story, plan


def plan_labels(
    seed: int, conditions: Conditions, seconds: float, effects: Effects
) -> tuple[Ride, FixationPlan]:
    """Plan the ride and the fixations of a drive without other road users.

    Parameters
    ----------
    seed, conditions, seconds, effects
        As for a story.
    """
    ride = Ride(
        seed, Route(stream(seed, Stream.ROUTE), route_length_m(seconds)), conditions, seconds
    )
    rng = stream(seed, Stream.GAZE)
    timeline = draw_timeline(rng, ride, conditions, effects, seconds)
    return ride, plan_fixations(rng, timeline, ride, conditions, effects, made_up_objects)


def lens_of_labels() -> Lens:
    """Give the lens of the scene camera of all sessions without pictures: the device's typical one."""
    from dashgaze.collection.eye_tracker.scene_camera import typical_camera

    return Lens(typical_camera("pupil_invisible"))
