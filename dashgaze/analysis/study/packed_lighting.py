"""The light of a session of a data set, held against all that is packed of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dashgaze.errors import InputError

from ..contract.study import FloatArray, SessionData
from .lighting import Lighting, Place, lighting_of, place_of
from .packed_dataset import OpenDataset
from .picture_light import PictureLight, picture_light

EVERY_S = 1.0
"""One road picture in so many seconds is looked at: enough for tunnels of some seconds."""

_ROWS_AT_ONCE = 64


def packed_lighting(dataset: OpenDataset, session: SessionData) -> Lighting:
    """Say what the light of a session was, with the check by whatever the data set has.

    That is the hour of day, the coarse location if it was packed, and the small road pictures of the
    configuration ``images`` if there are any.

    Parameters
    ----------
    dataset
        Where it is packed.
    session
        The session.

    Raises
    ------
    InputError
        If a shard can't be read.
    """
    pictures, time_s = packed_picture_light(dataset, session.session_id)
    return lighting_of(
        session,
        place=packed_place(dataset, session.session_id),
        pictures=pictures,
        picture_time_s=time_s,
    )


def packed_place(dataset: OpenDataset, session_id: str) -> Place | None:
    """Give the middle of where a session was; None where location is not packed.

    Raises
    ------
    InputError
        If the shard can't be read.
    """
    table = dataset.table("location", session_id, ["latitude_deg", "longitude_deg"])
    if table is None:
        return None
    return place_of(
        np.asarray(table.column("latitude_deg").to_numpy(), dtype=np.float64),
        np.asarray(table.column("longitude_deg").to_numpy(), dtype=np.float64),
    )


def packed_picture_light(
    dataset: OpenDataset, session_id: str
) -> tuple[PictureLight | None, FloatArray | None]:
    """Measure a road picture for each second of a session, and give their times, s; None without pictures.

    Raises
    ------
    InputError
        If the shard can't be read.
    """
    path = dataset.shard("images", session_id)
    if path is None:
        return None, None
    chosen, times = _pictures(path)
    return (picture_light(chosen), np.array(times)) if chosen else (None, None)


def _pictures(path: Path) -> tuple[list[bytes], list[float]]:
    """Read encoded road pictures, one a second; of others no more than a batch is in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chosen: list[bytes] = []
    times: list[float] = []
    try:
        with pq.ParquetFile(path) as file:
            if "road" not in file.schema_arrow.names:
                return [], []
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=["time_ns", "road"]):
                stamps = batch.column("time_ns").to_numpy() / 1e9
                for row, at_s in enumerate(stamps.tolist()):
                    if times and at_s - times[-1] < EVERY_S:
                        continue
                    picture = batch.column("road")[row].as_py()
                    if picture is not None and picture["bytes"]:
                        chosen.append(picture["bytes"])
                        times.append(at_s)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"{path} can't be read: {error}.",
            fix="Copy the data set again; `dashgaze validate` lists all that is damaged.",
            path=path,
        ) from error
    return chosen, times
