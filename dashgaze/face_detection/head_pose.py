"""How the driver's head is turned, from five landmarks.

Five points of an average face are fitted to the landmarks (perspective-n-point). They lie nearly in a plane,
and a plane seen from far off looks the same from two sides: both answers are tried, and the one that
fits better wins, or, where they fit alike, the one nearer to the picture before. The face is an average of
many, so angles of one driver are off by a constant of some degrees; turns are exact to a few.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.schemas.face_table import LANDMARKS

FloatArray = NDArray[np.float64]

FACE_MM: FloatArray = np.array(
    [
        [-31.5, 0.0, 0.0],
        [31.5, 0.0, 0.0],
        [0.0, 40.0, 29.0],
        [-25.5, 68.0, 5.0],
        [25.5, 68.0, 5.0],
    ]
)
"""An average adult face, in the order of `LANDMARKS`, shape (5, 3), mm: x to the wearer's right, y down, z
forward, from the middle between the pupils.

Rounded means of women and men from the usual surveys (the US Army's of 2012 for the eyes, Farkas' tables for
the rest): 63 mm between the pupils, 51 mm between the corners of the mouth; the tip of the nose is 40 mm
under the line of the pupils and 29 mm before the corneas, the corners of the mouth are 68 mm under it and
5 mm before them.
"""

USUAL_FOV_DEG = 65.0
"""Field of view across the longer side of the picture that is taken for a phone's front camera in video."""

MOST_ERROR_PER_FACE = 0.06
"""Largest root mean square of what landmarks are off by / size of the face."""

# Landmarks of a face that is turned further away are guessed.
_MOST_TURN_DEG = 80.0
# Landmarks that lie closer together / size of the face show no face.
_LEAST_EYES, _LEAST_HEIGHT = 0.06, 0.15
# Answers fit alike if the worse one is off by no more than so many times what the better one is.
_ALIKE = 1.35
_LONGEST_GAP_S = 0.5
# From the axes of a head that looks along the camera's axis into it to the camera's.
_FACING = np.diag([-1.0, 1.0, -1.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadPoses:
    """Poses of n faces; NaN where the pose can't be trusted.

    Attributes
    ----------
    angles_deg
        Yaw (positive to the subject's left, which is the right of the picture), pitch (up positive) and roll
        (clockwise positive as the picture shows it) against the camera's axes, shape (n, 3). All are 0 for
        a face that looks along the camera's axis into it.
    error_px
        Root mean square distance of the landmarks from the fitted face, shape (n,); NaN where nothing could
        be fitted.
    """

    angles_deg: FloatArray
    error_px: FloatArray


def camera_matrix(size_px: tuple[int, int], *, fov_deg: float | None = None) -> FloatArray:
    """Give the matrix of a camera from its field of view, shape (3, 3).

    Parameters
    ----------
    size_px
        Width and height of its pictures.
    fov_deg
        Across the longer side; None for the usual one of phones.
    """
    across = USUAL_FOV_DEG if fov_deg is None else fov_deg
    if not 10.0 <= across <= 150.0:
        raise ValueError(f"a field of view of {across}° can't be; 10 … 150 was expected")
    width, height = size_px
    focal_px = max(size_px) / 2 / math.tan(math.radians(across) / 2)
    return np.array([[focal_px, 0, (width - 1) / 2], [0, focal_px, (height - 1) / 2], [0, 0, 1]])


def head_poses(
    landmarks: FloatArray, face_px: FloatArray, time_s: FloatArray, matrix: FloatArray
) -> HeadPoses:
    """Fit poses to the landmarks of one person, picture after picture.

    Parameters
    ----------
    landmarks
        In the order of `LANDMARKS`, shape (n, 5, 2), px; NaN where there is none.
    face_px
        Size of each face: the root of its box's area, shape (n,), px.
    time_s
        When each picture is shown, ascending, shape (n,).
    matrix
        The camera's, shape (3, 3).
    """
    angles = np.full((len(landmarks), 3), np.nan)
    errors = np.full(len(landmarks), np.nan)
    before: FloatArray | None = None
    before_s = -math.inf
    for place, points in enumerate(landmarks):
        if _collapsed(points, float(face_px[place])):
            continue
        if time_s[place] - before_s > _LONGEST_GAP_S:
            before = None
        answers = _answers(points, matrix)
        if not answers:
            continue
        error_px, rotation = _chosen(answers, before)
        errors[place] = error_px
        found = facing_angles_deg(rotation)
        if error_px > MOST_ERROR_PER_FACE * face_px[place] or abs(found[0]) > _MOST_TURN_DEG:
            continue
        angles[place] = found
        before, before_s = rotation, float(time_s[place])
    return HeadPoses(angles_deg=angles, error_px=errors)


def facing_angles_deg(camera_from_head: FloatArray) -> FloatArray:
    """Give yaw, pitch and roll of a head, shape (3,), as `HeadPoses` has them.

    ``camera_from_head = Y(-yaw) · X(-pitch) · Z(roll) · facing``: the head rolls about its own forward axis,
    looks up, and turns; ``facing`` is diag(-1, 1, -1).

    Parameters
    ----------
    camera_from_head
        Turns axes as those of `FACE_MM` to the camera's (x right, y down, z forward), shape (3, 3).
    """
    turned = camera_from_head @ _FACING
    x, y, z = -turned[:, 2]
    return np.degrees(
        [
            math.atan2(x, -z),
            -math.atan2(y, math.hypot(x, z)),
            math.atan2(turned[1, 0], turned[1, 1]),
        ]
    )


def _collapsed(points: FloatArray, face_px: float) -> bool:
    """Whether landmarks are missing, or no face can look like that."""
    if not (np.isfinite(points).all() and math.isfinite(face_px) and face_px > 0):
        return True
    place = {name: points[number] for number, name in enumerate(LANDMARKS)}
    eyes = (place["left_eye"] + place["right_eye"]) / 2
    mouth = (place["left_mouth"] + place["right_mouth"]) / 2
    apart = float(np.hypot(*(place["left_eye"] - place["right_eye"])))
    high = float(np.hypot(*(eyes - mouth)))
    return apart < _LEAST_EYES * face_px or high < _LEAST_HEIGHT * face_px


def _answers(points: FloatArray, matrix: FloatArray) -> list[tuple[float, FloatArray]]:
    """Give the poses that fit best, with what each is off by (px, root mean square); best first."""
    count, turns, shifts, _ = cv2.solvePnPGeneric(
        FACE_MM, points, matrix, None, flags=cv2.SOLVEPNP_SQPNP
    )
    answers: list[tuple[float, FloatArray]] = []
    for turn, shift in list(zip(turns, shifts, strict=True))[:count]:
        first = _refined(points, matrix, np.asarray(turn), np.asarray(shift))
        if first is None:
            continue
        answers.append(first[:2])
        second = _refined(points, matrix, *_seen_from_the_other_side(first[1], first[2]))
        if second is not None:
            answers.append(second[:2])
    return sorted(answers, key=lambda each: each[0])


def _refined(
    points: FloatArray, matrix: FloatArray, turn: FloatArray, shift: FloatArray
) -> tuple[float, FloatArray, FloatArray] | None:
    """Fit from a first guess; None if the face is behind the camera or looks away from it."""
    better = cv2.solvePnPRefineLM(FACE_MM, points, matrix, None, turn.copy(), shift.copy())
    rotation = np.asarray(cv2.Rodrigues(better[0])[0], dtype=np.float64)
    place = np.asarray(better[1], dtype=np.float64).ravel()
    if not (np.isfinite(rotation).all() and np.isfinite(place).all()):
        return None
    # The face's forward axis against the line from it to the camera.
    if place[2] <= 0 or rotation[:, 2] @ place >= 0:
        return None
    seen = (FACE_MM @ rotation.T + place) @ matrix.T
    off = seen[:, :2] / seen[:, 2:] - points
    return float(np.sqrt((off**2).sum(axis=1).mean())), rotation, place


def _seen_from_the_other_side(
    rotation: FloatArray, place: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mirror the depths of a pose along the line of sight: the other way to see a plane."""
    sight = place / np.linalg.norm(place)
    mirror = np.eye(3) - 2 * np.outer(sight, sight)
    # Mirrored twice, in the world and in the plane's own axes, it is a rotation again.
    other = mirror @ rotation @ np.diag([1.0, 1.0, -1.0])
    return np.asarray(cv2.Rodrigues(other)[0], dtype=np.float64), place.reshape(3, 1).copy()


def _chosen(
    answers: list[tuple[float, FloatArray]], before: FloatArray | None
) -> tuple[float, FloatArray]:
    best = answers[0]
    if before is None:
        return best
    alike = [each for each in answers if each[0] <= _ALIKE * best[0] + 1e-6]
    return max(alike, key=lambda each: float(np.trace(each[1].T @ before)))
