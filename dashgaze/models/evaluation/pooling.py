"""The answers of several folds as those of one test."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.predictions import Predictions
from dashgaze.models.contract.samples import Samples

from .answers import Answers
from .entrants import Entrant
from .frames import JudgedFrames


def pool(
    parts: Sequence[tuple[JudgedFrames, list[Answers]]],
) -> tuple[JudgedFrames, list[Answers]]:
    """Put the frames and answers of folds together, by session."""
    samples = Samples(
        **{
            field.name: np.concatenate([getattr(frames.samples, field.name) for frames, _ in parts])
            for field in fields(Samples)
        }
    )
    order = np.argsort(samples.session_id, kind="stable")
    left_out: dict[str, int] = {}
    for frames, _ in parts:
        for reason, number in frames.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + number
    pooled = JudgedFrames(
        samples=samples.take(order),
        counted=np.concatenate([frames.counted for frames, _ in parts])[order],
        angle_counted=np.concatenate([frames.angle_counted for frames, _ in parts])[order],
        left_out=left_out,
    )
    count = len(parts[0][1])
    return pooled, [
        _pooled([answers[place] for _, answers in parts], order) for place in range(count)
    ]


def _pooled(answers: Sequence[Answers], order: NDArray[np.int64]) -> Answers:
    first = answers[0]
    entrant = Entrant(
        name=first.entrant.name,
        predictor=first.entrant.predictor,
        kind=first.entrant.kind,
        calibrated=first.entrant.calibrated,
        constant=first.entrant.constant,
    )

    def joined(name: str) -> Any:
        values = [getattr(each.predictions, name) for each in answers]
        if any(each is None for each in values):
            return None
        return np.concatenate(values)[order]

    return Answers(
        entrant=entrant,
        predictions=Predictions(
            xy_px=joined("xy_px"),
            xy_cov_px2=joined("xy_cov_px2"),
            angle_deg=joined("angle_deg"),
            angle_sd_deg=joined("angle_sd_deg"),
        ),
        answered=np.concatenate([each.answered for each in answers])[order],
        xy_px=np.concatenate([each.xy_px for each in answers])[order],
        error_px=np.concatenate([each.error_px for each in answers])[order],
        angle_error_deg=np.concatenate([each.angle_error_deg for each in answers])[order],
    )
