"""Which frames' gaze counts, and what is told of the others."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import BoolArray, SessionData


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What has to hold for the gaze of a frame to count.

    Whatever is chosen, the frame is a picture, its gaze in the road view is known, and the glasses were worn
    where that is known. Gaze beyond the edges of the road picture stays where it is: clipped to the border it
    would feign a spread.

    Attributes
    ----------
    propagated
        Whether homographies that were carried over from other frames will do. Those are centre-biased where
        they fail: report both.
    blinks
        Whether frames in blinks count; where blinks are unknown, all do.
    saccades
        Whether frames between fixations count; where fixations are unknown, all do.
    off_frame
        Whether gaze outside of the road picture counts.
    largest_error_deg
        Frames whose homography is stated to be worse (1 σ for each axis) do not count; None for no limit.
    """

    propagated: bool = True
    blinks: bool = False
    saccades: bool = False
    off_frame: bool = True
    largest_error_deg: float | None = 3.0


@dataclass(frozen=True, kw_only=True)
class GazeShares:
    """What became of the frames of a session; shares are None of nothing.

    Attributes
    ----------
    valid_count
        Frames that are pictures; all shares but the last two are of them.
    mapped
        Those with gaze in the road view.
    propagated, blink, saccade, not_worn
        Those that are so; None where it is not known of any frame.
    large_error
        Those with gaze whose stated error is above the limit.
    selected
        Those that count.
    off_frame
        Of the frames with gaze, outside of blinks: beyond the edges of the road picture.
    off_frame_selected
        The same of the frames that count.
    """

    valid_count: int
    mapped: float | None
    propagated: float | None
    blink: float | None
    saccade: float | None
    not_worn: float | None
    large_error: float | None
    selected: float | None
    off_frame: float | None
    off_frame_selected: float | None


USUAL_SELECTION = Selection()


def usable_gaze(
    session: SessionData, selection: Selection = USUAL_SELECTION, *, focal_px: float | None = None
) -> BoolArray:
    """Tell of each frame whether its gaze counts, shape (n,).

    Parameters
    ----------
    session
        The session.
    selection
        What has to hold.
    focal_px
        Focal length for the limit in degrees; that of the session if None. Without either there is no limit.
    """
    usable = session.valid & session.has_gaze
    if "worn" in session.known:
        usable &= session.worn
    if not selection.propagated and "homography_source" in session.known:
        usable &= session.homography_source == "direct"
    if not selection.blinks:
        usable &= ~session.blink
    if not selection.saccades:
        usable &= ~session.saccade
    if not selection.off_frame:
        usable &= session.gaze_in_view
    return np.asarray(usable & ~_large_error(session, selection, focal_px), dtype=np.bool_)


def gaze_shares(
    session: SessionData, selection: Selection = USUAL_SELECTION, *, focal_px: float | None = None
) -> GazeShares:
    """Count what is selected, what is not, and how much gaze leaves the road picture."""
    valid = session.valid
    mapped = valid & session.has_gaze
    selected = usable_gaze(session, selection, focal_px=focal_px)
    has_view = "gaze_in_view" in session.known

    def share(flags: BoolArray, of: BoolArray, *, known: bool = True) -> float | None:
        return float(np.mean(flags[of])) if known and of.any() else None

    source_known = "homography_source" in session.known
    has_samples = mapped | (session.gaze_sample_count > 0)
    return GazeShares(
        valid_count=int(np.count_nonzero(valid)),
        mapped=share(mapped, valid),
        propagated=share(session.homography_source == "propagated", valid, known=source_known),
        blink=share(session.blink, valid, known="blink" in session.known),
        saccade=share(session.saccade, valid, known="saccade" in session.known),
        not_worn=share(~session.worn & has_samples, valid, known="worn" in session.known),
        large_error=share(mapped & _large_error(session, selection, focal_px), valid),
        selected=share(selected, valid),
        off_frame=share(~session.gaze_in_view, mapped & ~session.blink, known=has_view),
        off_frame_selected=share(~session.gaze_in_view, selected, known=has_view),
    )


def _large_error(session: SessionData, selection: Selection, focal_px: float | None) -> BoolArray:
    focal = session.road_focal_px if focal_px is None else focal_px
    if selection.largest_error_deg is None or focal is None:
        return np.zeros(len(session), dtype=np.bool_)
    limit_px = focal * np.tan(np.radians(selection.largest_error_deg))
    # NaN is not above the limit: an unknown error is told by `SessionData.known`.
    return np.asarray(session.homography_error_px > limit_px, dtype=np.bool_)
