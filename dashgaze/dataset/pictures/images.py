"""The shard of pictures of one session: `images/<split>/<session>.parquet`."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.dataset.consent import Release
from dashgaze.face_detection.mirroring import turned_back
from dashgaze.progress import Progress, silent
from dashgaze.schemas.face_table import FACE_FIELDS
from dashgaze.schemas.image_table import IMAGE_TABLE, PICTURES
from dashgaze.session import Session

from .crops import Picture
from .image_shard import ImageShard
from .jpeg import jpeg_of
from .phone_view import PhoneView, find_phone_view
from .picture_rows import DRIVER_COLUMNS, ROAD_COLUMNS, driver_pictures, road_pictures

EVERY = 6
"""One ego frame in so many has its pictures: five a second of a camera with thirty."""


def write_images(
    session: Session,
    frames: pa.Table,
    release: Release,
    path: Path,
    *,
    every: int = EVERY,
    progress: Progress = silent,
) -> int:
    """Write the pictures of a session with their labels, one row for each chosen frame that has any.

    Chosen are valid ego frames whose index is a multiple of `every`. Each video is decoded once, in its
    order, and memory does not grow with the drive.

    Parameters
    ----------
    session
        The session.
    frames
        Its rows of `DATASET_FRAME_TABLE`, ascending.
    release
        What of it may be packed. Face and eyes are shown only if the driver's pictures are as recorded.
    path
        The shard to write (`IMAGE_TABLE`).
    every
        One frame in so many.
    progress
        Where to report to.

    Returns
    -------
    int
        Rows written. Where there are none no file is written.

    Raises
    ------
    InputError
        If a view has to be anonymized and was not, or the frame table is of another recording.
    MediaError
        If a video can't be read.
    OutputError
        If the shard can't be written.
    """
    if every < 1:
        raise ValueError(f"one frame in {every} can't be chosen")
    labels = _labels(frames, release)
    with ExitStack() as stack:
        road = _enter(stack, find_phone_view(session, "road", release, frames))
        driver = _enter(stack, find_phone_view(session, "driver", release, frames))
        rows = _chosen(frames, every, (road, driver))
        if not len(rows):
            progress("cutting out pictures", 1.0)
            return 0
        for view in (road, driver):
            if view is not None:
                view.want(rows)
        shard = ImageShard(path, labels)
        name = session.manifest.session_id
        with shard:
            made = _pictures(
                frames,
                rows,
                road,
                driver,
                face=release.driver == "raw",
                mirrored=session.manifest.phone.driver_mirrored,
            )
            for done, (row, frame_index, pictures) in enumerate(made, start=1):
                if pictures:
                    stem = f"{name}_{frame_index:06d}"
                    shard.add(
                        row,
                        {each: (f"{stem}_{each}.jpg", data) for each, data in pictures.items()},
                    )
                progress("cutting out pictures", done / len(rows))
        return shard.row_count


def _enter(stack: ExitStack, view: PhoneView | None) -> PhoneView | None:
    return None if view is None else stack.enter_context(view)


def _labels(frames: pa.Table, release: Release) -> pa.Table:
    """Give the columns of the shard that are no pictures."""
    names = [name for name in IMAGE_TABLE.column_names if name not in PICTURES]
    labels = frames.select(names)
    if release.face_numbers:
        return labels
    for field in FACE_FIELDS:  # whoever made the table may have left them in it
        place = labels.column_names.index(field.name)
        kind = labels.schema.field(place)
        labels = labels.set_column(place, kind, pa.nulls(labels.num_rows, kind.type))
    return labels


def _chosen(frames: pa.Table, every: int, views: tuple[PhoneView | None, ...]) -> NDArray[np.int64]:
    """Find the rows that have something to show."""
    index = frames["frame_index"].to_numpy()
    wanted = frames["ego_frame_valid"].to_numpy() & (index % every == 0)
    seen = np.zeros(len(index), dtype=np.bool_)
    for view in views:
        if view is not None:
            seen |= view.has_picture
    return np.flatnonzero(wanted & seen)


def _pictures(
    frames: pa.Table,
    rows: NDArray[np.int64],
    road: PhoneView | None,
    driver: PhoneView | None,
    *,
    face: bool,
    mirrored: bool,
) -> Iterator[tuple[int, int, dict[str, bytes]]]:
    """Give each row, its frame index, and its pictures as JPEG."""
    columns = ["frame_index", *DRIVER_COLUMNS, *ROAD_COLUMNS]
    given = frames.select(columns).take(rows).to_pydict()
    for place, row in enumerate(rows.tolist()):
        says = {name: values[place] for name, values in given.items()}
        made: dict[str, Picture] = {}
        if driver is not None and (shown := driver.picture(row)) is not None:
            # Columns of the face are of the picture turned back.
            made |= driver_pictures(turned_back(shown) if mirrored else shown, says, face=face)
        if road is not None and (shown := road.picture(row)) is not None:
            made |= road_pictures(shown, says)
        yield row, says["frame_index"], {name: jpeg_of(picture) for name, picture in made.items()}
