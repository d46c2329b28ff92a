"""Meshes are what their corners say."""

import numpy as np
import pytest

from dashgaze.collection.simulation.scene.mesh import joined, quads
from dashgaze.collection.simulation.swing import turns

SQUARE = np.array([[(0, 0, 5), (1, 0, 5), (1, -1, 5), (0, -1, 5)]], dtype=np.float64)


def test_a_face_is_two_triangles_that_share_a_diagonal():
    mesh = quads(SQUARE, 3)
    assert len(mesh) == 2
    np.testing.assert_array_equal(mesh.corners_m[0], SQUARE[0, [0, 1, 2]])
    np.testing.assert_array_equal(mesh.corners_m[1], SQUARE[0, [0, 2, 3]])
    # The texture's lower left is at the first corner; its rows count downwards.
    np.testing.assert_array_equal(mesh.uv[0], [(0, 1), (1, 1), (1, 0)])
    np.testing.assert_array_equal(mesh.uv[1], [(0, 1), (1, 0), (0, 0)])
    assert mesh.texture.tolist() == [3, 3]
    assert (mesh.light == 1).all()


@pytest.mark.parametrize(
    ("light", "expected"),
    [
        (0.5, [[0.5] * 3] * 4),
        (np.array([0.5, 0.7]), [[0.5] * 3] * 2 + [[0.7] * 3] * 2),
        (
            np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]),
            [[0.1, 0.2, 0.3], [0.1, 0.3, 0.4], [0.5, 0.6, 0.7], [0.5, 0.7, 0.8]],
        ),
    ],
)
def test_light_is_for_all_for_each_face_or_for_each_corner(light, expected):
    mesh = quads(np.concatenate([SQUARE, SQUARE]), np.array([1, 2], dtype=np.int32), light=light)
    np.testing.assert_allclose(mesh.light, expected, atol=1e-7)
    assert mesh.texture.tolist() == [1, 1, 2, 2]


def test_joined_meshes_keep_their_order():
    first, second = quads(SQUARE, 1, light=0.3), quads(SQUARE + 1, 2)
    whole = joined([first, second])
    assert whole.texture.tolist() == [1, 1, 2, 2]
    np.testing.assert_array_equal(whole.corners_m[2:], second.corners_m)
    np.testing.assert_array_equal(whole.light[:2], first.light)
    assert len(joined([])) == 0
    assert joined([]).corners_m.shape == (0, 3, 3)


def test_a_mesh_is_moved_as_its_points_are():
    rotation = turns(np.array([30.0]), np.array([10.0]), np.array([-20.0]))[0]
    origin_m = np.array([1.0, -2.0, 30.0])
    mesh = quads(SQUARE, 1)
    moved = mesh.moved(rotation, origin_m)
    for before, after in zip(
        mesh.corners_m.reshape(-1, 3), moved.corners_m.reshape(-1, 3), strict=True
    ):
        np.testing.assert_allclose(after, rotation @ before + origin_m, atol=5e-6)
    np.testing.assert_array_equal(moved.uv, mesh.uv)
