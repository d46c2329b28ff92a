"""Where the car was, made coarse, without the places where a drive starts and ends."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.alignment.time_map import TimeMap
from dashgaze.collection.location import EARTH_RADIUS_M, LocationTrack, read_location
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_tables import LOCATION_TABLE
from dashgaze.session import Session
from dashgaze.stages.session_clock import read_session_clock

from .frame_rows import in_order

HIDDEN_M = 500.0
"""No fix is packed that lies nearer than this to where a drive started or ended."""

ENDS_S = 30.0
"""How long the start and the end of a drive last: the first fixes of a phone can be wrong by far."""

DECIMALS = 3
"""Of a degree: about 110 m of latitude."""


def location_rows(session: Session, notes: list[str]) -> pa.Table | None:
    """Read the track of a session, as far as it may be shown.

    Left out is every fix within `HIDDEN_M` of a place where the car was in the first or last `ENDS_S`
    of the track, whenever it passed there. That holds back the first and last `HIDDEN_M` of the way,
    and more where the car stood while its position wandered, or came back.

    Parameters
    ----------
    session
        The session.
    notes
        Where it is added why there is none.

    Returns
    -------
    pa.Table or None
        After `LOCATION_TABLE`, by time on the tracker's clock; None where there is no track, it can't be
        placed on that clock, or nothing of it may be shown.

    Raises
    ------
    InputError
        If the time map can't be read.
    """
    path, start_ns = session.location_path, session.manifest.phone_start_ns
    time_map = read_session_clock(session.derived).time_map
    if path is None or not path.is_file():
        notes.append("Location is missing: the session has no track.")
        return None
    if start_ns is None:
        notes.append("Location is left out: the wall clock at the start of the drive is not known.")
        return None
    if time_map is None:
        notes.append("Location is left out: the clocks of phone and eye tracker are not aligned.")
        return None
    try:
        track = read_location(path)
    except InputError:
        # The message may hold a path; what is packed is read by everybody.
        notes.append("Location is left out: the track can't be read.")
        return None
    rows = _rows(session.manifest.session_id, track, start_ns, time_map)
    if not rows.num_rows:
        notes.append(
            f"Location is left out: the car was never {HIDDEN_M:.0f} m away from the drive's ends."
        )
        return None
    return rows


def far_from_ends(
    time_s: NDArray[np.float64],
    latitude_deg: NDArray[np.float64],
    longitude_deg: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which fixes lie far from where a drive started and ended.

    Parameters
    ----------
    time_s
        Ascending, shape (n,), s.
    latitude_deg, longitude_deg
        WGS 84, shape (n,), deg.

    Returns
    -------
    NDArray[np.bool_]
        Shape (n,).
    """
    far = np.ones(len(time_s), dtype=np.bool_)
    if not len(time_s):
        return far
    at_ends = (time_s - time_s[0] <= ENDS_S) | (time_s[-1] - time_s <= ENDS_S)
    for row in np.flatnonzero(at_ends):
        far &= _distance_m(latitude_deg, longitude_deg, int(row)) > HIDDEN_M
    return far


def _rows(session_id: str, track: LocationTrack, start_ns: int, time_map: TimeMap) -> pa.Table:
    known = np.isfinite(track.latitude_deg) & np.isfinite(track.longitude_deg)
    phone_s = ((track.timestamp_ns - start_ns) / 1e9)[known]
    latitude, longitude = track.latitude_deg[known], track.longitude_deg[known]
    far = far_from_ends(phone_s, latitude, longitude)
    time_ns = np.round(time_map.tracker_s(phone_s[far]) * 1e9).astype(np.int64)
    order = np.argsort(time_ns, kind="stable")
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "session_id": pa.repeat(pa.scalar(session_id), len(order)),
        "time_ns": pa.array(time_ns[order]),
        # + 0.0 makes a plain zero of a negative one
        "latitude_deg": pa.array(np.round(latitude[far][order], DECIMALS) + 0.0),
        "longitude_deg": pa.array(np.round(longitude[far][order], DECIMALS) + 0.0),
    }
    return in_order(columns, LOCATION_TABLE, len(order))


def _distance_m(
    latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64], row: int
) -> NDArray[np.float64]:
    """Give the great circle distance of all fixes from one of them (haversine), shape (n,), m."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    haversine = (
        np.sin((latitude - latitude[row]) / 2) ** 2
        + np.cos(latitude) * np.cos(latitude[row]) * np.sin((longitude - longitude[row]) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(haversine.clip(0, 1))))
