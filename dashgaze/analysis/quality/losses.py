"""Frames without usable gaze, each under one cause: the first one in the chain from eye to road picture."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import BoolArray, FloatArray, SessionData
from ..study.packed_dataset import OpenDataset

CAUSES: dict[str, str] = {
    "no_picture": "no scene picture",
    "blink": "blink",
    "not_worn": "not worn",
    "no_sample": "no sample",
    "outside_scene": "outside of the scene picture",
    "no_map": "no homography",
    "outside_road": "outside of the road picture",
}
"""Causes in order: what a frame fails first is its cause, so that shares and the rest make 1."""

_SCENE_SIZES_PX = {"pupil_invisible": (1088, 1080), "neon": (1600, 1200)}
TRACKER_CAUSES = ("blink", "not_worn", "no_sample")


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameLosses:
    """Shares of all frames of a session.

    Attributes
    ----------
    shares
        By cause; None where it can't be told, its frames are then under a later cause.
    good
        Share of frames that have gaze in the road picture.
    longest_gap_s
        Longest time without gaze of the tracker, whatever the cause, s.
    """

    shares: dict[str, float | None]
    good: float
    longest_gap_s: float

    @property
    def tracker(self) -> float:
        """Share lost for the tracker's sake."""
        return sum(self.shares[cause] or 0.0 for cause in TRACKER_CAUSES)


def frame_losses(session: SessionData, dataset: OpenDataset | None = None) -> FrameLosses | None:
    """Count the frames of a session by what became of their gaze; None of a session without frames.

    Parameters
    ----------
    session
        With all of its frames.
    dataset
        Where it comes from, if at hand.
    """
    if not len(session):
        return None
    known_worn, ego_px = _from_table(session, dataset)
    angles = np.isfinite(session.gaze_angle_deg).all(axis=1)
    none = np.zeros(len(session), dtype=np.bool_)
    hits: dict[str, BoolArray | None] = {
        "no_picture": ~session.valid,
        "blink": session.blink if "blink" in session.known else None,
        "not_worn": None if known_worn is None else known_worn & ~session.worn,
        "no_sample": ~(angles | session.has_gaze),
        "outside_scene": None if ego_px is None else _outside_scene(session, ego_px),
        "no_map": ~session.has_gaze,
        "outside_road": ~session.gaze_in_view if "gaze_in_view" in session.known else None,
    }
    taken = none.copy()
    shares: dict[str, float | None] = {}
    for cause in CAUSES:
        flags = hits[cause]
        shares[cause] = None if flags is None else float(np.mean(flags & ~taken))
        taken |= none if flags is None else flags
    return FrameLosses(
        shares=shares,
        good=float(np.mean(~taken)),
        longest_gap_s=longest_gap_s(session.time_s, angles & session.valid),
    )


def longest_gap_s(time_s: FloatArray, there: BoolArray) -> float:
    """Give the longest time between two frames with gaze, or from one to an end, less one step, s.

    Parameters
    ----------
    time_s
        Ascending, shape (n,).
    there
        Frames with gaze, shape (n,).
    """
    if len(time_s) < 2:
        return 0.0
    step = float(np.median(np.diff(time_s)))
    marks = np.concatenate([[time_s[0] - step], time_s[there], [time_s[-1] + step]])
    gap = float(np.diff(marks).max()) - step
    # Frames that come a little late are no gap.
    return gap if gap > 0.5 * step else 0.0


def _from_table(
    session: SessionData, dataset: OpenDataset | None
) -> tuple[BoolArray | None, FloatArray | None]:
    """Read which frames tell whether glasses were worn, and gaze in the scene picture."""
    if dataset is None or session.session_id not in dataset.rows:
        return None, None
    columns = ["worn", "gaze_ego_x_px", "gaze_ego_y_px"]
    table = dataset.table("frames", session.session_id, columns)
    if table is None or table.num_rows != len(session):
        return None, None
    worn = None
    if "worn" in session.known and "worn" in table.column_names:
        worn = np.asarray(table.column("worn").is_valid().to_numpy(), dtype=np.bool_)
    if not set(columns[1:]) <= set(table.column_names):
        return worn, None
    ego_px = np.stack(
        [
            np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)
            for name in columns[1:]
        ],
        axis=1,
    )
    return worn, ego_px if np.isfinite(ego_px).any() else None


def _outside_scene(session: SessionData, ego_px: FloatArray) -> BoolArray | None:
    size = _SCENE_SIZES_PX.get(str(session.facts.get("eye_tracker_kind") or ""))
    if size is None:
        return None
    # Pixel centres are integers. Unknown gaze has another cause already.
    beyond = (ego_px < -0.5) | (ego_px > np.array(size) - 0.5)
    return np.asarray(beyond.any(axis=1), dtype=np.bool_)
