"""Which frames are tested: the same for all models, and none of their labels shown to them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.models.contract.samples import Samples

from .options import EvaluateOptions

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedFrames:
    """What is asked of every model, and which of its answers count.

    Attributes
    ----------
    samples
        All frames of the split: models see each session as a stream.
    counted
        Which frames the location is judged on, shape (n,).
    angle_counted
        Which frames the angle is judged on, shape (n,): those with a known angle, wherever gaze falls.
    left_out
        How many frames are not judged, by reason.
    """

    samples: Samples
    counted: BoolArray
    angle_counted: BoolArray
    left_out: dict[str, int]


def choose_frames(samples: Samples, options: EvaluateOptions) -> JudgedFrames:
    """Choose the frames that are judged.

    Parameters
    ----------
    samples
        Of the split.
    options
        Whether frames count whose gaze is out of view, or in which the eyes are closed.

    Raises
    ------
    InputError
        If none is left.
    """
    left_out: dict[str, int] = {}
    counted = np.ones(len(samples), dtype=bool)
    rules = [
        ("gaze in the road view is not known", samples.has_location, True),
        ("eyes are closed", ~samples.blink, not options.blinks),
        ("gaze is beyond the road picture", samples.gaze_in_view, not options.out_of_view),
    ]
    for reason, fits, holds in rules:
        if holds:
            left_out[reason] = int((counted & ~fits).sum())
            counted &= fits
    angle_counted = samples.has_angle & (~samples.blink | options.blinks)
    if not counted.any():
        reasons = ", ".join(
            f"{count} because {reason}" for reason, count in left_out.items() if count
        )
        raise InputError(
            f"The split {options.split} has {len(samples)} frames with pictures, and none can be judged"
            f"{': ' + reasons if reasons else ''}.",
            fix="Run `dashgaze align` on its sessions and pack them again, or give another `--split`.",
        )
    return JudgedFrames(
        samples=samples, counted=counted, angle_counted=angle_counted, left_out=left_out
    )


def alike(samples: Samples, options: EvaluateOptions) -> Samples:
    """Give the frames of training that would be judged, were they tested: baselines are fitted to these.

    Raises
    ------
    InputError
        If there is none.
    """
    kept = samples.has_location & (samples.gaze_in_view | options.out_of_view)
    kept &= ~samples.blink | options.blinks
    if not kept.any():
        raise InputError(
            f"None of {len(samples)} training frames has gaze that baselines could be fitted to.",
            fix="Run `dashgaze align` on the sessions of the train split and pack them again.",
        )
    return samples.take(kept)


def without_answers(samples: Samples) -> Samples:
    """Give the same frames without anything that the eye tracker told of them.

    A model that is no oracle gets these: it can't look at the answers even by mistake.
    """
    count = len(samples)
    unknown = np.full(count, np.nan)
    return replace(
        samples,
        gaze_road_px=np.full((count, 2), np.nan),
        gaze_road_cov_px2=np.full((count, 3), np.nan),
        gaze_in_view=np.zeros(count, dtype=bool),
        gaze_angle_deg=np.full((count, 2), np.nan),
        fixation=np.zeros(count, dtype=bool),
        blink=np.zeros(count, dtype=bool),
        homography_source=np.full(count, "", dtype=samples.homography_source.dtype),
        homography_error_px=unknown,
    )


def evenly(samples: Samples, most: int) -> NDArray[np.int64]:
    """Choose at most `most` rows, of each session the same number as far as it has them, evenly in time."""
    sessions = samples.sessions
    each = max(1, most // max(1, len(sessions)))
    chosen = []
    for session in sessions:
        rows = np.flatnonzero(samples.session_id == session)
        places = np.linspace(0, len(rows) - 1, min(each, len(rows))).round().astype(np.int64)
        chosen.append(rows[np.unique(places)])
    return np.sort(np.concatenate(chosen)).astype(np.int64)
