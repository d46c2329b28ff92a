"""Pictures of a packed data set, by row."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from ..contract.pictures import PICTURE_SIZES_PX, PictureName
from .decoding import DamagedPictureError, decode
from .image_shard import ImageShard

IndexArray = NDArray[np.int64]


class PackedPictures:
    """A `PictureSource` over shards of pictures; for several threads at once.

    Parameters
    ----------
    shards
        The files.
    shard_of_row, row_in_shard
        Where each row is, shape (n,).
    """

    def __init__(
        self, shards: Sequence[ImageShard], shard_of_row: IndexArray, row_in_shard: IndexArray
    ) -> None:
        self.shards = tuple(shards)
        self.shard_of_row = shard_of_row
        self.row_in_shard = row_in_shard

    def __len__(self) -> int:
        return len(self.row_in_shard)

    def read(
        self, rows: IndexArray, name: PictureName, size_px: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Give one kind of picture of some rows (`PictureSource.read`).

        Raises
        ------
        InputError
            If a picture is damaged; the message names it.
        """
        stored_px = PICTURE_SIZES_PX[name]
        width, height = size_px or stored_px
        pictures = np.zeros((len(rows), 3, height, width), np.uint8)
        present = np.zeros(len(rows), np.bool_)
        for place, row in enumerate(np.asarray(rows).tolist()):
            shard = self.shards[self.shard_of_row[row]]
            data = shard.read(int(self.row_in_shard[row]), name)
            if data is None:
                continue
            try:
                pictures[place] = decode(data, (width, height), stored_px)
            except DamagedPictureError as error:
                raise InputError(
                    f"Picture {name} in row {self.row_in_shard[row]} of {shard.path} is damaged: {error}.",
                    fix="Type `dashgaze validate --deep` on the data set, and copy the file again.",
                    path=shard.path,
                ) from error
            present[place] = True
        return pictures, present

    def take(self, rows: IndexArray) -> "PackedPictures":
        """Give the source that belongs to ``samples.take(rows)``."""
        return PackedPictures(self.shards, self.shard_of_row[rows], self.row_in_shard[rows])
