"""The gaze safety log on disk: records of 32 bytes, and nothing else.

Little-endian. The last byte makes the sum of a record's bytes 0xA5 modulo 256, so that neither the zeros
that a power cut leaves behind nor a torn record pass for a sample.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from .gaze_stream import GazeSample

FORMAT = "dashgaze gaze log 1"
RECORD = np.dtype(
    [
        ("device_ns", "<i8"),
        ("host_ns", "<i8"),
        ("x_px", "<f4"),
        ("y_px", "<f4"),
        ("connection", "<u4"),
        ("sequence", "<u2"),
        ("worn", "u1"),
        ("check", "u1"),
    ]
)
RECORD_BYTES = RECORD.itemsize

_BODY = struct.Struct("<qqffIHB")
_SUM = 0xA5


@dataclass(frozen=True, kw_only=True)
class GazeLogSamples:
    """What a gaze log holds, in the order in which it came.

    Attributes
    ----------
    device_ns, host_ns
        int64, shape (n,): Unix time on the device's clock, and on the computer's when it came.
    points_px
        float32, shape (n, 2): distorted scene camera pixels.
    worn
        bool, shape (n,).
    sequence, connection
        uint16 and uint32, shape (n,): RTP sequence number within a connection, and which one.
    bad_records
        How many records were left out because they are damaged, the torn one at the end included.
    """

    device_ns: NDArray[np.int64]
    host_ns: NDArray[np.int64]
    points_px: NDArray[np.float32]
    worn: NDArray[np.bool_]
    sequence: NDArray[np.uint16]
    connection: NDArray[np.uint32]
    bad_records: int = 0

    def __len__(self) -> int:
        return len(self.device_ns)


def pack_record(sample: GazeSample) -> bytes:
    """Give the record of a sample."""
    body = _BODY.pack(
        sample.device_ns,
        sample.host_ns,
        sample.x_px,
        sample.y_px,
        sample.connection,
        sample.sequence,
        sample.worn,
    )
    return body + bytes(((_SUM - sum(body)) & 0xFF,))


def read_gaze_log(path: Path) -> GazeLogSamples:
    """Read a gaze log, also one whose writer was killed.

    Parameters
    ----------
    path
        ``field/gaze.bin`` of a session.

    Raises
    ------
    InputError
        If it can't be read.
    """
    try:
        raw = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Give the gaze.bin of a session's folder field.",
            path=path,
        ) from error
    whole = len(raw) // RECORD_BYTES
    rows = raw[: whole * RECORD_BYTES].reshape(-1, RECORD_BYTES)
    good = rows.sum(axis=1, dtype=np.uint32) % 256 == _SUM
    records = np.ascontiguousarray(rows[good]).view(RECORD).reshape(-1)
    torn = len(raw) % RECORD_BYTES != 0
    return GazeLogSamples(
        device_ns=records["device_ns"].astype(np.int64),
        host_ns=records["host_ns"].astype(np.int64),
        points_px=np.stack((records["x_px"], records["y_px"]), axis=1).astype(np.float32),
        worn=records["worn"] != 0,
        sequence=records["sequence"].astype(np.uint16),
        connection=records["connection"].astype(np.uint32),
        bad_records=int((~good).sum()) + torn,
    )
