"""What a study of a given size can find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashgaze.errors import InputError

from ..contract.finding import TableOfRows
from ..contract.study import FloatArray

_BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class PowerRow:
    """One design, one ratio.

    Attributes
    ----------
    sessions_a, sessions_b
        In the arms; 0 in the second where sessions are compared with themselves.
    ratio
        True ratio of the conditions.
    power
        Chance that p is below 1 - level.
    error
        Monte-Carlo standard error of that.
    """

    sessions_a: int
    sessions_b: int
    ratio: float
    power: float
    error: float


def power_table(
    *,
    between_sd: float,
    within_sd: float = 0.0,
    arms: Sequence[tuple[int, int]] = ((20, 6), (15, 15)),
    ratios: Sequence[float] = (1.2, 1.3, 1.5),
    repeats: int = 4000,
    seed: int = 1,
    level: float = 0.95,
) -> tuple[PowerRow, ...]:
    """Simulate how often a true ratio is found between sessions (Welch), or within them (paired).

    Values are logs: ``y = between_sd · n1 + within_sd · n2``, plus log ratio in the second condition. In an
    arm pair (n, 0) each of n sessions has both conditions, n1 falls out, and differences are tested by t.

    Parameters
    ----------
    between_sd
        SD of log values between sessions, drivers included.
    within_sd
        SD of what a cell differs by from its session, for chance or as sessions differ in the effect.
    arms
        Designs.
    ratios
        True ratios; 1 gives the false-positive rate.
    repeats, seed
        Simulated studies of each row.
    level
        1 - nominal false-positive rate.

    Raises
    ------
    InputError
        If an SD is negative or both are 0, an arm has fewer than two sessions, or a ratio is not above 0.
    """
    small = any(a < 2 or b == 1 or b < 0 for a, b in arms)
    none = between_sd < 0 or within_sd < 0 or between_sd + within_sd == 0
    if small or none or min(ratios) <= 0 or repeats < 1:
        raise InputError(
            f"SDs are {between_sd:g} and {within_sd:g}, arms {list(arms)}, ratios {list(ratios)}, "
            f"{repeats} repeats.",
            fix="Give SDs of which one is above 0, arms of at least two sessions, ratios above 0.",
        )
    if within_sd == 0 and any(b == 0 for _, b in arms):
        raise InputError(
            "Sessions are compared with themselves, and within_sd is 0: every effect would be found.",
            fix="Give the SD of cells within sessions.",
        )
    rows = []
    for place, (a, b) in enumerate(arms):
        for ratio in ratios:
            rng = np.random.default_rng([seed, place])
            p = _p_values(rng, a, b, float(np.log(ratio)), between_sd, within_sd, repeats)
            power = float(np.mean(p < 1 - level))
            error = float(np.sqrt(power * (1 - power) / repeats))
            rows.append(PowerRow(sessions_a=a, sessions_b=b, ratio=ratio, power=power, error=error))
    return tuple(rows)


def power_rows(rows: Sequence[PowerRow], *, name: str = "power") -> TableOfRows:
    """Give a power table as a table of the report."""
    return TableOfRows(
        name=name,
        caption="Chance to find a true ratio, simulated with the spread between sessions of this data set.",
        columns=("sessions", "design", "true ratio", "power", "± (Monte Carlo SE)"),
        rows=tuple(
            (
                f"{row.sessions_a} / {row.sessions_b}" if row.sessions_b else str(row.sessions_a),
                "between sessions" if row.sessions_b else "within sessions",
                row.ratio,
                row.power,
                row.error,
            )
            for row in rows
        ),
    )


def _p_values(
    rng: np.random.Generator,
    a: int,
    b: int,
    shift: float,
    between_sd: float,
    within_sd: float,
    repeats: int,
) -> FloatArray:
    from scipy.special import stdtr

    found = []
    spread = float(np.hypot(between_sd, within_sd))
    for done in range(0, repeats, _BATCH):
        count = min(_BATCH, repeats - done)
        if b:
            first = rng.normal(0.0, spread, (count, a))
            second = rng.normal(shift, spread, (count, b))
            parts = np.array([first.var(axis=1, ddof=1) / a, second.var(axis=1, ddof=1) / b])
            variance = parts.sum(axis=0)
            freedom = variance**2 / (parts[0] ** 2 / (a - 1) + parts[1] ** 2 / (b - 1))
            gap = second.mean(axis=1) - first.mean(axis=1)
        else:
            differences = rng.normal(shift, within_sd * np.sqrt(2.0), (count, a))
            variance = differences.var(axis=1, ddof=1) / a
            freedom = np.full(count, a - 1.0)
            gap = differences.mean(axis=1)
        found.append(2 * stdtr(freedom, -np.abs(gap) / np.sqrt(variance)))
    return np.concatenate(found)
