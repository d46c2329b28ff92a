"""Small sessions with labels only, made up column by column. Loaded by path."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.schemas.face_table import FACE_TABLE
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.schemas.gaze_table import GAZE_TABLE
from dashgaze.session import open_session

START_NS = 1_770_000_000_000_000_000

MANIFEST = """\
schema: dashgaze/session/1
session_id: s1
driver_id: D01
recorded_at: '2026-02-02T15:31:45+05:30'
weather: rain
consent:
  version: '1.0'
  scope: raw
phone:
  road: phone/road.mp4
  driver: phone/driver.mp4
  location: phone/location.csv
eye_tracker:
  kind: neon
  path: eye_tracker
"""


def table(schema, rows, columns):
    """A table after a schema: given columns, and nulls."""
    arrow = schema.to_arrow()
    arrays = []
    for field in arrow:
        values = columns.get(field.name)
        if values is None:
            arrays.append(pa.nulls(rows, field.type))
        elif isinstance(values, (list, np.ndarray)):
            arrays.append(pa.array(list(values), type=field.type))
        else:
            arrays.append(pa.array([values] * rows, type=field.type))
    return pa.Table.from_arrays(arrays, schema=arrow)


def frame_table(rows=6, **columns):
    """Frames at 25 Hz, without anything on them but what is given."""
    given = {
        "session_id": "s1",
        "frame_index": np.arange(rows),
        "ego_frame_valid": True,
        "timestamp_ns": START_NS + np.arange(rows) * 40_000_000,
        "gaze_sample_count": 0,
    }
    return table(FRAME_TABLE, rows, given | columns)


def gaze_table(rows, **columns):
    """Gaze samples at 200 Hz, from 10 ms before the first frame on."""
    given = {
        "session_id": "s1",
        "timestamp_ns": START_NS - 10_000_000 + np.arange(rows) * 5_000_000,
        "worn": True,
    }
    return table(GAZE_TABLE, rows, given | columns)


def face_table(driver_frame_index, **columns):
    given = {"session_id": "s1", "driver_frame_index": list(driver_frame_index)}
    return table(FACE_TABLE, len(given["driver_frame_index"]), given | columns)


def write_table(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(content, path, compression="zstd")
    return path


def write_session(root, *, frames=None, gaze=None, faces=None, manifest=MANIFEST):
    """Write a session folder without recordings and open it."""
    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / "session.yaml").write_text(manifest, encoding="utf-8")
    for name, content in (
        ("frames", frame_table() if frames is None else frames),
        ("gaze", gaze),
        ("faces", faces),
    ):
        if content is not None:
            write_table(root / "derived" / f"{name}.parquet", content)
    return open_session(root)
