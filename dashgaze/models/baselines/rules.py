"""Rules that answer from the summary of training, the vanishing point, or the tested labels themselves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashgaze.models.contract.samples import Samples
from dashgaze.models.contract.scale import unit_from_px

from .baseline import NO_LABELS, Answers, FloatArray
from .geometric_median import geometric_median
from .session_rows import calibration_rows, complete, rows_of_sessions
from .training_summary import TrainingSummary, picture_median

CALIBRATION_S = 60.0
LEAST_LABELS = 10
"""With fewer labelled frames a session is not calibrated."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How a baseline answers.

    Attributes
    ----------
    answer
        From frames and the summary of training.
    oracle
        Whether it reads the answers that it is tested on.
    uses_labels
        Which labels of tested sessions it reads, in words.
    """

    answer: Callable[[Samples, TrainingSummary], Answers]
    oracle: bool = False
    uses_labels: str = NO_LABELS


def constant(count: int, value: tuple[float, float] | None) -> FloatArray | None:
    """Give the same pair for all frames, shape (count, 2); None for None."""
    return None if value is None else np.tile(np.array(value), (count, 1))


def _centre(samples: Samples, summary: TrainingSummary) -> Answers:
    return Answers(points=np.zeros((len(samples), 2)), angle_deg=None)


def _train_mean(samples: Samples, summary: TrainingSummary) -> Answers:
    points = np.tile(np.array(summary.location_mean), (len(samples), 1))
    return Answers(points=points, angle_deg=constant(len(samples), summary.angle_mean))


def train_median(samples: Samples, summary: TrainingSummary) -> Answers:
    """Answer the geometric median of training; what others fall back to."""
    points = np.tile(np.array(summary.location_median), (len(samples), 1))
    return Answers(points=points, angle_deg=constant(len(samples), summary.angle_median))


def _camera_position(samples: Samples, summary: TrainingSummary) -> Answers:
    fallback = train_median(samples, summary)
    points = fallback.points
    known = np.zeros(len(samples), dtype=np.bool_)
    for position, point in summary.location_by_camera.items():
        here = samples.camera_position == position
        points[here] = point
        known |= here
    notes: dict[str, float | str | None] = {"frames_of_unknown_position": float((~known).sum())}
    return Answers(points=points, angle_deg=fallback.angle_deg, notes=notes)


def _head_forward(samples: Samples, summary: TrainingSummary) -> Answers:
    nothing = np.full((len(samples), 2), np.nan)
    return Answers(points=nothing, angle_deg=np.zeros((len(samples), 2)))


def _vanishing_point(samples: Samples, summary: TrainingSummary) -> Answers:
    return _beside_vanishing_point(samples, summary, (0.0, 0.0))


def _vanishing_point_offset(samples: Samples, summary: TrainingSummary) -> Answers:
    return _beside_vanishing_point(samples, summary, summary.vanishing_offset or (0.0, 0.0))


def _beside_vanishing_point(
    samples: Samples, summary: TrainingSummary, offset: tuple[float, float]
) -> Answers:
    """Answer the frame's vanishing point, else its session's median, else its camera position's middle."""
    fallback = _camera_position(samples, summary)
    points = unit_from_px(samples.vanishing_point_px, samples.road_size_px)
    of_frame = complete(points)
    for _, rows in rows_of_sessions(samples):
        known = rows[of_frame[rows]]
        missing = rows[~of_frame[rows]]
        if len(known) and len(missing):
            points[missing] = np.median(points[known], axis=0)
    found = complete(points)
    notes: dict[str, float | str | None] = {
        "frames_by_session": float((found & ~of_frame).sum()),
        "frames_by_camera_position": float((~found).sum()),
    }
    return Answers(
        points=np.where(found[:, None], points + np.array(offset), fallback.points),
        angle_deg=fallback.angle_deg,
        notes=notes,
    )


def _first_minute_mean(samples: Samples, summary: TrainingSummary) -> Answers:
    return _first_minute(samples, summary, _mean)


def _first_minute_median(samples: Samples, summary: TrainingSummary) -> Answers:
    return _first_minute(samples, summary, _median)


def _first_minute(
    samples: Samples,
    summary: TrainingSummary,
    middle: Callable[[FloatArray, float], FloatArray],
) -> Answers:
    """Answer the middle of the first minute's labels; within that minute, the training median."""
    early = calibration_rows(samples, CALIBRATION_S)
    answers = _by_session(samples, summary, early, ~early, middle)
    answers.notes["frames_within_calibration"] = float(early.sum())
    answers.notes["answers_within_calibration"] = "train_median"
    return answers


def _session_mean(samples: Samples, summary: TrainingSummary) -> Answers:
    every = np.ones(len(samples), dtype=np.bool_)
    return _by_session(samples, summary, every, every, _mean)


def _session_median(samples: Samples, summary: TrainingSummary) -> Answers:
    every = np.ones(len(samples), dtype=np.bool_)
    return _by_session(samples, summary, every, every, _median)


def _mean(points: FloatArray, aspect: float) -> FloatArray:
    middle: FloatArray = points.mean(axis=0)
    return middle


def _median(points: FloatArray, aspect: float) -> FloatArray:
    return np.array(picture_median(points, aspect))


def _by_session(
    samples: Samples,
    summary: TrainingSummary,
    read: np.ndarray,
    answered: np.ndarray,
    middle: Callable[[FloatArray, float], FloatArray],
) -> Answers:
    """Answer some frames of each session by the middle of the labels of others."""
    answers = train_median(samples, summary)
    truth = unit_from_px(samples.gaze_road_px, samples.road_size_px)
    without = 0
    for _, rows in rows_of_sessions(samples):
        labels = rows[(read & samples.has_location)[rows]]
        if len(labels) < LEAST_LABELS:
            without += 1
        else:
            width, height = samples.road_size_px[labels[0]]
            answers.points[rows[answered[rows]]] = middle(truth[labels], height / width)
        labels = rows[(read & samples.has_angle)[rows]]
        if answers.angle_deg is not None and len(labels) >= LEAST_LABELS:
            angles = samples.gaze_angle_deg[labels]
            found = geometric_median(angles) if middle is _median else angles.mean(axis=0)
            answers.angle_deg[rows[answered[rows]]] = found
    answers.notes["sessions_with_too_few_labels"] = float(without)
    return answers


def _persistence(samples: Samples, summary: TrainingSummary) -> Answers:
    """Answer the last label before a frame."""
    answers = train_median(samples, summary)
    truth = unit_from_px(samples.gaze_road_px, samples.road_size_px)
    gaps = []
    for _, rows in rows_of_sessions(samples):
        last = _last_before(samples.has_location[rows])
        found = last >= 0
        answers.points[rows[found]] = truth[rows[last[found]]]
        gaps.append(samples.time_s[rows[found]] - samples.time_s[rows[last[found]]])
        last = _last_before(samples.has_angle[rows])
        found = last >= 0
        if answers.angle_deg is not None:
            answers.angle_deg[rows[found]] = samples.gaze_angle_deg[rows[last[found]]]
    every = np.concatenate(gaps) if gaps else np.empty(0)
    answers.notes["median_age_s"] = float(np.median(every)) if len(every) else None
    return answers


def _last_before(known: np.ndarray) -> np.ndarray:
    """Give for each place the last known place before it; −1, an index only, where there is none."""
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return np.concatenate([[-1], last[:-1]]) if len(known) else last


RULES: dict[str, Rule] = {
    "centre": Rule(answer=_centre),
    "train_mean": Rule(answer=_train_mean),
    "train_median": Rule(answer=train_median),
    "camera_position_median": Rule(answer=_camera_position),
    "vanishing_point": Rule(answer=_vanishing_point),
    "vanishing_point_offset": Rule(answer=_vanishing_point_offset),
    "head_forward": Rule(answer=_head_forward),
    "first_minute_mean": Rule(
        answer=_first_minute_mean, uses_labels="the first 60 s of each tested session"
    ),
    "first_minute_median": Rule(
        answer=_first_minute_median, uses_labels="the first 60 s of each tested session"
    ),
    "session_mean": Rule(
        answer=_session_mean, oracle=True, uses_labels="all of each tested session"
    ),
    "session_median": Rule(
        answer=_session_median, oracle=True, uses_labels="all of each tested session"
    ),
    "persistence": Rule(
        answer=_persistence, oracle=True, uses_labels="the last one before each frame"
    ),
}
"""By name. Those that look at tested labels as oracles are `session_mean`, `session_median` and `persistence`."""
