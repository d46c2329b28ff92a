"""Options of the sync by sound."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SyncOptions:
    """What to search for.

    Attributes
    ----------
    search_s
        Largest offset looked for, s, either way; None for as far as the recordings reach.
    max_drift_ppm
        Largest drift looked for, parts per million. Phones differ by up to about 300 (sync by
        sound of real pairs: 273); most by less than 30.
    """

    search_s: float | None = None
    max_drift_ppm: float = 330.0

    def __post_init__(self) -> None:
        if self.search_s is not None and not self.search_s > 0:
            raise ValueError(f"search_s has to be positive, not {self.search_s}")
        if not 0 < self.max_drift_ppm <= 1000:
            raise ValueError(f"max_drift_ppm has to lie in 0 … 1000, not {self.max_drift_ppm}")


@dataclass(frozen=True, kw_only=True)
class OffsetPrior:
    """What the wall clocks say about the offset, before anything is heard.

    Attributes
    ----------
    offset_s
        Expected tracker time at phone time zero, s.
    sigma_s
        How far off it typically is, s.
    """

    offset_s: float
    sigma_s: float
