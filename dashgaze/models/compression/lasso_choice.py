"""Which filters of a layer tell gaze: explain to let go.

The mean activations of a layer's filters are regressed on gaze with an L1 penalty. Along the path of penalties
fewer and fewer filters stay; how well gaze of sessions that were not learned from is told is the layer's
characteristic curve, and its knee the number that stays:

::

    k = fewest filters with  RMSE(k) − min RMSE < γ · (max RMSE − min RMSE)

The text calls a higher γ "larger models, lower error" in one place; by this formula, and by its own later
experiments, a higher γ gives smaller models. The formula stands here.

References
----------
John, V. T., et al.: Explain to let go: lasso-chosen filters (chapter 7 of the thesis that DashGaze is part of).
Tibshirani: Regression shrinkage and selection via the lasso. JRSS B 58(1), 1996.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PATH_LENGTH = 50
PATH_EPS = 1e-4
"""Smallest / largest penalty of the path."""

MOST_FOLDS = 5
LEAST_SESSIONS = 2

_MOST_STEPS = 300
_TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerChoice:
    """What stays of one layer.

    Attributes
    ----------
    kept
        Indices of the filters that stay, ascending.
    strengths
        Length of each kept filter's row of coefficients, shape (len(kept),); 1 where none were fitted.
    filters
        How many there were.
    dead
        How many said nothing at all.
    curve
        Number of filters and RMSE on sessions not learned from, in standard deviations of gaze, along the
        path; empty if there is none.
    refusal
        Why the lasso chose nothing here and all live filters stay; None if it chose.
    """

    kept: NDArray[np.int64]
    strengths: FloatArray
    filters: int
    dead: int
    curve: tuple[tuple[int, float], ...]
    refusal: str | None = None


def choose_filters(
    activations: FloatArray,
    live: NDArray[np.bool_],
    gaze: FloatArray,
    sessions: NDArray[np.str_],
    *,
    gammas: tuple[float, ...],
    keep_uninformative: bool = True,
) -> list[LayerChoice]:
    """Choose the filters of one layer for several γ.

    Parameters
    ----------
    activations
        Mean of each filter's map, shape (n, filters), or (n, views, filters) as in `Activations.mean`: a filter
        stays if any of its views is needed.
    live
        As `Activations.live`, shape (filters,).
    gaze
        What is to be told, shape (n, targets), no NaN.
    sessions
        Folds keep sessions together, shape (n,).
    gammas
        Each in 0 … 1.
    keep_uninformative
        Leave a layer as it is (but for dead filters) whose filters tell gaze of other sessions no better than the
        mean does; otherwise the formula holds there, too, and keeps the fewest.

    Returns
    -------
    list
        One for each γ.
    """
    filters = activations.shape[-1]
    columns = activations.reshape(len(activations), -1)
    owner = np.tile(np.arange(filters), columns.shape[1] // filters)
    usable = np.flatnonzero(live[owner] & (columns.std(axis=0) > 1e-9))
    owner = owner[usable]
    always = np.flatnonzero(live)
    dead = filters - len(always)

    def everything(why: str) -> list[LayerChoice]:
        kept = always if len(always) else np.zeros(1, dtype=np.int64)
        return [
            LayerChoice(
                kept=kept.astype(np.int64),
                strengths=np.ones(len(kept)),
                filters=filters,
                dead=dead,
                curve=(),
                refusal=why,
            )
            for _ in gammas
        ]

    if len(usable) == 0:
        return everything("no filter says anything that varies")
    if len(set(sessions.tolist())) < LEAST_SESSIONS:
        return everything(f"fewer than {LEAST_SESSIONS} sessions to test on")
    inputs, targets = _standardised(columns[:, usable]), _standardised(gaze)
    coefficients, penalties = _path(inputs, targets, None)
    strengths = _strengths(coefficients, owner, filters)
    counts = (strengths > 0).sum(axis=0)
    squares, weights = _held_out_squares(columns[:, usable], gaze, sessions, penalties)
    errors = np.sqrt(weights @ squares / weights.sum())
    curve = tuple(zip(counts.tolist(), errors.tolist(), strict=True))
    top, bottom = float(errors[0]), float(errors.min())
    better = _surely_better(squares[:, 0] - squares[:, int(errors.argmin())])
    if keep_uninformative and not better:
        found = everything("its filters tell gaze of other sessions no better than the mean does")
        return [_with_curve(each, curve) for each in found]
    choices = []
    for gamma in gammas:
        good = (errors - bottom < gamma * (top - bottom)) & (counts > 0)
        if not good.any():
            good = errors == bottom
        place = int(np.flatnonzero(good)[np.argmin(counts[good])])
        chosen = np.flatnonzero(strengths[:, place] > 0)
        if not len(chosen):
            chosen = np.array([int(np.argmax(strengths[:, -1]))])
        choices.append(
            LayerChoice(
                kept=chosen.astype(np.int64),
                strengths=strengths[chosen, place],
                filters=filters,
                dead=dead,
                curve=curve,
            )
        )
    return choices


def _strengths(coefficients: FloatArray, owner: NDArray[np.int64], filters: int) -> FloatArray:
    """Give the length of all coefficients of each filter, shape (filters, penalties)."""
    squares = np.zeros((filters, coefficients.shape[2]))
    np.add.at(squares, owner, (coefficients**2).sum(axis=0))
    return np.asarray(np.sqrt(squares))


def _held_out_squares(
    activations: FloatArray, gaze: FloatArray, sessions: NDArray[np.str_], penalties: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give each session's mean squared error while it was held out, in variances of gaze.

    Returns
    -------
    tuple
        Shape (sessions, penalties), and the number of frames of each session.
    """
    names = sorted(set(sessions.tolist()))
    folds = min(MOST_FOLDS, len(names))
    fold_of = {name: place % folds for place, name in enumerate(names)}
    fold = np.array([fold_of[name] for name in sessions.tolist()])
    scale = gaze.std(axis=0)
    scale[scale == 0] = 1.0
    squares = np.zeros((len(gaze), len(penalties)))
    for number in range(folds):
        out = fold == number
        known = activations[~out]
        middle, spread = known.mean(axis=0), known.std(axis=0)
        # A filter that is silent in these sessions tells nothing of the others.
        usable = spread > 1e-9
        mean = gaze[~out].mean(axis=0)
        off = ((mean - gaze[out]) / scale)[:, :, None]
        if usable.any():
            inputs = (known[:, usable] - middle[usable]) / spread[usable]
            asked = (activations[out][:, usable] - middle[usable]) / spread[usable]
            coefficients, _ = _path(inputs, (gaze[~out] - mean) / scale, penalties)
            off = off + np.einsum("nf,tfp->ntp", asked, coefficients)
        squares[out] = (off**2).mean(axis=1)
    means = np.stack([squares[sessions == name].mean(axis=0) for name in names])
    return means, np.array([(sessions == name).sum() for name in names], dtype=np.float64)


def _surely_better(gains: FloatArray) -> bool:
    """Whether the gain over the mean holds from session to session (Student's t, one-sided, 95 %)."""
    from scipy.stats import t

    reach = float(t.ppf(0.95, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains)))
    return float(gains.mean()) > max(reach, 1e-3)


def _path(
    inputs: FloatArray, targets: FloatArray, penalties: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Fit the path, penalties falling; coefficients have shape (targets, filters, penalties)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import lasso_path

    given = {"alphas": PATH_LENGTH} if penalties is None else {"alphas": penalties}
    inputs, targets, tolerance = _as_few_rows(inputs, targets)
    with warnings.catch_warnings():
        # At the smallest penalties of a path neighbours differ by little, whatever is left to do.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found, coefficients, _ = lasso_path(
            np.asfortranarray(inputs),
            np.asfortranarray(targets),
            eps=PATH_EPS,
            max_iter=_MOST_STEPS,
            tol=tolerance,
            **given,
        )
    return np.asarray(coefficients, dtype=np.float64), np.asarray(found, dtype=np.float64)


def _as_few_rows(inputs: FloatArray, targets: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Give a problem of as many rows as filters that has the same path, and how exactly it is to be solved.

    With ``X = Q R`` a sum of squares ``|Y − X W|²`` is ``|Qᵀ Y − R W|²`` and what no W explains. Each step then
    reads a row for each filter in place of one for each frame.
    """
    rows, filters = inputs.shape
    if rows <= filters:
        return inputs, targets, _TOLERANCE
    q, r = np.linalg.qr(inputs)
    # Penalties are shares of the number of rows.
    scale = np.sqrt(filters / rows)
    fewer = (q.T @ targets) * scale
    explained = float((fewer**2).sum())
    # The solver's tolerance is a share of |Y|², of which this is the explained part only.
    share = float((targets**2).sum()) * scale**2 / explained if explained > 0 else 1.0
    return r * scale, fewer, _TOLERANCE * share


def _standardised(values: FloatArray) -> FloatArray:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _with_curve(choice: LayerChoice, curve: tuple[tuple[int, float], ...]) -> LayerChoice:
    return LayerChoice(
        kept=choice.kept,
        strengths=choice.strengths,
        filters=choice.filters,
        dead=choice.dead,
        curve=curve,
        refusal=choice.refusal,
    )
