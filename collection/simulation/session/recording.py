"""All that the files of a simulated drive are made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...eye_tracker import SceneCamera
from ..drive_gaze import gaze_times
from ..drive_tracker import scene_camera
from ..drive_videos import frame_times
from ..driver_view.driver_camera import DriverCamera, front_camera
from ..driver_view.driver_look import DriverLook, draw_look
from ..lens import Lens
from ..scene.cameras import EGO_SIZE_PX
from ..story import Story, plan_story
from ..story.tracker_gaze import MeasuredGaze, measured_gaze
from .drive import Clocks, Drive, draw_clocks
from .tracker_files import GAZE_LEAD_S

FloatArray = NDArray[np.float64]

DRIVER_LATE_S = 0.018
"""Time of the driver view's first frame on the phone's clock."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """What happens in a drive, and when and with what it is recorded.

    Attributes
    ----------
    name
        Of the session.
    drive, clocks, story
        What was asked for, and what comes of it.
    world_s, gaze_s
        Times of the scene camera's frames and of the gaze samples, tracker clock, shape (n,).
    road_s, driver_s
        Times of the phone's frames, phone clock, shape (n,).
    scene_camera, lens
        The scene camera, and its lens both ways.
    look, driver_camera
        The driver, and the phone's front camera.
    measured
        Gaze as the tracker measures it.
    """

    name: str
    drive: Drive
    clocks: Clocks
    story: Story
    world_s: FloatArray
    gaze_s: FloatArray
    road_s: FloatArray
    driver_s: FloatArray
    scene_camera: SceneCamera
    lens: Lens
    look: DriverLook
    driver_camera: DriverCamera
    measured: MeasuredGaze


def plan_recording(name: str, drive: Drive) -> Recording:
    """Set all that is random in a drive.

    Raises
    ------
    OutputError
        If such a drive can't be simulated.
    """
    clocks = draw_clocks(drive)
    story = plan_story(drive.seed, drive.conditions, drive.seconds, drive.effects)
    rng = np.random.default_rng([drive.seed, 54])
    world_s = frame_times(rng, clocks.tracker_end_s, 29.97)
    road_s = frame_times(rng, drive.seconds, 30.0)
    driver_s = frame_times(rng, drive.seconds, 30.0, start_s=DRIVER_LATE_S)
    gaze_s = gaze_times(rng, -GAZE_LEAD_S, clocks.tracker_end_s)
    camera = scene_camera()
    lens = Lens(camera)
    conditions = drive.conditions
    return Recording(
        name=name,
        drive=drive,
        clocks=clocks,
        story=story,
        world_s=world_s,
        gaze_s=gaze_s,
        road_s=road_s,
        driver_s=driver_s,
        scene_camera=camera,
        lens=lens,
        look=draw_look(conditions.driver.look_seed, conditions.eyewear),
        driver_camera=front_camera(conditions.camera_position, drive.driver_size_px),
        measured=measured_gaze(
            story, lens, clocks.phone_s(gaze_s), size_px=EGO_SIZE_PX, error=drive.tracker_error
        ),
    )
