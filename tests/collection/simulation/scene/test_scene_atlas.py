"""Textures keep their colours, and their smaller copies their mean and their holes."""

import numpy as np
import pytest

from dashgaze.collection.simulation.scene.atlas import AtlasBuilder, paint

GREY = (120.0, 120.0, 120.0)


def plain(shape, bgr=GREY):
    return np.broadcast_to(np.array(bgr, dtype=np.float32), (*shape, 3)).copy()


def copies(atlas, number):
    """Take a texture apart again: brightness of each of its copies."""
    at, found = int(atlas.starts[number]), []
    for level in range(int(atlas.levels[number])):
        shape = int(atlas.heights[number]) >> level, int(atlas.widths[number]) >> level
        size = shape[0] * shape[1]
        found.append((atlas.texels[at : at + size] & 255).reshape(shape).astype(int))
        at += size
    return found


@pytest.mark.parametrize(
    ("bgr", "y", "u", "v"),
    [
        # ITU-R BT.601, full range: 0.114 B + 0.587 G + 0.299 R
        ((255, 255, 255), 255, 128, 128),
        ((90, 90, 90), 90, 128, 128),
        ((255, 0, 0), 29, 255, 107),
        ((0, 0, 255), 76, 85, 255),
    ],
)
def test_colours_are_split_as_in_video(bgr, y, u, v):
    texture = paint(plain((4, 8), bgr))
    for plane, value in zip(texture, (y, u, v, 0), strict=True):
        assert plane.shape == (4, 8)
        assert (plane == value).all()


def test_only_holes_have_no_brightness():
    hole = np.zeros((4, 4), dtype=np.bool_)
    hole[1, 2] = True
    texture = paint(plain((4, 4), (0, 0, 0)), hole=hole)
    np.testing.assert_array_equal(texture.y == 0, hole)


def test_what_is_too_bright_or_dark_is_cut_off():
    texture = paint(plain((2, 2), (300, 300, 300)) * np.array([[[1.0], [-1.0]]]))
    np.testing.assert_array_equal(texture.y, [[255, 1], [255, 1]])


@pytest.mark.parametrize("shape", [(3, 4), (4, 12), (1, 4), (8192, 2)])
def test_sides_are_powers_of_two(shape):
    with pytest.raises(ValueError, match=r"px is no power of two up to 4096"):
        AtlasBuilder().add("odd", paint(plain(shape)))


def test_textures_lie_one_after_the_other_and_are_found_by_name():
    builder = AtlasBuilder()
    assert builder.add("small", paint(plain((4, 8), (50, 50, 50)))) == 0
    assert builder.add("large", paint(plain((64, 16), (200, 200, 200)))) == 1
    atlas = builder.build()
    assert (builder["small"], builder["large"]) == (0, 1)
    assert atlas.widths.tolist() == [8, 16]
    assert atlas.heights.tolist() == [4, 64]
    assert atlas.levels.tolist() == [2, 4]  # until one side is 2 px long
    assert atlas.starts.tolist() == [0, 4 * 8 + 2 * 4]
    assert len(atlas.texels) == 40 + 64 * 16 + 32 * 8 + 16 * 4 + 8 * 2
    for number, value in ((0, 50), (1, 200)):
        assert all((each == value).all() for each in copies(atlas, number))


def test_a_smaller_copy_is_the_mean_of_four():
    picture = np.random.default_rng(1).uniform(20, 230, (32, 64, 1)).astype(np.float32)
    builder = AtlasBuilder()
    builder.add("noise", paint(np.repeat(picture, 3, axis=2)))
    whole, half, *_, last = copies(builder.build(), 0)
    fours = whole.reshape(16, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(half - fours).max() <= 0.5
    assert last.shape == (2, 4)
    assert abs(last.mean() - whole.mean()) < 0.7


def test_a_smaller_copy_is_a_hole_where_most_is_hole_and_holes_do_not_darken_it():
    hole = np.zeros((8, 8), dtype=np.bool_)
    hole[:2, :2] = True  # four of four
    hole[0, 2:4] = hole[1, 2] = True  # three of four
    hole[:2, 4] = True  # two of four
    builder = AtlasBuilder()
    builder.add("leaf", paint(plain((8, 8)), hole=hole))
    _, half, quarter = copies(builder.build(), 0)
    np.testing.assert_array_equal(half[0], [0, 0, 120, 120])
    assert (half[1:] == 120).all()
    assert (quarter == 120).all()  # two of four are not most


def test_glow_and_colour_get_smaller_with_the_rest():
    glow = np.zeros((4, 4), dtype=np.uint8)
    glow[:2, :2] = 200
    builder = AtlasBuilder()
    builder.add("lamp", paint(plain((4, 4), (0, 0, 255)), glow=glow))
    texels = builder.build().texels
    np.testing.assert_array_equal(texels[16:] >> 24, [200, 0, 0, 0])
    np.testing.assert_array_equal((texels[16:] >> 16) & 255, [255] * 4)
    np.testing.assert_array_equal((texels[16:] >> 8) & 255, [85] * 4)
