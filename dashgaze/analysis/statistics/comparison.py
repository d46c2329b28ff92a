"""What a comparison gives: an estimate and tests, or why there are none."""

import math
from dataclasses import dataclass

from ..contract.finding import FEWEST_SESSIONS, Estimate, Finding, Test


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The outcome of one comparison.

    Attributes
    ----------
    estimate
        The number with its interval; None if there is none.
    tests
        Against what it was tested, the main test first; empty where sessions are too few for one.
    naive_p
        What a test that takes frames for independent says.
    details
        Numbers behind it, by name.
    caveats
        What a reader has to know.
    cannot_say
        Why there is no estimate; "" if there is one.
    """

    estimate: Estimate | None = None
    tests: tuple[Test, ...] = ()
    naive_p: float | None = None
    details: tuple[tuple[str, Estimate], ...] = ()
    caveats: tuple[str, ...] = ()
    cannot_say: str = ""

    @property
    def p(self) -> float | None:
        """P value of the main test; None if there is none."""
        return self.tests[0].p if self.tests else None

    def finding(
        self,
        key: str,
        question: str,
        *,
        details: tuple[tuple[str, Estimate], ...] = (),
        caveats: tuple[str, ...] = (),
    ) -> Finding:
        """Give it as the answer to a question.

        Parameters
        ----------
        key, question
            As of a `Finding`.
        details, caveats
            What is to be said beside what the comparison says itself.
        """
        return Finding(
            key=key,
            question=question,
            estimate=self.estimate,
            tests=self.tests,
            naive_p=self.naive_p,
            details=(*self.details, *details),
            caveats=(*self.caveats, *caveats),
            cannot_say=self.cannot_say,
        )


def refused(reason: str, *, naive_p: float | None = None) -> Comparison:
    """Give a comparison that can't be made, with the reason as a sentence."""
    return Comparison(cannot_say=reason, naive_p=naive_p)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How a difference is shown.

    Attributes
    ----------
    log
        Whether values are logs (or logits), so that the difference is shown as a ratio (of odds).
    unit
        Of what is shown.
    level
        Coverage of intervals.
    """

    log: bool
    unit: str
    level: float = 0.95

    def estimate(
        self,
        value: float,
        error: float | None,
        freedom: float | None,
        *,
        method: str,
        sessions: int,
        drivers: int,
    ) -> Estimate:
        """Give value ± t · error on this scale; without an error there is no interval.

        Parameters
        ----------
        value, error
            Of the difference, on the scale of the values.
        freedom
            Degrees of freedom.
        method, sessions, drivers
            As of an `Estimate`.
        """
        low: float | None = None
        high: float | None = None
        if error is not None and freedom is not None:
            reach = t_quantile(0.5 + self.level / 2, freedom) * error
            low, high = self._shown(value - reach), self._shown(value + reach)
        return Estimate(
            value=self._shown(value),
            low=low,
            high=high,
            level=self.level,
            unit=self.unit,
            method=method,
            sessions=sessions,
            drivers=drivers,
            descriptive_only=error is None,
        )

    def _shown(self, value: float) -> float:
        # A tiny cell can give intervals that no ratio can hold.
        return math.exp(min(value, 700.0)) if self.log else value


def descriptive(what: str, count: int) -> str:
    """Say that there are too few sessions for an interval."""
    return f"descriptive only: {what} {count} of at least {FEWEST_SESSIONS} sessions"


def t_quantile(share: float, freedom: float) -> float:
    """Give the quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def t_p(value: float, error: float, freedom: float) -> float:
    """Give the two-sided p value of value / error by Student's t; 1 if both are 0."""
    from scipy.special import stdtr

    if error == 0.0:
        return 1.0 if value == 0.0 else 0.0
    return float(2.0 * stdtr(freedom, -abs(value / error)))
