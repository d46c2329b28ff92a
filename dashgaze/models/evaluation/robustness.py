"""What spoiled pictures do to networks, and whether networks notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.metrics.location import euclidean_error_px
from dashgaze.progress import Progress, silent

from .answers import Answers
from .corrupted_pictures import CorruptedPictures
from .corruptions import KINDS, SEVERITIES, Corruption
from .feature_distance import auroc, fit_feature_distance, kept_errors
from .frames import evenly
from .options import EvaluateOptions
from .scoring import Jury

FloatArray = NDArray[np.float64]

KEPT_SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
TRAINING_FRAMES = 1000
"""The distance of features is fitted to so many frames of training, evenly taken."""

TEXT = (
    (
        "Six kinds of damage, each at five strengths, done to the pictures as they are stored; landmarks and boxes stay "
        "those of the clean pictures, so that this is about networks, not about finding faces. Each frame is answered by "
        "itself, nothing is learned at test time."
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Observation:
    """What a network says of n frames, and what it saw.

    Attributes
    ----------
    xy_px
        Shape (n, 2).
    spread_px
        Root of the trace of the stated covariance, shape (n,); None if it states none.
    features
        All branches side by side, shape (n, d); None if it gives none.
    """

    xy_px: FloatArray
    spread_px: FloatArray | None
    features: FloatArray | None


def measure_robustness(
    answers: Sequence[Answers],
    jury: Jury,
    pictures: PictureSource,
    training: tuple[Samples, PictureSource],
    options: EvaluateOptions,
    *,
    progress: Progress = silent,
) -> dict[str, Any] | None:
    """Measure errors on spoiled pictures, and how well doubt tells spoiled from clean.

    Parameters
    ----------
    answers
        Of all models; networks that don't learn at test time are looked at.
    jury
        What is judged.
    pictures
        Of its frames.
    training
        Frames and pictures of the training split, to which the distance of features is fitted.
    options
        How many frames, and where networks run.
    progress
        Where to report to.

    Returns
    -------
    dict or None
        Plain values; None without a network.
    """
    networks = [each for each in answers if each.entrant.kind == "network"]
    if not networks:
        return None
    rows = np.flatnonzero(jury.counted)
    rows = rows[evenly(jury.samples.take(rows), options.corruption_frames)]
    samples, shown = jury.samples.take(rows), pictures.take(rows)
    median = jury.reference_error_px["train_median"][rows]
    found = []
    for number, each in enumerate(networks):
        found.append(
            _one(each, samples, shown, training, options, progress, (number, len(networks)))
        )
    return {
        "text": list(TEXT),
        "frames": len(samples),
        "severities": list(SEVERITIES),
        "kept_shares": list(KEPT_SHARES),
        "train_median_px": _by_session(median, samples),
        "networks": found,
    }


def observe(
    network: Any, samples: Samples, pictures: PictureSource, *, batch_size: int, device: str
) -> Observation:
    """Ask a network for answers and features.

    Parameters
    ----------
    network
        A `GazeNetwork`; its mode is left as it was.
    samples, pictures
        The frames.
    batch_size, device
        How many at a time, and where.
    """
    import torch

    from dashgaze.models.contract.scale import cov_px2_from_unit, px_from_unit
    from dashgaze.models.feeding.batches import make_batch

    xy, spread, features = [], [], []
    mode = network.training
    network.to(device).eval()
    try:
        with torch.no_grad():
            for start in range(0, len(samples), batch_size):
                rows = np.arange(start, min(start + batch_size, len(samples)))
                batch = make_batch(
                    samples, pictures, rows, samples.sessions, network.picture_sizes_px
                )
                output = network(batch.to(device))
                size = samples.road_size_px[rows]
                xy.append(px_from_unit(output.xy.double().cpu().numpy(), size))
                if output.xy_log_sd is not None:
                    variance = np.exp(2 * output.xy_log_sd.double().cpu().numpy())
                    unit = np.stack([variance[:, 0], 0 * variance[:, 0], variance[:, 1]], axis=1)
                    cov = cov_px2_from_unit(unit, size)
                    spread.append(np.sqrt(cov[:, 0] + cov[:, 2]))
                if output.features:
                    parts = [output.features[name].flatten(1) for name in sorted(output.features)]
                    features.append(torch.cat(parts, dim=1).double().cpu().numpy())
    finally:
        network.train(mode)
    return Observation(
        xy_px=np.concatenate(xy),
        spread_px=np.concatenate(spread) if spread else None,
        features=np.concatenate(features) if features else None,
    )


def _one(
    answers: Answers,
    samples: Samples,
    pictures: PictureSource,
    training: tuple[Samples, PictureSource],
    options: EvaluateOptions,
    progress: Progress,
    place: tuple[int, int],
) -> dict[str, Any]:
    network, name = answers.entrant.network, answers.entrant.name
    train_rows = evenly(training[0], TRAINING_FRAMES)

    def look(some: Samples, source: PictureSource) -> Observation:
        return observe(network, some, source, batch_size=options.batch_size, device=options.device)

    learned = look(training[0].take(train_rows), training[1].take(train_rows))
    distance = (
        None
        if learned.features is None or len(learned.features) < 3
        else fit_feature_distance(learned.features)
    )

    def doubts(seen: Observation) -> dict[str, FloatArray]:
        result = {}
        if distance is not None and seen.features is not None:
            result["feature_distance"] = distance.measure(seen.features)
            result["feature_unusualness"] = distance.unusualness(seen.features)
        if seen.spread_px is not None:
            result["stated_uncertainty"] = seen.spread_px
        return result

    clean = look(samples, pictures)
    clean_doubts = doubts(clean)
    clean_error = euclidean_error_px(samples.gaze_road_px, clean.xy_px)
    errors: dict[str, list[float | None]] = {}
    areas: dict[str, dict[str, list[float | None]]] = {name: {} for name in clean_doubts}
    pooled_error = [clean_error]
    pooled_doubt = {measure: [values] for measure, values in clean_doubts.items()}
    for kind_number, kind in enumerate(KINDS):
        errors[kind] = []
        for measure in clean_doubts:
            areas[measure][kind] = []
        for severity in SEVERITIES:
            spoiled = CorruptedPictures(
                source=pictures,
                samples=samples,
                corruption=Corruption(kind=kind, severity=severity),
                seed=options.seed,
            )
            seen = look(samples, spoiled)
            error = euclidean_error_px(samples.gaze_road_px, seen.xy_px)
            errors[kind].append(_by_session(error, samples))
            pooled_error.append(error)
            for measure, values in doubts(seen).items():
                areas[measure][kind].append(auroc(clean_doubts[measure], values))
                pooled_doubt[measure].append(values)
            done = (kind_number + severity / len(SEVERITIES)) / len(KINDS)
            progress(f"spoiling pictures for {name}", (place[0] + done) / place[1])
    every_error = np.concatenate(pooled_error)
    return {
        "name": name,
        "clean_px": _by_session(clean_error, samples),
        "errors_px": errors,
        "auroc": areas,
        "kept": {
            measure: kept_errors(np.concatenate(values), every_error, KEPT_SHARES)
            for measure, values in pooled_doubt.items()
        },
    }


def _by_session(error_px: FloatArray, samples: Samples) -> float | None:
    """Give the mean over sessions of mean errors."""
    means = []
    for session in samples.sessions:
        values = error_px[samples.session_id == session]
        values = values[np.isfinite(values)]
        if len(values):
            means.append(float(values.mean()))
    return float(np.mean(means)) if means else None
