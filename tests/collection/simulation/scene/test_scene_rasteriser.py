"""Triangles are drawn where OpenCV projects them, the nearest one is seen, and nothing is missed."""

import itertools

import cv2
import numpy as np
import pytest

from dashgaze.collection.simulation.scene.atlas import AtlasBuilder, paint
from dashgaze.collection.simulation.scene.canvas import Canvas, Lighting
from dashgaze.collection.simulation.scene.mesh import Mesh, joined, quads
from dashgaze.collection.simulation.swing import turns

SIZE_PX = (640, 480)
MATRIX = np.array([[600.0, 0, 305.3], [0, 612.0, 243.8], [0, 0, 1]])
LEVEL = np.eye(3, 4)
FACE = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]], dtype=np.float64)
TILTED = turns(np.array([35.0]), np.array([-25.0]), np.array([12.0]))[0]


def grey(values, *, hole=None, glow=None):
    picture = np.asarray(values, dtype=np.float32)
    return paint(np.repeat(picture[..., None], 3, axis=2), hole=hole, glow=glow)


def atlas_of(*textures):
    builder = AtlasBuilder()
    for number, texture in enumerate(textures):
        builder.add(str(number), texture)
    return builder.build()


PLAIN = atlas_of(grey(np.full((2, 2), 200)), grey(np.full((2, 2), 60)))


def drawn(meshes, atlas=PLAIN, *, lighting=None, camera_from_body=LEVEL, size_px=SIZE_PX, **more):
    canvas = Canvas(size_px, MATRIX)
    canvas.clear()
    for mesh in meshes:
        canvas.draw(mesh, atlas, camera_from_body, lighting or Lighting(), **more)
    return canvas


def square(scale_m=1.0, at=(0, 0, 5), rotation=TILTED):
    """Give a square of twice the scale in the camera's axes, shape (1, 4, 3)."""
    return (scale_m * FACE @ rotation.T + np.array(at, dtype=np.float64))[None]


def projected(points_m):
    found, _ = cv2.projectPoints(
        np.asarray(points_m).reshape(-1, 3), np.zeros(3), np.zeros(3), MATRIX, None
    )
    return found.reshape(-1, 2)


def rays():
    """Give the direction of each pixel, shape (h, w, 3), with z = 1."""
    x, y = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
    return np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(MATRIX).T


def on_plane(corners_m):
    """Give where each pixel's ray meets the plane of a face, shape (h, w, 3)."""
    a, b, c = np.asarray(corners_m, dtype=np.float64).reshape(-1, 3)[:3]
    normal = np.cross(b - a, c - a)
    return rays() * ((a @ normal) / (rays() @ normal))[..., None]


def depth_on(corners_m):
    return on_plane(corners_m)[..., 2]


def inside(polygon_px, size_px=SIZE_PX):
    """Tell how far each pixel is inside of a convex polygon, shape (h, w), px; negative outside."""
    x, y = np.meshgrid(np.arange(size_px[0]), np.arange(size_px[1]))
    found = np.full(x.shape, np.inf)
    side = np.sign(cv2.contourArea(polygon_px.astype(np.float32), oriented=True))
    for (x0, y0), (x1, y1) in zip(polygon_px, np.roll(polygon_px, -1, axis=0), strict=True):
        away = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        found = np.minimum(found, side * away / np.hypot(x1 - x0, y1 - y0))
    return found


def test_the_corners_of_a_chessboard_are_where_opencv_projects_them():
    cells = (np.add.outer(np.arange(8), np.arange(8)) % 2) * 160.0 + 40
    atlas = atlas_of(grey(np.kron(cells, np.ones((64, 64)))))
    at = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), -1).reshape(-1, 2) / 4
    errors_px = []
    for yaw, pitch, roll in ((0, 0, 5), (40, 0, 10), (-25, 35, -30), (10, -50, 0), (0, 60, 45)):
        turned = turns(*(np.array([float(each)]) for each in (yaw, pitch, roll)))[0]
        canvas = drawn([quads(square(1.8, rotation=turned), 0)], atlas)
        points = 1.8 * np.column_stack([at, np.zeros(len(at))])
        expected = projected(points @ turned.T + (0, 0, 5))
        found = cv2.cornerSubPix(
            canvas.y,
            expected.astype(np.float32)[:, None].copy(),
            (6, 6),
            (-1, -1),
            (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 50, 1e-4),
        )
        errors_px.append(found[:, 0] - expected)
    errors_px = np.concatenate(errors_px)
    assert np.hypot(*errors_px.T).max() < 0.3
    assert np.median(np.hypot(*errors_px.T)) < 0.1
    assert np.abs(errors_px.mean(axis=0)).max() < 0.04


def test_a_pixel_is_drawn_if_its_middle_lies_in_the_face():
    corners = square(1.3)
    covered = drawn([quads(corners, 0)]).nearness > 0
    distance = inside(projected(corners))
    sure = np.abs(distance) > 1e-4  # corners are stored in single precision
    np.testing.assert_array_equal(covered[sure], (distance > 0)[sure])
    assert covered.sum() > 50000


def test_nearness_is_one_over_depth():
    corners = square(1.3)
    canvas = drawn([quads(corners, 0)])
    seen = canvas.nearness > 0
    wrong = canvas.nearness[seen] * depth_on(corners)[seen] - 1
    assert np.abs(wrong).max() < 2e-6
    assert np.ptp(1 / canvas.nearness[seen]) > 1


def test_ten_kilometres_from_the_origin_nothing_trembles():
    """The camera creeps by a tenth of a millimetre, far below single precision there (1 mm)."""
    far, corners = np.array([6000.0, 0.0, 8000.0]), square(1.3)
    mesh = quads(corners + far, 0)
    depths_m = []
    for step_m in 1e-4 * np.arange(5):
        back = np.column_stack([np.eye(3), -far - (0, 0, step_m)])
        depths_m.append(1 / drawn([mesh], camera_from_body=back).nearness[220:260, 290:330])
    moved_m = -np.diff(np.array(depths_m, dtype=np.float64), axis=0).mean(axis=(1, 2))
    np.testing.assert_allclose(moved_m, 1e-4, atol=5e-6)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_is_nearer_hides_what_is_farther_in_any_order(order):
    corners = [
        square(1.2, rotation=turns(*(np.array([a]) for a in angles))[0])
        for angles in ((50.0, 0.0, 0.0), (-40.0, 20.0, 0.0))
    ]
    meshes = [quads(each, number) for number, each in enumerate(corners)]
    canvas = drawn([meshes[number] for number in order])
    depths = np.stack(
        [np.where(inside(projected(each)) > 0, depth_on(each), 1e9) for each in corners]
    )
    seen = depths.min(axis=0) < 1e9
    clear = seen & (np.abs(depths[0] - depths[1]) > 1e-4)
    assert (depths[:, seen].argmin(axis=0) == 0).mean() > 0.2
    assert (depths[:, seen].argmin(axis=0) == 1).mean() > 0.2
    expected = np.where(depths[0] < depths[1], 200, 60)
    assert np.abs(canvas.y[clear].astype(int) - expected[clear]).max() <= 1
    np.testing.assert_array_equal(canvas.nearness > 0, seen)


@pytest.mark.parametrize("behind_first", [True, False])
def test_through_holes_one_sees_what_is_behind(behind_first):
    hole = np.zeros((64, 64), dtype=np.bool_)
    hole[16:48, 16:48] = True
    atlas = atlas_of(grey(np.full((64, 64), 200), hole=hole), grey(np.full((2, 2), 60)))
    frame, wall = quads(square(1.0), 0), quads(square(4.0, (0, 0, 9)), 1)
    alone = drawn([frame], atlas)
    both = drawn([wall, frame] if behind_first else [frame, wall], atlas)
    outer, inner = inside(projected(square(1.0))), inside(projected(square(0.5)))
    through, solid = inner > 2, (outer > 2) & (inner < -2)
    assert (alone.nearness[through] == 0).all()
    assert (alone.y[through] == 16).all()
    assert np.abs(both.y[through].astype(int) - 60).max() <= 1
    assert np.abs(both.y[solid].astype(int) - 200).max() <= 1
    assert (both.nearness[through] < both.nearness[solid].min()).all()
    # A hole's border is one texel sharp.
    assert (alone.nearness[(inner < -1) & (outer > 1)] > 0).all()


def test_a_strip_that_runs_under_the_camera_has_no_gap():
    """From 3 m behind to 90 m ahead, 1.2 m below, seen 8° down: cut where it comes too near."""
    down = turns(np.zeros(1), np.array([-8.0]), np.zeros(1))[0].T
    camera_from_body = np.column_stack([down, np.zeros(3)])
    cuts = np.array([-3.0, 0.02, 0.4, 1.0, 7.0, 90.0])
    for lines in (cuts[[0, -1]], cuts):
        corners = np.array(
            [
                [(-4, 1.2, a), (4, 1.2, a), (4, 1.2, b), (-4, 1.2, b)]
                for a, b in itertools.pairwise(lines)
            ]
        )
        canvas = drawn([quads(corners, 0)], camera_from_body=camera_from_body)
        scale = 1.2 / (rays() @ down)[..., 1]
        ground = scale[..., None] * (rays() @ down)
        hit = (scale > 0) & (np.abs(ground[..., 0]) < 4) & (ground[..., 2] < 90)
        np.testing.assert_array_equal(canvas.nearness > 0, hit)
        assert hit[-1].all()
        depth = scale[hit]  # along the camera's axis, as rays have z = 1 there
        assert np.abs(canvas.nearness[hit] * depth - 1).max() < 2e-5


def test_what_is_behind_the_camera_is_not_drawn():
    assert (drawn([quads(square(1.0, (0, 0, -5)), 0)]).nearness == 0).all()
    assert (drawn([quads(square(0.004, (0, 0, 0.03)), 0)]).nearness == 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_leave_no_crack_and_overlap_nowhere(seed):
    """Each pixel of a crumpled sheet of 200 triangles is drawn by exactly one of them."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(-3, 3, 11), np.linspace(-3, 3, 11))
    grid = np.stack([x, y, np.full_like(x, 5.0)], axis=-1)
    if seed:  # the first one is regular
        grid[..., :2] += rng.uniform(-0.15, 0.15, (11, 11, 2))
        grid[..., 2] += rng.uniform(-0.1, 0.1, (11, 11))
    if seed == 3:  # ground that begins behind the camera
        grid[..., 2] = np.linspace(-1, 35, 11)[:, None] + rng.uniform(-1, 1, (11, 11))
        grid[..., 1] = 1.2
    corners = np.stack([grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:], grid[:-1, :-1]], axis=2)
    mesh = quads(corners.reshape(-1, 4, 3), 0)
    canvas = Canvas(SIZE_PX, MATRIX)
    count = np.zeros(SIZE_PX[::-1], dtype=int)
    for number in range(len(mesh)):
        canvas.clear()
        canvas.draw(mesh, PLAIN, LEVEL, Lighting(), part=slice(number, number + 1))
        count += canvas.nearness > 0
    if seed < 3:
        assert (count == 1).all()  # it is wider than the picture
    else:
        rows = np.flatnonzero((count > 0).all(axis=1))
        assert len(rows) > 80
        assert rows[-1] == SIZE_PX[1] - 1
        assert (count[rows[0] :] == 1).all()


def test_edges_on_pixels_belong_to_one_side_only():
    """A face from pixel to pixel has the pixels from the first on and not the last ones."""
    x0, y0, x1, y1 = 40, 30, 100, 90
    matrix = np.array([[256.0, 0, 128], [0, 256, 128], [0, 0, 1]])
    pixels = np.array([[x0, y1, 1], [x1, y1, 1], [x1, y0, 1], [x0, y0, 1]])
    canvas = Canvas((256, 256), matrix)
    canvas.clear()
    face = 2 * pixels @ np.linalg.inv(matrix).T
    canvas.draw(quads(face[None], 0), PLAIN, LEVEL, Lighting())
    _, x = np.nonzero(canvas.nearness)
    assert (x.min(), x.max()) == (x0, x1 - 1)
    assert len(x) == (x1 - x0) * (y1 - y0)


def test_both_sides_of_a_triangle_are_seen():
    pattern = np.tile(np.linspace(40, 220, 64), (64, 1))
    corners = square(1.0, rotation=np.eye(3))
    front = drawn([quads(corners, 0)], atlas_of(grey(pattern)))
    # From behind, the same face is mirrored.
    turned = corners * [-1, 1, 1]
    back = drawn([quads(turned, 0)], atlas_of(grey(pattern)))
    assert (front.nearness > 0).sum() == pytest.approx((back.nearness > 0).sum(), rel=0.02)
    middle = round(MATRIX[1, 2])
    # The outermost pixels mix both ends of the texture, as it repeats.
    row, mirrored = (each.y[middle][each.nearness[middle] > 0][2:-2] for each in (front, back))
    assert (np.diff(row.astype(int)) >= 0).all()
    assert (np.diff(mirrored.astype(int)) <= 0).all()
    assert int(row[-1]) - int(row[0]) > 160


@pytest.mark.parametrize("yaw_deg", [0.0, 35.0, 60.0, -80.0])
def test_a_pattern_lies_where_rays_meet_its_plane_and_repeats_without_a_seam(yaw_deg):
    wave = 128 + 80 * np.sin(2 * np.pi * (np.arange(64) + 0.5) / 64)
    atlas = atlas_of(grey(np.tile(wave, (64, 1))))
    turned = turns(np.array([yaw_deg]), np.array([-15.0]), np.array([12.0]))[0]
    corners = square(2.5, (0, 0, 6), turned)
    uv = np.array([[[-4.0, 3], [1, 3], [1, 0], [-4, 0]]])
    seen = drawn([quads(corners, 0, uv=uv)], atlas)
    apart = drawn([quads(corners, 0, uv=uv + np.array([7, -5]))], atlas)
    assert np.abs(seen.y.astype(int) - apart.y).max() <= 1
    texel = 64 * ((on_plane(corners) - (0, 0, 6)) @ turned[:, :2] / 5 + 0.5) * (5, 3)
    slopes = [np.linalg.norm(np.gradient(texel, axis=axis), axis=2) for axis in (0, 1)]
    sharp = (seen.nearness > 0) & (slopes[0] * slopes[1] < 1.5)  # not from a smaller copy
    assert sharp.sum() > 10000
    wave_there = 128 + 80 * np.sin(2 * np.pi * texel[..., 0] / 64)
    wrong = (seen.y - wave_there)[sharp]
    a_texel = 80 * 2 * np.pi / 64  # grey levels where the wave is steepest
    assert np.abs(wrong).max() < 0.5 * a_texel
    assert abs(wrong.mean()) < 0.7  # half a grey level, as fractions are cut off


def test_far_away_a_fine_texture_is_its_mean():
    """A pixel of 60 × 60 texels of noise: what is left of its variance does not flicker."""
    noise = np.random.default_rng(2).uniform(20, 220, (512, 512))
    atlas = atlas_of(grey(noise))
    uv = np.array([[[0.0, 8], [8, 8], [8, 0], [0, 0]]])
    spreads = {}
    for distance_m in (0.6, 40.0):
        corners = square(0.1 * distance_m, (0, 0, distance_m), rotation=np.eye(3))
        scale = 1.0 if distance_m > 1 else 0.01
        canvas = drawn([quads(corners, 0, uv=scale * uv)], atlas)
        seen = canvas.y[canvas.nearness > 0].astype(float)
        spreads[distance_m] = seen.std()
        assert abs(seen.mean() - 120) < (2 if distance_m > 1 else 10)
    assert spreads[0.6] > 30
    assert spreads[40.0] < 3


def test_light_fades_between_corners_as_on_the_plane():
    corners = square(1.3)
    light = np.array([[0.2, 1.0, 1.0, 0.2]])
    canvas = drawn([quads(corners, 0, light=light)])
    across = (on_plane(corners) - (0, 0, 5)) @ TILTED[:, 0] / 2.6 + 0.5
    seen = canvas.nearness > 0
    assert np.abs(canvas.y - 200 * (0.2 + 0.8 * across))[seen].max() < 3


def test_part_of_a_mesh_is_drawn_alone():
    mesh = joined([quads(square(0.5, (-1, 0, 5)), 0), quads(square(0.5, (1, 0, 5)), 0)])
    whole, first, second = (
        drawn([mesh], part=part).nearness > 0 for part in (slice(None), slice(0, 2), slice(2, 4))
    )
    np.testing.assert_array_equal(whole, first | second)
    assert not (first & second).any()
    assert first.any()
    assert second.any()


def test_an_empty_mesh_draws_nothing():
    empty: Mesh = joined([])
    assert (drawn([empty]).nearness == 0).all()
