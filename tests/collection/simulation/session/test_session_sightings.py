"""Boxes of road users hold them, and `visible` is the share that nothing nearer hides."""

import cv2
import numpy as np
import pytest

from dashgaze.collection.simulation.scene.mesh import joined
from dashgaze.collection.simulation.scene.world import Standing
from dashgaze.collection.simulation.session.sightings import Sightings
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.media import read_frame_times

CAMERA = RoadCamera(size_px=(640, 360))
LEVEL = np.eye(3, 4)


@pytest.fixture(scope="module")
def road_s(session):
    return read_frame_times(session.road_path).time_s


def test_boxes_hold_the_projected_middles_of_road_users(objects, story, road_s, facts):
    matrix = np.array(facts["road_camera"]["matrix"])
    width, height = facts["road_camera"]["size"]
    some = objects[objects["frame_index"] % 20 == 7]
    road = story.world_from_road(road_s)
    checked = 0
    for row in some.itertuples():
        actor = story.actors[row.track_id]
        assert actor.kind == row.kind
        pose = actor.world_from_actor([road_s[row.frame_index]])
        middle_m = pose.apply([0.0, -actor.size_m[1] / 2, 0.0])[0]
        turn, place = road.rotation[row.frame_index], road.origin_m[row.frame_index]
        seen = turn.T @ (middle_m - place)
        assert np.linalg.norm(seen) == pytest.approx(row.distance_m, abs=0.01)
        if seen[2] < 0.5:
            continue
        pixel, _ = cv2.projectPoints(seen[None], np.zeros(3), np.zeros(3), matrix, None)
        x, y = pixel.ravel()
        if -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5:
            assert row.x0_px <= x <= row.x1_px
            assert row.y0_px <= y <= row.y1_px
            checked += 1
    assert checked > 200


def test_boxes_lie_in_the_picture_and_frames_are_all_there(objects, facts, road_s):
    width, height = facts["road_camera"]["size"]
    assert (objects["x0_px"] >= -0.5).all()
    assert (objects["y0_px"] >= -0.5).all()
    assert (objects["x1_px"] <= width - 0.5).all()
    assert (objects["y1_px"] <= height - 0.5).all()
    assert (objects["x1_px"] - objects["x0_px"] >= 2).all()
    assert objects["frame_index"].between(0, len(road_s) - 1).all()
    assert objects["frame_index"].nunique() > 0.9 * len(road_s)
    assert objects["truncated"].between(-1e-6, 1).all()
    assert not objects.duplicated(["frame_index", "track_id"]).any()


def covered_shares(frame):
    """Give which share of each box lies behind the boxes of nearer road users."""
    steps = (np.arange(8) + 0.5) / 8
    boxes = frame[["x0_px", "y0_px", "x1_px", "y1_px"]].to_numpy(dtype=float)
    distance_m = frame["distance_m"].to_numpy()
    shares = []
    for box, far_m in zip(boxes, distance_m, strict=True):
        x = box[0] + (box[2] - box[0]) * steps
        y = box[1] + (box[3] - box[1]) * steps
        hidden = np.zeros((8, 8), dtype=np.bool_)
        for other, near_m in zip(boxes, distance_m, strict=True):
            if near_m < far_m - 3:
                across = (x >= other[0]) & (x <= other[2])
                hidden |= across[None] & ((y >= other[1]) & (y <= other[3]))[:, None]
        shares.append(hidden.mean())
    return shares


def test_who_is_hidden_by_others_is_seen_less(objects):
    known = objects[objects["visible"].notna()]
    assert len(known) > 0.8 * len(objects)
    assert known["visible"].between(0, 1).all()
    some = objects[objects["frame_index"] % 10 == 3]
    covered = np.concatenate([covered_shares(frame) for _, frame in some.groupby("frame_index")])
    visible = some.sort_values("frame_index", kind="stable")["visible"].to_numpy(dtype=float)
    known = np.isfinite(visible)
    distance_m = some.sort_values("frame_index", kind="stable")["distance_m"].to_numpy()
    hidden, free = known & (covered > 0.95), known & (covered == 0) & (distance_m < 40)
    assert hidden.sum() > 30
    assert free.sum() > 100
    assert visible[hidden].mean() < 0.4
    assert np.median(visible[free]) > 0.9
    assert visible[free].mean() > visible[hidden].mean() + 0.4


class Someone:
    """A road user of 2 × 2 × 1 m."""

    track_id = 0

    def corners_m(self):
        return np.array([(x, y, z) for x in (-1.0, 1) for y in (-2.0, 0) for z in (-0.5, 0.5)])


def share(nearness, *, place=(0.0, 1.0, 20.0)):
    sightings = Sightings((Someone(),), CAMERA, LEVEL)
    standing = Standing(
        track_id=0, mesh=joined([]), world_from_actor=np.column_stack([np.eye(3), place])
    )
    sightings.note(4, [standing], nearness, LEVEL)
    return sightings.shares(np.array([4], np.int32), np.array([0], np.int32))[0]


def picture(own=1 / 20.0):
    """Give the depths of someone 20 m ahead before a wall at 50 m."""
    nearness = np.full((360, 640), 1 / 50.0, dtype=np.float32)
    half = CAMERA.focal_px / 19.5
    x, y = (round(at) for at in (319.5 - half, 179.5 - half))
    nearness[y : y + round(2 * half), x : x + round(2 * half)] = own
    return nearness


def test_someone_in_the_open_is_all_visible():
    assert share(picture()) == 1


def test_someone_behind_a_wall_is_not_visible():
    assert share(picture(own=1 / 12.0)) == 0


def test_someone_half_behind_a_wall_is_half_visible():
    nearness = picture()
    nearness[:, :320] = np.maximum(nearness[:, :320], 1 / 12.0)
    assert share(nearness) == pytest.approx(0.5, abs=0.1)


def test_gaps_through_which_one_sees_what_lies_behind_do_not_count():
    nearness = picture()
    nearness[:170] = 1 / 50.0  # its upper part is full of holes
    assert share(nearness) == 1


def test_of_who_is_out_of_the_picture_nothing_is_known():
    assert np.isnan(share(picture(), place=(60.0, 1.0, 20.0)))
    assert np.isnan(share(picture(), place=(0.0, 1.0, -20.0)))
    assert np.isnan(
        Sightings((Someone(),), CAMERA, LEVEL).shares(
            np.array([0], np.int32), np.array([0], np.int32)
        )[0]
    )
