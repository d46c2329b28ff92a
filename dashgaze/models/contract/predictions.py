"""What a model says of frames, and what it is that says it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dashgaze.progress import Progress, silent

from .pictures import PictureSource
from .samples import Samples

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Answers to n frames; NaN where there is none.

    Attributes
    ----------
    xy_px
        Gaze in the road view, shape (n, 2), px.
    xy_cov_px2
        Its stated covariance (xx, xy, yy), shape (n, 3), px²; None if the model states none.
    angle_deg
        Azimuth and elevation relative to the head, shape (n, 2); None if the model gives none.
    angle_sd_deg
        Their stated standard deviations, shape (n, 2); None if the model states none.
    notes
        What a reader has to know, such as the accuracy of the pretext task while adapting.
    """

    xy_px: FloatArray
    xy_cov_px2: FloatArray | None = None
    angle_deg: FloatArray | None = None
    angle_sd_deg: FloatArray | None = None
    notes: dict[str, float | str | None] | None = None

    def __len__(self) -> int:
        return len(self.xy_px)


@runtime_checkable
class Predictor(Protocol):
    """What answers frames. Baselines and trained networks alike."""

    @property
    def name(self) -> str:
        """What tables call it, such as ``train_median`` or ``dashgazenet_tiny``."""

    @property
    def oracle(self) -> bool:
        """Whether it looks at the answers of the very session that it is tested on."""

    def predict(
        self, samples: Samples, pictures: PictureSource | None, progress: Progress = silent
    ) -> Predictions:
        """Answer all frames of `samples`, in their order.

        Parameters
        ----------
        samples
            The frames, ascending in time within each session. A predictor that is no oracle reads none of
            the labels in it.
        pictures
            Their pictures, row by row; None for those that need none.
        progress
            Where to report to.
        """
