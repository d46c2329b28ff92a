"""Road lines meet at the vanishing point; where they do not, nothing is said."""

import cv2
import numpy as np

from dashgaze.alignment.road_camera import usual_road_camera
from dashgaze.alignment.vanishing_point.picture_flow import FlowFinder, WorkingView
from dashgaze.alignment.vanishing_point.road_lines import (
    FEWEST_VOTES,
    gather_votes,
    line_vote,
    meeting_point,
)

VIEW = WorkingView.of(usual_road_camera((640, 360)))


def drawn_road(point_px, *, bright=140):
    """A road with six lines that meet, and a wall that has nothing to do with them."""
    picture = np.full((360, 640), bright, dtype=np.uint8)
    x, y = point_px
    for bottom in (-500, -150, 150, 420, 800, 1200):
        away = np.array([bottom - x, 359 - y])
        near = np.round(np.array([x, y]) + 0.98 * away).astype(int)
        far = np.round(np.array([x, y]) + 0.25 * away).astype(int)
        cv2.line(picture, far.tolist(), near.tolist(), 250, 2, cv2.LINE_AA)
    for top in (40, 70, 100):
        cv2.line(picture, (20, top), (120, top + 22), 40, 2, cv2.LINE_AA)
    return picture


def test_lines_of_a_drawn_road_meet_where_they_were_drawn_to():
    vote = line_vote(drawn_road((350, 150)), VIEW, None, time_s=2.0)
    assert vote.time_s == 2.0
    away = np.degrees(vote.point - VIEW.tangents(np.array([350.0, 150.0])))
    assert np.abs(away).max() < 0.3
    assert vote.line_count >= 6


def test_in_the_dark_lines_have_no_say():
    assert line_vote(drawn_road((350, 150), bright=20) // 3, VIEW, None, time_s=0.0) is None


def test_an_empty_picture_has_no_lines():
    assert line_vote(np.full((360, 640), 128, dtype=np.uint8), VIEW, None, time_s=0.0) is None


def test_lines_in_all_directions_do_not_meet():
    rng = np.random.default_rng(1)
    middle = rng.uniform([-0.5, 0.0], [0.5, 0.3], (12, 2))
    angle = rng.uniform(0, np.pi, 12)
    half = 0.03 * np.column_stack([np.cos(angle), np.sin(angle)])
    assert meeting_point(np.stack([middle - half, middle + half], axis=1)) is None


def test_votes_are_gathered_only_if_there_are_enough():
    votes = [line_vote(drawn_road((350, 150 + step)), VIEW, None, time_s=step) for step in range(5)]
    assert gather_votes(votes[: FEWEST_VOTES - 1]).point_deg is None
    gathered = gather_votes(votes)
    wanted = np.degrees(np.arctan(VIEW.tangents(np.array([350.0, 152.0]))))
    assert np.abs(np.array(gathered.point_deg) - wanted).max() < 0.3
    assert max(gathered.se_deg) < 0.3


def test_points_of_a_moved_picture_are_followed():
    rng = np.random.default_rng(2)
    big = cv2.GaussianBlur(rng.integers(0, 255, (400, 700), dtype=np.uint8), (0, 0), 2.0) * 2
    finder = FlowFinder()
    assert finder.follow(np.ascontiguousarray(big[:360, :640])) is None
    flow = finder.follow(np.ascontiguousarray(big[3:363, 5:645]))
    moved = np.median(flow.to_px - flow.from_px, axis=0)
    assert len(flow) > 200
    assert np.abs(moved - [-5, -3]).max() < 0.05
    finder.forget()
    assert finder.follow(np.ascontiguousarray(big[:360, :640])) is None
