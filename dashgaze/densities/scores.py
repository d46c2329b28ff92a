"""What all results of metrics have in common."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Base of results: fields are plain values, NaN where there is nothing to say."""

    def to_json(self) -> dict[str, Any]:
        """Give the fields as what `json.dumps` takes; NaN and infinity become None."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def plain(value: object) -> Any:
    """Turn a value, arrays and results within it included, into what `json.dumps` takes."""
    if isinstance(value, Scores):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def mean_or_nan(values: FloatArray) -> float:
    """Mean of the finite values; NaN, without a warning, where there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def rms_or_nan(values: FloatArray) -> float:
    """Root of the mean square of the finite values; NaN where there is none."""
    return math.sqrt(mean_or_nan(values**2))


def median_or_nan(values: FloatArray) -> float:
    """Median of the finite values; NaN where there is none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else math.nan


def share_or_nan(flags: BoolArray) -> float:
    """Share of the flags that are set; NaN where there are no flags."""
    return float(flags.mean()) if flags.size else math.nan
