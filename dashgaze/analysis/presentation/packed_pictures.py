"""Pictures of a session of a data set, one in so many seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.schemas.image_table import THUMBNAIL_HEIGHT_PX, THUMBNAIL_WIDTH_PX

from ..study.packed_dataset import OpenDataset
from .mean_picture import PictureSum

View = Literal["road", "driver"]
_ROWS_AT_ONCE = 64
_DRIVER_HEIGHT_PX = 224


def has_pictures(dataset: OpenDataset, session_id: str, view: View) -> bool:
    """Tell whether consent let pictures of a view of a session be packed, and somebody packed them."""
    row = dataset.rows[session_id]
    allowed = row.get("driver_pictures" if view == "driver" else "outward_pictures")
    if allowed in (None, "none"):
        return False
    return dataset.shard("images", session_id) is not None or bool(row.get(f"{view}_video"))


def sum_of_pictures(
    dataset: OpenDataset, session_id: str, view: View, *, every_s: float
) -> PictureSum | None:
    """Add up pictures of a session; None where there are none.

    Small pictures of the configuration ``images`` are taken before videos. Those of the road have black edges,
    which are cut off; those of the driver are squeezed into a square, and are stretched again where they are shown.

    Parameters
    ----------
    dataset, session_id, view
        Whose.
    every_s
        One in so many seconds.

    Raises
    ------
    InputError
        If a shard or a video can't be read.
    """
    if not has_pictures(dataset, session_id, view):
        return None
    row = dataset.rows[session_id]
    total: PictureSum | None = None
    for picture in _pictures(dataset, session_id, view, every_s):
        if view == "road":
            picture = _without_edges(picture, row)
        if total is None:
            total = PictureSum(height_px=picture.shape[0], width_px=picture.shape[1])
        # A video that changes its size has no mean.
        if picture.shape[:2] == (total.height_px, total.width_px):
            total.add(picture)
    return None if total is None else total.complete()


def _pictures(
    dataset: OpenDataset, session_id: str, view: View, every_s: float
) -> Iterator[NDArray[np.uint8]]:
    found = False
    for picture in _packed(dataset, session_id, view, every_s):
        found = True
        yield picture
    if not found and dataset.rows[session_id].get(f"{view}_video"):
        yield from _of_video(dataset, session_id, view, every_s)


def _packed(
    dataset: OpenDataset, session_id: str, view: View, every_s: float
) -> Iterator[NDArray[np.uint8]]:
    import cv2
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = dataset.shard("images", session_id)
    if path is None:
        return
    try:
        with pq.ParquetFile(path) as file:
            if view not in file.schema_arrow.names:
                return
            last_s = -np.inf
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=["time_ns", view]):
                stamps = batch.column("time_ns").to_numpy() / 1e9
                for place, at_s in enumerate(stamps.tolist()):
                    if at_s - last_s < every_s:
                        continue
                    held = batch.column(view)[place].as_py()
                    if held is None or not held["bytes"]:
                        continue
                    picture = cv2.imdecode(
                        np.frombuffer(held["bytes"], dtype=np.uint8), cv2.IMREAD_COLOR
                    )
                    if picture is not None:
                        last_s = at_s
                        yield np.asarray(picture[..., ::-1], dtype=np.uint8)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"{path} can't be read: {error}.",
            fix="Copy the data set again; `dashgaze validate` lists all that is damaged.",
            path=path,
        ) from error


def _of_video(
    dataset: OpenDataset, session_id: str, view: View, every_s: float
) -> Iterator[NDArray[np.uint8]]:
    import cv2

    from dashgaze.dataset.reading.frame_pictures import open_video

    column = f"{view}_pts"
    table = dataset.table("frames", session_id, ["time_ns", column])
    if table is None or column not in table.column_names:
        return
    last_s = -np.inf
    times = (table.column("time_ns").to_numpy() / 1e9).tolist()
    for at_s, pts in zip(times, table.column(column).to_pylist(), strict=True):
        if pts is None or at_s - last_s < every_s:
            continue
        last_s = at_s
        picture = open_video({"session_id": session_id, column: pts}, view, root=dataset.folder)
        yield np.asarray(cv2.resize(picture, _small(picture, view), interpolation=cv2.INTER_AREA))


def _small(picture: NDArray[np.uint8], view: View) -> tuple[int, int]:
    height, width = picture.shape[:2]
    if view == "driver":
        return _DRIVER_HEIGHT_PX, _DRIVER_HEIGHT_PX
    scale = min(THUMBNAIL_WIDTH_PX / width, THUMBNAIL_HEIGHT_PX / height)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _without_edges(picture: NDArray[np.uint8], row: Any) -> NDArray[np.uint8]:
    """Cut off what is black beside a road picture that is not as wide as 16 : 9."""
    wide, high = row.get("road_width_px"), row.get("road_height_px")
    if not wide or not high:
        return picture
    height, width = picture.shape[:2]
    scale = min(width / wide, height / high)
    inner_w, inner_h = min(round(wide * scale), width), min(round(high * scale), height)
    left, top = (width - inner_w) // 2, (height - inner_h) // 2
    return picture[top : top + inner_h, left : left + inner_w]
