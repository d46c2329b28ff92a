"""Does a track of gaze go with a track of conditions? Tested by shifting one against the other in time."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from ..contract.finding import Test
from ..contract.study import FloatArray
from .cells import CellTable
from .comparison import Comparison, refused
from .within import mean_of_sessions

Track = NDArray[Any]
Statistic = Callable[[Track, Track], float]
"""Of the gaze track and the condition track."""

LEAST_SHIFTS_LONG = 4
"""A session has to be so many times as long as the least shift."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ShiftTest:
    """What a statistic is, and what it is by chance, in one session.

    Attributes
    ----------
    observed
        The statistic; NaN if refused.
    shifted
        The statistic of each shift, shape (repeats,).
    repeats
        How many.
    min_shift_s
        Least shift.
    cannot_say
        Why there is no test; "" if there is one.
    """

    observed: float
    shifted: FloatArray
    repeats: int
    min_shift_s: float
    cannot_say: str = ""

    @property
    def chance(self) -> float:
        """Mean of the shifted statistics: what is expected by chance."""
        return float(np.mean(self.shifted)) if len(self.shifted) else float("nan")

    @property
    def excess(self) -> float:
        """Observed less chance."""
        return self.observed - self.chance

    @property
    def z(self) -> float:
        """Excess in SDs of the shifted statistics; NaN if they don't differ."""
        spread = float(np.std(self.shifted, ddof=1)) if len(self.shifted) > 1 else 0.0
        return self.excess / spread if spread > 0 else float("nan")

    @property
    def test(self) -> Test:
        """Two-sided test of this session."""
        null = f"conditions shifted in time by at least {self.min_shift_s:g} s, in a circle"
        if self.cannot_say:
            return Test(p=None, null=null)
        return Test(p=_p(self.observed, self.shifted), null=null, repeats=self.repeats)


def circular_shift_test(
    track: Track,
    condition: Track,
    statistic: Statistic,
    *,
    time_s: FloatArray,
    min_shift_s: float = 30.0,
    repeats: int = 499,
    seed: int = 1,
) -> ShiftTest:
    """Compare a statistic of two tracks of one session with that of tracks shifted against each other.

    The condition is moved by a random time between `min_shift_s` and the session's length less `min_shift_s`;
    what leaves at the end comes in at the start. Both keep their values and their autocorrelation; only what
    goes with what is lost. Shuffled frames would lose the autocorrelation too, and find something in
    nearly every session.

    Parameters
    ----------
    track, condition
        Shape (n, …) each; rows are frames at an even rate, gaps as rows of NaN.
    statistic
        Of both; it is given all rows, and drops what is missing itself. NaN of a shift is not counted.
    time_s
        Of the rows, shape (n,), s.
    min_shift_s
        Has to be longer than what is correlated in time.
    repeats
        Shifts.
    seed
        Of them.

    Raises
    ------
    InputError
        If shapes differ, or `repeats` or `min_shift_s` are not above 0.
    """
    if not len(track) == len(condition) == len(time_s) or repeats < 1 or min_shift_s <= 0:
        raise InputError(
            f"Tracks of {len(track)} and {len(condition)} rows, {len(time_s)} times, {repeats} repeats, "
            f"least shift {min_shift_s:g} s.",
            fix="Give both tracks a row for each time, at least one repeat, and a shift above 0 s.",
        )
    nothing = ShiftTest(
        observed=float("nan"), shifted=np.zeros(0), repeats=0, min_shift_s=min_shift_s
    )
    count = len(time_s)
    length_s = float(time_s[-1] - time_s[0]) if count > 1 else 0.0
    if length_s < LEAST_SHIFTS_LONG * min_shift_s:
        return _because(
            nothing,
            f"The session is {length_s:.0f} s long; shifts of at least {min_shift_s:g} s need "
            f"{LEAST_SHIFTS_LONG * min_shift_s:g} s.",
        )
    observed = float(statistic(track, condition))
    if not np.isfinite(observed):
        return _because(nothing, "The statistic can't be computed in this session.")
    least = int(np.ceil(min_shift_s * (count - 1) / length_s))
    shifts = np.random.default_rng(seed).integers(least, count - least + 1, size=repeats)
    shifted = np.array(
        [statistic(track, np.roll(condition, int(shift), axis=0)) for shift in shifts]
    )
    shifted = shifted[np.isfinite(shifted)]
    if len(shifted) < max(1, repeats // 2):
        return _because(nothing, "The statistic can't be computed for most shifts of this session.")
    return ShiftTest(
        observed=observed, shifted=shifted, repeats=len(shifted), min_shift_s=min_shift_s
    )


def pooled_shift_test(
    tests: Sequence[ShiftTest],
    session_id: Sequence[str],
    driver_id: Sequence[str],
    *,
    unit: str = "",
    level: float = 0.95,
    naive_p: float | None = None,
) -> Comparison:
    """Put the shift tests of sessions together.

    The estimate is the mean excess over chance, with an interval over sessions (see `nested_mean`); its
    test says what other sessions would show. The second test holds the mean statistic against the
    shifts alone: it says whether these sessions show more than chance, however few they are.

    Parameters
    ----------
    tests
        One for each session; refused ones are left out.
    session_id, driver_id
        Of the sessions.
    unit
        Of the statistic.
    level, naive_p
        As of `mean_of_sessions`.
    """
    kept = [
        (test, session, driver)
        for test, session, driver in zip(tests, session_id, driver_id, strict=True)
        if not test.cannot_say
    ]
    if not kept:
        reasons = sorted({test.cannot_say for test in tests})
        return refused(" ".join(reasons) or "There are no sessions.", naive_p=naive_p)
    cells = CellTable.of((session, driver, 0.0, test.excess, 1.0) for test, session, driver in kept)
    found = mean_of_sessions(cells, unit=unit, level=level, least_minutes=0.0, naive_p=naive_p)
    repeats = min(test.repeats for test, _, _ in kept)
    null = np.mean([test.shifted[:repeats] for test, _, _ in kept], axis=0)
    seen = float(np.mean([test.observed for test, _, _ in kept]))
    shifted = Test(
        p=_p(seen, null),
        null="conditions shifted in time within each session, mean over sessions",
        repeats=repeats,
    )
    left_out = Counter(test.cannot_say for test in tests if test.cannot_say)
    caveats = tuple(
        f"Left out: {number} of {len(tests)} sessions. {reason}"
        for reason, number in sorted(left_out.items())
    )
    return Comparison(
        estimate=found.estimate,
        tests=(*found.tests, shifted),
        naive_p=naive_p,
        caveats=(*found.caveats, *caveats),
    )


def _p(observed: float, shifted: FloatArray) -> float:
    """Give the two-sided p value: how often chance is as far from its own mean."""
    middle = float(np.mean(shifted))
    reach = abs(observed - middle) * (1 - 1e-12)
    return float((1 + np.count_nonzero(np.abs(shifted - middle) >= reach)) / (1 + len(shifted)))


def _because(nothing: ShiftTest, reason: str) -> ShiftTest:
    return ShiftTest(
        observed=nothing.observed,
        shifted=nothing.shifted,
        repeats=0,
        min_shift_s=nothing.min_shift_s,
        cannot_say=reason,
    )
