"""What can be chosen in an evaluation."""

from dataclasses import dataclass, field
from typing import Any

from dashgaze.errors import InputError

SPLITS = ("test", "validation", "train")
REPORT_NAME = "report.html"
FIGURES_NAME = "report.json"
EVALUATION_SCHEMA = "dashgaze/evaluation/1"


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """What is tested, and how.

    Attributes
    ----------
    split
        Which part of the data set is tested. ``train`` is a diagnosis, and marked as one.
    out_of_view
        Whether frames are tested whose gaze is beyond the edges of the road picture.
    blinks
        Whether frames are tested in which the eyes are closed.
    allow_seen
        Report drivers that a model has seen as a group of their own instead of refusing; a session that
        it has seen is refused all the same.
    adapt
        Beside each network also test the same network learning at test time.
    adapt_options
        Options of that learning, as `adaptation` names them.
    reference
        Name of a model that all others are compared with, beside the best constant.
    ablation
        Train and test the five rows of the paper's table.
    leave_drivers_out
        Number of folds over drivers in which the named models are trained and tested; 0 for none.
    train_options
        For what is trained here: options of `training`, as plain values.
    corruptions
        Measure how errors grow on spoiled pictures.
    corruption_frames
        Frames of the test, evenly taken, that this is measured on.
    speed
        Measure time a frame, parameters and operations.
    blur_share
        Standard deviation of the blur of true gaze that CC, KL and SIM compare with, as a share of the
        road picture's width.
    density_frames
        Frames, evenly taken, that densities are judged on.
    example_frames
        So many pictures of faces with the answers go into the report, of drivers only who agreed to raw
        pictures.
    batch_size
        Frames that a network answers at a time.
    device
        Where networks run: ``cpu``, ``cuda`` …
    seed
        Of everything that is drawn.
    """

    split: str = "test"
    out_of_view: bool = False
    blinks: bool = False
    allow_seen: bool = False
    adapt: bool = False
    adapt_options: dict[str, Any] = field(default_factory=dict)
    reference: str | None = None
    ablation: bool = False
    leave_drivers_out: int = 0
    train_options: dict[str, Any] = field(default_factory=dict)
    corruptions: bool = False
    corruption_frames: int = 400
    speed: bool = False
    blur_share: float = 0.05
    density_frames: int = 4000
    example_frames: int = 0
    batch_size: int = 64
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise InputError(
                f"There is no split {self.split!r}; expected one of {', '.join(SPLITS)}.",
                fix="Give `--split test`.",
            )
        if self.leave_drivers_out == 1 or self.leave_drivers_out < 0:
            raise InputError(
                f"{self.leave_drivers_out} folds over drivers can't be made; expected two or more.",
                fix="Give `--leave-drivers-out 5`.",
            )
        if self.leave_drivers_out and self.ablation:
            raise InputError(
                "`--ablation` and `--leave-drivers-out` were both asked for; one evaluation does one of them.",
                fix="Run `dashgaze evaluate` twice, with another `--out`.",
            )
        if not 0 < self.blur_share < 1:
            raise InputError(
                f"A blur of {self.blur_share} of the width was asked for; expected more than 0, less than 1.",
                fix="Give `--blur 0.05`.",
            )
