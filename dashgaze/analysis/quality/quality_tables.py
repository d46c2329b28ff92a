"""Tables of data quality, a row for each session."""

from collections.abc import Sequence

from ..contract.finding import TableOfRows
from .losses import CAUSES
from .session_quality import SessionQuality


def session_table(qualities: Sequence[SessionQuality]) -> TableOfRows:
    """Give everything that was measured, session by session."""
    rows = []
    for each in qualities:
        samples = each.samples
        precision = each.precision if samples is None else samples.precision
        rows.append(
            (
                each.session_id,
                each.driver_id,
                _rounded(each.minutes, 1),
                _rounded(None if each.accuracy is None else each.accuracy.error_deg, 2),
                "frames" if samples is None else "samples",
                _rounded(None if precision is None else precision.rms_deg, 3),
                _rounded(None if precision is None else precision.sd_deg, 3),
                _rounded(None if samples is None else samples.rate_hz, 1),
                _rounded(each.valid_samples_hz, 1),
                _rounded(None if each.losses is None else each.losses.longest_gap_s, 2),
                _rounded(each.sync_error_ms, 2),
                _rounded(each.map_error_px, 2),
                _rounded(each.map_error_deg, 3),
                "; ".join(each.flags) or None,
            )
        )
    return TableOfRows(
        name="quality_sessions",
        caption="Quality session by session. Accuracy is “–” where it was not measured.",
        columns=(
            "session",
            "driver",
            "minutes",
            "accuracy (deg)",
            "precision of",
            "RMS-S2S (deg)",
            "SD (deg)",
            "samples (Hz)",
            "valid samples (Hz)",
            "longest gap (s)",
            "sync error (ms)",
            "homography error (px)",
            "homography error (deg)",
            "flags",
        ),
        rows=tuple(rows),
    )


def loss_table(qualities: Sequence[SessionQuality]) -> TableOfRows:
    """Give the shares of lost frames, session by session."""
    return TableOfRows(
        name="quality_losses",
        caption="Share of all frames (%), each under the first cause that applies, from left to right.",
        columns=("session", *(f"{words} (%)" for words in CAUSES.values()), "usable (%)"),
        rows=tuple(
            (
                each.session_id,
                *(
                    None if (share := each.losses.shares[cause]) is None else round(100 * share, 2)
                    for cause in CAUSES
                ),
                round(100 * each.losses.good, 2),
            )
            for each in qualities
            if each.losses is not None
        ),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
