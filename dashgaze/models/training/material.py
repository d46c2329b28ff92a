"""The frames of a training, opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dashgaze.errors import InputError
from dashgaze.progress import Progress

from ..contract.pictures import PictureName, PictureSource
from ..contract.samples import Samples
from ..feeding.cache import cached
from ..feeding.dataset import open_samples
from ..feeding.rows import learnable, thinned
from .options import TrainOptions
from .sessions import Parties
from .validation import constant_error_px, judged_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What is learned from and what the best step is chosen by.

    Attributes
    ----------
    train, train_pictures
        Frames that are learned from.
    validation, validation_pictures
        Frames to choose by; None where there are none.
    parties
        Their sessions and drivers; sessions without a frame are left out.
    constant_error_px
        What always answering the median of `train` comes to on `validation`.
    """

    train: Samples
    train_pictures: PictureSource
    validation: Samples | None
    validation_pictures: PictureSource | None
    parties: Parties
    constant_error_px: float | None


def open_material(
    data: Path,
    options: TrainOptions,
    parties: Parties,
    sizes_px: dict[PictureName, tuple[int, int]],
    progress: Progress,
) -> Material:
    """Open the frames of a training.

    Raises
    ------
    InputError
        If nothing can be learned from the sessions, or the data set can't be read.
    """
    samples, pictures = open_samples(data, sessions=parties.train_sessions, progress=progress)
    if options.cache is not None:
        pictures = cached(pictures, data, options.cache, sizes_px, progress=progress)
    rows = learnable(samples, out_of_view=options.out_of_view, no_face=options.no_face)
    if options.hz is not None:
        rows = rows[thinned(samples.take(rows), options.hz)]
    if not len(rows):
        raise InputError(
            f"{data} has {len(samples)} frames with pictures to learn from, and none of them has both gaze "
            f"{'' if options.no_face else 'and a face'}.".replace("both gaze .", "gaze."),
            fix="Run `dashgaze align` and look for faces on its sessions, and pack them again.",
            path=data,
        )
    train = _without_far(samples.take(rows), options)
    validation = validation_pictures = None
    if parties.validation_sessions:
        samples, source = open_samples(
            data, sessions=parties.validation_sessions, progress=progress
        )
        if options.cache is not None:
            source = cached(source, data, options.cache, sizes_px, progress=progress)
        chosen = judged_rows(samples)
        if options.hz is not None:
            chosen = chosen[thinned(samples.take(chosen), options.hz)]
        if len(chosen):
            validation, validation_pictures = samples.take(chosen), source.take(chosen)
    return Material(
        train=train,
        train_pictures=pictures.take(rows),
        validation=validation,
        validation_pictures=validation_pictures,
        parties=_met(train, validation),
        constant_error_px=None if validation is None else constant_error_px(train, validation),
    )


def _without_far(samples: Samples, options: TrainOptions) -> Samples:
    """Forget locations beyond the road picture; the angles of those frames are kept."""
    if options.out_of_view:
        return samples
    seen = samples.gaze_in_view[:, None]
    return replace(samples, gaze_road_px=np.where(seen, samples.gaze_road_px, np.nan))


def _met(train: Samples, validation: Samples | None) -> Parties:
    return Parties(
        train_sessions=tuple(train.sessions),
        train_drivers=tuple(sorted(set(train.driver_id.tolist()))),
        validation_sessions=() if validation is None else tuple(validation.sessions),
        validation_drivers=(
            () if validation is None else tuple(sorted(set(validation.driver_id.tolist())))
        ),
    )
