"""Thumbnails and the density of gaze."""

import base64
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.media import LumaReader, probe, read_frame_times
from dashgaze.reports.density import LEAST_POINTS, draw_density
from dashgaze.reports.pictures import _decode, _ellipse, choose_frames
from dashgaze.reports.road_section import LEAST_ELLIPSE_PX, pair_view


def decoded(uri):
    data = base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_best_median_and_worst_are_those_of_the_table(seen_drive):
    facts = seen_drive.frames
    chosen = choose_frames(facts)
    good = (facts.in_view == 1) & (facts.road_index >= 0) & facts.has_gaze
    error = facts.error_px[good]
    assert facts.error_px[chosen["best"]] == error.min()
    assert facts.error_px[chosen["worst"]] == error.max()
    assert facts.error_px[chosen["median"]] == pytest.approx(np.median(error), rel=0.05)
    assert choose_frames(replace(facts, in_view=np.zeros(len(facts)))) == {}


def test_thumbnails_show_gaze_at_its_place(seen_drive):
    facts = seen_drive.frames
    for pair in seen_drive.pictures:
        row = pair.frame_index
        picture = decoded(pair.road.data_uri)
        assert picture.shape[:2] == (pair.road.height_px, pair.road.width_px) == (270, 480)
        scale = 480 / 640
        assert pair.road.x_px == pytest.approx((facts.gaze_road_px[row, 0] + 0.5) * scale)
        assert pair.ego.width_px == 480
        assert pair.ego.x_px == pytest.approx((facts.gaze_ego_px[row, 0] + 0.5) * 480 / 1088)


def test_small_ellipses_are_drawn_larger_and_say_so(seen_drive):
    best = seen_drive.pictures[0]
    view = pair_view(replace(best, half_axes_px=(0.5, 0.4), ellipse_px=(0.4, 0.3)))
    assert view.ellipse[0] >= LEAST_ELLIPSE_PX
    assert "95 % ellipse 1.0 × 0.8 px, drawn 50 times as large" in view.road_caption
    large = pair_view(replace(best, half_axes_px=(40.0, 20.0), ellipse_px=(30.0, 15.0)))
    assert large.ellipse == (30.0, 15.0)
    assert "times as large" not in large.road_caption


def test_the_ellipse_of_a_known_covariance():
    half, angle_deg = _ellipse(np.array([4.0, 0.0, 1.0]))
    assert half == pytest.approx((2 * 2.4477, 2.4477), rel=1e-4)  # chi-square of two, 95 %: 5.991
    assert angle_deg % 180 == pytest.approx(0)
    turned, angle_deg = _ellipse(np.array([2.5, 1.5, 2.5]))  # the same, turned by 45° down
    assert turned == pytest.approx(half)
    assert angle_deg % 180 == pytest.approx(45)
    assert _ellipse(np.array([np.nan, 0.0, 1.0])) == (None, 0.0)


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_pictures_are_upright(tmp_path, rotation_deg):
    luma = np.tile(np.linspace(40, 220, 96, dtype=np.uint8), (64, 1))
    luma[:16] = 30
    image = np.concatenate([luma, np.full((32, 96), 128, dtype=np.uint8)])
    path = write_video(
        tmp_path / "a.mp4", times_s=np.arange(5) / 10, size_px=(96, 64),
        images=lambda _: image, options=FileOptions(rotation_deg=rotation_deg),
    )  # fmt: skip
    times = read_frame_times(path)
    rgb = _decode(path, times, probe(path), [3])[3]
    with LumaReader(path, times) as reader:
        shown = next(iter(reader.read([3]))).luma
    assert rgb.shape[:2] == shown.shape
    assert np.corrcoef(rgb[:, :, 1].ravel(), shown.ravel())[0, 1] > 0.99


def at(facts, points):
    gaze = np.full_like(facts.gaze_road_px, np.nan)
    gaze[: len(points)] = points
    in_view = np.where(np.isfinite(gaze[:, 0]), 1.0, np.nan)
    return replace(facts, gaze_road_px=gaze, in_view=in_view)


def test_density_of_gaze_at_one_place(seen_drive):
    facts = at(seen_drive.frames, np.full((60, 2), (159.5, 269.5)))
    density = draw_density(facts, (640, 360), None)
    assert (density.median_x, density.median_y) == pytest.approx((0.25, 0.75), abs=0.005)
    assert density.point_count == 60
    half, nearly_all = density.area_shares
    assert 0 < half < nearly_all < 0.05
    x, y = np.array(re.findall(r"[\d.]+", density.outlines[0]), dtype=float).reshape(-1, 2).T
    assert (x.mean(), y.mean()) == pytest.approx((120, 202.5), abs=3)
    assert decoded(density.data_uri).shape == (270, 480, 3)


def test_points_at_the_edge_are_counted(seen_drive):
    points = np.tile([(-0.5, -0.5), (639.49, 359.49)], (20, 1))
    assert draw_density(at(seen_drive.frames, points), (640, 360), None).point_count == 40


def test_few_points_have_no_density(seen_drive):
    points = np.full((LEAST_POINTS - 1, 2), 100.0)
    assert draw_density(at(seen_drive.frames, points), (640, 360), None) is None
