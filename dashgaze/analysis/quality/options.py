"""What can be chosen in the account of data quality."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashgaze.errors import InputError

from ..study.packed_dataset import OpenDataset
from .accuracy import Accuracy


@dataclass(frozen=True, kw_only=True)
class QualityLimits:
    """Where a session is flagged: what a driving study can hardly use, not what is the best there is.

    Attributes
    ----------
    tracker_loss
        Share of frames without gaze for the tracker's sake: no sample, not worn, blink.
    no_map
        Share of frames with gaze and no homography.
    outside_road
        Share of frames whose gaze lies outside of the road picture.
    longest_gap_s
        Longest time without gaze, s.
    sync_error_ms
        Standard error of the clocks' alignment, ms; a frame lasts 33 ms.
    map_error_deg
        Median stated error of the homographies, 1 σ, deg.
    rate_share
        Samples there are over samples at the usual interval.
    precision_deg
        RMS from sample to sample in fixations, deg.
    accuracy_deg
        Mean error of a validation, deg.
    """

    tracker_loss: float = 0.20
    no_map: float = 0.30
    outside_road: float = 0.40
    longest_gap_s: float = 30.0
    sync_error_ms: float = 17.0
    map_error_deg: float = 1.5
    rate_share: float = 0.90
    precision_deg: float = 1.0
    accuracy_deg: float = 6.0


@dataclass(frozen=True, kw_only=True)
class QualityOptions:
    """What the account rests on beside the study.

    Attributes
    ----------
    dataset
        The packed data set, for the raw samples and what only the frame table has; without it precision and
        rates are those of frames, and a missing sample can't be told from glasses that were not worn.
    accuracy
        What a validation found, by name of the session; see `read_accuracy`. Data sets don't hold it.
    limits
        Where a session is flagged.
    window_s
        Length of the windows of precision, s: 0.2 to 0.5.
    """

    dataset: OpenDataset | None = None
    accuracy: Mapping[str, Accuracy] = field(default_factory=dict)
    limits: QualityLimits = field(default_factory=QualityLimits)
    window_s: float = 0.3

    def __post_init__(self) -> None:
        if not 0.2 <= self.window_s <= 0.5:
            raise InputError(
                f"Windows of precision of {self.window_s:g} s were asked for.",
                fix="Take 0.2 to 0.5 s, which is what others report.",
            )


USUAL_OPTIONS = QualityOptions()
