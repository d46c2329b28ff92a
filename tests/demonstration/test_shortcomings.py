"""What is said of a demonstration's results."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashgaze.comparison import ClockErrors, RoadGazeErrors
from dashgaze.demonstration import Demo, shortcomings

CLOCKS = ClockErrors(
    verdict="ok",
    offset_s=-5.0,
    drift_ppm=10.0,
    offset_error_ms=(3.0, 0.0, -3.0),
    offset_se_ms=1.0,
    drift_error_ppm=0.1,
    drift_se_ppm=1.0,
    road_time_error_ms=0.1,
    same_road_frame_share=1.0,
)
GAZE = RoadGazeErrors(
    frame_count=1000,
    answered_share=0.95,
    median_px=12.0,
    p95_px=40.0,
    p99_px=80.0,
    median_deg=0.6,
    stated_median_px=8.0,
    in_ellipse_share=0.9,
    sure_and_wrong_count=5,
)


def said(clocks=None, gaze=None):
    return shortcomings(
        Demo(
            session=Path("s"),
            report=Path("r"),
            overlay=Path("o"),
            clocks=replace(CLOCKS, **(clocks or {})),
            road_gaze=replace(GAZE, **(gaze or {})),
            seconds={},
        )
    )


def test_a_result_at_all_bounds_is_good():
    assert said() == ()


@pytest.mark.parametrize(
    ("clocks", "sentence"),
    [
        ({"verdict": "doubtful"}, "the clocks' verdict is doubtful, not ok"),
        ({"verdict": "failed", "offset_error_ms": None}, "the clocks' verdict is failed, not ok"),
        (
            {"offset_error_ms": (0.0, 0.0, -3.1)},
            "the clocks are off by 3.1 ms, more than 3 ms",
        ),
        (
            {"offset_error_ms": (4.0, 0.0, 0.0)},
            "the clocks are off by 4.0 ms, more than 3 ms",
        ),
    ],
)
def test_clocks_that_are_off(clocks, sentence):
    assert said(clocks=clocks) == (sentence,)


@pytest.mark.parametrize(
    ("gaze", "sentence"),
    [
        ({"answered_share": 0.949}, "only 94.9% of the frames have gaze in the road view"),
        ({"median_px": 12.1}, "gaze is off by 12.1 px in the median frame"),
        ({"in_ellipse_share": 0.89}, "only 89.0% of the true points lie in the 95 % ellipse"),
        ({"sure_and_wrong_count": 6}, "6 frames are sure and wrong"),
        ({"answered_share": None, "median_px": None}, "no frame has gaze in the road view"),
        (
            {"answered_share": 0.0, "median_px": None, "in_ellipse_share": None},
            "no frame has gaze in the road view",
        ),
    ],
)
def test_gaze_that_is_off(gaze, sentence):
    assert said(gaze=gaze) == (sentence,)


def test_each_shortcoming_is_told():
    found = said(
        clocks={"offset_error_ms": (9.0, 9.0, 9.0)},
        gaze={
            "answered_share": 0.5,
            "median_px": 50.0,
            "in_ellipse_share": 0.1,
            "sure_and_wrong_count": 100,
        },
    )
    assert len(found) == 5
    assert len(set(found)) == 5
