"""What is known of the quality of one session, and where it is flagged."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import SessionData
from .accuracy import Accuracy
from .losses import CAUSES, FrameLosses, frame_losses
from .options import QualityLimits, QualityOptions
from .precision import Precision, Samples, frame_precision, raw_samples


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionQuality:
    """Quality of one session; None is what is not known.

    Attributes
    ----------
    session_id, driver_id
        Which.
    minutes
        From its first to its last frame.
    frame_rate_hz
        Of the scene camera, as it came.
    losses
        Frames without usable gaze, by cause.
    samples
        Raw samples, where they are packed.
    valid_samples_hz
        Valid samples (worn, no blink) over the time: known without raw samples.
    precision
        Of gaze frame by frame.
    accuracy
        Of a validation.
    sync_verdict, sync_error_ms
        Of the clocks: verdict, and standard error at mid-drive.
    map_error_px, map_error_deg
        Median stated error of the homographies.
    direct_share
        Share of frames whose homography was matched directly, of those that have one.
    flags
        What is beyond a limit, in words.
    """

    session_id: str
    driver_id: str
    minutes: float
    frame_rate_hz: float | None
    losses: FrameLosses | None
    samples: Samples | None
    valid_samples_hz: float | None
    precision: Precision | None
    accuracy: Accuracy | None
    sync_verdict: str | None
    sync_error_ms: float | None
    map_error_px: float | None
    map_error_deg: float | None
    direct_share: float | None
    flags: tuple[str, ...]


def session_quality(
    session: SessionData, directions: GazeDirections | None, options: QualityOptions
) -> SessionQuality:
    """Measure one session.

    Parameters
    ----------
    session
        With all of its frames.
    directions
        Of the session, for the focal length; None if there are none.
    options
        What else there is.
    """
    duration_s = float(session.time_s[-1] - session.time_s[0]) if len(session) > 1 else 0.0
    dataset = options.dataset
    packed = dataset is not None and session.session_id in dataset.rows
    samples = (
        raw_samples(dataset, session.session_id, options.window_s)
        if dataset is not None and packed
        else None
    )
    counted = "gaze_sample_count" in session.known and duration_s > 0
    errors = session.homography_error_px
    finite = errors[np.isfinite(errors) & session.valid]
    error_px = float(np.median(finite)) if len(finite) else None
    focal = session.road_focal_px if directions is None else directions.focal_px
    mapped = np.isin(session.homography_source, ("direct", "propagated"))
    values = SessionQuality(
        session_id=session.session_id,
        driver_id=session.driver_id,
        minutes=duration_s / 60,
        frame_rate_hz=(len(session) - 1) / duration_s if duration_s > 0 else None,
        losses=frame_losses(session, dataset),
        samples=samples,
        valid_samples_hz=float(session.gaze_sample_count.sum()) / duration_s if counted else None,
        precision=frame_precision(session, options.window_s),
        accuracy=options.accuracy.get(session.session_id),
        sync_verdict=_text(session.facts.get("sync_verdict")),
        sync_error_ms=_number(session.facts.get("sync_offset_se_ms")),
        map_error_px=error_px,
        map_error_deg=math.degrees(math.atan(error_px / focal))
        if error_px is not None and focal
        else None,
        direct_share=float(np.mean(session.homography_source[mapped] == "direct"))
        if mapped.any()
        else None,
        flags=(),
    )
    return _flagged(values, options.limits)


def _flagged(values: SessionQuality, limits: QualityLimits) -> SessionQuality:
    losses, samples = values.losses, values.samples
    shares = {} if losses is None else losses.shares
    gap = None if losses is None else losses.longest_gap_s
    rate = None if samples is None else samples.rate_hz / samples.usual_hz
    precision = values.precision if samples is None else samples.precision
    checks: tuple[tuple[str, float | None, float, str], ...] = (
        (
            "lost to the tracker",
            None if losses is None else losses.tracker,
            limits.tracker_loss,
            "%",
        ),
        (CAUSES["no_map"], shares.get("no_map"), limits.no_map, "%"),
        (CAUSES["outside_road"], shares.get("outside_road"), limits.outside_road, "%"),
        ("longest gap", gap, limits.longest_gap_s, "s"),
        ("sync error", values.sync_error_ms, limits.sync_error_ms, "ms"),
        ("homography error", values.map_error_deg, limits.map_error_deg, "deg"),
        (
            "precision RMS-S2S",
            None if precision is None else precision.rms_deg,
            limits.precision_deg,
            "deg",
        ),
        (
            "accuracy",
            None if values.accuracy is None else values.accuracy.error_deg,
            limits.accuracy_deg,
            "deg",
        ),
    )
    flags = [
        f"{name} {_shown(value, unit)} above {_shown(limit, unit)}"
        for name, value, limit, unit in checks
        if value is not None and value > limit
    ]
    if rate is not None and rate < limits.rate_share:
        flags.append(
            f"samples {_shown(rate, '%')} of the usual rate, below {_shown(limits.rate_share, '%')}"
        )
    if values.sync_verdict in ("doubtful", "failed"):
        flags.append(f"clocks {values.sync_verdict}")
    if losses is None:
        flags.append("no frames")
    return replace(values, flags=tuple(flags))


def _shown(value: float, unit: str) -> str:
    return f"{value * 100:.0f} %" if unit == "%" else f"{value:.3g} {unit}"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
