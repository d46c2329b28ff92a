"""One pass over a stretch: each row once, in order, with all that can be known of it."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dashgaze.alignment.sweep as sweep_module
from dashgaze.alignment.direct import DirectMatch, Rejected
from dashgaze.alignment.frame_pairs import FramePair, NoPair, PairPlan
from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.sweep import BLIND_EVERY, REACH_FRAMES, Sweep
from dashgaze.alignment.turn_fit import TurnFit

FRAME = MapFrame(
    ego_matrix=np.array([[770.0, 0, 540], [0, 770, 540], [0, 0, 1]]), road_size_px=(640, 360)
)
MAP = Mapping.from_matrix(
    np.array([[0.72, 0, -70], [0, 0.72, -240], [0, 0, 1]]), 1e-10 * np.eye(8), FRAME
)
RNG = np.random.default_rng(0)
KNOWN = "D" * 10  # so many matches tell how well the next place is foreseen
POINTS = RNG.uniform(300, 700, (40, 2))


def a_match() -> DirectMatch:
    return DirectMatch(
        mapping=MAP,
        inlier_probability=np.ones(40),
        sigma_px=0.5,
        ego_px=POINTS,
        road_px=MAP.map_points(POINTS),
        ego_shown_px=POINTS,
        road_shown_px=MAP.map_points(POINTS),
        noise_scale=np.ones(40),
        velocity_px_s=np.zeros((40, 2)),
        deviation_px=1.0,
    )


class Matcher:
    """Matches the rows with a D in the pattern; keeps note of what it is asked."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.frame, self.road_camera = FRAME, None
        self.asked: list[tuple[int, bool]] = []

    def match(self, luma, view, neighbour, time_s, *, prediction, seed):
        self.asked.append((seed, prediction is not None))
        return a_match() if self.pattern[seed] == "D" else Rejected(reason="no_consensus")


class Carrier:
    """Carries a map anywhere; keeps note of where, and of the turns it is given."""

    made: list["Carrier"]
    lasts = 10**9

    def __init__(self, camera, match, first) -> None:
        self.start = int(first.luma[0, 0])
        self.steps: list[tuple[int, float]] = []
        type(self).made.append(self)

    def step(self, frame):
        if len(self.steps) >= self.lasts:
            return None
        self.steps.append((int(frame.luma[0, 0]), float(frame.turn_rad[0])))
        return TurnFit(mapping=MAP, inlier_count=9, inlier_probability=np.ones(9), sigma_px=0.5)


@pytest.fixture
def carriers(monkeypatch):
    """The carriers that a sweep makes."""
    kind = type("Fresh", (Carrier,), {"made": [], "lasts": 10**9})
    for name in ("TrackCarrier", "ChainCarrier"):
        monkeypatch.setattr(sweep_module, name, kind)
    return kind


def pairs(pattern: str):
    """One pair for each letter; N for a missing one."""
    for row, letter in enumerate(pattern):
        if letter == "N":
            yield NoPair(row=row, reason="no_road_frame")
        else:
            yield FramePair(
                row=row,
                luma=np.full((2, 2), row, dtype=np.int64),
                view=SimpleNamespace(index=row, time_s=row / 30),
                neighbour=None,
            )


def run(pattern: str, *, last_row: int | None = None, turns=None, **options):
    count = len(pattern)
    plan = PairPlan(
        ego_path=None, road_path=None, ego_times=None, road_times=None,
        ego_index=np.arange(count), road_index=np.arange(count),
        time_s=np.arange(count) / 30,
        turn_rad=np.zeros((count, 3)) if turns is None else turns,
        gaze_px=np.full((count, 2), 500.0),
    )  # fmt: skip
    matcher = Matcher(pattern)
    sweep = Sweep(plan, None, matcher, **options)
    last = count - 1 if last_row is None else last_row
    return list(sweep.run(pairs(pattern), last_row=last)), matcher


def ways(results, way):
    return [each.row for each in results if way in each.carried]


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    runs=st.lists(st.tuples(st.sampled_from("DRN"), st.integers(1, 80)), min_size=1, max_size=7),
    method=st.sampled_from(["tracks", "chain", "paper"]),
    data=st.data(),
)
def test_every_row_comes_once_and_in_order(carriers, runs, method, data):
    pattern = "".join(letter * count for letter, count in runs)
    last_row = data.draw(st.integers(0, len(pattern) - 1))
    results, matcher = run(pattern, last_row=last_row, method=method)
    rows = [each.row for each in results]
    assert rows == list(range(len(rows)))
    assert len(rows) > last_row
    assert len(rows) <= min(len(pattern), last_row + REACH_FRAMES + 1)
    tried = {row for row, _ in matcher.asked}
    for each in results:
        letter = pattern[each.row]
        assert (each.missing == "no_road_frame") == (letter == "N")
        found = letter == "D" and each.row in tried
        assert (each.direct is not None) == found
        assert (each.inlier_count > 0) == found
        assert (each.refusal is not None) == (letter != "N" and not found)
        if each.row not in tried and letter != "N":
            assert each.refusal == "out_of_sight"
        if letter == "N" or found:
            assert not each.carried or letter == "D"
    # Beyond the last row only while the gap that it lies in goes on.
    beyond = [each for each in results if each.row >= last_row]
    assert all(each.direct is None for each in beyond[:-1])


def test_a_seed_is_that_of_the_row_in_the_drive(carriers):
    asked = []
    pattern = "D" * 5
    plan = PairPlan(
        ego_path=None, road_path=None, ego_times=None, road_times=None,
        ego_index=np.arange(5), road_index=np.arange(5), time_s=np.arange(5) / 30,
        turn_rad=np.zeros((5, 3)), gaze_px=np.full((5, 2), 500.0),
    )  # fmt: skip
    matcher = Matcher(pattern)
    matcher.match = lambda *_, prediction, seed: asked.append(seed) or a_match()
    list(Sweep(plan, None, matcher, seed=600).run(pairs(pattern), last_row=4))
    assert sorted(set(asked)) == [600, 601, 602, 603, 604]


def test_while_nothing_is_known_every_third_frame_is_searched(carriers):
    results, matcher = run("R" * 12)
    assert matcher.asked == [(row, False) for row in range(0, 12, BLIND_EVERY)]
    assert [each.refusal for each in results[:4]] == ["no_consensus", "out_of_sight", "out_of_sight",
                                                      "no_consensus"]  # fmt: skip
    assert not any(each.carried for each in results)


def test_what_was_found_blindly_is_matched_again_where_it_was_found(carriers):
    _, matcher = run("DD")
    assert matcher.asked == [(0, False), (0, True), (1, True)]


def test_after_a_match_the_road_is_looked_for_where_it_has_to_be(carriers):
    """And in every third frame everywhere."""
    _, matcher = run(KNOWN + "R" * 9)
    later = [(row - 10, known) for row, known in matcher.asked if row >= 10]
    predicted = [row for row, known in later if known]
    blind = [row for row, known in later if not known]
    assert predicted[:5] == list(range(5))
    assert blind[:2] == [2, 5]


def test_missing_frames_do_not_count_as_searched(carriers):
    _, matcher = run("RNNNNNRRR")
    assert [row for row, _ in matcher.asked] == [0, 8]


def test_a_short_gap_is_carried_into_from_both_ends(carriers):
    results, _ = run(KNOWN + "R" * 4 + "DD")
    assert ways(results, "forward") == [10, 11, 12, 13, 14]  # the next match too: to be compared
    assert ways(results, "backward") == [10, 11, 12, 13]
    first, second = [each for each in carriers.made if each.steps]
    assert (first.start, second.start) == (9, 14)
    assert [row for row, _ in first.steps] == [10, 11, 12, 13, 14]
    assert [row for row, _ in second.steps] == [13, 12, 11, 10]


def test_a_long_gap_is_carried_into_as_far_as_points_last(carriers):
    gap = 2 * REACH_FRAMES + 25
    results, _ = run("D" + "R" * (gap + 2) + "DDD")
    first_match = next(each.row for each in results[1:] if each.direct is not None)
    assert ways(results, "forward") == list(range(1, 1 + REACH_FRAMES))
    assert ways(results, "backward") == list(range(first_match - REACH_FRAMES, first_match))


def test_points_that_are_lost_stay_lost(carriers):
    carriers.lasts = 2
    results, _ = run("D" + "R" * 6 + "D" * 3)
    match = next(each.row for each in results[1:] if each.direct is not None)
    assert ways(results, "forward") == [1, 2]
    assert ways(results, "backward") == [match - 2, match - 1]


def test_turns_over_missing_frames_are_added_up(carriers):
    turns = np.zeros((6, 3))
    turns[:, 0] = [0, 1, 2, 4, 8, 16]
    _, matcher = run("DRNRRD", turns=turns)
    assert (5, True) in matcher.asked
    forward, backward = [each for each in carriers.made if each.steps]
    assert forward.steps == [(1, 1.0), (3, 6.0), (4, 8.0), (5, 16.0)]
    assert backward.steps == [(4, -16.0), (3, -8.0), (1, -6.0)]


def test_an_unknown_turn_stays_unknown(carriers):
    turns = np.zeros((14, 3))
    turns[11] = np.nan
    run(KNOWN + "RNRD", turns=turns)
    forward, backward = [each for each in carriers.made if each.steps]
    assert [np.isnan(turn) for _, turn in forward.steps] == [False, True, False]
    assert [np.isnan(turn) for _, turn in backward.steps] == [False, True]


def test_a_gap_at_the_end_of_a_stretch_is_closed_beyond_it(carriers):
    results, _ = run(KNOWN + "R" * 5 + "D" * 9, last_row=12)
    assert [each.row for each in results] == list(range(16))
    assert results[-1].direct is not None
    assert ways(results, "backward") == list(range(10, 15))


def test_a_gap_without_end_is_given_up(carriers):
    results, _ = run("D" * 5 + "R" * 200, last_row=8)
    assert [each.row for each in results] == list(range(8 + REACH_FRAMES + 1))
    assert ways(results, "backward") == []


def test_a_stretch_that_ends_with_a_match_goes_no_further(carriers):
    results, matcher = run("D" * 20, last_row=8)
    assert [each.row for each in results] == list(range(9))
    assert max(row for row, _ in matcher.asked) == 8


def test_a_stretch_of_missing_frames(carriers):
    results, matcher = run("N" * 150, last_row=99)
    assert [each.missing for each in results] == ["no_road_frame"] * len(results)
    assert len(results) >= 100
    assert matcher.asked == []


def test_the_published_way_matches_once_and_chains_on(carriers):
    results, matcher = run("RRRD" + "DR" * 50, method="paper")
    assert [each.row for each in results if each.direct is not None] == [3]
    assert ways(results, "forward") == list(range(4, 104))
    assert ways(results, "backward") == []
    assert len(matcher.asked) == 3  # two blind ones, and the one that makes sure


def test_rejected_frames_between_matches_cost_no_place(carriers):
    results, _ = run(KNOWN + "RDRDRDR")
    assert [each.row for each in results if each.direct is None] == [10, 12, 14, 16]
    assert ways(results, "backward") == [10, 12, 14]
    assert ways(results, "forward") == list(range(10, 17))
