"""What the ``align`` stage says of a whole drive: shares, errors, a verdict and its reasons."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from dashgaze.alignment.observations import MISSING, Observations
from dashgaze.alignment.solution import REASONS, SOURCES, Solution

from .session_clock import SessionClock

Verdict = Literal["ok", "doubtful", "failed"]

OK_SHARE = 0.8
FAILED_SHARE = 0.3
"""A drive is ok if so many of the frames with two pictures are answered; below the second it failed."""

OK_ERROR_DEG = 0.5
"""Median predicted error up to which it is ok."""

_DAMAGE = ("ego_undecodable", "road_undecodable", "road_other_shape")
_GAP_FRAMES = 32
_NO_CALIBRATION = (
    "The scene camera's calibration is missing; that of a typical one is used, and errors are stated "
    "larger."
)
_NO_MATCH = (
    "No ego picture could be matched to its road picture: are these videos of one drive, and is the "
    "road camera's lens about a pinhole?"
)
_PARALLAX = (
    "Head and phone see near things in different directions: gaze is carried at the distance of what "
    "is around it, and errors allow for that distance not being known exactly."
)
_NO_PAIRS = (
    "No ego frame has a road frame beside it: the two recordings don't overlap in time, or their "
    "clocks are unknown."
)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Figures of a drive; None where one is not known.

    Attributes
    ----------
    verdict, reasons
        The verdict, and what a user should know, in sentences.
    frame_count
        Ego frames.
    pair_count
        Those with pictures of both views.
    direct_share, propagated_share, none_share
        Of the frames with pictures.
    road_size_px
        Width and height of the road picture.
    none_reasons
        Frames without a map, by reason.
    median_error_px, median_error_deg
        Median of the predicted errors (1σ per axis).
    p95_error_px
        Their 95 % point.
    median_inlier_count
        Of direct matches.
    road_focal_px, road_focal_spread_px
        The road camera's focal length and the spread of single estimates.
    gyro_gap_error_px
        How far off the gyroscope is in the middle of a gap of 32 frames of this drive (1σ).
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    frame_count: int
    pair_count: int
    direct_share: float | None
    propagated_share: float | None
    none_share: float | None
    road_size_px: tuple[int, int]
    none_reasons: dict[str, int]
    median_error_px: float | None
    median_error_deg: float | None
    p95_error_px: float | None
    median_inlier_count: float | None
    road_focal_px: float | None
    road_focal_spread_px: float | None
    gyro_gap_error_px: float | None

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        return asdict(self) | {
            "reasons": list(self.reasons),
            "road_size_px": list(self.road_size_px),
        }


def summarise(
    homographies: pa.Table,
    seen: Observations,
    solution: Solution,
    *,
    clock: SessionClock,
    scene_camera_origin: str,
    notes: list[str],
) -> Summary:
    """Sum up a drive.

    Parameters
    ----------
    homographies
        The homography table.
    seen, solution
        What was seen, and the maps.
    clock
        The session's clocks.
    scene_camera_origin
        Where the scene camera's calibration comes from.
    notes
        What is known already.
    """
    paired = seen.missing < 0
    pair_count = int(paired.sum())
    source = np.array(SOURCES)[solution.source]
    shares = {
        name: float((source[paired] == name).mean()) if pair_count else None for name in SOURCES
    }
    error_px = homographies.column("homography_error_px").drop_null().to_numpy()
    focal_px = solution.road_px_per_rad
    median_px = float(np.median(error_px)) if len(error_px) else None
    median_deg = None if median_px is None else float(np.degrees(median_px / focal_px))
    verdict, reasons = _judge(shares, pair_count, median_deg)
    verdict, more = _look_at_inputs(verdict, clock, scene_camera_origin)
    return Summary(
        verdict=verdict,
        reasons=(
            *reasons,
            *more,
            *_damage(seen),
            *_camera_notes(solution),
            *_parallax_notes(solution),
            *notes,
        ),
        frame_count=len(seen),
        road_size_px=solution.frame.road_size_px,
        pair_count=pair_count,
        direct_share=shares["direct"],
        propagated_share=shares["propagated"],
        none_share=shares["none"],
        none_reasons={
            name: int((solution.reason == code).sum())
            for code, name in enumerate(REASONS)
            if (solution.reason == code).any()
        },
        median_error_px=median_px,
        median_error_deg=median_deg,
        p95_error_px=float(np.quantile(error_px, 0.95)) if len(error_px) else None,
        median_inlier_count=float(np.median(seen.inlier_count[seen.is_direct]))
        if seen.is_direct.any()
        else None,
        road_focal_px=None if solution.road_camera is None else solution.road_camera.focal_px,
        road_focal_spread_px=_finite(
            None if solution.road_camera is None else solution.road_camera.spread_px
        ),
        gyro_gap_error_px=None
        if solution.gyro_errors is None
        else solution.gyro_errors.closed(_GAP_FRAMES // 2, _GAP_FRAMES // 2) * focal_px,
    )


def _judge(
    shares: dict[str, float | None], pair_count: int, median_deg: float | None
) -> tuple[Verdict, list[str]]:
    """Judge by how many frames are answered, and how exactly."""
    if not pair_count:
        return "failed", [_NO_PAIRS]
    answered = 1 - (shares["none"] or 0.0)
    if not shares["direct"]:
        return "failed", [_NO_MATCH]
    if answered < FAILED_SHARE:
        return "failed", [f"Only {answered:.0%} of the frames could be brought to the road view."]
    if answered < OK_SHARE:
        return "doubtful", [f"{answered:.0%} of the frames could be brought to the road view."]
    if median_deg is None or median_deg > OK_ERROR_DEG:
        return "doubtful", ["The predicted error is large in most frames."]
    return "ok", []


def _look_at_inputs(
    verdict: Verdict, clock: SessionClock, scene_camera_origin: str
) -> tuple[Verdict, list[str]]:
    """Say what of the inputs makes the result less sure."""
    reasons = []
    if clock.document is not None and clock.document.verdict == "doubtful":
        reasons.append(
            "The alignment of the clocks is doubtful, so road frames may be the wrong ones."
        )
        verdict = "doubtful" if verdict == "ok" else verdict
    if scene_camera_origin == "default":
        reasons.append(_NO_CALIBRATION)
    return verdict, reasons


def _damage(seen: Observations) -> list[str]:
    counts = {name: int((seen.missing == MISSING.index(name)).sum()) for name in _DAMAGE}
    texts = {
        "ego_undecodable": "Left out, as they or what they refer to is damaged: {} of the ego pictures.",
        "road_undecodable": "Left out, as they or what they refer to is damaged: {} of the road pictures.",
        "road_other_shape": "Left out, as their shape is not that of the first: {} of the road pictures.",
    }
    return [texts[name].format(counts[name]) for name in _DAMAGE if counts[name]]


def _camera_notes(solution: Solution) -> list[str]:
    if solution.road_camera is not None:
        return []
    return [
        "The road camera's focal length could not be found; maps are not checked for being plausible."
    ]


def _parallax_notes(solution: Solution) -> list[str]:
    if solution.parallax is None:
        return []
    return [_PARALLAX]


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
