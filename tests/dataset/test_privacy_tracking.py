"""What a detector missed is covered all the same: gaps are bridged, ends are kept."""

import cv2
import numpy as np
import pytest

from dashgaze.dataset.privacy.motion import PictureMotion
from dashgaze.dataset.privacy.regions import Region
from dashgaze.dataset.privacy.tracking import cover_regions, widened


def moving(frame: int, *, x=100.0, step=4.0, kind="face", size=20.0) -> Region:
    return Region(kind=kind, x_px=x + step * frame, y_px=50.0, width_px=size, height_px=size)


def found(count: int, frames, **given) -> list[list[Region]]:
    return [[moving(frame, **given)] if frame in set(frames) else [] for frame in range(count)]


def iou(box, region: Region) -> float:
    other = np.array([region.x_px, region.y_px, region.x_px + region.width_px, region.y_px + 20.0])
    common = np.prod(np.maximum(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0))
    both = np.prod(box[2:] - box[:2]) + np.prod(other[2:] - other[:2])
    return common / (both - common)


def contains(box, region: Region) -> bool:
    return (
        box[0] <= region.x_px + 1e-6
        and box[1] <= region.y_px + 1e-6
        and box[2] >= region.x_px + region.width_px - 1e-6
        and box[3] >= region.y_px + region.height_px - 1e-6
    )


@pytest.mark.parametrize("gap", [1, 7, 15])
def test_a_gap_is_bridged_where_the_region_is(gap):
    lost = range(20, 20 + gap)
    covers = cover_regions(found(60, set(range(60)) - set(lost)))
    for frame in lost:
        (cover,) = covers[frame]
        assert not cover.found
        assert iou(cover.box, moving(frame)) > 0.98
    assert all(each[0].found for frame, each in enumerate(covers) if frame not in lost)


def test_a_longer_gap_is_not_bridged_but_kept_at_both_ends():
    lost = range(20, 40)
    covers = cover_regions(found(60, set(range(60)) - set(lost)), bridge_frames=15, keep_frames=5)
    covered = [frame for frame in lost if covers[frame]]
    assert covered == [*range(20, 25), *range(35, 40)]


@pytest.mark.parametrize("step", [0.0, 4.0, -6.0, 25.0])
def test_ends_are_kept_where_the_region_was_and_where_it_goes(step):
    covers = cover_regions(found(40, range(10, 30), x=500.0, step=step))
    assert [bool(each) for each in covers] == [5 <= frame < 35 for frame in range(40)]
    for frame in (5, 9, 30, 34):
        (cover,) = covers[frame]
        assert contains(cover.box, moving(frame, x=500.0, step=step))
        assert contains(cover.box, moving(29 if frame >= 30 else 10, x=500.0, step=step))


def test_a_region_that_moves_faster_than_its_size_is_followed_after_two_frames():
    regions = found(40, set(range(40)) - {20, 21, 22}, step=12.0, size=10.0)
    covers = cover_regions(regions)
    for frame in (20, 21, 22):
        assert any(contains(c.box, moving(frame, step=12.0, size=10.0)) for c in covers[frame])


def test_single_frames_between_misses_are_linked():
    """A detector that sees every fourth frame only covers all of them."""
    covers = cover_regions(found(60, range(0, 60, 4)))
    for frame in range(57):
        assert any(contains(cover.box, moving(frame)) for cover in covers[frame])


def test_regions_that_cross_keep_their_own_way():
    """Two faces pass one another and are both lost in the middle."""
    there = [moving(frame, x=0.0, step=5.0) for frame in range(41)]
    back = [
        Region(kind="face", x_px=200.0 - 5.0 * f, y_px=90.0, width_px=20.0, height_px=20.0)
        for f in range(41)
    ]
    lost = range(18, 23)
    regions = [[] if f in lost else [there[f], back[f]] for f in range(41)]
    for frame in lost:
        boxes = [cover.box for cover in cover_regions(regions)[frame]]
        assert any(iou(box, there[frame]) > 0.95 for box in boxes)
        assert sum(abs(box[0] - back[frame].x_px) < 1 for box in boxes) >= 1


def test_a_face_is_no_plate():
    regions = [[moving(0)], [], [moving(2, kind="plate")]]
    covers = cover_regions(regions, bridge_frames=3, keep_frames=0)
    assert [[cover.kind for cover in each] for each in covers] == [["face"], [], ["plate"]]


def test_everything_that_was_found_is_covered_exactly():
    rng = np.random.default_rng(2)
    regions = [
        [
            Region(kind="face", x_px=float(x), y_px=float(y), width_px=9.0, height_px=11.0)
            for x, y in rng.uniform(0, 300, (rng.integers(0, 6), 2))
        ]
        for _ in range(50)
    ]
    for region_list, covers in zip(regions, cover_regions(regions), strict=True):
        for region in region_list:
            assert any(
                cover.found and np.allclose(cover.box[:2], (region.x_px, region.y_px))
                for cover in covers
            )


def test_boxes_are_widened_by_a_share_and_at_least_by_so_much():
    box = np.array([10.0, 20.0, 110.0, 30.0])
    assert widened(box, 0.2, 4.0).tolist() == [-10.0, 16.0, 130.0, 34.0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"width_px": 0.0}, "no area"),
        ({"x_px": float("nan")}, "finite"),
        ({"height_px": -1.0}, "area"),
    ],
)
def test_a_box_without_area_is_no_region(change, said):
    given = {"x_px": 0.0, "y_px": 0.0, "width_px": 1.0, "height_px": 1.0} | change
    with pytest.raises(ValueError, match=said):
        Region(kind="face", **given)


def test_a_picture_that_moves_as_a_whole_is_followed():
    """The head turns by 35 px a frame, more than three times the size of what is seen."""
    scene = cv2.GaussianBlur(np.random.default_rng(1).uniform(0, 255, (300, 1400)), (0, 0), 4)
    motion, lefts, shifts = PictureMotion(), [35 * frame for frame in range(20)], []
    for left in lefts:
        shifts.append(motion.add(scene[:, left : left + 500].astype(np.uint8)))
    assert np.allclose(shifts, [(-left, 0) for left in lefts], atol=4)
    regions = [
        [Region(kind="plate", x_px=900.0 - left, y_px=50.0, width_px=10.0, height_px=4.0)]
        for left in lefts
    ]
    known = [[] if frame in (7, 8, 9) else each for frame, each in enumerate(regions)]
    covers = cover_regions(known, shift_px=np.array(shifts))
    for frame, (region,) in enumerate(regions):
        assert len(covers[frame]) == 1
        assert contains(widened(covers[frame][0].box, 0.2, 4.0), region)
    assert not any(
        contains(widened(cover.box, 0.2, 4.0), regions[8][0]) for cover in cover_regions(known)[8]
    )


def test_pictures_that_have_nothing_in_common_count_as_not_moved():
    rng = np.random.default_rng(1)
    motion = PictureMotion()
    for _ in range(3):
        shift = motion.add(rng.integers(0, 255, (128, 128)).astype(np.uint8))
    assert shift.tolist() == [0.0, 0.0]
    assert PictureMotion().add(np.zeros((62, 64), np.uint8)).tolist() == [0.0, 0.0]
