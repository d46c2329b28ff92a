"""Several sounds on one line."""

import numpy as np
import pytest

from dashgaze.errors import InputError
from dashgaze.media import Sound, join_sounds


def constant(value, count, *, start_s=0.0, rate_hz=1000, **more):
    samples = np.full(count, value, dtype=np.float32)
    return Sound(samples=samples, rate_hz=rate_hz, start_s=start_s, **more)


def test_a_space_between_parts_is_a_gap():
    joined = join_sounds([(constant(1, 100, start_s=0.05), 10.0), (constant(2, 50), 11.0)])
    assert joined.start_s == 10.05
    assert joined.gaps_s == (pytest.approx((10.15, 11.0)),)
    assert len(joined.samples) == 1000
    assert set(joined.samples[:100]) == {1.0}
    assert set(joined.samples[950:]) == {2.0}
    assert not joined.samples[100:950].any()
    assert np.count_nonzero(joined.recorded()) == 150
    assert joined.recorded()[[99, 100, 949, 950]].tolist() == [True, False, False, True]


def test_the_order_in_which_parts_are_given_does_not_matter():
    one, two = (constant(1, 100), 5.0), (constant(2, 100), 6.0)
    forth, back = join_sounds([one, two]), join_sounds([two, one])
    assert forth.samples.tolist() == back.samples.tolist()
    assert (forth.start_s, forth.gaps_s) == (back.start_s, back.gaps_s)


def test_where_parts_overlap_the_earlier_stays():
    joined = join_sounds([(constant(2, 100), 0.06), (constant(1, 100), 0.0)])
    assert joined.samples.tolist() == [1.0] * 100 + [2.0] * 60
    assert joined.gaps_s == ()
    assert joined.dropped_s == pytest.approx(0.04)


def test_a_part_that_another_covers_is_dropped():
    joined = join_sounds([(constant(1, 100), 0.0), (constant(2, 10), 0.05)])
    assert joined.samples.tolist() == [1.0] * 100
    assert joined.dropped_s == pytest.approx(0.01)


def test_parts_move_to_the_nearest_sample():
    joined = join_sounds([(constant(1, 10), 0.0), (constant(2, 10), 0.02049)])
    assert np.flatnonzero(joined.samples == 2).tolist() == list(range(20, 30))


def test_gaps_of_parts_are_kept_as_far_as_the_part_is():
    gappy = constant(1, 100, start_s=0.5, gaps_s=((0.51, 0.53), (0.58, 0.6)))
    gappy.samples[~gappy.recorded()] = 0
    other = constant(3, 75)
    joined = join_sounds([(gappy, 1.0), (other, 1.45)])  # ends at 1.525, 15 ms into the first gap
    assert joined.start_s == 1.45
    assert joined.gaps_s == (pytest.approx((1.525, 1.53)), pytest.approx((1.58, 1.6)))
    assert not joined.samples[~joined.recorded()].any()


def test_gaps_that_touch_are_one():
    first = constant(1, 100, gaps_s=((0.09, 0.1),))
    joined = join_sounds([(first, 0.0), (constant(2, 10), 0.2)])
    assert joined.gaps_s == (pytest.approx((0.09, 0.2)),)


def test_what_is_known_of_the_parts_is_kept(tmp_path):
    one = constant(
        1, 300, clipped_share=0.1, paths=(tmp_path / "1",), clock_ppm=40.0, damaged_packets=2
    )
    two = constant(1, 100, clipped_share=0.5, paths=(tmp_path / "2",), truncated=True)
    joined = join_sounds([(one, 0.0), (two, 1.0)])
    assert joined.clipped_share == pytest.approx(0.2)
    assert joined.paths == (tmp_path / "1", tmp_path / "2")
    assert joined.truncated
    assert joined.damaged_packets == 2
    assert joined.clock_ppm == 40.0


def test_parts_are_not_changed():
    part = constant(1, 100)
    joined = join_sounds([(part, 3.0), (constant(2, 100), 3.05)])
    assert set(part.samples) == {1.0}
    assert part.start_s == 0.0
    assert joined.samples is not part.samples


def test_parts_of_different_rates_are_refused():
    with pytest.raises(InputError, match=r"different sample rates: \[1000, 500\]"):
        join_sounds([(constant(1, 10), 0.0), (constant(1, 10, rate_hz=500), 1.0)])


@pytest.mark.parametrize("zero_s", [1.7e9, float("nan")])
def test_parts_of_different_clocks_are_refused(zero_s):
    with pytest.raises(InputError, match="at most 24 h"):
        join_sounds([(constant(1, 10), 0.0), (constant(1, 10), zero_s)])


def test_nothing_to_join_is_refused():
    with pytest.raises(InputError, match="at least one part"):
        join_sounds([])
