"""Frames that are looked at, evenly taken from sessions and their time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.models.contract.batch import Batch
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PictureName, PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.batches import make_batch

IndexArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """n frames with the pictures that a network takes.

    Attributes
    ----------
    samples
        Their labels.
    batch
        Their inputs.
    """

    samples: Samples
    batch: Batch

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def sessions(self) -> NDArray[np.str_]:
        """The session of each, shape (n,)."""
        return self.samples.session_id

    def take(self, rows: IndexArray) -> "Frames":
        """Give some of them."""
        return Frames(samples=self.samples.take(rows), batch=rows_of(self.batch, rows))


def choose_rows(samples: Samples, count: int) -> IndexArray:
    """Choose frames with a known face and gaze: the same number of each session, evenly in time.

    Parameters
    ----------
    samples
        All frames.
    count
        At most so many, but one of each session.

    Raises
    ------
    InputError
        If no frame will do.
    """
    usable = samples.has_face & ~samples.blink & (samples.has_location | samples.has_angle)
    names = sorted(set(samples.session_id[usable].tolist()))
    if not names:
        raise InputError(
            "No frame has a known face and gaze; explanations need them.",
            fix="Pack sessions whose drivers consented to pictures, with `dashgaze pack --images`.",
        )
    quota = max(1, count // len(names))
    chosen = []
    for name in names:
        rows = np.flatnonzero(usable & (samples.session_id == name))
        places = np.linspace(0, len(rows) - 1, min(quota, len(rows)))
        chosen.append(rows[np.rint(places).astype(np.int64)])
    return np.concatenate(chosen).astype(np.int64)


def gather(
    network: GazeNetwork, samples: Samples, pictures: PictureSource, rows: IndexArray
) -> Frames:
    """Read the inputs of some frames; those of which a picture is missing are left out.

    Raises
    ------
    InputError
        If none is left.
    """
    sizes: Mapping[PictureName, tuple[int, int]] = network.picture_sizes_px
    batch = make_batch(samples, pictures, rows, samples.sessions, sizes)
    whole = np.ones(len(rows), dtype=np.bool_)
    for present in batch.present.values():
        whole &= present.cpu().numpy()
    if not whole.any():
        raise InputError(
            "None of the frames has all pictures that the network takes.",
            fix="Look at `dashgaze validate`; drivers' pictures may be withheld by consent.",
        )
    kept = np.flatnonzero(whole)
    return Frames(samples=samples.take(rows[kept]), batch=rows_of(batch, kept))


def rows_of(batch: Batch, rows: IndexArray) -> Batch:
    """Give some frames of a batch, repeated as `rows` says."""
    import torch

    places = torch.from_numpy(np.asarray(rows, dtype=np.int64)).to(batch.rows.device)
    simple = {
        name: getattr(batch, name)[places]
        for name in (
            "rows",
            "session",
            "landmarks",
            "face_box",
            "face_known",
            "head_pose",
            "head_pose_known",
            "driver_size_px",
            "target_xy",
            "target_angle",
        )
    }
    return Batch(
        pictures={name: each[places] for name, each in batch.pictures.items()},
        present={name: each[places] for name, each in batch.present.items()},
        **simple,
    )
