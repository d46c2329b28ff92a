"""Means of sessions, and the interval that they allow.

Frames follow one another too closely to be independent: an interval over frames is many times too narrow.
A session is the unit here. The t-interval over session means is the headline: in simulation a percentile
cluster bootstrap at nominal 95 % covers 0.73, 0.84, 0.89, 0.93 with 3, 5, 8, 16 sessions, the t-interval
0.95 throughout.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from dashgaze.densities.scores import FloatArray, IndexArray, Scores, mean_or_nan, plain

from .bootstrap import BootstrapInterval, cluster_bootstrap

LEAST_FOR_INFERENCE = 5
"""With fewer sessions numbers only describe; no claim on other sessions is made."""

LEAST_FOR_BOOTSTRAP = 16
"""With fewer sessions a cluster bootstrap covers too little to be shown."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionMeans:
    """One number for each session.

    Attributes
    ----------
    sessions, drivers
        Names, and who drove, sorted by session, length s.
    mean
        Of the finite values of a session, shape (s,); NaN where it has none.
    answered
        Finite values of a session, shape (s,).
    frames
        All values of a session, shape (s,).
    """

    sessions: tuple[str, ...]
    drivers: tuple[str, ...]
    mean: FloatArray
    answered: IndexArray
    frames: IndexArray

    def __len__(self) -> int:
        return len(self.sessions)

    def to_json(self) -> list[dict[str, object]]:
        """Give one record for each session."""
        rows = zip(self.sessions, self.drivers, self.mean, self.answered, self.frames, strict=True)
        names = ("session_id", "driver_id", "mean", "answered", "frames")
        return [dict(zip(names, plain(list(row)), strict=True)) for row in rows]


@dataclass(frozen=True, kw_only=True)
class SessionSummary(Scores):
    """A mean over sessions and what it is worth.

    Attributes
    ----------
    sessions, drivers
        Sessions with a value, and their drivers.
    sessions_without
        Sessions without any value; they are in no mean.
    frames, answered, coverage
        Frames of all sessions, those with a value, and their share.
    mean
        Mean of session means: each session counts the same; the headline.
    frame_mean
        Mean over frames: long sessions count more.
    sd
        Standard deviation of session means (n − 1).
    low, high
        t-interval of `mean`; NaN with fewer than 2 sessions.
    confidence
        Of the interval.
    bootstrap
        Companion, with `LEAST_FOR_BOOTSTRAP` sessions or more; None otherwise.
    descriptive_only
        Whether there are fewer than `LEAST_FOR_INFERENCE` sessions.
    """

    sessions: int
    drivers: int
    sessions_without: int
    frames: int
    answered: int
    coverage: float
    mean: float
    frame_mean: float
    sd: float
    low: float
    high: float
    confidence: float
    bootstrap: BootstrapInterval | None
    descriptive_only: bool


def session_means(
    values: FloatArray, session_id: np.ndarray, driver_id: np.ndarray
) -> SessionMeans:
    """Average the values of each session.

    Parameters
    ----------
    values
        Such as errors of frames, shape (n,); NaN where a frame has none.
    session_id, driver_id
        Shape (n,), text.
    """
    names, first, inverse = np.unique(session_id, return_index=True, return_inverse=True)
    finite = np.isfinite(values)
    answered = np.bincount(inverse[finite], minlength=len(names))
    total = np.bincount(inverse[finite], weights=values[finite], minlength=len(names))
    return SessionMeans(
        sessions=tuple(names.tolist()),
        drivers=tuple(np.asarray(driver_id)[first].tolist()),
        mean=np.where(answered > 0, total / np.maximum(answered, 1), np.nan),
        answered=answered.astype(np.int64),
        frames=np.bincount(inverse, minlength=len(names)).astype(np.int64),
    )


def t_interval(values: FloatArray, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of the mean of independent values.

    ``mean ± t(1 − α/2; n − 1) · s / √n``.

    Parameters
    ----------
    values
        Shape (n,), finite.
    confidence
        1 − α.

    Returns
    -------
    tuple
        Low and high; NaN with fewer than 2 values.

    References
    ----------
    Student, Biometrika 6(1), 1908.
    """
    count = len(values)
    if count < 2:
        return math.nan, math.nan
    half = (
        float(special.stdtrit(count - 1, 0.5 + confidence / 2.0))
        * float(np.std(values, ddof=1))
        / math.sqrt(count)
    )
    middle = float(np.mean(values))
    return middle - half, middle + half


def summarise(
    means: SessionMeans, *, confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> SessionSummary:
    """Give the mean over sessions with its interval.

    Parameters
    ----------
    means
        From `session_means`.
    confidence
        Of the intervals.
    draws, seed
        Of the bootstrap.
    """
    known = np.isfinite(means.mean)
    values = means.mean[known]
    drivers = np.asarray(means.drivers)[known]
    low, high = t_interval(values, confidence)
    frames, answered = int(means.frames.sum()), int(means.answered.sum())
    weighted = float((means.mean[known] * means.answered[known]).sum())
    companion = None
    if len(values) >= LEAST_FOR_BOOTSTRAP and len(set(drivers.tolist())) > 1:
        companion = cluster_bootstrap(
            values, drivers, confidence=confidence, draws=draws, seed=seed
        )
    return SessionSummary(
        sessions=len(values),
        drivers=len(set(drivers.tolist())),
        sessions_without=int((~known).sum()),
        frames=frames,
        answered=answered,
        coverage=answered / frames if frames else math.nan,
        mean=mean_or_nan(values),
        frame_mean=weighted / answered if answered else math.nan,
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
        low=low,
        high=high,
        confidence=confidence,
        bootstrap=companion,
        descriptive_only=len(values) < LEAST_FOR_INFERENCE,
    )
