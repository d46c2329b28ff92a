"""Laying the plain face over the driver's: which point of the picture is which point of a face."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.face_detection.head_pose import FACE_MM, camera_matrix, facing_angles_deg

from .face_surface import FaceSurface

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MOST_MISFIT_PER_EYES = 0.35
"""Largest root mean square of what landmarks are off by / distance between the eyes as fitted: beyond it no
pose explains them, and a map would lie beside the face."""

# Parts of a face that face the camera less than that are seen too flat to be told apart.
_LEAST_FACING = 0.15
# A triangle's mean depth stands for it: at the face's edge its corners differ by some millimetres.
_HIDDEN_BEHIND_MM = 9.0
_PAINTED_PX = 160
_MISFIT_REACH_MM = 28.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PosedFace:
    """The points of a `FaceSurface` in a picture of a driver.

    Attributes
    ----------
    points_px
        In the driver picture, shape (n, 2).
    visible
        Whether the point faces the camera and nothing of the face is before it, shape (n,).
    px_per_mm
        Size of the face in the driver picture.
    misfit_px
        Root mean square distance of landmarks and fitted face, before the points were drawn to them.
    """

    points_px: FloatArray
    visible: BoolArray
    px_per_mm: float
    misfit_px: float


def pose_face(
    surface: FaceSurface,
    landmarks_px: FloatArray,
    driver_size_px: tuple[int, int],
    head_pose_deg: FloatArray | None = None,
) -> PosedFace | None:
    """Fit the plain face to five landmarks.

    SQPNP, refined; where several poses fit, the one nearest to a head pose that is known, else the
    one that fits best. What remains at the landmarks is spread over the points near them, so that the
    plain face's eyes lie on the driver's.

    Parameters
    ----------
    surface
        The plain face.
    landmarks_px
        In the order of `schemas.face_table.LANDMARKS`, shape (5, 2); NaN where unknown.
    driver_size_px
        Width and height of the driver picture.
    head_pose_deg
        Yaw, pitch, roll as `Samples.head_pose_deg`, shape (3,); NaN or None if unknown.

    Returns
    -------
    PosedFace or None
        None if landmarks are missing, or no pose explains them.
    """
    if not np.isfinite(landmarks_px).all():
        return None
    matrix = camera_matrix(driver_size_px)
    answers = _answers(landmarks_px, matrix)
    if not answers:
        return None
    misfit_px, rotation, place = min(answers, key=lambda each: _unlikely(each, head_pose_deg))
    px_per_mm = float(matrix[0, 0] / place[2])
    if misfit_px > MOST_MISFIT_PER_EYES * 63.0 * px_per_mm:
        return None
    in_camera = surface.points_mm @ rotation.T + place
    points = _project(in_camera, matrix)
    off = landmarks_px - _project(FACE_MM @ rotation.T + place, matrix)
    apart = ((surface.points_mm[:, None, :2] - FACE_MM[None, :, :2]) ** 2).sum(axis=2)
    weight = np.exp(-0.5 * apart / _MISFIT_REACH_MM**2) + 1e-6
    drawn = points + (weight @ off) / weight.sum(axis=1, keepdims=True)
    return PosedFace(
        points_px=drawn,
        visible=_visible(surface, in_camera, surface.normals @ rotation.T),
        px_per_mm=px_per_mm,
        misfit_px=misfit_px,
    )


def _answers(points: FloatArray, matrix: FloatArray) -> list[tuple[float, FloatArray, FloatArray]]:
    count, turns, shifts, _ = cv2.solvePnPGeneric(
        FACE_MM, np.ascontiguousarray(points), matrix, None, flags=cv2.SOLVEPNP_SQPNP
    )
    answers = []
    for turn, shift in list(zip(turns, shifts, strict=True))[:count]:
        turn, shift = cv2.solvePnPRefineLM(FACE_MM, points, matrix, None, turn.copy(), shift.copy())
        rotation = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)
        place = np.asarray(shift, dtype=np.float64).ravel()
        if not (np.isfinite(rotation).all() and np.isfinite(place).all()):
            continue
        # Behind the camera, or with its back to it.
        if place[2] <= 0 or rotation[:, 2] @ place >= 0:
            continue
        off = _project(FACE_MM @ rotation.T + place, matrix) - points
        answers.append((float(np.sqrt((off**2).sum(axis=1).mean())), rotation, place))
    return answers


def _unlikely(
    answer: tuple[float, FloatArray, FloatArray], head_pose_deg: FloatArray | None
) -> float:
    """Rank answers: degrees from the known pose, else pixels of misfit."""
    if head_pose_deg is None or not np.isfinite(head_pose_deg).all():
        return answer[0]
    return float(np.abs(facing_angles_deg(answer[1]) - head_pose_deg).sum())


def _project(in_camera: FloatArray, matrix: FloatArray) -> FloatArray:
    seen = in_camera @ matrix.T
    return np.asarray(seen[:, :2] / seen[:, 2:], dtype=np.float64)


def _visible(surface: FaceSurface, in_camera: FloatArray, normals: FloatArray) -> BoolArray:
    sight = in_camera / np.linalg.norm(in_camera, axis=1, keepdims=True)
    visible = -(sight * normals).sum(axis=1) > _LEAST_FACING
    visible[visible] = ~_hidden(surface, in_camera, np.flatnonzero(visible))
    return np.asarray(visible, dtype=np.bool_)


def _hidden(surface: FaceSurface, in_camera: FloatArray, wanted: NDArray[np.intp]) -> BoolArray:
    """Whether some triangle lies before a point, such as the nose before a cheek, shape (k,).

    Triangles are painted from far to near; what is seen last at a point's pixel lies before all else.
    """
    flat = in_camera[:, :2] / in_camera[:, 2:]
    low, high = flat.min(axis=0), flat.max(axis=0)
    pixels = np.rint((flat - low) / (high - low).max() * (_PAINTED_PX - 1)).astype(np.int32)
    depths_mm = in_camera[surface.triangles, 2].mean(axis=1)
    nearest_mm = np.full((_PAINTED_PX, _PAINTED_PX), np.inf, dtype=np.float32)
    for number in np.argsort(-depths_mm):
        corners = pixels[surface.triangles[number]]
        cv2.fillConvexPoly(nearest_mm, corners, float(depths_mm[number]))
    seen_mm = nearest_mm[pixels[wanted, 1], pixels[wanted, 0]]
    return np.asarray(seen_mm < in_camera[wanted, 2] - _HIDDEN_BEHIND_MM, dtype=np.bool_)
