"""Hit rules against formulas, chance against planted nulls, shares against planted ones."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.objects.box_mass import box_mass
from dashgaze.analysis.objects.boxes import ObjectBoxes
from dashgaze.analysis.objects.expected_hits import expected_hit_share
from dashgaze.analysis.objects.gaze_on_objects import gaze_on_objects, object_results
from dashgaze.analysis.objects.hits import Looks, find_hits, margin_px, whole_covariance
from dashgaze.analysis.objects.options import ObjectOptions
from dashgaze.analysis.objects.placing import place_boxes
from dashgaze.analysis.objects.ratio_to_chance import ratio_to_chance
from dashgaze.analysis.study.directions import directions
from dashgaze.errors import InputError

DEG_PX = 1000 * np.radians(1)
FPS = 10


def drifting(rng, count, sd, seconds):
    from scipy.signal import lfilter

    keep = np.exp(-1 / (seconds * FPS))
    noise = rng.normal(0, sd * np.sqrt(1 - keep**2), count)
    noise[0] = rng.normal(0, sd)
    return lfilter([1], [1, -keep], noise)


def moving_boxes(rng, count, session_id="session_001", tracks=3):
    found = []
    for track in range(tracks):
        x = 640 + drifting(rng, count, 160, 10)
        size = 60 * np.exp(drifting(rng, count, 0.4, 20))
        there = np.flatnonzero(drifting(rng, count, 1, 30) > -0.5)
        corners = np.column_stack([x - size, 360 - size / 2, x + size, 380 + size])
        corners = np.clip(corners, 0, (1280, 720, 1280, 720))[there]
        ok = (corners[:, 2:] > corners[:, :2] + 1).all(axis=1)
        found.append((there[ok], corners[ok], np.full(ok.sum(), track)))
    picture, corners, track = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(picture, kind="stable")
    return ObjectBoxes(
        session_id=session_id,
        clock="frame_index",
        moment=np.arange(count, dtype=np.float64),
        picture=picture[order],
        corners_px=corners[order],
        kind=np.where(track[order] == 0, "bus", "car"),
        score=np.ones(len(order)),
        track_id=track[order],
    )


def made_drive(made_study, seed, *, aimed=0.0, error_deg=1.0, minutes=5.0, number=0):
    """Give a session, its boxes, and the share of frames that are aimed at one."""
    rng = np.random.default_rng(seed)
    count = int(minutes * 60 * FPS)
    boxes = moving_boxes(rng, count, f"session_{number:03d}")
    fixation = np.arange(count) // 4
    looks = int(fixation[-1]) + 1
    gaze = np.column_stack([640 + rng.normal(0, 110, looks), 375 + rng.normal(0, 45, looks)])[
        fixation
    ]
    on = np.zeros(count, dtype=bool)
    chosen = rng.random(looks) < aimed
    first = np.searchsorted(boxes.picture, np.arange(count + 1))
    for frame in np.flatnonzero(chosen[fixation]):
        options = np.arange(first[frame], first[frame + 1])
        if len(options):
            draw = np.random.default_rng(seed * 7919 + int(fixation[frame]))
            corners = boxes.corners_px[options[int(draw.integers(len(options)))]]
            gaze[frame] = corners[:2] + draw.random(2) * (corners[2:] - corners[:2])
            on[frame] = True
    gaze = gaze + rng.normal(0, error_deg * DEG_PX, (looks, 2))[fixation]
    inside = ((gaze >= 0) & (gaze < (1280, 720))).all(axis=1)
    session = made_study.plain_session(
        count,
        fps=FPS,
        session_id=f"session_{number:03d}",
        driver_id=f"D{number % 40:03d}",
        gaze_road_px=gaze,
        gaze_in_view=inside,
        fixation_id=fixation,
    )
    return session, place_boxes(boxes, session), float(on[inside].mean())


def study_of_drives(drives):
    sessions = tuple(session for session, _, _ in drives)
    study = Study(title="made", version="1", digest="0", simulated=True, sessions=sessions)
    return (
        study,
        {each.session_id: directions(each) for each in sessions},
        {session.session_id: placed for session, placed, _ in drives},
    )


def test_the_mass_in_a_box_is_that_of_scipy_for_any_correlation():
    rng = np.random.default_rng(1)
    count = 120
    rho = rng.uniform(-0.92, 0.92, count)
    sd = rng.uniform(0.5, 3, (count, 2))
    covariance = np.column_stack([sd[:, 0] ** 2, rho * sd.prod(axis=1), sd[:, 1] ** 2])
    low = rng.normal(0, 2, (count, 2))
    corners = np.concatenate([low, low + rng.uniform(0.2, 5, (count, 2))], axis=1)
    found = box_mass(corners, np.zeros((count, 2)), covariance)
    for place in range(count):
        xx, xy, yy = covariance[place]
        normal = multivariate_normal(mean=[0, 0], cov=[[xx, xy], [xy, yy]])
        truth = normal.cdf(corners[place, 2:], lower_limit=corners[place, :2])
        assert found[place] == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize("rho", [0.95, -0.99, 0.999])
def test_the_mass_in_a_box_holds_for_strong_correlation(rho):
    corners, covariance = np.array([[-1.0, -0.5, 0.8, 1.5]]), np.array([[1.0, rho, 1.0]])
    normal = multivariate_normal(mean=[0, 0], cov=[[1, rho], [rho, 1]])
    truth = normal.cdf(corners[0, 2:], lower_limit=corners[0, :2])
    assert box_mass(corners, np.zeros((1, 2)), covariance)[0] == pytest.approx(truth, abs=1e-3)


@pytest.mark.parametrize(
    ("error_deg", "in_box", "in_margin"), [(1, 0.59, 0.94), (2, 0.21, 0.54), (4, 0.06, 0.18)]
)
def test_an_object_of_3_by_2_degrees_is_hit_as_often_as_the_reference_says(
    error_deg, in_box, in_margin
):
    assert expected_hit_share(3, 2, error_deg) == pytest.approx(in_box, abs=0.006)
    assert expected_hit_share(3, 2, error_deg, margin_deg=1) == pytest.approx(in_margin, abs=0.006)


@pytest.mark.parametrize("error_deg", [1.0, 2.0, 4.0])
def test_simulated_looks_hit_as_often_as_the_formula_says(made_study, error_deg):
    count = 4000
    half = np.array([1.5, 1.0]) * DEG_PX
    middle = np.array([639.5, 359.5])
    box = np.concatenate([middle - half, middle + half])
    boxes = ObjectBoxes(
        session_id="session_001",
        clock="frame_index",
        moment=np.arange(count, dtype=np.float64),
        picture=np.arange(count),
        corners_px=np.tile(box, (count, 1)),
        kind=np.full(count, "car"),
        score=np.ones(count),
        track_id=np.zeros(count, dtype=np.int64),
        size_px=(1280, 720),
    )
    placed = place_boxes(boxes, made_study.plain_session(count))
    rng = np.random.default_rng(4)
    gaze = middle + rng.normal(0, error_deg * DEG_PX, (count, 2))
    looks = Looks(
        row=np.arange(count),
        gaze_px=gaze,
        covariance_px2=whole_covariance(
            np.tile(middle, (count, 1)), np.zeros((count, 3)), error_deg, 1000.0, (1280, 720)
        ),
        margin_px=margin_px(np.tile(middle, (count, 1)), 1.0, 1000.0, (1280, 720)),
        fixation=np.zeros(count, dtype=np.int64),
    )
    hits = find_hits(looks, placed, np.arange(count))
    assert np.mean(hits.box >= 0) == pytest.approx(expected_hit_share(3, 2, error_deg), abs=0.025)
    assert np.mean(hits.margin >= 0) == pytest.approx(
        expected_hit_share(3, 2, error_deg, margin_deg=1), abs=0.025
    )
    # The rule by probability blurs once more: as if the error were √2 as large.
    assert hits.mass.sum() / count == pytest.approx(
        expected_hit_share(3, 2, error_deg * np.sqrt(2)), abs=0.015
    )


def test_the_trackers_error_grows_towards_the_edges():
    gaze = np.array([[639.5, 359.5], [1279.0, 359.5]])
    found = whole_covariance(gaze, np.full((2, 3), np.nan), 1.0, 1000.0, (1280, 720))
    x = (1279 - 639.5) / 1000
    assert np.sqrt(found[0]) == pytest.approx([DEG_PX, 0, DEG_PX])
    assert np.sqrt(found[1, 0]) == pytest.approx(DEG_PX * (1 + x * x))
    assert np.sqrt(found[1, 2]) == pytest.approx(DEG_PX * np.sqrt(1 + x * x))


def test_gaze_that_follows_objects_is_above_chance(made_study):
    drives = [made_drive(made_study, 100 + number, aimed=0.2, number=number) for number in range(6)]
    study, gaze, boxes = study_of_drives(drives)
    options = ObjectOptions(boxes=boxes, tracker_error_deg=1.0, moments=12)
    section = gaze_on_objects(study, gaze, options)
    findings = {each.key: each for each in section.findings}
    ratio = findings["objects.ratio.probability"]
    assert ratio.estimate.low > 1
    share = findings["objects.share.box"]
    names = dict(share.details)
    # Never a share alone: chance, area and the ratio stand beside it.
    assert {"share of looks by chance", "ratio to chance"} <= set(names)
    assert names["share of looks by chance"].value < share.estimate.value
    assert findings["objects.ratio.class.car"].estimate.value > 1
    assert section.to_json()["key"] == "objects"
    assert len(section.plots) == 2
    for plot in section.plots:
        figure = plot.draw()
        assert figure.axes[0].get_xlabel() or figure.axes[0].get_ylabel()
        figure.savefig("/dev/null", format="svg")
    ratios = [
        each for each in section.findings if each.key.startswith("objects.ratio.") and each.tests
    ]
    assert ratios
    # No road video tells the bends of these sessions.
    assert all("road video" in each.unproven for each in ratios)
    rows = section.tables[0].rows
    assert len(rows) == 6
    for table in section.tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.name
    by_driver = next(table for table in section.tables if table.name == "objects_by_driver")
    assert [row[0] for row in by_driver.rows] == [f"D{number:03d}" for number in range(6)]
    assert any("far car" in each for each in share.caveats)


@pytest.mark.slow
def test_a_blank_stare_is_at_chance_over_fifty_sessions(made_study):
    drives = [
        made_drive(made_study, 300 + number, aimed=0.0, number=number) for number in range(50)
    ]
    study, gaze, boxes = study_of_drives(drives)
    results = object_results(study, gaze, ObjectOptions(boxes=boxes, moments=12, looks_per_s=5))
    estimate = ratio_to_chance(results.sessions).comparison.estimate
    assert estimate.low < 1 < estimate.high
    assert estimate.value == pytest.approx(1.0, abs=0.1)
    assert estimate.sessions == 50


def test_gaze_that_is_moved_by_a_hundred_seconds_is_at_chance(made_study):
    drives = []
    for number in range(6):
        session, placed, _ = made_drive(made_study, 500 + number, aimed=0.3, number=number)
        moved = made_study.plain_session(
            len(session),
            fps=FPS,
            session_id=session.session_id,
            driver_id=session.driver_id,
            gaze_road_px=np.roll(session.gaze_road_px, 100 * FPS, axis=0),
            gaze_in_view=np.roll(session.gaze_in_view, 100 * FPS),
            fixation_id=session.fixation_id,
        )
        drives.append((moved, placed, 0.0))
    study, gaze, boxes = study_of_drives(drives)
    results = object_results(study, gaze, ObjectOptions(boxes=boxes, moments=12))
    estimate = ratio_to_chance(results.sessions).comparison.estimate
    assert estimate.low < 1 < estimate.high


def test_fixations_count_by_the_same_thing_for_half_of_their_looks(made_study):
    count = 400
    box = [600.0, 300.0, 680.0, 420.0]
    boxes = ObjectBoxes(
        session_id="session_001",
        clock="frame_index",
        moment=np.arange(count, dtype=np.float64),
        picture=np.arange(count),
        corners_px=np.tile(box, (count, 1)),
        kind=np.full(count, "car"),
        score=np.ones(count),
        # In the second half of the drive every frame is said to show another thing.
        track_id=np.where(np.arange(count) < 200, 0, np.arange(count)),
        size_px=(1280, 720),
    )
    session = made_study.plain_session(count, fps=FPS, fixation_id=np.arange(count) // 10)
    placed = place_boxes(boxes, session)
    study, gaze, given = study_of_drives([(session, placed, 0.0)])
    found = object_results(study, gaze, ObjectOptions(boxes=given)).sessions[0]
    assert found.counts.look_share[0, 0] == 1.0
    assert found.counts.fixation_share[0, 0] == 0.5
    assert "at least 30 s apart" in found.cannot_say


def test_a_study_without_boxes_or_with_foreign_ones_says_so(made_study):
    session, placed, _ = made_drive(made_study, 1, minutes=1)
    study, gaze, boxes = study_of_drives([(session, placed, 0.0)])
    section = gaze_on_objects(study, gaze, ObjectOptions(boxes={}))
    assert "no boxes" in section.findings[0].cannot_say
    with pytest.raises(InputError, match="no session of this study"):
        gaze_on_objects(study, gaze, ObjectOptions(boxes={"session_777": placed}))
    short = gaze_on_objects(study, gaze, ObjectOptions(boxes=boxes))
    keys = {each.key: each for each in short.findings}
    assert "1 of 1 sessions" in keys["objects.ratio.box"].cannot_say
    assert "60 s long" in keys["objects.ratio.box"].cannot_say


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="tracker_error_deg"):
        ObjectOptions(boxes={}, tracker_error_deg=0.0)
    with pytest.raises(InputError, match="margin_deg"):
        ObjectOptions(boxes={}, moments=3)
