"""What is true of a driver's face in the pictures."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from .driver_camera import DriverCamera
from .driver_look import DriverLook
from .face_geometry import EYE_CENTRES_M, face_points_m, landmarks_m
from .head_surface import EYES_FROM_NECK_M

FloatArray = NDArray[np.float64]

# Turns a camera's axes to those of a face that looks straight into it.
_FACING = np.diag([-1.0, 1.0, -1.0])


def face_truth(
    look: DriverLook,
    camera: DriverCamera,
    car_from_head: FloatArray,
    neck_car_m: FloatArray,
    gaze_point_car_m: FloatArray,
    openness: FloatArray,
) -> dict[str, FloatArray]:
    """Give what a perfect detector and a perfect model would find.

    Parameters
    ----------
    look, camera
        The driver and the phone.
    car_from_head
        Rotations from the head's axes to the car's, shape (n, 3, 3).
    neck_car_m
        Where the pivot of the neck, the origin of the head's axes, is; shape (n, 3), m.
    gaze_point_car_m
        What is looked at, shape (n, 3), m.
    openness
        Of the lids, 0 … 1, shape (n,).

    Returns
    -------
    dict[str, NDArray[np.float64]]
        ``landmarks_px`` (n, 5, 2), in the order of `LANDMARKS`, hidden ones too; ``eye_centres_px``
        (n, 2, 2): of the eyeballs, right and left; ``face_box_px`` (n, 4): left, top, right, bottom of the
        skin from ear to ear and from mid-forehead to chin.

        ``head_yaw_deg``, ``head_pitch_deg``, ``head_roll_deg`` (n,): of the head for the camera, 0 when it
        faces it; yaw is positive towards the right of the picture, pitch up, roll clockwise in the picture.
        ``gaze_camera_azimuth_deg``, ``gaze_camera_elevation_deg`` (n,): of the line from between the eyes to
        the gaze point in the camera's axes, 0 into the camera along its axis, positive to the right of the
        picture and up. ``gaze_face_azimuth_deg``, ``gaze_face_elevation_deg`` (n,): of the same line in the
        head's axes, positive to the wearer's right and up.

        ``eye_distance_m`` (n,): from the camera to between the eyes; ``eyelid_openness`` (n,) as given.
    """
    rotations = np.asarray(car_from_head, dtype=np.float64)

    def in_car(points_m: FloatArray) -> FloatArray:
        turned = np.einsum("nij,kj->nki", rotations, points_m)
        return np.asarray(turned + np.asarray(neck_car_m)[:, None], dtype=np.float64)

    between_eyes = in_car(np.array([EYES_FROM_NECK_M]))[:, 0]
    gaze_car = gaze_point_car_m - between_eyes
    camera_from_car = camera.car_from_camera[:, :3].T
    camera_from_head = camera_from_car @ rotations
    yaw, pitch, roll = _facing_angles_deg(camera_from_head)
    gaze_azimuth, gaze_elevation = _angles_deg(
        gaze_car @ camera_from_car.T @ np.diag([1.0, 1.0, -1.0])
    )
    face_azimuth, face_elevation = _angles_deg(np.einsum("nji,nj->ni", rotations, gaze_car))
    # The box of a picture of points is that of their hull's corners, and those are a few hundred.
    points_m = face_points_m(look)
    face = camera.pixels(in_car(points_m[ConvexHull(points_m).vertices]))
    return {
        "landmarks_px": camera.pixels(in_car(landmarks_m(look))),
        "eye_centres_px": camera.pixels(in_car(EYE_CENTRES_M)),
        "face_box_px": np.concatenate([face.min(axis=1), face.max(axis=1)], axis=1),
        "head_yaw_deg": yaw,
        "head_pitch_deg": pitch,
        "head_roll_deg": roll,
        "gaze_camera_azimuth_deg": gaze_azimuth,
        "gaze_camera_elevation_deg": gaze_elevation,
        "gaze_face_azimuth_deg": face_azimuth,
        "gaze_face_elevation_deg": face_elevation,
        "eye_distance_m": np.linalg.norm(between_eyes - camera.car_from_camera[:, 3], axis=1),
        "eyelid_openness": np.asarray(openness, dtype=np.float64),
    }


def _angles_deg(directions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give azimuth and elevation of directions in axes x right, y down, z forward; (n,) each."""
    x, y, z = directions.T
    azimuth = np.degrees(np.arctan2(x, z))
    return azimuth, -np.degrees(np.arctan2(y, np.hypot(x, z)))


def _facing_angles_deg(camera_from_head: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give yaw, pitch and roll of heads, (n,) each, from rotations (n, 3, 3).

    ``camera_from_head = Y(-yaw) · X(-pitch) · Z(roll) · facing``: the head rolls about its own forward axis,
    looks up, and turns.
    """
    turned = camera_from_head @ _FACING
    forward = -turned[..., 2]
    yaw, pitch = _angles_deg(forward * [1.0, 1.0, -1.0])
    across, down = turned[:, 1, 0], turned[:, 1, 1]
    return yaw, pitch, np.degrees(np.arctan2(across, down))
