"""How much better than a reference."""

import math


def skill(error: float, reference_error: float) -> float:
    """Share of a reference's error that a model takes away.

    ``1 − error / reference_error``: 1 is perfect, 0 as good as the reference, negative worse.

    Parameters
    ----------
    error
        Mean error of the model.
    reference_error
        Mean error of the reference, such as the training median, on the same frames.

    Returns
    -------
    float
        NaN if either is missing or the reference makes no error.

    References
    ----------
    Murphy, Monthly Weather Review 116(12), 1988.
    """
    if not (math.isfinite(error) and math.isfinite(reference_error)) or reference_error <= 0:
        return math.nan
    return 1.0 - error / reference_error
