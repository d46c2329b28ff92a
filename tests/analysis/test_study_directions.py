"""Gaze in degrees: focal lengths, references, noise and selections."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.study.centre import geometric_median, mode
from dashgaze.analysis.study.directions import (
    DirectionOptions,
    directions,
    fractions_of_width,
    study_directions,
)
from dashgaze.analysis.study.noise import tracker_noise_deg
from dashgaze.analysis.study.selection import Selection, gaze_shares, usable_gaze
from dashgaze.errors import InputError

MIDDLE = np.array([639.5, 359.5])


def points_at(azimuth_deg, elevation_deg, focal_px):
    """Pixels of directions, by the convention."""
    x = np.tan(np.radians(azimuth_deg))
    y = -np.tan(np.radians(elevation_deg)) * np.hypot(x, 1)
    return MIDDLE + focal_px * np.column_stack([x, y])


@pytest.mark.parametrize("focal_px", [800.0, 1065.0, 1500.0])
def test_planted_directions_come_back_with_any_focal_length(made_study, focal_px):
    rng = np.random.default_rng(5)
    planted = rng.uniform(-25, 25, (3000, 2))
    session = made_study.plain_session(
        road_focal_px=focal_px, gaze_road_px=points_at(*planted.T, focal_px)
    )
    found = directions(session)
    assert np.allclose(found.camera_deg, planted)
    assert found.focal_px == focal_px
    assert not found.focal_is_assumed
    wrong = directions(session, DirectionOptions(focal_px=2 * focal_px))
    assert np.nanstd(wrong.camera_deg) < 0.6 * np.nanstd(found.camera_deg)


def test_an_unknown_focal_length_is_assumed_and_said(made_study):
    session = made_study.plain_session(road_focal_px=None, road_focal_origin=None)
    found = directions(session)
    assert found.focal_is_assumed
    assert found.focal_px == pytest.approx(1280 / 2 / np.tan(np.radians(30)))
    assert np.allclose(fractions_of_width(session), 0)


def test_fractions_of_width_need_no_focal_length(made_study):
    session = made_study.plain_session(2, gaze_road_px=MIDDLE + np.array([[128.0, 0], [0, -64.0]]))
    assert np.allclose(fractions_of_width(session), [[0.1, 0], [0, 0.05]])


def test_the_mount_point_is_found_among_wild_vanishing_points(made_study):
    rng = np.random.default_rng(2)
    planted = points_at(np.full(3000, 3.0), np.full(3000, -2.0), 1000.0)
    seen = planted + rng.normal(0, 5, planted.shape)
    wild = rng.random(3000) < 0.3
    seen[wild] = rng.uniform((600, 0), (1280, 400), (np.count_nonzero(wild), 2))
    seen[::7] = np.nan
    found = directions(made_study.plain_session(vanishing_point_px=seen))
    assert found.reference_kind == "mount_point"
    assert found.reference_deg == pytest.approx([3.0, -2.0], abs=0.25)
    assert np.allclose(found.from_reference_deg, -found.reference_deg)


def test_too_few_vanishing_points_leave_the_mode_of_gaze(made_study):
    rng = np.random.default_rng(4)
    gaze = rng.normal((2.0, -1.0), 1.5, (3000, 2))
    gaze[:900] = rng.normal((-25.0, -15.0), 4.0, (900, 2))  # the instruments
    seen = np.full((3000, 2), np.nan)
    seen[:1000] = MIDDLE
    session = made_study.plain_session(
        vanishing_point_px=seen, gaze_road_px=points_at(*gaze.T, 1000.0)
    )
    found = directions(session)
    assert found.reference_kind == "modal_gaze"
    assert found.reference_deg == pytest.approx([2.0, -1.0], abs=0.35)
    with pytest.raises(InputError, match="for 33 s; 60 s were expected"):
        directions(session, DirectionOptions(reference="mount_point"))


def test_each_frames_own_vanishing_point_can_be_subtracted(made_study):
    bend = 4 * np.sin(np.arange(3000) / 100)
    seen = points_at(bend, np.zeros(3000), 1000.0)
    seen[:300] = np.nan
    session = made_study.plain_session(
        vanishing_point_px=seen, gaze_road_px=points_at(bend + 1.5, np.zeros(3000), 1000.0)
    )
    found = directions(session, DirectionOptions(reference="vanishing_point"))
    assert found.reference_kind == "vanishing_point"
    assert np.allclose(found.from_reference_deg[300:], [1.5, 0])
    assert not np.allclose(found.from_reference_deg[:300, 0], 1.5)


def test_noise_of_tracker_and_mapping_is_measured(made_study):
    rng = np.random.default_rng(6)
    count = 6000
    fixation = np.arange(count) // 12
    drift = (np.arange(count) % 12)[:, None] * 0.4  # the head turns, the eyes counter it
    angles = rng.normal(0, 10, (fixation[-1] + 1, 2))[fixation] + drift
    angles = angles + rng.normal(0, (0.5, 0.8), (count, 2))
    covariance = np.tile([40.0, 0.0, 90.0], (count, 1))
    session = made_study.plain_session(
        count,
        fixation_id=fixation,
        gaze_angle_deg=angles,
        gaze_road_cov_px2=covariance,
        known=frozenset({"fixation_id", "gaze_road_cov_px2"}),
    )
    everywhere = np.ones(count, dtype=np.bool_)
    assert tracker_noise_deg(session, everywhere) == pytest.approx([0.5, 0.8], rel=0.08)
    mapping = np.degrees(np.sqrt([40, 90]) / 1000)
    expected = np.hypot([0.5, 0.8], mapping)
    assert directions(session).noise_sd_deg == pytest.approx(expected, rel=0.08)


def test_noise_is_unknown_without_fixations(made_study):
    session = made_study.plain_session(known=frozenset())
    assert np.isnan(directions(session).noise_sd_deg).all()


def test_selections_choose_and_tell(made_study):
    count = 1000
    flags = {name: np.zeros(count, dtype=np.bool_) for name in ("blink", "saccade")}
    flags["blink"][:100] = True
    flags["saccade"][100:300] = True
    source = np.full(count, "direct", dtype="<U10")
    source[300:400] = "propagated"
    gaze = np.full((count, 2), (639.5, 359.5))
    gaze[400:500] = (2000.0, 300.0)
    inside = np.ones(count, dtype=np.bool_)
    inside[400:500] = False
    worn = np.ones(count, dtype=np.bool_)
    worn[500:550] = False
    error = np.ones(count)
    error[600:620] = 500.0
    known = {"blink", "saccade", "worn", "gaze_in_view", "homography_source", "fixation_id"}
    session = made_study.plain_session(
        count,
        **flags,
        homography_source=source,
        gaze_road_px=gaze,
        gaze_in_view=inside,
        worn=worn,
        homography_error_px=error,
        known=frozenset(known),
    )
    assert np.count_nonzero(usable_gaze(session)) == 1000 - 100 - 200 - 50 - 20
    strict = Selection(propagated=False, off_frame=False)
    assert np.count_nonzero(usable_gaze(session, strict)) == 1000 - 100 - 200 - 50 - 20 - 200
    lax = Selection(blinks=True, saccades=True, largest_error_deg=None)
    assert np.count_nonzero(usable_gaze(session, lax)) == 950
    shares = gaze_shares(session)
    assert shares.off_frame == pytest.approx(100 / 900)
    assert shares.off_frame_selected == pytest.approx(100 / 630)
    assert (shares.blink, shares.saccade, shares.propagated) == (0.1, 0.2, 0.1)
    assert (shares.not_worn, shares.large_error) == (0.05, 0.02)
    # Off-frame gaze stays where it is: 1360.5 px to the right of the middle.
    beyond = directions(session).camera_deg[450, 0]
    assert beyond == pytest.approx(np.degrees(np.arctan(1.3605)))
    assert np.isnan(directions(session).camera_deg[:300]).all()


def test_what_is_unknown_is_not_called_a_share(made_study):
    shares = gaze_shares(made_study.plain_session(known=frozenset()))
    assert (shares.blink, shares.saccade, shares.not_worn, shares.off_frame) == (None,) * 4
    assert shares.selected == 1


def test_sessions_without_directions_are_named(made_study):
    blind = made_study.plain_session(session_id="blind", gaze_road_px=np.full((3000, 2), np.nan))
    sizeless = made_study.plain_session(session_id="sizeless", road_size_px=None)
    fine = made_study.plain_session(session_id="fine")
    study = Study(
        title="t", version="1.0.0", digest="", simulated=True, sessions=(blind, sizeless, fine)
    )
    found = study_directions(study)
    assert list(found.by_session) == ["fine"]
    assert "no gaze" in found.refused["blind"]
    assert "size" in found.refused["sizeless"]


def test_the_planted_shift_of_simulated_drives_comes_back(label_study):
    shifts = [
        np.nanmedian(directions(session).from_reference_deg, axis=0)
        for session in label_study.sessions
    ]
    # planted: 1.5° to the right and 1.5° below; drivers differ, and so do trackers' constant errors
    assert np.median(shifts, axis=0) == pytest.approx([1.5, -1.5], abs=1.6)
    noise = [directions(session).noise_sd_deg for session in label_study.sessions]
    assert np.isfinite(noise).all()
    assert (np.array(noise) < 3).all()


def test_the_middles_are_robust():
    rng = np.random.default_rng(0)
    points = rng.normal((1.0, 2.0), 0.2, (500, 2))
    points[:150] = rng.uniform(20, 60, (150, 2))
    points[150] = np.nan
    assert geometric_median(points) == pytest.approx([1, 2], abs=0.1)
    assert mode(points, bandwidth=0.5) == pytest.approx([1, 2], abs=0.1)
    assert np.isnan(geometric_median(np.full((3, 2), np.nan))).all()
    assert np.isnan(mode(np.zeros((0, 2)), bandwidth=1)).all()
    assert geometric_median(np.array([[1.0, 1.0]])) == pytest.approx([1, 1])


def test_cutting_a_session_does_not_break_directions(made_study):
    session = made_study.plain_session()
    rows = np.arange(3000) % 2 == 0
    assert len(directions(session.where(rows)).camera_deg) == 1500
    assert len(directions(replace(session, facts={})).camera_deg) == 3000
