"""Whether what a network sees is like what it was trained on; needs torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from dashgaze.errors import InputError
from dashgaze.face_detection.detector import FloatArray
from dashgaze.models.contract.batch import Batch, Output
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.evaluation.feature_distance import FeatureDistance, fit_feature_distance
from dashgaze.models.evaluation.frames import evenly
from dashgaze.models.evaluation.robustness import TRAINING_FRAMES, observe
from dashgaze.models.feeding.dataset import data_digest, open_samples
from dashgaze.models.networks.geometry import GEOMETRY_SIZE, face_geometry
from dashgaze.models.networks.statistics import Standardizer

MOST_UNUSUAL_SHARE = 0.1
"""From this share of unusual frames on a user is warned; of training frames it is a hundredth."""

_QUANTILE = 0.99
# Root mean square of numbers that are standardised by the training frames, of which the typical one is 1.
_FAR_GEOMETRY = 2.5


class Familiarity(Protocol):
    """Tells how unusual frames are."""

    @property
    def what(self) -> str:
        """What is compared, in words."""

    def unusualness(self, batch: Batch, output: Output) -> FloatArray:
        """Give how unusual frames are, shape (b,); above 1 they are far from training."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureFamiliarity:
    """Compares the network's features with those of training frames.

    Attributes
    ----------
    distance
        Fitted to them.
    limit
        The value that a hundredth of them exceeds.
    """

    distance: FeatureDistance
    limit: float
    what: str = "features of the network, with those of training frames"

    def unusualness(self, batch: Batch, output: Output) -> FloatArray:
        """Give how unusual frames are, shape (b,)."""
        parts = [output.features[name].flatten(1) for name in sorted(output.features)]
        features = torch.cat(parts, dim=1).double().cpu().numpy()
        return self.distance.unusualness(features) / self.limit


@dataclass(frozen=True, kw_only=True, eq=False)
class GeometryFamiliarity:
    """Compares place, size and turn of the face with means and deviations kept in the weights.

    It notices another camera position, not darkness or a blurred picture.

    Attributes
    ----------
    standard
        Of the network.
    """

    standard: Standardizer
    what: str = "place, size and turn of the face, with those of training frames"

    def unusualness(self, batch: Batch, output: Output) -> FloatArray:
        """Give how unusual frames are, shape (b,); NaN without a face."""
        values = self.standard(face_geometry(batch)).double()
        rms = values.square().mean(dim=1).sqrt().cpu().numpy() / _FAR_GEOMETRY
        return np.where(batch.face_known.cpu().numpy(), rms, np.nan)


def open_familiarity(
    network: GazeNetwork,
    config: CheckpointConfig,
    data: Path | None,
    *,
    batch_size: int,
    device: str,
) -> Familiarity | None:
    """Give what tells familiar frames from others; None if neither data nor checkpoint can.

    Parameters
    ----------
    network, config
        The checkpoint.
    data
        The packed data set that it was trained on; None to go by the checkpoint alone.
    batch_size, device
        How features of training frames are computed.

    Raises
    ------
    InputError
        If the data are not those that the checkpoint was trained on.
    """
    if data is None:
        standard = getattr(network, "standard", None)
        if not isinstance(standard, Standardizer) or len(standard.mean) != GEOMETRY_SIZE:
            return None
        return GeometryFamiliarity(standard=standard) if float(standard.count) >= 2 else None
    if data_digest(data) != config.data_digest:
        raise InputError(
            f"{data} is not the data set that the network was trained on ({config.data_title}).",
            fix="Give that one, or leave --training-data out.",
            path=data,
        )
    samples, pictures = open_samples(data, sessions=config.train_sessions)
    faces = np.flatnonzero(samples.has_face)
    samples, pictures = samples.take(faces), pictures.take(faces)
    rows = evenly(samples, TRAINING_FRAMES)
    # Every other frame fits the distance, the others say what is usual: they were not fitted to.
    seen = observe(
        network, samples.take(rows), pictures.take(rows), batch_size=batch_size, device=device
    ).features
    if seen is None or len(seen) < 6:
        return None
    distance = fit_feature_distance(seen[::2])
    limit = float(np.quantile(distance.unusualness(seen[1::2]), _QUANTILE))
    return FeatureFamiliarity(distance=distance, limit=max(limit, 1e-9))
