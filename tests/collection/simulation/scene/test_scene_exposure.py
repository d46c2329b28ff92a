"""A sensor's tone rises with light, its blur moves nothing, and its noise is what was asked for."""

import numpy as np
import pytest

from dashgaze.collection.simulation.picture_planes import Planes
from dashgaze.collection.simulation.scene.exposure import Exposure

SIZE_PX = (160, 120)


def light(y):
    y = np.ascontiguousarray(np.broadcast_to(np.asarray(y, dtype=np.uint8), SIZE_PX[::-1]))
    half = np.full((SIZE_PX[1] // 2, SIZE_PX[0] // 2), 128, dtype=np.uint8)
    return Planes(y, half, half + np.uint8(9))


def exposure(lighting="day", seed=1):
    return Exposure(SIZE_PX, lighting=lighting, seed=seed)


def means(lighting, levels, index=0, time_s=0.0):
    """Give what becomes of grey levels, free of noise."""
    taken = exposure(lighting)
    return np.array([taken(light(y), index, time_s)[: SIZE_PX[1]].mean() for y in levels])


@pytest.mark.parametrize("lighting", ["day", "twilight", "night"])
def test_tone_rises_with_light_from_black_on(lighting):
    tone = means(lighting, range(16, 236, 4))
    assert (np.diff(tone) > -0.1).all()
    assert (np.diff(tone) > 0.5)[:20].all()
    assert tone[0] == pytest.approx(16, abs=0.5)
    assert tone[-1] <= 236
    # A shoulder: what is bright has less contrast than what is dark.
    assert np.diff(tone)[-5:].mean() < 0.7 * np.diff(tone)[:5].mean()


def test_noise_grows_when_light_is_scarce():
    spreads = [
        exposure(lighting)(light(60), 0, 0.0)[: SIZE_PX[1]].astype(float).std()
        for lighting in ("day", "twilight", "night")
    ]
    np.testing.assert_allclose(spreads, [1.0, 2.0, 3.2], rtol=0.06)


def test_noise_lies_elsewhere_in_each_frame_and_repeats_with_the_seed():
    first, other, again, seeded = (
        exposure(seed=seed)(light(60), index, 0.0).astype(int)
        for seed, index in ((1, 0), (1, 1), (1, 0), (2, 0))
    )
    np.testing.assert_array_equal(first, again)
    for apart in (other, seeded):
        correlation = np.corrcoef(*(each[: SIZE_PX[1]].ravel() for each in (first, apart)))
        assert abs(correlation[0, 1]) < 0.05


def test_exposure_wanders_slowly_and_little():
    times = np.arange(0, 60, 0.5)
    taken = exposure()
    tone = np.array([taken(light(90), 0, at)[: SIZE_PX[1]].mean() for at in times])
    assert 3 < np.ptp(tone) < 15
    assert np.abs(np.diff(tone)).max() < 4


def test_colours_pass_through():
    stacked = exposure()(light(60), 0, 0.0)
    assert stacked.shape == (180, 160)
    assert (stacked[120:150] == 128).all()
    assert (stacked[150:] == 137).all()


@pytest.mark.parametrize("flow_px_s", [(2500, 0), (-2500, 0), (0, 3100), (1800, -2400), (9e4, 1e4)])
def test_blur_keeps_all_light_and_its_place(flow_px_s):
    point = np.full(SIZE_PX[::-1], 16, dtype=np.uint8)
    point[58:63, 78:83] = 216
    blurred = exposure().blurred(light(point), np.array(flow_px_s, dtype=float)).y
    extra = blurred.astype(float) - 16
    y, x = np.mgrid[: SIZE_PX[1], : SIZE_PX[0]]
    assert extra.sum() == pytest.approx(25 * 200, rel=0.05)  # grey levels are whole
    place = np.array([(extra * x).sum(), (extra * y).sum()]) / extra.sum()
    np.testing.assert_allclose(place, (80, 60), atol=0.3)
    for flat in (16, 77, 235):
        assert (exposure().blurred(light(flat), np.array(flow_px_s, dtype=float)).y == flat).all()


def test_blur_is_as_long_as_the_way_while_the_shutter_is_open_and_has_a_limit():
    line = np.full(SIZE_PX[::-1], 16, dtype=np.uint8)
    line[:, 80] = 216
    taken = exposure()
    widths = {}
    for way_px in (8.0, 24.0, 400.0):
        row = taken.blurred(light(line), np.array([way_px / taken.seconds, 0.0])).y[60]
        widths[way_px] = np.count_nonzero(row > 16 + 100 / min(way_px, 40.0))
    assert widths[8.0] == pytest.approx(8, abs=1)
    assert widths[24.0] == pytest.approx(24, abs=1)
    assert widths[400.0] == pytest.approx(40, abs=1)


def test_what_moves_by_less_than_a_pixel_stays_sharp():
    picture = light(np.arange(160))
    assert exposure().blurred(picture, np.array([0.9 / 0.004, 0.0])) is picture
