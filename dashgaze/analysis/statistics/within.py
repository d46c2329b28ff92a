"""Comparisons inside of sessions: the same drive under two conditions, or along a number."""

import numpy as np

from ..contract.finding import FEWEST_SESSIONS, Test
from ..contract.study import BoolArray, FloatArray, TextArray
from .cells import LEAST_CELL_MINUTES, CellTable, groups_of, sums_of
from .comparison import Comparison, Scale, descriptive, refused, t_p
from .nested_mean import NestedMean, nested_mean

FEW_DRIVERS = "There are fewer than five drivers: the interval is over sessions, and speaks of these drivers only."
_LEAST_FREEDOM = 3


def mean_of_sessions(
    cells: CellTable,
    *,
    log: bool = False,
    unit: str = "",
    null: float = 0.0,
    level: float = 0.95,
    least_minutes: float = LEAST_CELL_MINUTES,
    naive_p: float | None = None,
) -> Comparison:
    """Give the mean over sessions, tested against a number: see `nested_mean`.

    Parameters
    ----------
    cells
        Those of one session are averaged first, by minutes.
    log
        Whether values are logs; the estimate is their exponential then.
    unit
        Of the estimate.
    null
        What the mean is under the null hypothesis, on the scale of the values.
    level
        Coverage of the interval.
    least_minutes
        Cells with less valid gaze don't count.
    naive_p
        To be printed beside.
    """
    sessions = cells.usable(least_minutes).by_session()
    if not len(sessions):
        return refused("No session has enough valid gaze.", naive_p=naive_p)
    return _summary(
        sessions.value - null,
        sessions.driver_id,
        Scale(log=log, unit=unit, level=level),
        shift=null,
        what="mean over sessions",
        null="the mean over sessions is " + (f"{np.exp(null):g}" if log else f"{null:g}"),
        naive_p=naive_p,
    )


def within_sessions(
    cells: CellTable,
    a: str | float,
    b: str | float,
    *,
    log: bool = True,
    unit: str = "",
    level: float = 0.95,
    least_minutes: float = LEAST_CELL_MINUTES,
    naive_p: float | None = None,
) -> Comparison:
    """Compare two conditions within sessions: b less a, or b over a if values are logs.

    Each session that has both gives one difference; their mean is that of `nested_mean`. What differs between
    sessions and drivers (mount, height, calibration) falls out.

    Parameters
    ----------
    cells
        One for each session and condition; several of the same are averaged by minutes.
    a, b
        The conditions.
    log, unit, level, least_minutes, naive_p
        As of `mean_of_sessions`; `unit` is ``ratio`` for logs if it is not given.
    """
    good = cells.usable(least_minutes)
    differences, drivers = _differences(good, a, b)
    if not len(differences):
        return refused(f"No session has enough valid gaze both under {a} and {b}.", naive_p=naive_p)
    return _summary(
        differences,
        drivers,
        Scale(log=log, unit=unit or ("ratio" if log else ""), level=level),
        what=f"{b} against {a} within sessions",
        null=f"{a} and {b} do not differ within sessions",
        naive_p=naive_p,
    )


def slope(
    cells: CellTable,
    x: FloatArray | None = None,
    *,
    log: bool = True,
    unit: str = "",
    level: float = 0.95,
    least_minutes: float = LEAST_CELL_MINUTES,
    naive_p: float | None = None,
) -> Comparison:
    """Give the change of a value along a number within sessions, with slopes that differ between them.

    The model is ``y = session + (β + driver + session) · x + e``, with residuals of variance σ² / minutes: that of
    a mixed model with random slopes of sessions and drivers, but with the sessions' own levels as fixed, so
    that nothing that differs between sessions (faster roads by day) gets into β. It is fitted in two steps:
    a line by weighted least squares in each session, and their slopes, with their known errors, put
    together by `nested_mean`. A mixed model of statsmodels has the same estimate; but it gives z instead of
    t, and often has no maximum with 20 sessions of which most have a driver of their own.

    Parameters
    ----------
    cells
        Some for each session, at different x.
    x
        Shape (n,); the conditions if None.
    log, unit, level, least_minutes, naive_p
        As of `within_sessions`; the estimate is for one unit of x.
    """
    along = np.asarray(cells.condition if x is None else x, dtype=np.float64)
    kept = np.isfinite(cells.value) & np.isfinite(along) & (cells.weight >= least_minutes)
    good = cells.where(np.asarray(kept, dtype=np.bool_))
    lines = _lines(good, along[kept])
    if lines is None:
        return refused(
            "No session has enough valid gaze at two values of what the slope is along.",
            naive_p=naive_p,
        )
    slopes, variance, drivers = lines
    return _summary(
        slopes,
        drivers,
        Scale(log=log, unit=unit or ("ratio" if log else ""), level=level),
        variance=variance,
        what="slope within sessions",
        null="the mean slope within sessions is 0",
        naive_p=naive_p,
    )


def _summary(
    values: FloatArray,
    drivers: TextArray,
    scale: Scale,
    *,
    what: str,
    null: str,
    shift: float = 0.0,
    variance: FloatArray | None = None,
    naive_p: float | None = None,
) -> Comparison:
    """Put the values of sessions together."""
    count, people = len(values), len(np.unique(drivers))
    if count < FEWEST_SESSIONS:
        return Comparison(
            estimate=scale.estimate(
                float(np.mean(values)) + shift,
                None,
                None,
                method=descriptive(what + ",", count),
                sessions=count,
                drivers=people,
            ),
            naive_p=naive_p,
        )
    mean = nested_mean(values, drivers, variance)
    return Comparison(
        estimate=scale.estimate(
            mean.value + shift,
            mean.error,
            mean.freedom,
            method=f"{what}; {_how(mean)}",
            sessions=count,
            drivers=people,
        ),
        tests=(Test(p=t_p(mean.value, mean.error, mean.freedom), null=f"{null} ({_how(mean)})"),),
        naive_p=naive_p,
        caveats=() if mean.by_drivers else (FEW_DRIVERS,),
    )


def _how(mean: NestedMean) -> str:
    units = "drivers" if mean.by_drivers else "sessions"
    return f"t over {units} with {mean.freedom} d.f., Hartung–Knapp"


def _differences(cells: CellTable, a: str | float, b: str | float) -> tuple[FloatArray, TextArray]:
    """Give b less a of the sessions that have both, and their drivers."""
    first, second = cells.under(a).by_session(), cells.under(b).by_session()
    _, at_first, at_second = np.intersect1d(
        first.session_id, second.session_id, assume_unique=True, return_indices=True
    )
    return second.value[at_second] - first.value[at_first], first.driver_id[at_first]


def _lines(cells: CellTable, x: FloatArray) -> tuple[FloatArray, FloatArray, TextArray] | None:
    """Fit a line in each session: slopes, their sampling variances, drivers; None if there is none."""
    if not len(cells):
        return None
    group = groups_of(cells.session_id)
    weight = cells.weight
    minutes = sums_of(group, weight)
    around_x = x - (sums_of(group, weight * x) / minutes)[group]
    around_y = cells.value - (sums_of(group, weight * cells.value) / minutes)[group]
    squares = sums_of(group, weight * around_x**2)
    scale = float(np.ptp(x)) ** 2
    has_line: BoolArray = squares > 1e-9 * scale * minutes
    if scale == 0.0 or not has_line.any():
        return None
    slopes = sums_of(group, weight * around_x * around_y) / np.where(has_line, squares, 1.0)
    kept = has_line[group]
    rest = (around_y - slopes[group] * around_x)[kept]
    freedom = int(np.count_nonzero(kept)) - 2 * int(np.count_nonzero(has_line))
    first = np.unique(cells.session_id, return_index=True)[1]
    drivers = cells.driver_id[first][has_line]
    # With two cells in nearly all sessions nothing is left to tell the residuals from: lines count alike then.
    residual = float(cells.weight[kept] @ rest**2) / freedom if freedom >= _LEAST_FREEDOM else 0.0
    return slopes[has_line], residual / squares[has_line], drivers
