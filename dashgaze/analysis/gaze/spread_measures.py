"""How widely directions are spread: standard measures, each with its formula."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import FloatArray

BCEA_68_K, BCEA_95_K = 1.146, 3.0
"""A share P of a two-dimensional Gaussian lies in the ellipse of area 2 k π σ₁ σ₂ with P = 1 − exp(−k)."""

_MAD_TO_SD = 1.4826


@dataclass(frozen=True, kw_only=True)
class SpreadMeasures:
    """Spread of n directions; NaN where it can't be given.

    Attributes
    ----------
    count
        n.
    sd_h_deg, sd_v_deg
        Standard deviations, horizontal and vertical.
    robust_h_deg, robust_v_deg
        1.4826 × median absolute deviation from the median: the standard deviation of a Gaussian, untouched by
        a few glances aside.
    iqr_h_deg, iqr_v_deg
        Distance of the quartiles.
    correlation
        Of azimuth and elevation.
    bcea_68_deg2, bcea_95_deg2
        Bivariate contour ellipse area for 68.2 % and 95 %.
    """

    count: int
    sd_h_deg: float
    sd_v_deg: float
    robust_h_deg: float
    robust_v_deg: float
    iqr_h_deg: float
    iqr_v_deg: float
    correlation: float
    bcea_68_deg2: float
    bcea_95_deg2: float


def spread_measures(directions_deg: FloatArray) -> SpreadMeasures:
    """Give the measures of some directions.

    Parameters
    ----------
    directions_deg
        Azimuth and elevation, shape (n, 2); rows that are not finite don't count.
    """
    kept = directions_deg[np.isfinite(directions_deg).all(axis=1)]
    if len(kept) < 3:
        nan = float("nan")
        return SpreadMeasures(
            count=len(kept),
            sd_h_deg=nan,
            sd_v_deg=nan,
            robust_h_deg=nan,
            robust_v_deg=nan,
            iqr_h_deg=nan,
            iqr_v_deg=nan,
            correlation=nan,
            bcea_68_deg2=nan,
            bcea_95_deg2=nan,
        )
    covariance = np.cov(kept.T)
    sd_h, sd_v = np.sqrt(np.diag(covariance)).tolist()
    # Gaze that does not move at all has no correlation, and no area.
    correlation = float(covariance[0, 1] / (sd_h * sd_v)) if sd_h * sd_v > 0 else 0.0
    low, middle, high = np.percentile(kept, [25, 50, 75], axis=0)
    robust_h, robust_v = (_MAD_TO_SD * np.median(np.abs(kept - middle), axis=0)).tolist()
    iqr_h, iqr_v = (high - low).tolist()
    return SpreadMeasures(
        count=len(kept),
        sd_h_deg=sd_h,
        sd_v_deg=sd_v,
        robust_h_deg=robust_h,
        robust_v_deg=robust_v,
        iqr_h_deg=iqr_h,
        iqr_v_deg=iqr_v,
        correlation=correlation,
        bcea_68_deg2=bcea_deg2(sd_h, sd_v, correlation, k=BCEA_68_K),
        bcea_95_deg2=bcea_deg2(sd_h, sd_v, correlation, k=BCEA_95_K),
    )


def bcea_deg2(sd_h_deg: float, sd_v_deg: float, correlation: float, *, k: float) -> float:
    """Give the bivariate contour ellipse area 2 k π σ_h σ_v √(1 − ρ²), deg².

    Parameters
    ----------
    sd_h_deg, sd_v_deg, correlation
        Of the directions.
    k
        1.146 for 68.2 %, 3.0 for 95 %.
    """
    rest = max(1.0 - correlation**2, 0.0)
    return float(2 * k * np.pi * sd_h_deg * sd_v_deg * np.sqrt(rest))


def without_noise(spread_deg: float, noise_deg: float) -> float:
    """Give √(spread² − noise²): what is left without the noise of tracker and mapping.

    NaN if the noise is not known, or is the larger one.
    """
    rest = spread_deg**2 - noise_deg**2
    return float(np.sqrt(rest)) if rest > 0 else float("nan")
