"""The world of a drive keeps the geometry of its story, and looks as its conditions say."""

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree

from dashgaze.collection.simulation.scene.canvas import Canvas
from dashgaze.collection.simulation.scene.world import World, chained, inverse
from dashgaze.collection.simulation.story.car_layout import CAR_TARGETS_M, EYES_M
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.collection.simulation.story.route import LANE_WIDTH_M
from dashgaze.collection.simulation.swing import turns

CAMERA = RoadCamera(size_px=(640, 360))
SHIFT_M = 0.4
DRY_S, WET_S = 0.1, 1.3
"""Just after the wiper, and just before it comes again."""


def matrix_of(poses):
    return np.column_stack([poses.rotation[0], poses.origin_m[0]])


def drawn(story, world, car_from_camera, time_s=5.0, *, standing=(), drops_s=0.0, inside=False):
    canvas = Canvas(CAMERA.size_px, CAMERA.matrix)
    world.draw(
        canvas,
        list(standing),
        time_s=drops_s,
        distance_m=float(story.ride.distance_m([time_s])[0]),
        world_from_car=matrix_of(story.world_from_car([time_s])),
        car_from_camera=car_from_camera,
        with_inside=inside,
    )
    return canvas


def road_picture(story, world, time_s=5.0, *, shift_m=0.0, **more):
    """Draw what the phone sees, shifted to the right."""
    car_from_road = matrix_of(story.car_from_road).copy()
    car_from_road[:, 3] += shift_m * car_from_road[:, 0]
    return drawn(story, world, car_from_road, time_s, **more)


def test_from_a_place_beside_near_things_move_by_their_parallax_and_the_sky_does_not(painted):
    story, world = painted()
    first, second = (road_picture(story, world, shift_m=shift) for shift in (0.0, SHIFT_M))
    corners = cv2.goodFeaturesToTrack(first.y, 600, 0.01, 7)[:, 0]
    corners = cv2.cornerSubPix(
        first.y, corners.copy(), (4, 4), (-1, -1), (cv2.TERM_CRITERIA_COUNT, 30, 0)
    )
    x, y = np.rint(corners).astype(int).T
    nearness = first.nearness[y, x].astype(float)
    expected = corners - np.column_stack([CAMERA.focal_px * SHIFT_M * nearness, 0 * nearness])
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        first.y, second.y, corners, expected.astype(np.float32), winSize=(15, 15), flags=4
    )
    # Corners of one depth: neither on an outline, nor on the own bonnet, which moves along.
    flat = np.array(
        [
            np.ptp(first.nearness[max(b - 8, 0) : b + 9, max(a - 8, 0) : a + 9]) < 0.01
            for a, b in zip(x, y, strict=True)
        ]
    )
    near = (status[:, 0] == 1) & flat & (nearness < 1 / 6) & (nearness > 1 / 30)
    off_px = (found - expected)[near]
    assert len(off_px) > 15
    assert (CAMERA.focal_px * SHIFT_M * nearness[near]).max() > 10
    assert np.median(np.hypot(*off_px.T)) < 0.25
    assert np.abs(np.median(off_px, axis=0)).max() < 0.15
    sky = (first.nearness == 0) & (second.nearness == 0)
    assert sky.mean() > 0.05
    np.testing.assert_array_equal(first.y[sky], second.y[sky])


def test_depth_is_that_of_the_ground(painted):
    """Where the road is seen, nearness is that of the plane y = 0."""
    story, world = painted()
    canvas = road_picture(story, world)
    pose = chained(matrix_of(story.world_from_car([5.0])), matrix_of(story.car_from_road))
    x, y = np.meshgrid(np.arange(640), np.arange(360))
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(CAMERA.matrix).T
    down = (rays @ pose[:, :3].T)[..., 1]
    depth = -pose[1, 3] / np.where(down > 0, down, np.nan)
    ahead = (depth > 5) & (depth < 40) & (np.abs(x - 320) < 40)
    same = np.abs(canvas.nearness[ahead] * depth[ahead] - 1) < 1e-3
    assert ahead.sum() > 2000
    assert same.mean() > 0.95  # nobody stands there in this picture


def test_what_is_looked_at_in_the_car_is_drawn_there(painted):
    """From the eyes, each mirror and the instruments have a surface at the place of the target."""
    story, world = painted()
    matrix = np.array([[500.0, 0, 99.5], [0, 500, 99.5], [0, 0, 1]])
    for name, target in CAR_TARGETS_M.items():
        way = np.array(target) - EYES_M
        yaw, pitch = np.degrees(
            [np.arctan2(way[0], way[2]), np.arcsin(-way[1] / np.linalg.norm(way))]
        )
        turned = turns(np.array([yaw]), np.array([pitch]), np.zeros(1))[0]
        canvas = Canvas((200, 200), matrix)
        world.draw(
            canvas,
            [],
            time_s=1.0,
            distance_m=50.0,
            world_from_car=matrix_of(story.world_from_car([5.0])),
            car_from_camera=np.column_stack([turned, EYES_M]),
            with_inside=True,
        )
        assert 1 / canvas.nearness[99, 99] == pytest.approx(np.linalg.norm(way), abs=0.03), name


def test_a_road_user_is_drawn_where_the_story_says(painted):
    story, world = painted()
    times = np.arange(0.5, 19.5, 1.0)
    crowd = world.crowd(times)
    found = 0
    for index, time_s in enumerate(times):
        standing = crowd.at(index)
        there = {one.track_id for one in standing}
        assert there == {
            actor.track_id
            for actor in story.actors
            if actor.present([time_s])[0]
            and -30 < actor.along([time_s])[0][0] - story.ride.distance_m([time_s])[0] < 280
        }
        pose = chained(matrix_of(story.world_from_car([time_s])), matrix_of(story.car_from_road))
        empty = road_picture(story, world, time_s)
        full = road_picture(story, world, time_s, standing=standing)
        changed = full.nearness != empty.nearness
        assert (full.nearness[changed] > empty.nearness[changed]).all()
        boxes = np.zeros(changed.shape, dtype=np.bool_)
        for one in standing:
            place = matrix_of(story.actors[one.track_id].world_from_actor([time_s]))
            np.testing.assert_allclose(one.world_from_actor, place, atol=1e-9)
            corners = story.actors[one.track_id].corners_m() @ place[:, :3].T + place[:, 3]
            points = (corners - pose[:, 3]) @ pose[:, :3]
            if points[:, 2].min() < 0.5:
                boxes[:] |= points[:, 2].max() > 0
                continue
            pixels = points @ CAMERA.matrix.T
            pixels = pixels[:, :2] / pixels[:, 2:]
            (x0, y0), (x1, y1) = np.floor(pixels.min(axis=0)) - 1, np.ceil(pixels.max(axis=0)) + 1
            rows, columns = (
                slice(max(int(a), 0), max(int(b) + 1, 0)) for a, b in ((y0, y1), (x0, x1))
            )
            boxes[rows, columns] = True
            found += int(changed[rows, columns].any())
        assert not (changed & ~boxes).any()
    assert found > 15


def centreline(story):
    along = np.arange(-150.0, story.route.length_m, 0.25)
    return along, cKDTree(story.route.position_m(along))


@pytest.mark.parametrize("seed", [5, 6])
def test_nothing_stands_in_the_lanes(painted, seed):
    story, world = painted(seed)
    corners = world._scenery.mesh.corners_m.reshape(-1, 3).astype(float)
    standing = corners[corners[:, 1] < -0.3]
    _, tree = centreline(story)
    aside_m, _ = tree.query(standing[:, ::2])
    assert len(standing) > 3000
    assert aside_m.min() > LANE_WIDTH_M + 0.4
    # Lamps reach over parked cars; what stands lower leaves the whole road and its edge free.
    low = standing[:, 1] > -4.5
    assert aside_m[low].min() > LANE_WIDTH_M + 2


def test_the_lanes_are_road(painted):
    """The ground strip is there without a gap: each metre of both lanes lies in one of its faces."""
    story, world = painted()
    mesh = world._scenery.mesh
    flat = np.abs(mesh.corners_m[..., 1]).max(axis=1) < 1e-3
    along, tree = centreline(story)
    middles = mesh.corners_m[flat].mean(axis=1).astype(float)
    aside_m, index = tree.query(middles[:, ::2])
    road = aside_m < 4
    for start in range(-140, int(story.route.length_m) - 10, 5):
        assert ((along[index[road]] >= start) & (along[index[road]] < start + 5)).sum() >= 2


def test_near_gives_all_triangles_around(painted):
    story, world = painted()
    corners = world._scenery.mesh.corners_m.astype(float)
    along, tree = centreline(story)
    _, index = tree.query(corners[..., ::2].reshape(-1, 2))
    places = along[index].reshape(-1, 3)
    for distance_m in (0.0, 333.0, 1000.0):
        part = world._scenery.near(distance_m)
        chosen = np.zeros(len(corners), dtype=np.bool_)
        chosen[part] = True
        around = ((places > distance_m - 5) & (places < distance_m + 275)).any(axis=1)
        assert not (around & ~chosen).any()
        assert places[chosen].max() < distance_m + 400
        assert places[chosen].min() > distance_m - 120
        # The nearest first: what is hidden costs least.
        middles = places[part].mean(axis=1)
        assert np.all(np.diff(np.maximum.accumulate(middles)) >= 0)
        assert (np.maximum.accumulate(middles) - middles).max() < 60


def test_the_same_seed_gives_the_same_picture_and_another_one_another(painted):
    story, world = painted()
    first = road_picture(story, world)
    again = road_picture(story, World(story))
    for name in ("y", "u", "v", "nearness"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    other = road_picture(*painted(6))
    assert (first.y != other.y).mean() > 0.5


def test_night_is_dark_but_for_lamps_and_windows(painted):
    day, night = road_picture(*painted()).y, road_picture(*painted(lighting="night")).y
    assert night.mean() < 0.5 * day.mean()
    assert night.max() > 150


def test_drops_are_on_the_windscreen_in_rain_only_and_only_the_driver_sees_them(painted):
    rainy, dry = painted(weather="rain"), painted()

    from_eyes = np.column_stack([np.eye(3), EYES_M])

    def changed(scene, *, inside):
        few, many = (drawn(*scene, from_eyes, drops_s=at, inside=inside).y for at in (DRY_S, WET_S))
        return float((few != many).mean())

    assert changed(rainy, inside=True) > 0.001
    assert changed(rainy, inside=False) == 0
    assert changed(dry, inside=True) == 0


def test_motions_are_undone_and_chained():
    one = np.column_stack([turns(*np.array([[30.0], [5.0], [-8.0]]))[0], (3.0, -1.0, 900.0)])
    other = np.column_stack([turns(*np.array([[-70.0], [9.0], [4.0]]))[0], (0.1, -1.2, 0.5)])
    np.testing.assert_allclose(chained(one, inverse(one)), np.eye(3, 4), atol=1e-12)
    point = np.array([2.0, -1.0, 30.0])
    both = chained(one, other)
    expected = one[:, :3] @ (other[:, :3] @ point + other[:, 3]) + one[:, 3]
    np.testing.assert_allclose(both[:, :3] @ point + both[:, 3], expected, atol=1e-9)
