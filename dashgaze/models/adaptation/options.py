"""How networks learn from shifted landmarks, in training and at test time."""

from dataclasses import dataclass
from typing import Literal

FeatureSet = Literal["eyes_landmarks", "all"]
PretextHead = Literal["translation", "session_classifier"]

FEATURES: dict[FeatureSet, tuple[str, ...]] = {
    "eyes_landmarks": ("left_eye", "right_eye", "landmarks"),
    "all": ("face", "left_eye", "right_eye", "driver", "landmarks"),
}
"""Which branches a session's head looks at: equation 12.6, and row 2 of the paper's ablation."""


@dataclass(frozen=True, kw_only=True)
class PretextOptions:
    """The pretext task: were this frame's landmarks shifted? (equations 12.5 to 12.8, reference A9 to A15).

    Attributes
    ----------
    head
        ``translation``: one head for each session. ``session_classifier``: one head that tells sessions apart
        (rows 2 and 3 of the paper's ablation, in training only).
    features
        ``eyes_landmarks`` or ``all``.
    hidden
        Hidden layer of each head.
    shift_px
        Shifts are uniform within ± this, in px of a driver view `reference_width_px` wide.
    reference_width_px
        Driver views of other widths are shifted by the same share.
    shared_xy
        Shift x and y by the same number of px instead of two.
    alternate
        Shift whole batches by turns, as printed, instead of half of each batch.
    sessions
        Average the sessions' losses (``mean``), or add them, as printed (``sum``): with 25 sessions the sum is
        some thirty times the loss of gaze, and the network learns little else.
    """

    head: PretextHead = "translation"
    features: FeatureSet = "eyes_landmarks"
    hidden: int = 256
    shift_px: float = 20.0
    reference_width_px: float = 1280.0
    shared_xy: bool = False
    alternate: bool = False
    sessions: Literal["sum", "mean"] = "mean"

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise ValueError("hidden must be at least 1")
        if self.shift_px <= 0.0 or self.reference_width_px <= 0.0:
            raise ValueError("shift_px and reference_width_px must be positive")


@dataclass(frozen=True, kw_only=True)
class AdaptOptions:
    """Learning at test time (section 12.2.4, reference A16).

    Attributes
    ----------
    pretext
        The task. Its head is always a translation detector here; frames are shifted as its options say.
    batch_size
        Frames that are answered, then learned from.
    learning_rate, momentum
        Of stochastic gradient descent.
    steps
        Updates for each batch.
    head_init
        ``fresh``: random, as printed. ``mean_of_sources``: answers the mean of the training sessions' heads,
        which have to be at hand. ``warm``: random, then learned on the session's first batch, before the
        network itself is changed.
    warm_steps, warm_learning_rate
        Steps of ``warm``, and their size.
    update_network
        Change the network's eye and landmark branches; otherwise only the head learns.
    reset
        ``session``: start each session from the network as given. ``never``: go on from the session before.
    seed
        Of the head's first weights and of the shifts.
    """

    pretext: PretextOptions = PretextOptions()
    batch_size: int = 32
    learning_rate: float = 1e-3
    momentum: float = 0.0
    steps: int = 1
    head_init: Literal["fresh", "mean_of_sources", "warm"] = "fresh"
    warm_steps: int = 20
    warm_learning_rate: float = 1e-2
    update_network: bool = True
    reset: Literal["session", "never"] = "session"
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.batch_size, self.steps) < 1 or self.warm_steps < 0:
            raise ValueError("batch_size and steps must be at least 1, warm_steps at least 0")
        if min(self.learning_rate, self.warm_learning_rate) <= 0.0 or self.momentum < 0.0:
            raise ValueError("learning rates must be positive, momentum not negative")
