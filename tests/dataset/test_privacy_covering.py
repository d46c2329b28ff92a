"""What is covered can't be told any more; what is not covered stays as it was."""

import cv2
import numpy as np
import pytest

from dashgaze.dataset.privacy.covering import CELLS, METHODS, covered, rectangle
from dashgaze.dataset.privacy.options import MARGIN_PX, MARGIN_SHARE
from dashgaze.dataset.privacy.tracking import widened

PEOPLE, LOOKS = 16, 4
FACE_PX = 64


def face(rng: np.random.Generator) -> np.ndarray:
    """A face whose eyes, brows, nose and mouth are a person's own; skin and light are not."""
    image = np.full((FACE_PX, FACE_PX), 150, np.uint8)
    apart, eyes, size = rng.uniform(10, 16), rng.uniform(20, 28), rng.uniform(2.5, 5)
    mouth, wide, brow = rng.uniform(42, 52), rng.uniform(6, 14), rng.uniform(4, 9)
    for side in (-1, 1):
        x = 32 + side * apart
        cv2.ellipse(
            image, (round(x), round(eyes)), (round(1.5 * size), round(size)), 0, 0, 360, 60, -1
        )
        cv2.line(
            image, (round(x - 6), round(eyes - brow)), (round(x + 6), round(eyes - brow)), 40, 2
        )
    cv2.ellipse(image, (32, round(mouth)), (round(wide), 3), 0, 0, 360, 70, -1)
    return image


def plate(rng: np.random.Generator) -> np.ndarray:
    image = np.full((20, FACE_PX), 200, np.uint8)
    for place in range(7):
        letter = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"[rng.integers(33)]
        cv2.putText(
            image, letter, (3 + 8 * place, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 30, 1, cv2.LINE_AA
        )
    return image


def street(rng: np.random.Generator, size: int = 160):
    y = np.clip(cv2.GaussianBlur(rng.normal(110, 60, (size, size)), (0, 0), 6), 16, 235)
    return y.astype(np.uint8), *(np.full((size // 2, size // 2), 128, np.uint8) for _ in "uv")


def seen(patch: np.ndarray, rng: np.random.Generator, cover) -> np.ndarray:
    """The patch, put anywhere into a street and covered as a detector that errs a little says."""
    y, u, v = street(rng)
    left, top = rng.integers(40, 50, 2)
    height, width = patch.shape
    y[top : top + height, left : left + width] = patch
    box = np.array([left, top, left + width, top + height]) + rng.normal(0, 1.5, 4)
    return cover((y, u, v), box)[top : top + height, left : left + width].astype(float).ravel()


def recognised(make, cover) -> float:
    """Share of pictures that are put to the right person by the person's other covered pictures."""
    shares = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        patches = [make(rng) for _ in range(PEOPLE)]
        known = np.array([np.mean([seen(p, rng, cover) for _ in range(LOOKS)], 0) for p in patches])
        asked = np.array([seen(p, rng, cover) for p in patches for _ in range(LOOKS)])
        answer = (_normed(asked) @ _normed(known).T).argmax(1)
        shares.append(np.mean(answer == np.repeat(np.arange(PEOPLE), LOOKS)))
    return float(np.mean(shares))


def _normed(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


@pytest.mark.parametrize("make", [face, plate])
@pytest.mark.parametrize("method", METHODS)
def test_a_matcher_knows_nobody_again(make, method):
    """Chance is 1 in 16; a plain blur of 3 px (below) is seen through every time."""

    def cover(planes, box):
        return covered(planes, [widened(box, MARGIN_SHARE, MARGIN_PX)], method)[0]

    assert recognised(make, cover) < 0.13


@pytest.mark.parametrize("make", [face, plate])
def test_the_same_matcher_sees_through_a_plain_blur(make):
    assert recognised(make, lambda planes, box: cv2.GaussianBlur(planes[0], (0, 0), 3)) > 0.9


def test_fill_has_nothing_of_what_it_covers():
    rng = np.random.default_rng(0)
    one, other = street(np.random.default_rng(1)), street(np.random.default_rng(1))
    one[0][40:104, 40:104], other[0][40:104, 40:104] = face(rng), face(rng)
    one[1][22:30, 22:30] = 200
    box = np.array([40.0, 40.0, 104.0, 104.0])
    for a, b in zip(covered(one, [box], "fill"), covered(other, [box], "fill"), strict=True):
        assert np.array_equal(a, b)


def test_pixelate_leaves_a_few_colours():
    planes = street(np.random.default_rng(4))
    y = covered(planes, [np.array([20.0, 20.0, 120.0, 90.0])], "pixelate")[0]
    assert len(np.unique(y[20:90, 20:120])) <= CELLS * CELLS


@pytest.mark.parametrize("method", METHODS)
def test_outside_of_the_box_nothing_changes(method):
    planes = street(np.random.default_rng(6))
    before = [plane.copy() for plane in planes]
    out = covered(planes, [np.array([33.3, 41.2, 60.9, 77.0])], method)
    assert all(np.array_equal(a, b) for a, b in zip(planes, before, strict=True))  # given as it was
    inside = np.zeros((160, 160), bool)
    inside[40:78, 32:62] = True
    assert np.array_equal(out[0][~inside], planes[0][~inside])
    assert np.array_equal(out[1][~inside[::2, ::2]], planes[1][~inside[::2, ::2]])
    assert not np.array_equal(out[0][inside], planes[0][inside])


def test_without_a_box_the_picture_itself_is_given():
    planes = street(np.random.default_rng(6))
    assert covered(planes, [], "blur") is planes
    assert covered(planes, [np.array([200.0, 10.0, 220.0, 20.0])], "blur") is planes


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ([3.0, 5.0, 8.0, 9.0], (2, 4, 8, 10)),
        ([-7.5, -3.0, 4.1, 2.0], (0, 0, 6, 2)),
        ([96.0, 90.0, 200.0, 200.0], (96, 90, 101, 99)),
        ([0.0, 0.0, 101.0, 99.0], (0, 0, 101, 99)),
    ],
)
def test_whole_pixels_that_share_no_colour_with_others(box, wanted):
    assert rectangle(np.array(box), (101, 99)) == wanted


@pytest.mark.parametrize("method", METHODS)
def test_boxes_of_any_size_at_any_place_can_be_covered(method):
    rng = np.random.default_rng(8)
    y = rng.integers(16, 235, (99, 101)).astype(np.uint8)
    half = rng.integers(16, 235, (50, 51)).astype(np.uint8)
    for _ in range(300):
        corners = np.sort(rng.uniform(-20, 120, (2, 2)), axis=0)
        corners[1] += 0.01
        covered((y, half, half), [corners.ravel()], method)
    whole = covered((y, half, half), [np.array([0.0, 0.0, 101.0, 99.0])], method)
    # Noise over the whole range becomes next to nothing: its means, which lie close together.
    assert y.std() > 60
    assert whole[0].std() < 10
