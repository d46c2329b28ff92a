from collections.abc import Callable

import cv2
import numpy as np
import pytest

from dashgaze.alignment.static_parts import FEWEST_PICTURES, static_parts

SIZE = (320, 180)
BONNET = (slice(140, 180), slice(40, 280))
HILLS = (slice(50, 80), slice(80, 240))


def texture(seed: int, sigma: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=SIZE[::-1]), (0, 0), sigma)
    return 120 + noise / noise.std() * 30


def pictures(
    count: int, compose: Callable[[int, np.ndarray], np.ndarray], noise: float = 2
) -> list[np.ndarray]:
    """Other scenery in every picture, with something added to it, and a camera's noise."""
    rng = np.random.default_rng(99)
    return [
        np.clip(compose(i, texture(i)) + noise * rng.normal(size=SIZE[::-1]), 0, 255).astype(
            np.uint8
        )
        for i in range(count)
    ]


def with_bonnet(i: int, picture: np.ndarray) -> np.ndarray:
    picture = picture.copy()
    # its texture stays, its brightness changes with the light
    picture[BONNET] = 0.6 * texture(1000)[BONNET] + 3 * (i % 7)
    return picture


def with_hills(_: int, picture: np.ndarray) -> np.ndarray:
    picture = picture.copy()
    picture[HILLS] = texture(1001)[HILLS]
    return picture


@pytest.mark.parametrize("count", [FEWEST_PICTURES, 20, 40])
def test_the_bonnet_is_masked_and_the_scenery_is_not(count: int) -> None:
    mask = static_parts(pictures(count, with_bonnet))
    assert mask is not None
    assert mask.shape == SIZE[::-1]
    assert set(np.unique(mask)) == {0, 255}
    bonnet = np.zeros(SIZE[::-1], dtype=bool)
    bonnet[BONNET] = True
    assert (mask[bonnet] == 0).mean() > 0.9
    # blocks of 12 px, and 4 px more, so that no feature's place lies on its edge
    around = cv2.dilate(bonnet.astype(np.uint8), np.ones((35, 35))) > 0
    assert (mask[~around] == 255).all()


def test_far_hills_are_not_masked() -> None:
    # they stay the same for the whole drive, but don't touch the border
    assert static_parts(pictures(20, with_hills)) is None
    both = static_parts(pictures(20, lambda i, p: with_bonnet(i, with_hills(i, p))))
    assert both is not None
    assert (both[HILLS] == 255).all()
    assert (both[BONNET] == 0).mean() > 0.9


@pytest.mark.parametrize("side", ["top", "left", "right"])
def test_things_at_any_border_are_masked(side: str) -> None:
    where = {
        "top": (slice(0, 30), slice(100, 200)),
        "left": (slice(60, 120), slice(0, 40)),
        "right": (slice(60, 120), slice(280, 320)),
    }[side]

    def compose(_: int, picture: np.ndarray) -> np.ndarray:
        picture[where] = texture(1002)[where]
        return picture

    mask = static_parts(pictures(16, compose))
    assert mask is not None
    assert (mask[where] == 0).mean() > 0.9
    assert (mask == 0).mean() < 0.2


def test_a_parked_car_is_no_reason_to_mask_everything() -> None:
    assert static_parts(pictures(20, lambda _, __: texture(5))) is None


def test_half_of_the_drive_parked() -> None:
    # half of the pictures are the same: half of the detail lasts, which is not enough
    assert static_parts(pictures(20, lambda i, p: texture(5) if i < 10 else p)) is None


def test_nothing_is_static() -> None:
    assert static_parts(pictures(20, lambda _, p: p)) is None


def test_what_has_no_detail_is_not_masked() -> None:
    # a sky that never changes and in which nothing could be matched
    part = np.clip((np.arange(SIZE[1]) - 60) / 60, 0, 1)[:, None]
    sky = 120 + (texture(1003) - 120) / 40

    def compose(_: int, picture: np.ndarray) -> np.ndarray:
        return part * picture + (1 - part) * sky

    assert static_parts(pictures(20, compose, noise=0)) is None


def test_too_few_pictures_to_tell() -> None:
    assert static_parts(pictures(FEWEST_PICTURES - 1, with_bonnet)) is None
    assert static_parts([]) is None
