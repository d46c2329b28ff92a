import numpy as np
import pytest

from dashgaze.alignment.camera import distort_points, undistort_points
from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.collection.eye_tracker.scene_camera import typical_camera

CAMERAS: dict[str, EgoCamera] = {}


def camera_of(kind: str) -> EgoCamera:
    if kind not in CAMERAS:
        typical = typical_camera(kind)
        CAMERAS[kind] = EgoCamera(
            typical.matrix, typical.distortion, size_px=(typical.width_px, typical.height_px)
        )
    return CAMERAS[kind]


def grid(size_px: tuple[int, int], margin: float, step: float) -> np.ndarray:
    across, down = (np.arange(-margin, length - 1 + margin + 1e-9, step) for length in size_px)
    x, y = np.meshgrid(across, down)
    return np.column_stack([x.ravel(), y.ravel()])


def exact(camera: EgoCamera, points: np.ndarray) -> np.ndarray:
    rays = undistort_points(points, camera.matrix, camera.distortion)
    return rays * camera.matrix[[0, 1], [0, 1]] + camera.matrix[:2, 2]


@pytest.mark.parametrize("kind", ["pupil_invisible", "neon"])
def test_table_is_the_model_over_the_frame_and_beyond_its_border(kind: str) -> None:
    camera = camera_of(kind)
    # an odd step, so that all places within the table's cells of two pixels occur
    points = grid(camera.size_px, 10, 3.37)
    truth, found = exact(camera, points), camera.undistort(points)
    assert (np.isnan(found) == np.isnan(truth)).all()
    assert np.nanmax(np.abs(found - truth)) < 0.01


def test_all_of_the_pupil_invisible_s_frame_has_rays() -> None:
    camera = camera_of("pupil_invisible")
    assert np.isfinite(camera.undistort(grid(camera.size_px, 80, 7.3))).all()


def test_where_a_neon_has_no_rays_there_are_none() -> None:
    camera = camera_of("neon")
    corner = np.array([[0.0, 0.0], [1599, 0], [0, 1199], [830, 607], [1599, 600]])
    known = np.isfinite(camera.undistort(corner)).all(axis=1)
    assert known.tolist() == [False, False, False, True, True]
    assert (known == np.isfinite(exact(camera, corner)).all(axis=1)).all()


@pytest.mark.parametrize("kind", ["pupil_invisible", "neon"])
def test_distorting_takes_it_back(kind: str) -> None:
    camera = camera_of(kind)
    points = grid(camera.size_px, 10, 11.7)
    undistorted = camera.undistort(points)
    known = np.isfinite(undistorted[:, 0])
    back = camera.distort(undistorted[known])
    # a table error of 0.01 px of the pinhole is less than that in the frame, which is compressed
    assert np.abs(back - points[known]).max() < 0.01
    again = camera.undistort_exactly(points)
    assert np.abs(camera.distort(again[known]) - points[known]).max() < 1e-5


def test_undistorted_points_are_pixels_of_the_pinhole_with_the_same_matrix() -> None:
    camera = camera_of("pupil_invisible")
    ray = np.array([0.31, -0.27])
    shown = distort_points(ray[None], camera.matrix, camera.distortion)
    x, y, _ = camera.matrix @ [*ray, 1]
    assert camera.undistort(shown)[0] == pytest.approx([x, y], abs=0.01)
    assert camera.distort([[x, y]])[0] == pytest.approx(shown[0], abs=1e-9)


def test_without_distortion_nothing_moves() -> None:
    matrix = np.array([[400.0, 0, 150], [0, 500, 90], [0, 0, 1]])
    camera = EgoCamera(matrix, [], size_px=(301, 181))
    points = grid((301, 181), 30, 3.3)
    assert np.abs(camera.undistort(points) - points).max() < 1e-9
    assert camera.focal_px == pytest.approx(np.sqrt(400 * 500))


def test_far_outside_and_missing_points() -> None:
    camera = camera_of("pupil_invisible")
    points = np.array([[-300.0, 500], [1300, 1300], [np.nan, 5], [5, np.inf], [500, 500]])
    found, truth = camera.undistort(points), exact(camera, points)
    assert np.isnan(found).all(axis=1).tolist() == [False, False, True, True, False]
    # outside of the table it is the model itself
    assert (found[:2] == truth[:2]).all()
    assert np.isnan(camera.distort(points[2:4])).all()


def test_no_points() -> None:
    camera = camera_of("pupil_invisible")
    for of in (camera.undistort, camera.undistort_exactly, camera.distort):
        assert of(np.zeros((0, 2))).shape == (0, 2)


def test_rays_beyond_the_lens_have_no_pixel() -> None:
    camera = EgoCamera(
        [[400.0, 0, 200], [0, 400, 150], [0, 0, 1]], [-0.3, 0, 0, 0], size_px=(401, 301)
    )
    # r − 0.3 r³ turns back at r = 1.054
    shown = camera.distort([[200 + 400 * 1.04, 150], [200 + 400 * 1.07, 150]])
    assert np.isnan(shown[:, 0]).tolist() == [False, True]
