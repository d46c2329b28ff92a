"""The pictures of the published layout: HDF5 files, read one picture at a time."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from dashgaze.errors import InputError

from .published_columns import PICTURE_COLUMNS
from .published_runs import Run, open_hdf5

_PROBES = 8
_CHANNELS = (1, 3, 4)


class PublishedPictures:
    """The pictures of one session; a file is opened when a picture of it is asked for.

    Use it as a context manager, or call `close`.

    Parameters
    ----------
    runs
        Where the pictures of each kind lie (``img``, ``face``, ``leye``, ``reye``), in order.
    """

    def __init__(self, runs: dict[str, tuple[Run, ...]]) -> None:
        self._runs = runs
        self._ends = {
            kind: list(accumulate(run.count for run in each)) for kind, each in runs.items()
        }
        self._factors: dict[str, float] = {}
        self._open: tuple[Path, Any] | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Give the kinds that there are, as published."""
        return tuple(kind for kind in PICTURE_COLUMNS if kind in self._runs)

    def count(self, kind: str) -> int:
        """Give how many pictures of a kind there are."""
        return self._ends[kind][-1]

    def frame_numbers(self, kind: str) -> tuple[int, ...] | None:
        """Give the frame of each picture, as names say it; None if they don't."""
        found: list[int] = []
        for run in self._runs[kind]:
            if run.numbers is None:
                return None
            found.extend(run.numbers)
        return tuple(found) if len(set(found)) == len(found) else None

    def read(self, kind: str, index: int) -> npt.NDArray[np.uint8]:
        """Read a picture.

        Parameters
        ----------
        kind
            ``img``, ``face``, ``leye`` or ``reye``.
        index
            Which, from 0.

        Returns
        -------
        ndarray of shape (height, width, 3)
            Colours in the order in which they were published.

        Raises
        ------
        InputError
            If it can't be read, or is no picture any more (standardised values).
        """
        return _as_bytes(self._values(kind, index), self._factor(kind), kind)

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _values(self, kind: str, index: int) -> npt.NDArray[Any]:
        if not 0 <= index < self.count(kind):
            raise IndexError(f"no picture {index} of {kind}: there are {self.count(kind)}")
        ends = self._ends[kind]
        place = bisect_right(ends, index)
        run = self._runs[kind][place]
        within = index - (ends[place - 1] if place else 0)
        file = self._file(run.path)
        try:
            values = file[run.names[0]][within] if run.stacked else file[run.names[within]][()]
        except (OSError, KeyError, ValueError) as error:
            raise InputError(
                f"Picture {index} of {kind} in {run.path} can't be read: {error}.",
                fix="Fetch a whole copy of the file.",
                path=run.path,
            ) from error
        return _height_width_colour(np.asarray(values))

    def _file(self, path: Path) -> Any:
        if self._open is not None and self._open[0] == path:
            return self._open[1]
        self.close()
        file = open_hdf5(path)
        self._open = (path, file)
        return file

    def _factor(self, kind: str) -> float:
        """Give what takes stored values to 0 … 255; from a few pictures, as one may be dark."""
        if kind not in self._factors:
            count = self.count(kind)
            places = sorted({count * probe // _PROBES for probe in range(_PROBES)})
            probes = [self._values(kind, place) for place in places]
            low = min(float(np.nanmin(probe)) for probe in probes)
            high = max(float(np.nanmax(probe)) for probe in probes)
            if low < -0.01 or high > 255.5:
                raise InputError(
                    f"Pictures of {kind} hold values from {low:.2f} to {high:.2f}: they were "
                    "standardised and can't be shown.",
                    fix="Use their arrays as they are.",
                )
            whole = np.issubdtype(probes[0].dtype, np.integer)
            self._factors[kind] = 1.0 if whole or high > 1.01 else 255.0
        return self._factors[kind]


def _height_width_colour(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    while values.ndim > 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 2:
        values = values[:, :, None]
    elif values.ndim == 3 and values.shape[0] in _CHANNELS:  # as published: (C, H, W)
        values = values.transpose(1, 2, 0)
    if values.ndim != 3 or values.shape[2] not in _CHANNELS or 0 in values.shape:
        raise InputError(
            f"A picture has the shape {values.shape}; (3, height, width) was expected.",
            fix="Use its array as it is.",
        )
    return np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values[:, :, :3]


def _as_bytes(values: npt.NDArray[Any], factor: float, kind: str) -> npt.NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    scaled = np.nan_to_num(values.astype(np.float64)) * factor
    if scaled.min() < -3 or scaled.max() > 258:
        raise InputError(
            f"A picture of {kind} holds values beyond those of the others.",
            fix="Use its array as it is.",
        )
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def tie(
    frames: Sequence[int], numbered: bool, pictures: PublishedPictures, kind: str
) -> list[int | None] | None:
    """Say which picture belongs to each row; None if nothing says so.

    Frame numbers decide where both sides have them and one side has all those of the other: numbers
    that only overlap may count from another start. Then, and where there are none, the order decides
    if there are as many pictures as rows.

    Parameters
    ----------
    frames, numbered
        Frame index of each row, and whether it was published.
    pictures, kind
        Where the pictures are.
    """
    numbers = pictures.frame_numbers(kind)
    if numbered and numbers is not None:
        places = {number: place for place, number in enumerate(numbers)}
        if places.keys() <= set(frames) or set(frames) <= places.keys():
            return [places.get(frame) for frame in frames]
    if pictures.count(kind) == len(frames):
        return list(range(len(frames)))
    return None
