import cv2
import numpy as np
import pytest

from dashgaze.alignment.features import (
    SCALE_STEP,
    FeatureDetector,
    Features,
    Region,
    _Corners,
    _most_of_levels,
    working_reduction,
)

SIZE = (407, 301)  # both odd, so that no level of the pyramid has the nominal size


def textured(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Smooth noise of several sizes."""
    rng = np.random.default_rng(seed)
    picture = np.zeros(size[::-1])
    for sigma in (1.5, 3, 6, 12):
        noise = cv2.GaussianBlur(rng.normal(size=size[::-1]), (0, 0), sigma)
        picture += noise / noise.std() * 22
    return np.clip(picture + 128, 0, 255).astype(np.uint8)


def same_places(one: np.ndarray, other: np.ndarray) -> float:
    """Share of points that are among the others, to a thousandth of a pixel."""
    apart = np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1))
    return float((apart.min(axis=1) < 1e-3).mean())


@pytest.mark.parametrize("reduction", [1.0, 1.5, 2.0, 2.7])
@pytest.mark.parametrize("flip", [0, 1, -1])
def test_a_mirrored_picture_has_its_features_at_the_mirrored_places(
    reduction: float, flip: int
) -> None:
    picture = textured(0, (811, 605))
    here = FeatureDetector(count=600, reduction=reduction).find(picture)
    # more of them: of equally good ones at the cut, others might be kept
    there = FeatureDetector(count=1200, reduction=reduction).find(
        np.ascontiguousarray(cv2.flip(picture, flip))
    )
    mirrored = there.points_px.copy()
    if flip != 0:
        mirrored[:, 0] = picture.shape[1] - 1 - mirrored[:, 0]
    if flip != 1:
        mirrored[:, 1] = picture.shape[0] - 1 - mirrored[:, 1]
    assert len(here) > 300
    # on each level: a bias is that of its scale
    for scale in np.unique(here.noise_scale):
        mine, its = here.noise_scale == scale, there.noise_scale == scale
        assert mine.sum() > 20
        assert same_places(here.points_px[mine], mirrored[its]) > 0.98


@pytest.mark.parametrize(("reduction", "levels"), [(1.0, 4), (1.5, 4), (2.0, 3)])
def test_places_are_those_of_the_full_picture_on_all_levels(reduction: float, levels: int) -> None:
    # bright squares of 30 px at known places; the features of each are its corners
    rng = np.random.default_rng(1)
    x, y = np.meshgrid(np.arange(90, 950, 80), np.arange(90, 700, 80))
    corner = 4 * np.column_stack([x.ravel(), y.ravel()]) + rng.integers(-32, 33, (x.size, 2))
    fine = np.full((790 * 4, 1030 * 4), 60, dtype=np.uint8)
    for left, top in corner:
        fine[top : top + 120, left : left + 120] = 200
    centre = (corner + 60) / 4 - 0.5
    picture = cv2.resize(fine, (1030, 790), interpolation=cv2.INTER_AREA)
    features = FeatureDetector(count=4000, reduction=reduction).find(picture)
    apart = features.points_px[:, None] - centre[None]
    own = np.argmin(np.hypot(*apart.transpose(2, 0, 1)), axis=1)
    for scale in SCALE_STEP ** np.arange(levels):
        middles = []
        for k in range(len(centre)):
            found = features.points_px[(own == k) & (features.noise_scale == scale)]
            if len(found) >= 4 and (np.ptp(found, axis=0) > 15).all():
                middles.append((found.min(axis=0) + found.max(axis=0)) / 2 - centre[k])
        assert len(middles) > 40
        # places multiplied by the scale are (scale − 1) / 2 px off, 1.2 px on the coarsest level
        noise = np.std(middles, axis=0) / np.sqrt(len(middles))
        assert (np.abs(np.mean(middles, axis=0)) < 4 * noise).all()
        assert noise.max() < 0.06 * scale * reduction


def test_noise_scale_is_that_of_the_level() -> None:
    features = FeatureDetector(count=800).find(textured(2))
    assert set(features.noise_scale) == {1.0, SCALE_STEP, SCALE_STEP**2, SCALE_STEP**3}
    # the pyramid gives most of the features to the finest level
    counts = [np.sum(features.noise_scale == SCALE_STEP**k) for k in range(4)]
    assert counts == sorted(counts, reverse=True)
    assert features.descriptors.shape == (len(features), 4)
    assert features.descriptors.dtype == np.uint64


def test_what_came_before_does_not_change_what_is_found() -> None:
    rich = [textured(seed, (811, 605)) for seed in (10, 11, 12)]
    few = cv2.GaussianBlur(rich[0], (0, 0), 5)
    faint = (rich[1] // 6 + 100).astype(np.uint8)
    usable = np.full((605, 811), 255, dtype=np.uint8)
    usable[:, :500] = 0
    detector = FeatureDetector(count=300)
    thresholds = set()
    for picture, mask in [
        (rich[0], None), (rich[1], None), (rich[2], usable), (few, None), (rich[0], None), (faint, None),
        *[(each, None) for each in rich * 4], (few, usable), (rich[1], None),
    ]:  # fmt: skip
        again = detector.find(picture, usable=mask)
        alone = FeatureDetector(count=300).find(picture, usable=mask)
        assert again.points_px.tolist() == alone.points_px.tolist()
        assert again.noise_scale.tolist() == alone.noise_scale.tolist()
        assert (again.descriptors == alone.descriptors).all()
        thresholds.add(detector._corners._threshold)
    assert min(thresholds) == 12
    assert max(thresholds) > 30  # else nothing was saved


def test_corners_are_those_of_orb_at_the_least_threshold() -> None:
    detector = FeatureDetector(count=300)
    orb = cv2.ORB.create(
        nfeatures=300, scaleFactor=SCALE_STEP, nlevels=4, edgeThreshold=20, patchSize=31,
        fastThreshold=12, scoreType=cv2.ORB_FAST_SCORE,
    )  # fmt: skip
    for seed in (10, 11, 12):
        picture = textured(seed, (811, 605))
        found = detector._corners.find(picture, None)
        keypoints, descriptors = orb.detectAndCompute(picture, None)
        assert found is not None
        octave, places, response, bits = found
        mine = {
            (*map(float, place), int(level), float(strength), each.tobytes())
            for place, level, strength, each in zip(places, octave, response, bits, strict=True)
        }
        theirs = {
            (*map(float, each.pt), each.octave, each.response, row.tobytes())
            for each, row in zip(keypoints, descriptors, strict=True)
        }
        assert mine == theirs
    assert detector._corners._threshold > 12


@pytest.mark.parametrize("count", [60, 100, 333, 500, 800, 1000, 1500, 2400, 3000])
def test_levels_are_full_when_orb_takes_no_more(count: int) -> None:
    noise = np.random.default_rng(8).integers(0, 256, (900, 1200), dtype=np.uint8)
    found = _Corners(count).find(cv2.GaussianBlur(noise, (0, 0), 1.2), None)
    assert found is not None
    for level, full in enumerate(_most_of_levels(count)):
        response = found[2][found[0] == level]
        # of those that are as strong as the weakest ORB keeps all
        assert np.sum(response > response.min()) < full <= len(response)


def test_no_more_than_asked_for() -> None:
    assert 80 < len(FeatureDetector(count=100).find(textured(2))) <= 100


def test_only_within_the_region() -> None:
    picture = textured(3)
    region = Region(left=101, top=57, right=307, bottom=222)
    features = FeatureDetector(count=500).find(picture, region=region)
    assert len(features) > 50
    assert (features.points_px >= (101, 57)).all()
    assert (features.points_px < (307, 222)).all()
    # the same as in the cut-out picture, and moved
    cut = FeatureDetector(count=500).find(np.ascontiguousarray(picture[57:222, 101:307]))
    assert features.points_px == pytest.approx(cut.points_px + np.array([101, 57]))
    assert (features.descriptors == cut.descriptors).all()


@pytest.mark.parametrize("reduction", [1.0, 2.0, 1.7])
def test_only_where_usable(reduction: float) -> None:
    detector = FeatureDetector(count=800, reduction=reduction)
    picture = textured(4, (815, 603))
    usable = np.full(detector.reduce(picture).shape, 255, dtype=np.uint8)
    usable[:, : usable.shape[1] // 2] = 0
    features = detector.find(picture, usable=usable)
    assert len(features) > 100
    # masks of coarse levels are resized: half a pixel of theirs
    assert features.points_px[:, 0].min() > 815 / 2 - 3.4 * reduction
    assert len(detector.find(picture, usable=np.zeros_like(usable))) == 0


@pytest.mark.parametrize("reduction", [1.0, 1.7])
def test_the_mask_is_that_of_the_whole_picture_in_a_region_as_well(reduction: float) -> None:
    detector = FeatureDetector(count=800, reduction=reduction)
    picture = textured(5, (815, 603))
    usable = np.zeros(detector.reduce(picture).shape, dtype=np.uint8)
    # usable from x = 400 on, which in the region is 299 px from its left
    usable[:, round(400 / reduction) :] = 255
    region = Region(left=101, top=33, right=700, bottom=550)
    features = detector.find(picture, region=region, usable=usable)
    assert len(features) > 100
    assert 400 - 5 * reduction < features.points_px[:, 0].min() < 420
    assert features.points_px[:, 0].max() < 700


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((300, 400), dtype=np.uint8),
        np.full((300, 400), 127, dtype=np.uint8),
        np.full((5, 4), 127, dtype=np.uint8),
    ],
)
@pytest.mark.parametrize("reduction", [1.0, 2.0])
def test_flat_and_tiny_pictures_have_none(picture: np.ndarray, reduction: float) -> None:
    features = FeatureDetector(count=500, reduction=reduction).find(picture)
    assert len(features) == 0
    assert features.points_px.shape == (0, 2)
    assert features.descriptors.shape == (0, 4)
    assert features.noise_scale.shape == (0,)


def test_reducing_averages() -> None:
    picture = np.zeros((4, 6), dtype=np.uint8)
    picture[:2, :2] = [[0, 40], [80, 120]]
    assert FeatureDetector(count=1, reduction=2.0).reduce(picture).tolist() == [[60, 0, 0], [0] * 3]
    assert FeatureDetector(count=1).reduce(picture).tolist() == picture.tolist()
    assert FeatureDetector(count=1, reduction=1.5).reduce(np.zeros((301, 407), np.uint8)).shape == (
        201, 271,
    )  # fmt: skip


def test_some_of_the_features() -> None:
    features = FeatureDetector(count=100).find(textured(6))
    kept = features.select(np.array([5, 2]))
    assert kept.points_px.tolist() == features.points_px[[5, 2]].tolist()
    assert kept.descriptors.tolist() == features.descriptors[[5, 2]].tolist()
    assert kept.noise_scale.tolist() == features.noise_scale[[5, 2]].tolist()
    assert len(features.select(np.zeros(len(features), dtype=bool))) == len(Features.none()) == 0


@pytest.mark.parametrize(
    ("road_focal_px", "reduction"),
    [
        (600.0, 1.0),  # never enlarged
        (900.0, 1.0),  # a little isn't worth it
        (1000.0, 1000 / 766),
        (1300.0, 2.0),  # 1.7: halving is cheaper
        (1750.0, 2.0),
        (2298.0, 3.0),
        (None, 2.0),  # 1920 px over 60° are 1663 px
    ],
)
def test_road_pictures_are_reduced_to_the_ego_view_s_scale(
    road_focal_px: float | None, reduction: float
) -> None:
    assert working_reduction((1920, 1080), 766, road_focal_px) == pytest.approx(reduction)
