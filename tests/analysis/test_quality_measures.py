import json
import math

import numpy as np
import pytest

from dashgaze.analysis.quality.accuracy import Accuracy, read_accuracy
from dashgaze.analysis.quality.losses import CAUSES, frame_losses, longest_gap_s
from dashgaze.analysis.quality.options import QualityOptions
from dashgaze.analysis.quality.precision import frame_precision, precision
from dashgaze.analysis.quality.session_quality import session_quality
from dashgaze.errors import InputError


def test_each_lost_frame_stands_under_the_first_cause_that_applies(made_study) -> None:
    count = 100
    valid, blink = np.ones(count, bool), np.zeros(count, bool)
    angle, road = np.zeros((count, 2)), np.full((count, 2), 300.0)
    view = np.ones(count, bool)
    valid[:10] = False  # ten without a picture, which have nothing else either
    angle[:10] = road[:10] = np.nan
    blink[10:15] = True  # five in a blink, whose samples are missing too
    angle[10:15] = road[10:15] = np.nan
    angle[15:35] = road[15:35] = np.nan  # twenty without a sample
    road[35:38] = np.nan  # three with a sample and no homography
    view[:38] = False
    view[38:45] = False  # seven beyond the road picture
    session = made_study.plain_session(
        count,
        valid=valid,
        blink=blink,
        gaze_angle_deg=angle,
        gaze_road_px=road,
        gaze_in_view=view,
        known=frozenset({"blink", "gaze_in_view"}),
    )
    losses = frame_losses(session)
    assert losses.shares == pytest.approx(
        {
            "no_picture": 0.10,
            "blink": 0.05,
            "not_worn": None,
            "no_sample": 0.20,
            "outside_scene": None,
            "no_map": 0.03,
            "outside_road": 0.07,
        }
    )
    assert losses.good == pytest.approx(0.55)
    assert losses.tracker == pytest.approx(0.25)
    assert sum(share or 0 for share in losses.shares.values()) + losses.good == pytest.approx(1)
    assert losses.longest_gap_s == pytest.approx(35 / 30)


def test_unknown_blinks_are_no_cause_and_their_frames_have_no_sample(made_study) -> None:
    angle = np.zeros((50, 2))
    angle[:5] = np.nan
    session = made_study.plain_session(
        50, gaze_angle_deg=angle, gaze_road_px=angle + 300, known=frozenset()
    )
    losses = frame_losses(session)
    assert losses.shares["blink"] is None
    assert losses.shares["outside_road"] is None
    assert losses.shares["no_sample"] == pytest.approx(0.1)


def test_a_session_without_frames_has_no_losses(made_study) -> None:
    assert frame_losses(made_study.plain_session(0)) is None


@pytest.mark.parametrize(
    ("there", "gap"),
    [([1, 1, 1, 1], 0.0), ([1, 0, 0, 1], 2.0), ([0, 1, 1, 0], 1.0), ([0, 0, 0, 0], 4.0)],
)
def test_gaps_are_counted_in_frames_that_are_missing(there, gap) -> None:
    assert longest_gap_s(np.arange(4.0), np.array(there, bool)) == pytest.approx(gap)


def test_precision_of_a_zigzag_is_that_computed_by_hand() -> None:
    # Steps of ±0.2°: RMS-S2S is 0.2. With ten samples at ±0.1 the variance is 10 · 0.01 / 9.
    azimuth = np.tile([0.1, -0.1], 100)
    angles = np.stack([azimuth, np.zeros(200)], axis=1)
    found = precision(angles, np.zeros(200, int), np.arange(200) / 100, 0.1 * 1.0)
    assert found.windows == 20
    assert found.rms_deg == pytest.approx(0.2)
    assert found.sd_deg == pytest.approx(math.sqrt(0.1 / 9))


def test_precision_of_white_noise_is_the_root_of_two_times_its_spread() -> None:
    rng = np.random.default_rng(4)
    angles = rng.normal(0, 0.3, (20_000, 2))
    found = precision(angles, np.zeros(20_000, int), np.arange(20_000) / 200, 0.3)
    assert found.sd_deg == pytest.approx(0.3 * math.sqrt(2), rel=0.02)
    assert found.rms_deg == pytest.approx(0.6, rel=0.02)


def test_saccades_between_fixations_do_not_count_for_precision() -> None:
    fixation = np.repeat(np.arange(40), 20)
    angles = np.stack([fixation * 5.0 % 17, np.zeros(800)], axis=1)
    assert precision(angles, fixation, np.arange(800) / 60, 0.25).rms_deg == 0.0


def test_windows_across_a_gap_of_the_record_do_not_count() -> None:
    time_s = np.arange(300) / 30
    time_s[4::9] += 0.0
    time_s = time_s + np.repeat(np.arange(60), 5) * 10.0
    assert precision(np.zeros((300, 2)), np.zeros(300, int), time_s, 0.3) is None


def test_precision_needs_fixations_and_enough_windows(made_study) -> None:
    session = made_study.plain_session(60, known=frozenset())
    assert frame_precision(session, 0.3) is None
    short = made_study.plain_session(60)
    assert frame_precision(short, 0.3) is None
    assert frame_precision(made_study.plain_session(600), 0.3).windows == 66


def test_windows_of_other_lengths_than_others_use_are_refused() -> None:
    with pytest.raises(InputError, match=r"0\.2 to 0\.5"):
        QualityOptions(window_s=1.0)


def test_what_is_beyond_a_limit_is_flagged_with_both_numbers(made_study) -> None:
    session = made_study.plain_session(
        homography_error_px=np.full(3000, 60.0),
        facts={"sync_verdict": "doubtful", "sync_offset_se_ms": 40.0},
    )
    found = session_quality(
        session,
        None,
        QualityOptions(
            accuracy={"session_001": Accuracy(error_deg=8, scatter_deg=None, targets=5)}
        ),
    )
    assert found.map_error_deg == pytest.approx(math.degrees(math.atan(0.06)))
    assert found.flags == (
        "sync error 40 ms above 17 ms",
        "homography error 3.43 deg above 1.5 deg",
        "accuracy 8 deg above 6 deg",
        "clocks doubtful",
    )
    assert session_quality(made_study.plain_session(), None, QualityOptions()).flags == ()


def test_offsets_in_degrees_are_accuracy_and_refused_ones_are_not(tmp_path) -> None:
    good = {"verdict": "ok", "unit": "deg", "offset": [3.0, -4.0], "scatter": None, "used": 5}
    for name, content in (
        ("a", good),
        ("b", good | {"verdict": "refused", "offset": None}),
        ("c", good | {"unit": "px"}),
    ):
        (tmp_path / name / "field").mkdir(parents=True)
        (tmp_path / name / "field" / "gaze_offset.json").write_text(json.dumps(content))
    found = read_accuracy(tmp_path)
    assert list(found) == ["a"]
    assert found["a"] == Accuracy(error_deg=5.0, scatter_deg=None, targets=5)
    (tmp_path / "b" / "field" / "gaze_offset.json").write_text("{")
    with pytest.raises(InputError, match="can't be read"):
        read_accuracy(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        read_accuracy(tmp_path / "none")


def test_causes_have_names_for_people() -> None:
    assert len(set(CAUSES.values())) == len(CAUSES) == 7
