"""Comparing models on the same frames: paired differences of sessions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dashgaze.densities.scores import FloatArray, Scores, mean_or_nan
from dashgaze.errors import InputError

from .sessions import LEAST_FOR_INFERENCE, SessionMeans, session_means, t_interval

LARGEST_EXACT = 16
"""Up to so many units all 2ⁿ signs are tried."""

MONTE_CARLO_DRAWS = 100_000


@dataclass(frozen=True, kw_only=True)
class PairedDifference(Scores):
    """Error of one model minus that of another, over sessions; negative: the first is better.

    Attributes
    ----------
    sessions, drivers
        Sessions where both have a value, and their drivers.
    frames
        Frames that both answered; only they count.
    frames_of_one
        Frames that only one of them answered.
    mean
        Of the differences of session means.
    low, high
        t-interval of `mean`.
    sessions_better
        Sessions where the first model's error is smaller.
    p
        Two-sided sign-flip p-value; NaN without a session. The least possible is ``2/2ⁿ``.
    p_holm
        Adjusted for the number of comparisons (`with_holm`); NaN until then.
    exact
        Whether all signs were tried, not a sample.
    flipped
        What the signs belong to.
    descriptive_only
        Whether there are too few sessions for a claim.
    """

    sessions: int
    drivers: int
    frames: int
    frames_of_one: int
    mean: float
    low: float
    high: float
    sessions_better: int
    p: float
    p_holm: float
    exact: bool
    flipped: Literal["session", "driver"]
    descriptive_only: bool


def sign_flip_p(
    differences: FloatArray, *, draws: int = MONTE_CARLO_DRAWS, seed: int = 0
) -> tuple[float, bool]:
    """Test whether differences are centred on zero.

    Under the null each difference is as likely to have the other sign. ``p`` is the share of sign
    assignments whose ``|Σ ±d|`` reaches ``|Σ d|``: of all 2ⁿ up to `LARGEST_EXACT` differences, else of a
    seeded sample, the observed one included: ``(1 + hits) / (1 + draws)``.

    Parameters
    ----------
    differences
        Shape (n,), finite.
    draws, seed
        Of the sample.

    Returns
    -------
    p
        NaN without differences.
    exact
        Whether all signs were tried.

    References
    ----------
    Fisher, The Design of Experiments, 1935, §21. Phipson and Smyth, Statistical Applications in Genetics
    and Molecular Biology 9(1), 2010 (why the observed one counts).
    """
    count = len(differences)
    if count == 0:
        return math.nan, True
    observed = abs(float(differences.sum()))
    # Sums that are equal but for rounding must count as reached.
    limit = observed - 1e-9 * float(np.abs(differences).sum())
    if count <= LARGEST_EXACT:
        bits = np.arange(2**count)[:, None] >> np.arange(count)
        sums = (1.0 - 2.0 * (bits & 1)) @ differences
        return float(np.mean(np.abs(sums) >= limit)), True
    generator = np.random.default_rng(seed)
    signs = generator.integers(0, 2, size=(draws, count), dtype=np.int8)
    sums = (1.0 - 2.0 * signs) @ differences
    return (1.0 + float(np.sum(np.abs(sums) >= limit))) / (1.0 + draws), False


def paired_difference(
    values: FloatArray,
    other_values: FloatArray,
    session_id: np.ndarray,
    driver_id: np.ndarray,
    *,
    flip: Literal["session", "driver"] = "session",
    confidence: float = 0.95,
    seed: int = 0,
) -> PairedDifference:
    """Compare two models frame by frame, then session by session.

    Parameters
    ----------
    values, other_values
        Errors of frames, shape (n,); NaN where a model has no answer.
    session_id, driver_id
        Shape (n,), text.
    flip
        Whether sessions flip their signs alone, or all sessions of a driver together: the stricter choice
        where drivers have several sessions.
    confidence
        Of the interval.
    seed
        Of the sign flips, where there are too many to try all.
    """
    both = np.isfinite(values) & np.isfinite(other_values)
    one = np.isfinite(values) ^ np.isfinite(other_values)
    means: SessionMeans = session_means(
        np.where(both, values - other_values, np.nan), session_id, driver_id
    )
    known = np.isfinite(means.mean)
    differences = means.mean[known]
    drivers = np.asarray(means.drivers)[known]
    _, driver = np.unique(drivers, return_inverse=True)
    units: FloatArray = differences
    if flip == "driver":
        units = np.bincount(driver, weights=differences).astype(np.float64)
    p, exact = sign_flip_p(units, seed=seed)
    low, high = t_interval(differences, confidence)
    return PairedDifference(
        sessions=len(differences),
        drivers=len(set(drivers.tolist())),
        frames=int(both.sum()),
        frames_of_one=int(one.sum()),
        mean=mean_or_nan(differences),
        low=low,
        high=high,
        sessions_better=int((differences < 0).sum()),
        p=p,
        p_holm=math.nan,
        exact=exact,
        flipped=flip,
        descriptive_only=len(differences) < LEAST_FOR_INFERENCE,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of several tests, so that the chance of any false claim stays below the level.

    Sorted ascending, ``p̃(i) = max over j ≤ i of min(1, (m − j + 1) · p(j))``. NaN stays NaN and counts
    as no test.

    References
    ----------
    Holm, Scandinavian Journal of Statistics 6(2), 1979.
    """
    if any(p < 0 or p > 1 for p in p_values):
        raise InputError(f"p-values are within 0 … 1, not {list(p_values)}.")
    adjusted = [math.nan] * len(p_values)
    known = [number for number, p in enumerate(p_values) if math.isfinite(p)]
    largest = 0.0
    for rank, number in enumerate(sorted(known, key=lambda number: p_values[number])):
        largest = max(largest, min(1.0, (len(known) - rank) * p_values[number]))
        adjusted[number] = largest
    return adjusted


def with_holm(comparisons: Sequence[PairedDifference]) -> list[PairedDifference]:
    """Fill in `PairedDifference.p_holm` of comparisons that are reported together."""
    adjusted = holm([comparison.p for comparison in comparisons])
    return [
        replace(comparison, p_holm=p) for comparison, p in zip(comparisons, adjusted, strict=True)
    ]
