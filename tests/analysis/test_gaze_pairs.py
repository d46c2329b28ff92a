"""Two conditions compared on equally much gaze: little gaze is found too narrow, much is not."""

import numpy as np
import pytest
from scipy.signal import lfilter

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.gaze.equal_stretches import equal_stretches
from dashgaze.analysis.gaze.options import GazeOptions
from dashgaze.analysis.gaze.session_values import cell_table
from dashgaze.analysis.gaze.spread_cells import spread_cells
from dashgaze.analysis.gaze.spread_contrasts import HEADLINE, BothCells
from dashgaze.analysis.gaze.spread_pairs import pair_cells
from dashgaze.analysis.statistics.within import within_sessions
from dashgaze.analysis.study.directions import study_directions

PAIR = ("moving", "stopped")
_FPS = 10.0


def test_stretches_have_the_lengths_and_the_order_of_the_rare_condition():
    few = np.zeros(100, dtype=bool)
    few[10:13] = few[50:58] = True
    draws = list(equal_stretches(~few, few, draws=5))
    assert len(draws) == 5
    for places in draws:
        assert len(places) == 11
        assert not few[places].any()
    first = draws[0]
    # 10 of 100 frames come before the first stretch, 50 before the second: so much of the 89 others does.
    others = np.flatnonzero(~few)
    assert first.tolist() == [*others[8:11], *others[44:52]]


def test_all_of_the_frequent_condition_has_its_turn():
    few = np.zeros(1000, dtype=bool)
    few[500:550] = True
    counts = np.bincount(np.concatenate(list(equal_stretches(~few, few, draws=19))), minlength=1000)
    assert set(counts[~few]) == {1}
    assert not counts[few].any()


def test_frames_of_neither_condition_do_not_part_a_stretch():
    many, few = np.zeros(20, dtype=bool), np.zeros(20, dtype=bool)
    many[:8] = True
    few[[12, 14]] = True  # in between gaze was lost
    (places,) = equal_stretches(many, few, draws=1)
    assert places.tolist() == [6, 7]


@pytest.mark.parametrize(("many", "few"), [(0, 5), (5, 0)])
def test_without_one_of_them_there_are_no_stretches(many, few):
    flags = np.arange(many + few) < many
    assert list(equal_stretches(flags, ~flags)) == []


def _session(made_study, place, ratio):
    """Ten minutes of gaze of one spread, which moves slowly; four stops of fifteen seconds with another one."""
    rng = np.random.default_rng([place, 7])
    count = round(600 * _FPS)
    speed = np.full(count, 12.0)
    for start_s in (100, 250, 390, 500):
        speed[round(start_s * _FPS) : round((start_s + 15) * _FPS)] = 0.0
    slow = lfilter([np.sqrt(1 - 0.88**2)], [1, -0.88], rng.normal(0, 4.0, (count, 2)), axis=0)
    slow[:, 0] *= np.where(speed == 0, ratio, 1.0)
    return made_study.plain_session(
        count,
        session_id=f"session_{place:03d}",
        driver_id=f"D{place:03d}",
        fps=_FPS,
        speed_m_s=speed,
        gaze_road_px=np.array([639.5, 359.5]) + 1000 * np.tan(np.radians(slow)),
    )


def _compared(made_study, ratio, count=40):
    study = Study(
        title="t",
        version="1",
        digest="0",
        simulated=True,
        sessions=tuple(_session(made_study, place, ratio) for place in range(count)),
    )
    directed, options = study_directions(study).by_session, GazeOptions()
    plain = spread_cells(study, directed, "stopped", PAIR, options, full=False)
    both = BothCells(all_frames=plain, direct_only=plain)
    paired = pair_cells(study, directed, "stopped", PAIR, PAIR, both, options).all_frames
    assert [(each.session_id, each.condition, each.seconds) for each in plain] == [
        (each.session_id, each.condition, each.seconds) for each in paired
    ]
    return [
        within_sessions(cell_table(cells, HEADLINE), *PAIR, least_minutes=0.0).estimate
        for cells in (plain, paired)
    ]


def test_a_minute_of_gaze_is_not_found_narrower_than_nine_only_for_being_less(made_study):
    plain, paired = _compared(made_study, 1.0)
    assert paired.low < 1 < paired.high
    # Gaze that is alike over 1.6 s: the stops are worth 31 independent directions. A robust spread of n of them has a
    # logarithm with a variance of 1.36 / n, and is too small by half of that.
    assert 1.01 < paired.value / plain.value < 1.04


def test_a_true_ratio_is_found(made_study):
    _, paired = _compared(made_study, 1.8)
    assert paired.low < 1.8 < paired.high
    assert paired.value == pytest.approx(1.8, rel=0.08)


def test_a_session_that_has_only_one_of_them_keeps_it(made_study):
    study = Study(
        title="t",
        version="1",
        digest="0",
        simulated=True,
        sessions=(made_study.plain_session(round(120 * _FPS), fps=_FPS),),
    )
    directed, options = study_directions(study).by_session, GazeOptions()
    plain = spread_cells(study, directed, "stopped", PAIR, options, full=False)
    both = BothCells(all_frames=plain, direct_only=[])
    paired = pair_cells(study, directed, "stopped", PAIR, PAIR, both, options)
    assert paired.all_frames == plain
    assert [each.condition for each in plain] == ["moving"]
    assert paired.direct_only == []
