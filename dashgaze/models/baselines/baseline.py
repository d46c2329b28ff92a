"""What all baselines have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.predictions import Predictions
from dashgaze.models.contract.samples import Samples
from dashgaze.models.contract.scale import cov_px2_from_unit, px_from_unit, unit_from_px
from dashgaze.progress import Progress, silent

from .session_rows import complete

FloatArray = NDArray[np.float64]

NO_LABELS = "none"


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """Answers to n frames.

    Attributes
    ----------
    points
        In −1 … 1 of the road picture, shape (n, 2); NaN where there is none.
    angle_deg
        Azimuth and elevation, shape (n, 2); None if there are none.
    notes
        For `Predictions.notes`.
    """

    points: FloatArray
    angle_deg: FloatArray | None
    notes: dict[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How far the truth lies from answers, on training frames.

    Attributes
    ----------
    point_cov
        Mean square of truth minus answer (xx, xy, yy), in −1 … 1; None without locations.
    angle_sd_deg
        Root mean square of the same, azimuth and elevation; None without angles.
    """

    point_cov: tuple[float, float, float] | None
    angle_sd_deg: tuple[float, float] | None

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Spread":
        """Read what `dataclasses.asdict` gave."""
        cov, sd = values["point_cov"], values["angle_sd_deg"]
        return cls(
            point_cov=None if cov is None else (cov[0], cov[1], cov[2]),
            angle_sd_deg=None if sd is None else (sd[0], sd[1]),
        )


class Baseline(ABC):
    """A contract `Predictor` that states the covariance of its training residuals."""

    name: str
    spread: Spread

    @property
    @abstractmethod
    def oracle(self) -> bool:
        """Whether it looks at the answers of the very session that it is tested on."""

    @property
    @abstractmethod
    def uses_labels(self) -> str:
        """Which labels of tested sessions it reads, in words; `NO_LABELS` if none."""

    @abstractmethod
    def answer(self, samples: Samples) -> Answers:
        """Answer all frames, in their order."""

    @abstractmethod
    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give all that it takes to make it again: plain values, and arrays by name."""

    def predict(
        self, samples: Samples, pictures: PictureSource | None, progress: Progress = silent
    ) -> Predictions:
        """Answer all frames; pictures are not looked at."""
        answers = self.answer(samples)
        progress(self.name, 1.0)
        points_px = px_from_unit(answers.points, samples.road_size_px)
        return Predictions(
            xy_px=points_px,
            xy_cov_px2=self._point_cov(points_px, samples.road_size_px),
            angle_deg=answers.angle_deg,
            angle_sd_deg=self._angle_sd(answers.angle_deg),
            notes={"uses_labels": self.uses_labels, **answers.notes},
        )

    def _point_cov(self, points_px: FloatArray, size_px: FloatArray) -> FloatArray | None:
        if self.spread.point_cov is None:
            return None
        stated = np.tile(np.array(self.spread.point_cov), (len(points_px), 1))
        stated[~complete(points_px)] = np.nan
        return cov_px2_from_unit(stated, size_px)

    def _angle_sd(self, angle_deg: FloatArray | None) -> FloatArray | None:
        if angle_deg is None or self.spread.angle_sd_deg is None:
            return None
        return np.where(np.isfinite(angle_deg), np.array(self.spread.angle_sd_deg), np.nan)


def spread_of(train: Samples, answers: Answers) -> Spread:
    """Measure how far the truth lies from answers."""
    away = unit_from_px(train.gaze_road_px, train.road_size_px) - answers.points
    away = away[complete(away)]
    products = np.stack([away[:, 0] ** 2, away[:, 0] * away[:, 1], away[:, 1] ** 2], axis=1)
    point_cov = tuple(products.mean(axis=0).tolist()) if len(away) else None
    angle_sd = None
    if answers.angle_deg is not None:
        difference = train.gaze_angle_deg - answers.angle_deg
        difference = difference[complete(difference)]
        if len(difference):
            angle_sd = tuple(np.sqrt((difference**2).mean(axis=0)).tolist())
    return Spread(point_cov=point_cov, angle_sd_deg=angle_sd)
