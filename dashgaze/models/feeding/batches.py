"""Batches for networks, read ahead by threads; needs torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..contract.batch import Batch
from ..contract.pictures import PictureName, PictureSource
from ..contract.samples import Samples
from ..contract.scale import unit_from_px
from .augmentation import AugmentOptions, augment
from .rows import shuffled

IndexArray = NDArray[np.int64]
SizesPx = Mapping[PictureName, tuple[int, int]]
Change = Callable[[dict[str, NDArray[np.uint8]]], dict[str, NDArray[np.uint8]]]


def make_batch(
    samples: Samples,
    pictures: PictureSource,
    rows: IndexArray,
    sessions: Sequence[str],
    sizes_px: SizesPx,
    *,
    change: Change | None = None,
) -> Batch:
    """Make one batch.

    Parameters
    ----------
    samples, pictures
        The frames and their pictures.
    rows
        Which, shape (b,).
    sessions
        Sessions are numbered by their place in it; −1 if not in it.
    sizes_px
        Width and height of each picture that is wanted.
    change
        What is done to the pictures, all b of each by name.

    Returns
    -------
    Batch
        On the CPU. A location without a road size is NaN.
    """
    rows = np.asarray(rows, dtype=np.int64)
    some = samples.take(rows)
    number = {name: place for place, name in enumerate(sessions)}
    read = {name: pictures.read(rows, name, size_px) for name, size_px in sizes_px.items()}
    shown: dict[str, NDArray[np.uint8]] = {name: each[0] for name, each in read.items()}
    if change is not None and shown:
        shown = change(shown)
    face_known = np.logical_and(some.has_face, np.isfinite(some.driver_size_px).all(axis=1))
    posed = np.logical_and.reduce(np.isfinite(some.head_pose_deg), axis=1)
    return Batch(
        rows=torch.from_numpy(rows.copy()),
        session=torch.tensor([number.get(name, -1) for name in some.session_id.tolist()]),
        pictures={name: torch.from_numpy(each) for name, each in shown.items()},
        present={name: torch.from_numpy(each[1]) for name, each in read.items()},
        landmarks=_or_zero(unit_from_px(some.landmarks_px, some.driver_size_px), face_known),
        face_box=_or_zero(_unit_box(some), face_known),
        face_known=torch.from_numpy(face_known),
        head_pose=_or_zero(np.radians(some.head_pose_deg), posed),
        head_pose_known=torch.from_numpy(posed),
        driver_size_px=_float(np.nan_to_num(some.driver_size_px)),
        target_xy=_float(unit_from_px(some.gaze_road_px, some.road_size_px)),
        target_angle=_float(np.radians(some.gaze_angle_deg)),
    )


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Where and how an epoch is fed.

    Attributes
    ----------
    batch_size
        Frames in a batch, over all processes that train together.
    shuffle_seed
        In an order of its own for each epoch; in the order of rows if None.
    epoch
        Which epoch: other order, other changes of pictures.
    first_batch
        Batches that were fed before; they are passed over.
    drop_last
        Leave out a last batch that is not full, unless it is the only one.
    part
        Number of this process and how many train together: each gets its share of every batch.
    augmentation
        Change pictures for training; not if None.
    workers
        Threads that read and decode; 0 reads when a batch is asked for.
    prefetch
        Batches that are made ahead, for each worker.
    """

    batch_size: int = 64
    shuffle_seed: int | None = None
    epoch: int = 0
    first_batch: int = 0
    drop_last: bool = False
    part: tuple[int, int] = (0, 1)
    augmentation: AugmentOptions | None = None
    workers: int = 2
    prefetch: int = 2

    def batch_count(self, rows: int) -> int:
        """Tell how many batches an epoch of so many rows has, those passed over included."""
        whole, rest = divmod(rows, self.batch_size)
        return whole + (rest > 0 and not (self.drop_last and whole > 0))


def feed(
    samples: Samples,
    pictures: PictureSource,
    how: Feed,
    *,
    sizes_px: SizesPx,
    sessions: Sequence[str] | None = None,
) -> Iterator[Batch]:
    """Feed one epoch.

    Order and pictures depend on seed, epoch and number of the batch only, not on the number of workers.
    Threads do: decoding JPEG leaves Python's lock alone.

    Parameters
    ----------
    samples, pictures
        The frames and their pictures.
    how
        The order and the workers.
    sizes_px
        Width and height of each picture that is wanted.
    sessions
        Sessions are numbered by their place in it; those of `samples`, sorted, if None.
    """
    names = samples.sessions if sessions is None else list(sessions)
    count = len(samples)
    order = np.arange(count, dtype=np.int64)
    if how.shuffle_seed is not None:
        order = shuffled(count, seed=how.shuffle_seed, epoch=how.epoch)

    def made(number: int) -> Batch:
        rows = order[number * how.batch_size : (number + 1) * how.batch_size]
        rank, world = how.part
        change: Change | None = None
        if how.augmentation is not None:
            options = how.augmentation
            random = np.random.default_rng([how.shuffle_seed or 0, how.epoch, number, rank, 1])

            def change(shown: dict[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.uint8]]:
                return augment(shown, options, random)

        return make_batch(samples, pictures, rows[rank::world], names, sizes_px, change=change)

    numbers = range(how.first_batch, how.batch_count(count))
    if how.workers < 1:
        yield from map(made, numbers)
        return
    with ThreadPoolExecutor(how.workers, thread_name_prefix="dashgaze-feed") as pool:
        ahead: deque[Future[Batch]] = deque()
        try:
            for number in numbers:
                ahead.append(pool.submit(made, number))
                if len(ahead) > how.workers * how.prefetch:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for each in ahead:
                each.cancel()


def batches(
    samples: Samples,
    pictures: PictureSource,
    *,
    batch_size: int,
    sizes_px: SizesPx,
    shuffle_seed: int | None = None,
    sessions: Sequence[str] | None = None,
    workers: int = 2,
    augmentation: AugmentOptions | None = None,
) -> Iterator[Batch]:
    """Give all frames once, in batches; `feed` with its most used choices."""
    how = Feed(
        batch_size=batch_size,
        shuffle_seed=shuffle_seed,
        workers=workers,
        augmentation=augmentation,
    )
    return feed(samples, pictures, how, sizes_px=sizes_px, sessions=sessions)


def _unit_box(samples: Samples) -> NDArray[np.float64]:
    """Give centre and size of face boxes in units of the driver picture, width 2 being all of it."""
    corner, size = samples.face_box_px[:, :2], samples.face_box_px[:, 2:]
    # A box is from edge to edge, landmarks are at centres of pixels.
    centre = unit_from_px(corner + size / 2 - 0.5, samples.driver_size_px)
    return np.concatenate([centre, 2.0 * size / samples.driver_size_px], axis=1)


def _or_zero(values: NDArray[np.float64], known: NDArray[np.bool_]) -> torch.Tensor:
    shape = (len(values),) + (1,) * (values.ndim - 1)
    return _float(np.where(known.reshape(shape), values, 0.0))


def _float(values: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))
