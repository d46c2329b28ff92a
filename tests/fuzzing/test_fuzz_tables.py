"""Tables with columns of another type, or whose names are no text, are named or passed over."""

import contextlib
import os
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.collection.location import read_location
from dashgaze.collection.speed_obd import read_obd
from dashgaze.dataset.exchange.packed import _read as read_packed
from dashgaze.dataset.tables.derived_tables import read_derived
from dashgaze.dataset.tables.shard import check_shard
from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint
from dashgaze.rendering.gaze_rows import GazeSamples
from dashgaze.reports.faces import read_face_facts
from dashgaze.reports.frame_facts import read_frame_facts
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.schemas.gaze_table import GAZE_TABLE
from dashgaze.stages.align import read_summary
from dashgaze.stages.faces import _frames_asked_for, read_faces_summary
from dashgaze.stages.record import read_record, read_time_map_record
from dashgaze.stages.session_clock import read_session_clock
from dashgaze.stages.vanishing_point import read_vanishing_point_summary

KINDS = [
    pa.array(["x", None, "z"]),
    pa.array([[1], None, [3]]),
    pa.array([b"\xff", b"", None]),
    pa.array([1.5, np.nan, np.inf]),
    pa.nulls(3),
]


def write(path, names, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict.fromkeys(names, values)), path)
    return path


@pytest.mark.parametrize("values", KINDS)
def test_columns_of_another_type_are_named_or_passed_over(tmp_path, values):
    derived = tmp_path / "derived"
    names = [field.name for field in FRAME_TABLE.fields]
    frames = write(derived / "frames.parquet", names, values)
    write(derived / "gaze.parquet", [field.name for field in GAZE_TABLE.fields], values)
    write(derived / "faces.parquet", ["driver_frame_index", "face_confidence"], values)
    assert len(GazeSamples.read(derived / "gaze.parquet").timestamp_ns) in (0, 3)
    facts = read_face_facts(derived, has_driver_video=True)
    assert facts.note.startswith("not known") or len(facts.seen) == 3
    for read in (
        lambda: read_frame_facts(frames, first_frame_ns=None, time_map=None),
        lambda: read_derived(frames, FRAME_TABLE, session_id="s", fix="Mend it."),
    ):
        with pytest.raises(InputError, match=r"frames\.parquet"):
            read()
    session = SimpleNamespace(derived=derived)
    times = SimpleNamespace(path=tmp_path / "driver.mp4", pts=np.arange(5))
    with contextlib.suppress(InputError):
        assert (_frames_asked_for(session, times, 2) < 5).all()


def test_names_of_columns_that_are_no_text_are_told(tmp_path):
    """One flipped bit in the foot of a file makes such a name; it is met when names are asked for."""
    path = tmp_path / "a.parquet"
    names = [field.name for field in FRAME_TABLE.fields]
    pq.write_table(pa.table({name: [1] for name in names}), path, store_schema=False)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"gaze_ego_x_px", b"gaze\xffego_x_px"))
    for read in (
        lambda: read_derived(path, FRAME_TABLE, session_id="s", fix="Mend it."),
        lambda: check_shard(path, FRAME_TABLE),
        lambda: read_packed(path, ["gaze_ego_x_px"]),
    ):
        with pytest.raises(InputError, match=r"a\.parquet"):
            read()


def test_pipes_in_the_place_of_files_are_not_waited_for(tmp_path):
    derived = tmp_path / "derived"
    derived.mkdir()
    names = ("time_map.json", "align.json", "faces.json", "vanishing_point.json", "track.csv")
    for name in names:
        os.mkfifo(derived / name)
    for read in (
        lambda: read_session_clock(derived),
        lambda: read_summary(derived),
        lambda: read_faces_summary(derived),
        lambda: read_vanishing_point_summary(derived),
        lambda: read_location(derived / "track.csv"),
        lambda: read_obd(derived / "track.csv"),
        lambda: fingerprint(derived / "track.csv"),
    ):
        with pytest.raises(InputError, match="derived"):
            read()
    assert read_record(derived / "align.json") is None
    assert read_time_map_record(derived / "time_map.json", root=tmp_path) is None
