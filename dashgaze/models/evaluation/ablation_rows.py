"""The five rows of the paper's table, as options of networks, training and adaptation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PaperErrors:
    """What the paper's table 12.1 says, read as root mean square errors."""

    azimuth_rmse_deg: float
    elevation_rmse_deg: float
    location_rms_px: float


@dataclass(frozen=True, kw_only=True)
class AblationRow:
    """One variant.

    Attributes
    ----------
    row
        Number in the paper's table; its row 1 can be read in two ways.
    name, title
        For code and for people.
    training
        Which training its weights come from: variants of the same name share them.
    network
        Options of the network.
    pretext
        Options of the session-supervised task in training; None for none.
    adapt
        Options of that task at test time; None where nothing is learned then.
    paper
        What the paper says of it.
    """

    row: str
    name: str
    title: str
    training: str
    network: Mapping[str, Any] = field(default_factory=dict)
    pretext: Mapping[str, Any] | None = None
    adapt: Mapping[str, Any] | None = None
    paper: PaperErrors


_NO_TTA = PaperErrors(azimuth_rmse_deg=8.12, elevation_rmse_deg=6.15, location_rms_px=319.32)
_EYES = {"head": "translation", "features": "eyes_landmarks"}
_CLASSIFIER = {"head": "session_classifier", "features": "eyes_landmarks"}

ROWS = (
    AblationRow(
        row="1a",
        name="no_tta",
        title="Row 5, without learning at test time",
        training="dashgazenet",
        pretext=_EYES,
        paper=_NO_TTA,
    ),
    AblationRow(
        row="1b",
        name="no_session_loss",
        title="Without the session branch, in training too",
        training="no_session_loss",
        network={"angle_input": "concat"},
        paper=_NO_TTA,
    ),
    AblationRow(
        row="2",
        name="tta_all",
        title="Session branch on all features",
        training="tta_all",
        network={"angle_input": "concat"},
        pretext={"head": "session_classifier", "features": "all"},
        adapt={"head": "translation", "features": "all"},
        paper=PaperErrors(azimuth_rmse_deg=8.13, elevation_rmse_deg=6.80, location_rms_px=296.07),
    ),
    AblationRow(
        row="3",
        name="tta_eyes_landmarks",
        title="Session branch on eyes and landmarks",
        training="tta_eyes_landmarks",
        network={"angle_input": "concat"},
        pretext=_CLASSIFIER,
        adapt=_EYES,
        paper=PaperErrors(azimuth_rmse_deg=9.67, elevation_rmse_deg=6.37, location_rms_px=287.69),
    ),
    AblationRow(
        row="4",
        name="weighted_all",
        title="Weighted features for both heads",
        training="weighted_all",
        network={"angle_input": "weighted", "location_input": "weighted"},
        pretext=_CLASSIFIER,
        adapt=_EYES,
        paper=PaperErrors(azimuth_rmse_deg=8.07, elevation_rmse_deg=6.14, location_rms_px=1047.22),
    ),
    AblationRow(
        row="5",
        name="dashgazenet",
        title="DashGazeNet",
        training="dashgazenet",
        pretext=_EYES,
        adapt=_EYES,
        paper=PaperErrors(azimuth_rmse_deg=7.91, elevation_rmse_deg=6.86, location_rms_px=279.11),
    ),
)
"""Row 1 does not say whether the session branch was there in training: both are made. Row 4 does not say
what is learned at test time: as row 3."""
