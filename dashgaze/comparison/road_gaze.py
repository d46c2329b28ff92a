"""Gaze in the road view beside its truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.session import Session

from .truth_files import truth_of

ELLIPSE_95 = 5.991
"""Squared radius, in standard deviations, of the ellipse that holds 95 % of a plane's normal distribution."""

SURE_PX, WRONG_PX = 5.0, 30.0
"""A frame that states less than the first and is off by more than the second is sure and wrong."""

SCALE_WIDTH_PX = 1280
"""Errors are told for a road picture of this width."""


@dataclass(frozen=True, kw_only=True)
class RoadGazeErrors:
    """How far off gaze in the road view is, for a picture 1280 px wide; None of no frames.

    Frames count whose measured gaze has a true place in the road picture. Where the truth tells fixations,
    frames between them don't: a gaze that jumps looks at nothing, and its truth lies between two things.

    Attributes
    ----------
    frame_count, answered_share
        How many, and the share that has an answer.
    median_px, p95_px, p99_px
        Of the errors.
    median_deg
        The first as an angle in the middle of the picture.
    stated_median_px
        Median of the stated errors (1σ per axis).
    in_ellipse_share
        Share whose true point lies in the stated 95 % ellipse.
    sure_and_wrong_count
        Frames that state less than 5 px and are off by more than 30 px.
    """

    frame_count: int
    answered_share: float | None
    median_px: float | None
    p95_px: float | None
    p99_px: float | None
    median_deg: float | None
    stated_median_px: float | None
    in_ellipse_share: float | None
    sure_and_wrong_count: int


def compare_road_gaze(session: Session) -> RoadGazeErrors:
    """Compare what `align` wrote with the truth.

    Parameters
    ----------
    session
        A simulated session on which it ran.

    Raises
    ------
    InputError
        If there is no truth, or no result.
    """
    truth = truth_of(session, of="road_camera")
    if not (session.derived / "homographies.parquet").is_file():
        raise InputError(
            f"{session.root} has no gaze in the road view yet.",
            fix=f"Run: dashgaze align {session.root}",
            path=session.root,
        )
    camera = truth.facts["road_camera"]
    scale = SCALE_WIDTH_PX / camera["size"][0]
    frames = pd.read_parquet(session.derived / "frames.parquet")
    table = _side_by_side(frames, truth.frames_at(frames["timestamp_ns"].to_numpy()), scale)
    answered = table[table["error"].notna()]
    if not len(answered):
        return RoadGazeErrors(
            frame_count=len(table),
            answered_share=0.0 if len(table) else None,
            median_px=None,
            p95_px=None,
            p99_px=None,
            median_deg=None,
            stated_median_px=None,
            in_ellipse_share=None,
            sure_and_wrong_count=0,
        )
    error = answered["error"]
    median = float(error.quantile(0.5))
    return RoadGazeErrors(
        frame_count=len(table),
        answered_share=len(answered) / len(table),
        median_px=median,
        p95_px=float(error.quantile(0.95)),
        p99_px=float(error.quantile(0.99)),
        median_deg=float(np.degrees(np.arctan(median / (scale * camera["matrix"][0][0])))),
        stated_median_px=float(answered["stated"].median()),
        in_ellipse_share=float((squared_in_sigmas(answered) <= ELLIPSE_95).mean()),
        sure_and_wrong_count=int(((answered["stated"] < SURE_PX) & (error > WRONG_PX)).sum()),
    )


def _side_by_side(frames: pd.DataFrame, truth: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Give differences and what was stated of them, for the frames that count."""
    table = pd.DataFrame(
        {
            "dx": (frames["gaze_road_x_px"] - truth["gaze_road_x"]) * scale,
            "dy": (frames["gaze_road_y_px"] - truth["gaze_road_y"]) * scale,
            "xx": frames["gaze_road_cov_xx_px2"] * scale**2,
            "xy": frames["gaze_road_cov_xy_px2"] * scale**2,
            "yy": frames["gaze_road_cov_yy_px2"] * scale**2,
            "stated": frames["homography_error_px"] * scale,
        }
    )
    table["error"] = np.hypot(table["dx"], table["dy"])
    # Our mean gaze and the truth's differ near blinks, whose samples are told apart differently.
    same = np.isclose(frames["gaze_ego_x_px"], truth["gaze_ego_x"], atol=0.01)
    same &= np.isclose(frames["gaze_ego_y_px"], truth["gaze_ego_y"], atol=0.01)
    counts = same & frames["road_frame_index"].notna() & truth["gaze_in_road_view"].eq(True)
    if "fixation_id" in truth:
        counts &= truth["fixation_id"].notna()
    chosen: pd.DataFrame = table.loc[counts & truth["padding"].eq(False)]
    return chosen


def squared_in_sigmas(table: pd.DataFrame) -> NDArray[np.float64]:
    """Give squared errors in units of the stated covariance, of columns dx, dy, xx, xy, yy; shape (n,)."""
    dx, dy, xx, xy, yy = (table[name].to_numpy(float) for name in ("dx", "dy", "xx", "xy", "yy"))
    return np.asarray((yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / (xx * yy - xy * xy))
