"""Comparisons between sessions, such as day against night, when each session has one condition."""

from dataclasses import dataclass

import numpy as np

from ..contract.finding import FEWEST_SESSIONS, Estimate, Test
from ..contract.study import FloatArray
from .cells import LEAST_CELL_MINUTES, CellTable
from .comparison import Comparison, Scale, descriptive, refused, t_p
from .nested_mean import nested_mean

_PERMUTATIONS = 1999
_BATCH = 500


def between_sessions(
    cells: CellTable,
    a: str | float,
    b: str | float,
    *,
    log: bool = True,
    unit: str = "",
    level: float = 0.95,
    least_minutes: float = LEAST_CELL_MINUTES,
    permutations: int = _PERMUTATIONS,
    seed: int = 1,
    naive_p: float | None = None,
) -> Comparison:
    """Compare sessions under two conditions: b less a, or b over a if values are logs.

    Each session has one value, and sessions of a driver under the same condition are averaged, so that a driver
    with six sessions is not six people. Then

    - with fewer than five drivers under both conditions: Welch's t test of the drivers' means. A driver under
      both is in both arms; as his two values are alike, that makes the test a little careful, never bold;
    - with at least five, and no more than a fifth of drivers under one only: the mean of the drivers' own
      differences (see `nested_mean`), the others don't count;
    - else both, weighted by the inverses of their variances, t with the d.f. of Satterthwaite.

    Tests of frames, or of sessions as if each had a driver of its own, hold no level here.

    Parameters
    ----------
    cells
        Several of a session under the same condition are averaged by minutes.
    a, b
        The conditions.
    log, unit, level, least_minutes, naive_p
        As of `mean_of_sessions`; `unit` is ``ratio`` for logs if it is not given.
    permutations
        Of the conditions among the drivers' means, as a second test that assumes no distribution; 0 for none.
        Only in the first of the three cases.
    seed
        Of the permutations.
    """
    good = cells.usable(least_minutes)
    arms = (_Arm.of(good.under(a)), _Arm.of(good.under(b)))
    for name, arm in zip((a, b), arms, strict=True):
        if not arm.sessions:
            return refused(f"No session under {name} has enough valid gaze.", naive_p=naive_p)
    scale = Scale(log=log, unit=unit or ("ratio" if log else ""), level=level)
    details = _arm_details(arms, (a, b), scale)
    sessions = len(np.union1d(good.under(a).session_id, good.under(b).session_id))
    drivers = len(np.union1d(arms[0].drivers, arms[1].drivers))
    fewest = min(arm.sessions for arm in arms)
    fewest_people = min(len(arm.means) for arm in arms)
    what = f"{b} against {a} between sessions"
    difference = float(arms[1].means.mean() - arms[0].means.mean())
    if fewest < FEWEST_SESSIONS or fewest_people < 2:
        few = descriptive(f"{what}, an arm has", fewest)
        if fewest >= FEWEST_SESSIONS:
            few = f"descriptive only: {what}, an arm has one driver"
        return Comparison(
            estimate=scale.estimate(
                difference, None, None, method=few, sessions=sessions, drivers=drivers
            ),
            details=details,
            naive_p=naive_p,
        )
    found = _contrast(arms)
    null = f"{a} and {b} do not differ between sessions"
    tests = [Test(p=t_p(found.value, found.error, found.freedom), null=f"{null} ({found.method})")]
    if permutations and found.unpaired:
        p = _permuted_p(arms, permutations, seed)
        tests.append(
            Test(p=p, null="conditions permuted among the drivers' means", repeats=permutations)
        )
    return Comparison(
        estimate=scale.estimate(
            found.value,
            found.error,
            found.freedom,
            method=f"{what}; {found.method}",
            sessions=sessions,
            drivers=drivers,
        ),
        tests=tuple(tests),
        details=details,
        naive_p=naive_p,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Arm:
    """Means of the drivers under a condition, shape (d,), by sorted name."""

    drivers: np.ndarray
    means: FloatArray
    sessions: int

    @classmethod
    def of(cls, cells: CellTable) -> "_Arm":
        sessions = cells.by_session()
        drivers, group = np.unique(sessions.driver_id, return_inverse=True)
        sums = np.bincount(group, weights=sessions.value, minlength=len(drivers))
        counts = np.bincount(group, minlength=len(drivers))
        return cls(drivers=drivers, means=sums / np.maximum(counts, 1), sessions=len(sessions))


@dataclass(frozen=True, kw_only=True)
class _Contrast:
    value: float
    error: float
    freedom: float
    method: str
    unpaired: bool


def _contrast(arms: tuple[_Arm, _Arm]) -> _Contrast:
    first, second = arms
    both, at_first, at_second = np.intersect1d(
        first.drivers, second.drivers, assume_unique=True, return_indices=True
    )
    people = len(first.means) + len(second.means) - len(both)
    if len(both) < FEWEST_SESSIONS:
        return _welch(first.means, second.means)
    differences = second.means[at_second] - first.means[at_first]
    paired = nested_mean(differences, both)
    inside = _Contrast(
        value=paired.value,
        error=paired.error,
        freedom=float(paired.freedom),
        method=f"t over the differences of {len(both)} drivers, {paired.freedom} d.f.",
        unpaired=False,
    )
    rest = (np.delete(first.means, at_first), np.delete(second.means, at_second))
    if len(both) >= 0.8 * people or min(len(each) for each in rest) < 2:
        return inside
    outside = _welch(*rest)
    return _together(inside, outside, len(both))


def _welch(a: FloatArray, b: FloatArray) -> _Contrast:
    """Give Welch's contrast of two independent samples."""
    parts = np.array([np.var(each, ddof=1) / len(each) for each in (a, b)])
    total = float(parts.sum())
    freedoms = np.array([len(a) - 1, len(b) - 1])
    freedom = total**2 / float((parts**2 / freedoms).sum()) if total > 0 else float(freedoms.sum())
    return _Contrast(
        value=float(b.mean() - a.mean()),
        error=float(np.sqrt(total)),
        freedom=freedom,
        method=f"Welch's t of the means of {len(a)} and {len(b)} drivers, {freedom:.1f} d.f.",
        unpaired=True,
    )


def _together(inside: _Contrast, outside: _Contrast, both: int) -> _Contrast:
    """Weigh differences within drivers and between them by the inverses of their variances."""
    parts = np.array([inside.error**2, outside.error**2])
    if not (parts > 0).all():
        return inside
    weights = (1 / parts) / (1 / parts).sum()
    freedoms = np.array([inside.freedom, outside.freedom])
    # Weights that are estimated themselves widen the error: Meier 1953, Biometrics 9:59.
    variance = float(1 / (1 / parts).sum() * (1 + 4 * (weights * (1 - weights) / freedoms).sum()))
    freedom = float(1 / (weights**2 / freedoms).sum())
    return _Contrast(
        value=float(weights @ np.array([inside.value, outside.value])),
        error=float(np.sqrt(variance)),
        freedom=freedom,
        method=f"differences of {both} drivers and means of the others together, t with {freedom:.1f} d.f.",
        unpaired=False,
    )


def _permuted_p(arms: tuple[_Arm, _Arm], repeats: int, seed: int) -> float:
    """Permute the conditions among the drivers' means; the statistic is Welch's t."""
    values = np.concatenate([arms[0].means, arms[1].means])
    count = len(arms[0].means)
    rng = np.random.default_rng(seed)

    def statistic(rows: FloatArray) -> FloatArray:
        a, b = rows[:, :count], rows[:, count:]
        error = np.sqrt(a.var(axis=1, ddof=1) / a.shape[1] + b.var(axis=1, ddof=1) / b.shape[1])
        gap = np.abs(b.mean(axis=1) - a.mean(axis=1))
        return np.asarray(gap / np.maximum(error, 1e-12), dtype=np.float64)

    seen = float(statistic(values[None])[0])
    as_large = 0
    for done in range(0, repeats, _BATCH):
        rows = np.tile(values, (min(_BATCH, repeats - done), 1))
        as_large += int((statistic(rng.permuted(rows, axis=1)) >= seen * (1 - 1e-9)).sum())
    return (1 + as_large) / (1 + repeats)


def _arm_details(
    arms: tuple[_Arm, _Arm], names: tuple[str | float, str | float], scale: Scale
) -> tuple[tuple[str, Estimate], ...]:
    """Give the mean of each arm."""
    details = []
    for name, arm in zip(names, arms, strict=True):
        enough = arm.sessions >= FEWEST_SESSIONS and len(arm.means) > 1
        error = float(arm.means.std(ddof=1) / np.sqrt(len(arm.means))) if enough else None
        shown = Scale(log=scale.log, unit="", level=scale.level).estimate(
            float(arm.means.mean()),
            error,
            len(arm.means) - 1 if enough else None,
            method="mean of drivers' means, t",
            sessions=arm.sessions,
            drivers=len(arm.means),
        )
        details.append((str(name), shown))
    return tuple(details)
