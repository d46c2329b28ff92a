"""What learning by shifted landmarks needs of a network."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from torch import Tensor

from ..contract.batch import Batch

FeatureName = Literal["face", "left_eye", "right_eye", "driver", "landmarks"]


@runtime_checkable
class PretextNetwork(Protocol):
    """A network whose branches can be asked one by one."""

    feature_sizes: dict[str, int]
    """Length of each branch's features, by name."""

    def branch_features(self, batch: Batch, names: Sequence[str]) -> dict[str, Tensor]:
        """Give the features of some branches, shape (b, d) each."""
