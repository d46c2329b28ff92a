"""What the answers of one model are worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.densities.scores import plain
from dashgaze.densities.training_density import TrainingDensity
from dashgaze.models.contract.samples import Samples
from dashgaze.models.metrics.angle import score_angle
from dashgaze.models.metrics.location import error_by_distance, score_location
from dashgaze.models.metrics.sessions import session_means, summarise
from dashgaze.models.metrics.skill import skill
from dashgaze.models.metrics.uncertainty import score_uncertainty

from .answers import Answers, gives_angles
from .densities import score_densities
from .subgroups import cells_of, standing

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

UNCERTAINTY_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Jury:
    """What all models are judged by.

    Attributes
    ----------
    samples
        All frames of the split, n of them.
    counted, common
        Frames whose location is judged, and those of them that all models answered, shape (n,).
    angle_common
        Frames whose angle all models that give angles answered, shape (n,).
    focal_px
        Of the road camera, shape (n,); NaN where not known.
    reference_error_px
        By name, errors of models that skill is measured against, shape (n,).
    training
        Where drivers looked in training; None if that is what is tested.
    blur_share, density_frames
        As in `EvaluateOptions`.
    seed
        Of what is drawn.
    """

    samples: Samples
    counted: BoolArray
    common: BoolArray
    angle_counted: BoolArray
    angle_common: BoolArray
    focal_px: FloatArray
    reference_error_px: dict[str, FloatArray]
    training: TrainingDensity | None = None
    blur_share: float = 0.05
    density_frames: int = 4000
    seed: int = 0


def score(answers: Answers, jury: Jury) -> dict[str, Any]:
    """Judge one model.

    Returns
    -------
    dict
        Plain values: ``coverage``, ``location`` (``all`` frames with the fallback, the headline, and
        ``common`` ones), ``angle``, ``skill``, ``uncertainty``, ``sessions``, ``subgroups``, ``by_distance``.
    """
    samples = jury.samples
    entrant = answers.entrant
    counted = jury.counted
    return {
        "coverage": {
            "frames": int(counted.sum()),
            "answered": int((counted & answers.answered).sum()),
            "share": float(answers.answered[counted].mean()),
        },
        "location": {
            "all": _location(answers, jury, counted),
            "common": _location(answers, jury, jury.common) if jury.common.any() else None,
        },
        "angle": score_angles(answers, jury),
        "skill": _skills(answers, jury),
        "uncertainty": _uncertainty(answers, jury),
        "density": score_densities(
            answers,
            samples,
            counted,
            jury.training,
            blur_share=jury.blur_share,
            most_frames=jury.density_frames,
        ),
        "sessions": _sessions(answers, jury),
        "subgroups": subgroup_scores(answers, jury),
        "by_distance": _by_distance(answers, jury),
        "seen_drivers": sorted(entrant.seen_drivers & set(samples.driver_id[counted].tolist())),
    }


def summary_of(errors: FloatArray, rows: BoolArray, jury: Jury) -> dict[str, Any]:
    """Give the mean over sessions with its interval, of some frames."""
    samples = jury.samples
    means = session_means(errors[rows], samples.session_id[rows], samples.driver_id[rows])
    return summarise(means, seed=jury.seed).to_json()


def _location(answers: Answers, jury: Jury, rows: BoolArray) -> dict[str, Any]:
    samples = jury.samples
    frames = score_location(
        samples.gaze_road_px[rows],
        answers.xy_px[rows],
        samples.road_size_px[rows],
        focal_px=jury.focal_px[rows],
    )
    share = answers.error_px / samples.road_size_px[:, 0] * 100.0
    return {
        "px": summary_of(answers.error_px, rows, jury),
        "percent_of_width": summary_of(share, rows, jury),
        "frames": frames.to_json(),
    }


def score_angles(answers: Answers, jury: Jury) -> dict[str, Any] | None:
    """Judge the angles of one model, on its own frames and on those that all answered; None without any."""
    if not gives_angles(answers):
        return None
    samples, angle = jury.samples, answers.predictions.angle_deg
    if angle is None or not jury.angle_counted.any():
        return None
    asked = jury.angle_counted
    result: dict[str, Any] = {
        "coverage": {
            "frames": int(asked.sum()),
            "answered": int(np.isfinite(answers.angle_error_deg[asked]).sum()),
            "share": float(np.isfinite(answers.angle_error_deg[asked]).mean()),
        }
    }
    for name, rows in (("own", asked), ("common", jury.angle_common)):
        result[name] = (
            {
                "deg": summary_of(answers.angle_error_deg, rows, jury),
                "frames": score_angle(samples.gaze_angle_deg[rows], angle[rows]).to_json(),
            }
            if rows.any()
            else None
        )
    return result


def _skills(answers: Answers, jury: Jury) -> dict[str, Any]:
    """Give skill against constants: of means over sessions, and of each session."""
    samples, rows = jury.samples, jury.counted
    own = session_means(answers.error_px[rows], samples.session_id[rows], samples.driver_id[rows])
    found: dict[str, Any] = {}
    for name, reference in jury.reference_error_px.items():
        other = session_means(reference[rows], samples.session_id[rows], samples.driver_id[rows])
        found[name] = plain(
            {
                "skill": skill(float(np.nanmean(own.mean)), float(np.nanmean(other.mean))),
                "sessions_better": int((own.mean < other.mean).sum()),
                "sessions": len(own),
            }
        )
    return found


def _uncertainty(answers: Answers, jury: Jury) -> dict[str, Any] | None:
    cov = answers.predictions.xy_cov_px2
    rows = jury.counted & answers.answered
    if cov is None or not np.isfinite(cov[rows]).all(axis=1).any():
        return None
    samples = jury.samples
    truth, said = samples.gaze_road_px[rows], answers.predictions.xy_px[rows]
    found: dict[str, Any] = {}
    for name, label_cov in (
        ("stated", None),
        ("with_label_noise", samples.gaze_road_cov_px2[rows]),
    ):
        found[name] = score_uncertainty(
            truth, said, cov[rows], label_cov_px2=label_cov, levels=UNCERTAINTY_LEVELS
        ).to_json()
    return found


def _sessions(answers: Answers, jury: Jury) -> list[dict[str, Any]]:
    samples, found = jury.samples, []
    for session in samples.sessions:
        here = samples.session_id == session
        rows = here & jury.counted
        angles = answers.angle_error_deg[here & jury.angle_counted]
        angles = angles[np.isfinite(angles)]
        driver = str(samples.driver_id[here][0])
        found.append(
            {
                "session_id": session,
                "driver_id": driver,
                "driver_seen": driver in answers.entrant.seen_drivers,
                "frames": int(rows.sum()),
                "coverage": float(answers.answered[rows].mean()) if rows.any() else None,
                "mean_error_px": float(answers.error_px[rows].mean()) if rows.any() else None,
                "mean_angle_error_deg": float(angles.mean()) if len(angles) else None,
            }
        )
    return found


def subgroup_scores(answers: Answers, jury: Jury) -> list[dict[str, Any]]:
    """Give the error within each group of frames, where there are sessions enough to show it."""
    rows = np.flatnonzero(jury.counted)
    samples = jury.samples.take(rows)
    errors = answers.error_px[rows]
    reference = jury.reference_error_px.get("train_median")
    found = []
    for cell in cells_of(samples, answers.entrant.seen_drivers):
        sessions = samples.session_id[cell.rows]
        names = set(sessions.tolist())
        word = standing(len(names))
        entry: dict[str, Any] = {
            "group": cell.group,
            "level": cell.level,
            "sessions": len(names),
            "drivers": len(set(samples.driver_id[cell.rows].tolist())),
            "frames": int(cell.rows.sum()),
            "standing": word,
            "mean_error_px": None,
            "low_px": None,
            "high_px": None,
            "skill": None,
        }
        if word != "suppressed":
            means = session_means(errors[cell.rows], sessions, samples.driver_id[cell.rows])
            summary = summarise(means, seed=jury.seed)
            entry |= plain(
                {"mean_error_px": summary.mean, "low_px": summary.low, "high_px": summary.high}
            )
            if reference is not None:
                other = session_means(
                    reference[rows][cell.rows], sessions, samples.driver_id[cell.rows]
                )
                entry["skill"] = plain(
                    skill(float(np.nanmean(means.mean)), float(np.nanmean(other.mean)))
                )
        found.append(entry)
    return found


def _by_distance(answers: Answers, jury: Jury) -> list[dict[str, Any]]:
    """Give the error by how far gaze is from the vanishing point."""
    samples, rows = jury.samples, jury.counted
    bins = error_by_distance(
        samples.gaze_road_px[rows], answers.xy_px[rows], samples.vanishing_point_px[rows]
    )
    return [each.to_json() for each in bins]


def error_map(
    answers: Sequence[Answers], jury: Jury, *, columns: int = 16, rows: int = 9
) -> list[dict[str, Any]]:
    """Give the mean error by where gaze is in the road picture, of each model.

    Returns
    -------
    list
        For each model: ``model``, ``columns``, ``rows``, and ``cells``, a list of rows from the top, each of
        the mean error in px; None where fewer than 5 frames fall or all are of one session.
    """
    samples, counted = jury.samples, jury.counted & jury.samples.gaze_in_view
    share = (samples.gaze_road_px[counted] + 0.5) / samples.road_size_px[counted]
    column = np.clip((share[:, 0] * columns).astype(int), 0, columns - 1)
    row = np.clip((share[:, 1] * rows).astype(int), 0, rows - 1)
    place = row * columns + column
    sessions = samples.session_id[counted]
    maps = []
    for each in answers:
        errors = each.error_px[counted]
        cells: list[float | None] = []
        for number in range(columns * rows):
            here = place == number
            few = here.sum() < 5 or len(set(sessions[here].tolist())) < 2
            cells.append(None if few else float(errors[here].mean()))
        maps.append(
            {
                "model": each.entrant.name,
                "columns": columns,
                "rows": rows,
                "cells": [
                    cells[start : start + columns] for start in range(0, len(cells), columns)
                ],
            }
        )
    return maps
