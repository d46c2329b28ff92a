"""Decoding JPEG at the size that is wanted."""

import cv2
import numpy as np
import pytest

from dashgaze.models.feeding.decoding import DamagedPictureError, decode


def _jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def _scene(side: int = 224) -> np.ndarray:
    random = np.random.default_rng(3)
    small = random.integers(0, 255, (14, 14, 3), dtype=np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)


def test_channels_are_red_green_blue():
    picture = np.zeros((224, 224, 3), np.uint8)
    picture[:] = (10, 60, 200)  # blue, green, red
    found = decode(_jpeg(picture), (224, 224), (224, 224))
    assert found.shape == (3, 224, 224)
    assert np.allclose(found.mean(axis=(1, 2)), [200, 60, 10], atol=3)


@pytest.mark.parametrize("side", [112, 96, 64, 56, 28])
def test_a_smaller_picture_is_what_shrinking_by_area_gives(side):
    scene = _scene()
    found = decode(_jpeg(scene), (side, side), (224, 224)).transpose(1, 2, 0)
    wanted = cv2.resize(scene, (side, side), interpolation=cv2.INTER_AREA)[:, :, ::-1]
    assert np.abs(found.astype(int) - wanted).mean() < 3.0


def test_width_and_height_are_not_mixed_up():
    picture = np.zeros((50, 100, 3), np.uint8)
    picture[:, 50:] = 255
    found = decode(_jpeg(picture), (50, 25), (100, 50))
    assert found.shape == (3, 25, 50)
    assert found[:, :, :20].mean() < 10
    assert found[:, :, 30:].mean() > 245


@pytest.mark.parametrize("kept", [0, 2, 100, -2])
def test_a_cut_picture_is_refused(kept):
    data = _jpeg(_scene())
    with pytest.raises(DamagedPictureError):
        decode(data[:kept], (224, 224), (224, 224))
