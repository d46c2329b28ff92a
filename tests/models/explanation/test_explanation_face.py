"""The plain face, and laying it over a driver's."""

import cv2
import numpy as np
import pytest

from dashgaze.face_detection.head_pose import FACE_MM, camera_matrix, facing_angles_deg
from dashgaze.models.explanation.face_posing import pose_face
from dashgaze.models.explanation.face_regions import region_shares, regions
from dashgaze.models.explanation.face_surface import (
    PICTURE_SIZE_PX,
    face_surface,
    front_mm,
    frontal_px_from_mm,
)
from dashgaze.models.explanation.picture_places import picture_place

SIZE = (1280, 720)


def seen(yaw_deg: float, place_mm=(30.0, 20.0, 650.0)) -> tuple[np.ndarray, np.ndarray]:
    turn = cv2.Rodrigues(np.array([0.0, -np.radians(yaw_deg), 0.0]))[0]
    rotation = turn @ np.diag([-1.0, 1.0, -1.0])
    points = (FACE_MM @ rotation.T + np.array(place_mm)) @ camera_matrix(SIZE).T
    return points[:, :2] / points[:, 2:], rotation


def test_the_surface_passes_through_the_five_landmarks() -> None:
    assert np.allclose(front_mm(FACE_MM[:, 0], FACE_MM[:, 1]), FACE_MM[:, 2], atol=1e-6)


def test_the_surface_is_a_mesh_that_faces_forward_and_fits_the_picture() -> None:
    surface = face_surface()
    assert 500 <= len(surface.points_mm) <= 1500
    assert (surface.normals[:, 2] > 0).all()
    assert np.allclose(np.linalg.norm(surface.normals, axis=1), 1)
    assert surface.frontal_px.min() >= 0
    assert (surface.frontal_px < np.array(PICTURE_SIZE_PX)).all()
    # Mirrored about the middle: nobody's face.
    mirrored = surface.points_mm * (-1, 1, 1)
    order, other = (np.lexsort(np.round(each, 6).T) for each in (surface.points_mm, mirrored))
    assert np.allclose(surface.points_mm[order], mirrored[other], atol=1e-6)


def test_the_drivers_left_eye_is_on_the_right_of_the_canonical_picture() -> None:
    left, right = frontal_px_from_mm(FACE_MM[:2])
    assert left[0] > right[0]
    masks = regions()
    assert masks["left_eye"][round(left[1]), round(left[0])]
    assert masks["right_eye"][round(right[1]), round(right[0])]


@pytest.mark.parametrize("yaw_deg", [0.0, 25.0, -25.0, 45.0])
def test_landmarks_of_the_laid_face_lie_on_those_that_were_found(yaw_deg: float) -> None:
    surface = face_surface()
    landmarks, _ = seen(yaw_deg)
    pose = pose_face(surface, landmarks, SIZE)
    nearest = [np.hypot(*(surface.points_mm[:, :2] - mark[:2]).T).argmin() for mark in FACE_MM]
    off = np.hypot(*(pose.points_px[nearest] - landmarks).T)
    # Points of the mesh are some millimetres from the landmarks.
    assert off.max() < 6 * pose.px_per_mm
    assert pose.misfit_px < 0.5


def test_a_turned_face_hides_its_far_side() -> None:
    surface = face_surface()
    landmarks, rotation = seen(40.0)
    # Positive: to the driver's left, the right of the picture; the right cheek stays in view.
    assert facing_angles_deg(rotation)[0] == pytest.approx(40.0)
    pose = pose_face(surface, landmarks, SIZE)
    side = surface.points_mm[:, 0]
    assert pose.visible[side > 30].mean() > 0.8
    assert pose.visible[side < -55].mean() < 0.1


def test_the_nose_hides_the_cheek_behind_it() -> None:
    surface = face_surface()
    pose = pose_face(surface, seen(50.0)[0], SIZE)
    x, y, _ = surface.points_mm.T
    behind = (x < -8) & (x > -20) & (y > 30) & (y < 44)
    assert pose.visible[behind].mean() < 0.5
    assert pose.visible[(x > 8) & (x < 20) & (y > 30) & (y < 44)].all()


def test_landmarks_that_no_face_has_are_refused() -> None:
    surface = face_surface()
    landmarks, _ = seen(0.0)
    assert pose_face(surface, landmarks * np.nan, SIZE) is None
    mirrored = landmarks[[1, 0, 2, 4, 3]]
    laid = pose_face(surface, mirrored, SIZE)
    assert laid is None or laid.misfit_px > 10


def test_a_pictures_place_is_where_the_data_set_cut_it(planted) -> None:
    samples = planted.make_samples(2)
    own, other = samples.landmarks_px[0, 0], samples.landmarks_px[0, 1]
    eye = picture_place(samples, 0, "left_eye", (100, 50))
    assert np.allclose(eye.points_px(own[None]), [[49.5, 24.5]])
    assert eye.scale[0] == pytest.approx(100 / (0.8 * np.hypot(*(own - other))))
    left, top, width, height = samples.face_box_px[0]
    face = picture_place(samples, 0, "face", (224, 224))
    assert np.allclose(face.points_px(np.array([[left + width / 2, top + height / 2]])), 111.5)
    assert face.scale[0] == pytest.approx(224 / (1.4 * max(width, height)))
    view = picture_place(samples, 0, "driver", (224, 224))
    corners = view.points_px(np.array([[-0.5, -0.5], np.array(planted.DRIVER_PX) - 0.5]))
    assert np.allclose(corners, [[-0.5, -0.5], [223.5, 223.5]])


def test_shares_of_an_even_map_are_those_of_the_area() -> None:
    width, height = PICTURE_SIZE_PX
    for each in region_shares(np.ones((height, width))).values():
        assert each["share"] == pytest.approx(each["area"])
