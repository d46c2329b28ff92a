"""Mean pictures in linear light, and who may be shown in them."""

import numpy as np
import pytest

from dashgaze.analysis.presentation.material import SessionPictures, material_of
from dashgaze.analysis.presentation.mean_frame_groups import (
    Member,
    group_of,
    groups_by_position,
    may_be_shown,
)
from dashgaze.analysis.presentation.mean_frames import mean_frames
from dashgaze.analysis.presentation.mean_picture import (
    PictureSum,
    code_values,
    linear_light,
    mean_of_sums,
)
from dashgaze.analysis.presentation.options import AnalyzeOptions


def flat(value: int, *, shape=(4, 6)) -> np.ndarray:
    return np.full((*shape, 3), value, dtype=np.uint8)


def sum_of(*values: int) -> PictureSum:
    total = PictureSum(height_px=4, width_px=6)
    for value in values:
        total.add(flat(value))
    return total


def test_code_values_survive_linear_light_and_back():
    every = np.arange(256, dtype=np.uint8)
    assert (code_values(linear_light(every)) == every).all()
    # IEC 61966-2-1: half of the light of white is coded 188.
    assert code_values(np.float32(0.5)) == 188


def test_the_mean_of_black_and_white_is_half_the_light_and_not_half_the_code():
    total = sum_of(0, 255)
    assert total.mean == pytest.approx(0.5)
    assert (code_values(total.mean) == 188).all()
    # Two values 0 and 1: SD √½.
    assert total.mean_sd == pytest.approx(np.sqrt(0.5), rel=1e-5)


def test_one_pass_gives_what_numpy_gives_from_all_pictures():
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (20, 4, 6, 3), dtype=np.uint8)
    total = PictureSum(height_px=4, width_px=6)
    for each in pictures:
        total.add(each)
    light = linear_light(pictures)
    grey = light @ np.array([0.2126, 0.7152, 0.0722])
    np.testing.assert_allclose(total.mean, light.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(total.sd, grey.std(axis=0, ddof=1), rtol=1e-3)


def test_entropy_is_nothing_of_a_still_and_one_bit_of_two_levels():
    assert sum_of(*[100] * 8).mean_entropy_bits == 0.0
    # Miller and Madow add (levels − 1) / (2 n ln 2).
    expected = 1.0 + 1 / (2 * 200 * np.log(2))
    assert sum_of(*[0, 255] * 100).mean_entropy_bits == pytest.approx(expected, rel=1e-4)


def test_one_picture_has_no_variation():
    assert np.isnan(sum_of(7).mean_sd)
    assert np.isnan(sum_of(7).mean_entropy_bits)


def test_sums_count_alike_however_many_pictures_they_have():
    found = mean_of_sums([sum_of(0), sum_of(255, 255, 255)])
    assert found.mean == pytest.approx(0.5)
    assert found.between_sd == pytest.approx(np.sqrt(0.5), rel=1e-5)
    assert (found.sums, found.pictures) == (2, 4)


def test_a_sum_that_is_complete_says_the_same_and_is_small():
    rng = np.random.default_rng(8)
    total = PictureSum(height_px=4, width_px=6)
    for each in rng.integers(0, 256, (9, 4, 6, 3), dtype=np.uint8):
        total.add(each)
    entropy, sd = total.mean_entropy_bits, total.mean_sd
    assert total.complete() is total
    assert total.levels.nbytes == 0
    assert (total.mean_entropy_bits, total.mean_sd) == (entropy, sd)
    assert np.isnan(sum_of(7).complete().mean_entropy_bits)


def test_sums_one_after_the_other_are_what_they_are_side_by_side():
    rng = np.random.default_rng(5)
    sums, weights = [], rng.uniform(1, 3, 40)
    for count in rng.integers(1, 5, 40):
        sums.append(PictureSum(height_px=4, width_px=6))
        for each in rng.integers(0, 256, (count, 4, 6, 3), dtype=np.uint8):
            sums[-1].add(each)
    found = mean_of_sums(sums, weights)
    means = np.stack([each.mean for each in sums]).astype(np.float64)
    greys = means @ np.array([0.2126, 0.7152, 0.0722])
    within = np.mean([each.sd**2 for each in sums if each.count > 1], axis=0)
    np.testing.assert_allclose(found.mean, np.average(means, axis=0, weights=weights), rtol=1e-6)
    np.testing.assert_allclose(found.between_sd, greys.std(axis=0, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(found.within_sd, np.sqrt(within), rtol=1e-5)
    assert found.pictures == sum(each.count for each in sums)
    assert found.mean.dtype == found.within_sd.dtype == found.between_sd.dtype == np.float32


def members(made_study, *drivers: str) -> list[Member]:
    return [
        Member(
            session=made_study.plain_session(30, session_id=f"s{number}", driver_id=driver),
            total=sum_of(255 if driver == "A" else 0, 0 if driver == "B" else 255),
        )
        for number, driver in enumerate(drivers)
    ]


def test_each_driver_counts_the_same_in_a_mean_frame(made_study):
    found = group_of("all", members(made_study, "A", "A", "A", "B"))
    assert found.mean.mean == pytest.approx(0.5)
    assert found.drivers == 2


def test_the_mean_of_few_drivers_is_a_portrait(made_study):
    four = group_of("all", members(made_study, *"ABCD"))
    five = group_of("all", members(made_study, *"ABCDE"))
    assert not may_be_shown(four, "driver", portraits=False)
    assert may_be_shown(four, "driver", portraits=True)
    assert may_be_shown(five, "driver", portraits=False)
    assert may_be_shown(four, "road", portraits=False)


def test_sessions_without_a_stated_place_are_a_group_of_their_own(made_study):
    both = members(made_study, "A", "B")
    both[1] = Member(
        session=made_study.plain_session(30, camera_position=None), total=both[1].total
    )
    assert [each.name for each in groups_by_position(both)] == ["position unknown", "under mirror"]


def section(made_study, *, drivers: str, portraits: bool = False):
    sessions = tuple(
        made_study.plain_session(90, session_id=f"s{number}", driver_id=driver)
        for number, driver in enumerate(drivers)
    )
    study = made_study.Study(
        title="made", version="1.0.0", digest="0" * 64, simulated=True, sessions=sessions
    )
    pictures = {each.session_id: SessionPictures(driver=sum_of(10, 200)) for each in sessions}
    return mean_frames(material_of(study, AnalyzeOptions(portraits=portraits), pictures=pictures))


def test_the_section_shows_no_portrait_unless_it_is_asked_for(made_study):
    names = {each.name for each in section(made_study, drivers="ABCD").plots}
    assert names == set()
    names = {each.name for each in section(made_study, drivers="ABCD", portraits=True).plots}
    assert names == {"mean_driver_frame", "mean_driver_frame_by_session"}
    names = {each.name for each in section(made_study, drivers="ABCDE").plots}
    assert names == {"mean_driver_frame"}


def test_the_section_says_that_there_are_no_pictures_of_the_road(made_study):
    found = {each.key: each for each in section(made_study, drivers="ABCDE").findings}
    assert "--images" in found["mean_frames.road.sd"].cannot_say
    assert found["mean_frames.driver.sd"].estimate.sessions == 5


def test_mean_frames_are_drawn_with_the_width_they_were_recorded_with(made_study):
    from dashgaze.analysis.presentation.mean_frame_figures import mean_and_variation_figure

    whole = group_of("all", members(made_study, *"ABCDE"))
    drawn = mean_and_variation_figure(whole, shape=4 / 3)
    picture = drawn.axes[0]
    assert picture.get_aspect() == pytest.approx(6 / 4 / (4 / 3))
    assert [axes.get_title(loc="left") for axes in drawn.axes[:3]] == [
        "Mean",
        "SD within sessions",
        "SD between sessions",
    ]
