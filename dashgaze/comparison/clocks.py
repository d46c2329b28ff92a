"""Clocks beside their truth."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dashgaze.errors import InputError
from dashgaze.media import read_frame_times
from dashgaze.session import Session
from dashgaze.stages.session_clock import read_session_clock

from .truth_files import truth_of


@dataclass(frozen=True, kw_only=True)
class ClockErrors:
    """How far off the clocks are; None where the sync stage gave no map, or did not say.

    Attributes
    ----------
    verdict
        That of the sync stage.
    offset_s, drift_ppm
        The truth.
    offset_error_ms
        Of the map, at the start, the middle and the end of what both devices recorded.
    offset_se_ms
        Stated standard error in the middle.
    drift_error_ppm, drift_se_ppm
        Of the drift, and as stated.
    road_time_error_ms
        Largest difference between stated and true time of the road frame beside an ego frame.
    same_road_frame_share
        Share of the ego frames beside which the road frame nearest by truth stands.
    """

    verdict: str
    offset_s: float
    drift_ppm: float
    offset_error_ms: tuple[float, float, float] | None
    offset_se_ms: float | None
    drift_error_ppm: float | None
    drift_se_ppm: float | None
    road_time_error_ms: float | None
    same_road_frame_share: float | None


def compare_clocks(session: Session) -> ClockErrors:
    """Compare what `sync` and `frames` wrote with the truth.

    Parameters
    ----------
    session
        A simulated session on which both ran.

    Raises
    ------
    InputError
        If there is no truth, or no result.
    """
    truth = truth_of(session, of="clocks")
    clock = read_session_clock(session.derived)
    frames = session.derived / "frames.parquet"
    if clock.document is None or not frames.is_file():
        raise InputError(
            f"{session.root} has no clocks or frames yet.",
            fix=f"Run: dashgaze sync {session.root} && dashgaze frames {session.root}",
            path=session.root,
        )
    nothing = ClockErrors(
        verdict=clock.document.verdict,
        offset_s=truth.offset_s,
        drift_ppm=truth.drift_ppm,
        offset_error_ms=None,
        offset_se_ms=None,
        drift_error_ppm=None,
        drift_se_ppm=None,
        road_time_error_ms=None,
        same_road_frame_share=None,
    )
    if clock.time_map is None:
        return nothing
    columns = ["timestamp_ns", "road_frame_index", "road_time_error_ms"]
    table = pd.read_parquet(frames, columns=columns)
    road_s = read_frame_times(session.road_path).time_s
    phone_s = truth.phone_s(table["timestamp_ns"].to_numpy())
    inside = (phone_s >= road_s[0]) & (phone_s <= road_s[-1])
    if not inside.any():
        return nothing
    both_s = phone_s[inside]
    at_s = np.array([both_s[0], (both_s[0] + both_s[-1]) / 2, both_s[-1]])
    true_s = truth.offset_s + (1 + truth.drift_ppm * 1e-6) * at_s
    start, middle, end = ((clock.time_map.tracker_s(at_s) - true_s) * 1e3).tolist()
    se_ms = float(clock.time_map.standard_error_ms(at_s)[1])
    known = inside & table["road_frame_index"].notna().to_numpy()
    index = table["road_frame_index"][known].astype(int).to_numpy()
    # The truth of the very frame that was chosen: its time minus the ego frame's true time.
    truly_ms = (road_s[index] - phone_s[known]) * 1e3
    stated_ms = table["road_time_error_ms"][known].to_numpy()
    nearest = np.searchsorted((road_s[1:] + road_s[:-1]) / 2, phone_s[known])
    first, *others = clock.document.segments
    return replace(
        nothing,
        offset_error_ms=(start, middle, end),
        offset_se_ms=se_ms if np.isfinite(se_ms) else None,
        drift_error_ppm=float(clock.drift_ppm - truth.drift_ppm),
        drift_se_ppm=None if others else first.drift_se_ppm,
        road_time_error_ms=float(np.abs(stated_ms - truly_ms).max()) if len(index) else None,
        same_road_frame_share=float(np.mean(nearest == index)) if len(index) else None,
    )
