import numpy as np
import pytest

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.collection.eye_tracker.scene_camera import typical_camera
from dashgaze.rendering.gaze_rows import GazeRows
from dashgaze.rendering.projection import PROJECTED_ASPECT, Projection, Window

SIZE = (400, 300)
ROAD = (640, 360)


@pytest.fixture(scope="module")
def camera():
    scene = typical_camera("pupil_invisible")
    return EgoCamera(scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px))


def texture(points):
    """What is seen at a place of the road view: smooth, with structure everywhere."""
    x, y = np.moveaxis(points, -1, 0)
    with np.errstate(invalid="ignore"):
        waves = np.sin(x / 9) * np.cos(y / 7) + 0.5 * np.sin((x + 2 * y) / 23)
    return np.where(np.isfinite(waves), 120 + 50 * waves, 120)


def road_from_ego(shift_px=0.0):
    return np.array([[0.75, 0.02, -90.0 + shift_px], [-0.01, 0.74, -220.0], [1e-5, -2e-5, 1.0]])


def pictures(camera, matrix):
    """A road picture, and the ego picture of the same scene by a homography and the true lens."""
    width, height = camera.size_px
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float)
    rays = camera.undistort(grid.reshape(-1, 2))
    image = np.column_stack([rays, np.ones(len(rays))]) @ matrix.T
    ego = texture((image[:, :2] / image[:, 2:]).reshape(height, width, 2))
    road = texture(
        np.stack(np.meshgrid(np.arange(ROAD[0]), np.arange(ROAD[1])), axis=-1).astype(float)
    )
    return np.rint(ego).astype(np.uint8), np.rint(road).astype(np.uint8)


def rows(matrices):
    count = len(matrices)
    nothing = np.full(count, np.nan)
    flags = np.zeros(count, dtype=bool)
    return GazeRows(
        timestamp_ns=np.arange(count), ego_px=np.full((count, 2), np.nan),
        road_px=np.full((count, 2), np.nan), covariance_px2=np.full((count, 2, 2), np.nan),
        road_from_ego=np.array(matrices), source=np.zeros(count, np.int8),
        none_reason=(None,) * count, error_px=nothing, blink=flags, saccade=flags, unworn=flags,
        fixation_s=nothing, speed_m_s=nothing,
    )  # fmt: skip


def tint(u, v):
    return np.hypot(u.astype(float) - 128, v.astype(float) - 128)


def test_views_that_agree_are_grey_and_an_error_shows(camera):
    ego, road = pictures(camera, road_from_ego())
    window = Window.around_road(rows([road_from_ego()]), camera, ROAD)
    projection = Projection(camera, ROAD, window, SIZE)
    right = projection.overlay(ego, road, road_from_ego(), 0)
    wrong = projection.overlay(ego, road, road_from_ego(shift_px=5.0), 0)
    assert np.percentile(tint(*right[1:]), 95) < 8
    assert np.percentile(tint(*wrong[1:]), 95) > 20
    assert tint(*wrong[1:]).mean() > 5 * tint(*right[1:]).mean()


def test_the_overlay_shows_the_ego_picture_where_it_is(camera):
    ego, road = pictures(camera, road_from_ego())
    window = Window.around_road(rows([road_from_ego()]), camera, ROAD)
    projection = Projection(camera, ROAD, window, SIZE)
    y, _, _ = projection.overlay(ego, road, road_from_ego(), 0)
    seen = projection.crop(ego, 0)
    border = projection.outline(road_from_ego(), 0)
    left, top = np.ceil(border.min(axis=0) + 25).astype(int).clip(0)
    right, bottom = (border.max(axis=0) - 25).astype(int)
    inner = np.s_[top:bottom, left:right]
    assert np.abs(y[inner].astype(int) - seen[inner]).mean() < 3


def test_panel_and_ego_points_belong_together(camera):
    window = Window.around_road(rows([road_from_ego()]), camera, ROAD)
    projection = Projection(camera, ROAD, window, SIZE)
    ego = np.full((1080, 1088), 100, dtype=np.uint8)
    place = window.corner_px[0] + np.array(window.size_px) // 3
    ego[place[1] - 3 : place[1] + 4, place[0] - 3 : place[0] + 4] = 200
    seen = projection.crop(ego, 0).astype(float) - 100
    y, x = np.indices(seen.shape)
    found = (x * seen).sum() / seen.sum(), (y * seen).sum() / seen.sum()
    assert found == pytest.approx(projection.to_panel(place[None].astype(float), 0)[0], abs=0.3)


def test_the_window_holds_the_road_picture_and_stays_inside(camera):
    matrices = [road_from_ego(), np.full((3, 3), np.nan), road_from_ego(shift_px=40)]
    window = Window.around_road(rows(matrices), camera, ROAD)
    assert window.size_px[0] / window.size_px[1] == pytest.approx(PROJECTED_ASPECT, rel=0.01)
    assert (window.corner_px >= 0).all()
    assert (window.corner_px + window.size_px <= camera.size_px).all()
    whole = Window.whole(3, camera)
    assert whole.size_px[0] == 1088
    none = Window.around_road(rows([np.full((3, 3), np.nan)] * 2), camera, ROAD)
    assert none.size_px == whole.size_px


def test_a_road_out_of_sight_leaves_the_ego_view(camera):
    ego, road = pictures(camera, road_from_ego())
    projection = Projection(camera, ROAD, Window.whole(1, camera), SIZE)
    away = road_from_ego() @ np.array([[1, 0, 9000.0], [0, 1, 0], [0, 0, 1]])
    y, u, v = projection.overlay(ego, road, away, 0)
    assert (tint(u, v) == 0).all()
    assert y.shape == (300, 400)


def test_what_lies_behind_the_road_camera_is_not_shown(camera):
    ego, road = pictures(camera, road_from_ego())
    projection = Projection(camera, ROAD, Window.whole(1, camera), SIZE)
    # turned by half a circle about the vertical: the road camera looks backwards
    backwards = np.diag([1.0, 1.0, -1.0]) @ road_from_ego()
    _, u, v = projection.overlay(ego, road, backwards, 0)
    assert (tint(u, v) == 0).all()
