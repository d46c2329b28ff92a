"""What is said of predictions as a whole: ``predictions.json``."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze._version import __version__
from dashgaze.media import FrameTimes
from dashgaze.models.contract.checkpoint import WEIGHTS_NAME, CheckpointConfig
from dashgaze.models.training.run_files import find_checkpoint

from .familiarity import MOST_UNUSUAL_SHARE, Familiarity
from .options import PREDICTIONS_SCHEMA, PredictOptions
from .prediction_table import PREDICTION_TABLE, PredictionRows
from .road_view import RoadView

LEAST_ANSWERED_SHARE = 0.5
"""With fewer answers a user is warned."""

_PACKAGES = ("av", "numpy", "opencv-python-headless", "torch")


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """What happened on the way.

    Attributes
    ----------
    driver_size_px
        Width and height of the driver's pictures.
    detector
        Name and facts of what finds faces.
    looks
        Frames that it looked at.
    ms_a_frame
        Wall-clock time by part.
    pretext
        What learning at test time came to; None without.
    doubts
        About who drives.
    overlay_pictures
        Pictures of the overlay; None without one.
    """

    driver_size_px: tuple[int, int]
    detector: dict[str, Any]
    looks: int
    ms_a_frame: dict[str, float]
    pretext: dict[str, float | int | None] | None
    doubts: tuple[str, ...]
    overlay_pictures: int | None


def describe(
    rows: PredictionRows,
    course: Course,
    *,
    times: FrameTimes,
    road: RoadView,
    checkpoint: Path,
    config: CheckpointConfig,
    familiarity: Familiarity | None,
    options: PredictOptions,
) -> dict[str, Any]:
    """Give the record, ready for JSON."""
    answered = rows.answered
    unusual = rows["unusualness"][np.isfinite(rows["unusualness"])]
    unusual_share = float((unusual > 1).mean()) if len(unusual) else None
    warnings = [
        *course.doubts,
        *_warnings(rows, unusual_share, familiarity),
        *_video_warnings(rows, times, road),
    ]
    return {
        "schema": PREDICTIONS_SCHEMA,
        "table": PREDICTION_TABLE.id,
        "verdict": "doubtful" if warnings else "ok",
        "warnings": warnings,
        "notes": _notes(rows, familiarity, road, options),
        "video": {
            "file": times.path.name,
            "size_px": list(course.driver_size_px),
            "frames": len(rows),
            "start_s": float(rows.time_s[0]),
            "end_s": float(rows.time_s[-1]),
        },
        "road": {
            "file": None if road.times is None else road.times.path.name,
            "size_px": list(road.size_px),
            "offset_s": options.offset_s,
            "beside_share": None if road.times is None else float((rows.road_index >= 0).mean()),
        },
        "checkpoint": _checkpoint(checkpoint, config),
        "detector": course.detector | {"every": options.every, "looks": course.looks},
        "answered": int(answered.sum()),
        "answered_share": float(answered.mean()),
        "reasons": dict(sorted(Counter(each for each in rows.reason if each is not None).items())),
        "in_view_share": float(rows.in_view()[answered].mean()) if answered.any() else None,
        "median_sd_px": [_median(rows[f"{axis}_sd_px"]) for axis in "xy"],
        "unusual": {
            "compares": None if familiarity is None else familiarity.what,
            "share": unusual_share,
            "median": _median(rows["unusualness"]),
        },
        "learning": course.pretext,
        "ms_a_frame": course.ms_a_frame,
        "overlay_pictures": course.overlay_pictures,
        "options": _plain_options(options),
        "versions": {"dashgaze": __version__} | _versions(),
    }


def _warnings(
    rows: PredictionRows, unusual_share: float | None, familiarity: Familiarity | None
) -> list[str]:
    found = []
    share = float(rows.answered.mean())
    if share < LEAST_ANSWERED_SHARE:
        most = Counter(each for each in rows.reason if each is not None).most_common(1)[0][0]
        found.append(f"Only {share:.0%} of the frames have an answer, most often for {most}.")
    if unusual_share is not None and unusual_share >= MOST_UNUSUAL_SHARE and familiarity:
        found.append(
            f"{unusual_share:.0%} of the frames are unlike those that the network was trained on "
            f"({familiarity.what}): neither gaze nor its stated spread can be trusted there."
        )
    return found


def _video_warnings(rows: PredictionRows, times: FrameTimes, road: RoadView) -> list[str]:
    found = []
    if times.truncated:
        found.append(f"{times.path.name} ends before its index says.")
    if times.counted:
        found.append(f"{times.path.name} keeps no times of frames; they were counted.")
    if road.times is not None:
        share = float((rows.road_index >= 0).mean())
        if share < 0.95:
            found.append(
                f"{1 - share:.0%} of the driver's frames have no road frame beside them: the videos are of "
                "different lengths, or the offset is wrong."
            )
    return found


def _notes(
    rows: PredictionRows,
    familiarity: Familiarity | None,
    road: RoadView,
    options: PredictOptions,
) -> list[str]:
    notes = [
        "Places hold for a road camera with the field of view and the place in the car of those trained on.",
    ]
    if np.isfinite(rows["x_sd_px"]).any():
        notes.append(
            "Standard deviations are what the network states; `dashgaze evaluate` measures how often they hold."
        )
    else:
        notes.append("This network states no uncertainty.")
    if familiarity is None:
        notes.append(
            "It was not measured whether the frames are like those trained on: give the data set with "
            "--training-data."
        )
    if road.times is not None and options.offset_s == 0:
        notes.append(
            "Both videos are taken to share a clock, as those of one phone and one recorder do; else give --offset."
        )
    return notes


def _checkpoint(folder: Path, config: CheckpointConfig) -> dict[str, Any]:
    weights = find_checkpoint(folder) / WEIGHTS_NAME
    return {
        "name": folder.resolve().name,
        "model": config.model,
        "options": config.options,
        "step": config.step,
        "validation_error_px": config.validation_error_px,
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "data_title": config.data_title,
        "data_digest": config.data_digest,
        "notes": list(config.notes),
    }


def _plain_options(options: PredictOptions) -> dict[str, Any]:
    values = {
        name: getattr(options, name)
        for name in (
            "confidence", "every", "follow", "most_age_s", "side", "fov_deg", "mirrored", "adapt", "adapt_hz",
            "batch_size", "device", "start_s", "end_s",
        )
    }  # fmt: skip
    return dict(json.loads(json.dumps(values)))


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _median(values: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None
