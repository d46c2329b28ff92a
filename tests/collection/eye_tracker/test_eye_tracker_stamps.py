"""Which samples survive when stamps do not ascend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgaze.collection.eye_tracker.stamps import find_order, nearest_rows

DAY_NS = 24 * 3600 * 10**9
AT = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("stamps", "kept"),
    [
        ([1, 2, 3], [0, 1, 2]),
        ([1, 1, 2], [0, 2]),  # the first of two equals stays
        ([1, 3, 2, 4], [0, 1, 3]),  # a step back is left out, not what it steps behind
        ([1, 9, 2, 3, 4], [0, 2, 3, 4]),  # unless that costs more
        ([5, 6, 7, 1, 2], [0, 1, 2]),
        ([5, 1, 2, 3], [1, 2, 3]),
        ([4, 4, 4, 4], [0]),
        ([], []),
        ([7], [0]),
    ],
)
def test_as_few_samples_as_possible_are_lost(stamps: list[int], kept: list[int]) -> None:
    order = find_order(AT + np.array(stamps, dtype=np.int64))
    assert np.flatnonzero(order.keep).tolist() == kept
    assert order.disorder_count == len(stamps) - len(kept)
    assert order.implausible_count == 0


def test_stamps_a_day_off_the_middle_are_implausible() -> None:
    stamps = np.array([AT - DAY_NS - 1, AT - DAY_NS, AT, AT + DAY_NS, AT + DAY_NS + 1])
    order = find_order(stamps)
    assert order.keep.tolist() == [False, True, True, True, False]
    assert order.implausible_count == 2


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(AT, AT + 50), max_size=60))
def test_kept_stamps_always_ascend_and_none_could_be_added(values: list[int]) -> None:
    stamps = np.array(values, dtype=np.int64)
    order = find_order(stamps)
    kept = stamps[order.keep]
    assert (np.diff(kept) > 0).all()
    assert not len(kept) or kept[-1] - kept[0] <= 2 * DAY_NS
    lost = len(stamps) - len(kept)
    assert lost == order.implausible_count + order.disorder_count


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=20, unique=True),
    st.lists(st.integers(-20, 120), max_size=20),
)
def test_the_nearest_row_is_the_nearest(times: list[int], at: list[int]) -> None:
    ordered = np.array(sorted(times), dtype=np.int64)
    rows = nearest_rows(ordered, np.array(at, dtype=np.int64))
    assert rows.tolist() == [int(np.argmin(np.abs(ordered - moment))) for moment in at]
