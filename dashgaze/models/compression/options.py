"""What can be chosen when a network is made smaller."""

from dataclasses import dataclass
from typing import Literal

from dashgaze.errors import InputError

COMPRESSION_NAME = "compression.json"
FIGURE_NAME = "compression.png"
COMPRESSION_SCHEMA = "dashgaze/compression/1"


@dataclass(frozen=True, kw_only=True)
class CompressOptions:
    """How filters are chosen, and how the rest learns again.

    Attributes
    ----------
    gamma
        Where the knee is (see `lasso_choice`): higher keeps fewer filters.
    curve_gammas
        For these the whole is done as well, to show what a smaller or larger network would have cost; empty
        for none.
    scaling
        ``none``: kept filters stay as they are. ``literal``: multiplied by the length of their lasso
        coefficients, as printed (with several targets there is no one sign); normalisation undoes it.
    uninformative
        What becomes of a layer whose filters tell gaze of other sessions no better than the mean does: ``keep``
        leaves it as it is but for dead filters, ``formula`` keeps the fewest, as printed.
    frames
        About so many frames of the training sessions are listened to.
    steps
        Of the finetuning.
    batch_size, learning_rate
        Of the finetuning: AdamW, the rate falling to 0 along a cosine.
    split
        What errors are measured on.
    test_frames
        About so many frames of it.
    seed
        Of the finetuning's order.
    device
        Where it is computed: ``cpu``, ``cuda`` …
    """

    gamma: float = 0.01
    curve_gammas: tuple[float, ...] = (0.003, 0.03, 0.1, 0.3)
    scaling: Literal["none", "literal"] = "none"
    uninformative: Literal["keep", "formula"] = "keep"
    frames: int = 4000
    steps: int = 500
    batch_size: int = 32
    learning_rate: float = 3e-4
    split: str = "test"
    test_frames: int = 2000
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        for gamma in (self.gamma, *self.curve_gammas):
            if not 0 < gamma < 1:
                raise InputError(
                    f"gamma {gamma} was given; a number between 0 and 1 was expected.",
                    fix="Give `--gamma 0.01`.",
                )
        least = {"frames": 8, "steps": 0, "batch_size": 2, "test_frames": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise InputError(
                    f"{name} is {getattr(self, name)}; at least {low} was expected.",
                    fix=f"Give `--{name.replace('_', '-')} {low}` or more.",
                )
        if not self.learning_rate > 0:
            raise InputError(
                f"A learning rate of {self.learning_rate} was given; more than 0 was expected.",
                fix="Give `--learning-rate 0.0003`.",
            )

    @property
    def all_gammas(self) -> tuple[float, ...]:
        """All that the whole is done for, ascending."""
        return tuple(sorted({self.gamma, *self.curve_gammas}))
