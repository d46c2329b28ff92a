"""A folder of saliency maps that others made.

``<folder>/<session_id>/<road frame>.png`` or ``.npy``: the number of the frame in the road video as
``road_frame_index`` of the data set has it, from 0, with or without leading zeros. A PNG is grey, 8 or 16 bits; an NPY
is a plain array of two axes, rows first. A value is how salient a place is, on any scale from 0 upwards: maps are
divided by their sum. Maps have the shape of the road picture and any size.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from dashgaze.densities.grid import Grid
from dashgaze.errors import InputError

_ENDINGS = (".png", ".npy")
_SHAPE_SLACK = 0.03
_NAMING = "Name maps <session_id>/<road frame>.png or .npy."


@dataclass(frozen=True, kw_only=True)
class MapFolder:
    """The maps that there are.

    Attributes
    ----------
    folder
        Where they are.
    paths
        Of each session: file by road frame.
    unknown
        Folders whose name is no session's.
    """

    folder: Path
    paths: Mapping[str, Mapping[int, Path]]
    unknown: tuple[str, ...]


def find_maps(folder: Path, sessions: Collection[str]) -> MapFolder:
    """List the maps of a folder.

    Parameters
    ----------
    folder
        The folder.
    sessions
        Names of the sessions that are known.

    Raises
    ------
    InputError
        If there is no such folder, a file's name is no number, a frame has two maps, or no session has any.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder.", fix=_NAMING, path=folder)
    paths: dict[str, dict[int, Path]] = {}
    unknown = []
    for inner in sorted(each for each in folder.iterdir() if each.is_dir()):
        if inner.name not in sessions:
            unknown.append(inner.name)
            continue
        found = _frames(inner)
        if found:
            paths[inner.name] = found
    if not paths:
        raise InputError(
            f"{folder} has no maps of the data set's sessions, such as {min(sessions, default='session_01')}.",
            fix=_NAMING,
            path=folder,
        )
    return MapFolder(folder=folder, paths=paths, unknown=tuple(unknown))


def read_map(path: Path, size_px: tuple[int, int], grid: Grid) -> NDArray[np.float32]:
    """Read a map as probabilities of cells, shape (cells,); NaN if it is 0 everywhere, as it says nothing then.

    Parameters
    ----------
    path
        The file.
    size_px
        Width and height of the road picture.
    grid
        The cells.

    Raises
    ------
    InputError
        If it can't be read, has another shape than the picture, or values below 0 or not finite.
    """
    import cv2

    values = _values(path)
    height, width = values.shape
    wanted = size_px[0] / size_px[1]
    # One pixel more or less is rounding, however small a map is.
    if abs(width - height * wanted) > max(_SHAPE_SLACK * width, 1.0):
        raise InputError(
            f"{path} has {width} × {height} values, the road picture {size_px[0]} × {size_px[1]}: another shape.",
            fix="Make maps of the whole road picture, of any size, but not squeezed, cropped or turned.",
            path=path,
        )
    if not np.isfinite(values).all() or float(values.min()) < 0:
        raise InputError(
            f"{path} has values below 0 or not finite; a map's values are from 0 upwards.",
            fix="Write probabilities; of logarithms, take the exponential first.",
            path=path,
        )
    shrinks = width >= grid.columns and height >= grid.rows
    resized = cv2.resize(
        values,
        (grid.columns, grid.rows),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    total = float(resized.sum(dtype=np.float64))
    if total <= 0:
        return np.full(grid.cells, np.nan, dtype=np.float32)
    return np.asarray(resized.ravel() / total, dtype=np.float32)


def _frames(folder: Path) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _ENDINGS or path.name.startswith("."):
            continue
        if not (path.stem.isascii() and path.stem.isdigit()):
            raise InputError(
                f"{path} is not named by a frame of the road video.", fix=_NAMING, path=path
            )
        number = int(path.stem)
        if number in found:
            raise InputError(
                f"Frame {number} has two maps: {found[number].name} and {path.name}.",
                fix="Keep one of them.",
                path=path,
            )
        found[number] = path
    return found


def _values(path: Path) -> NDArray[np.float32]:
    import cv2

    try:
        if path.suffix.lower() == ".npy":
            values = np.load(path, allow_pickle=False)
        else:
            values = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except (
        OSError,
        ValueError,
        EOFError,
        SyntaxError,
        MemoryError,
        TokenError,
        cv2.error,
    ) as error:
        raise InputError(
            f"{path} can't be read: {error}.", fix="Write the map again.", path=path
        ) from error
    if values is None:
        raise InputError(f"{path} is no picture.", fix="Write the map again.", path=path)
    if values.ndim == 3 and values.dtype.kind == "u" and np.ptp(values[..., :3], axis=2).max() == 0:
        values = values[..., 0]
    if values.ndim != 2 or values.dtype.kind not in "uif" or not values.size:
        raise InputError(
            f"{path} is no grey map: it has shape {values.shape} and type {values.dtype}.",
            fix="Write grey values, not colours of a heat map.",
            path=path,
        )
    return np.asarray(values, dtype=np.float32)
