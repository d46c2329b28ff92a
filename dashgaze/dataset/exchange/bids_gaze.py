"""One session's gaze as a BIDS recording: ``_physio`` and ``_physioevents``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE, DATASET_GAZE_TABLE
from dashgaze.schemas.field import Table

from .bids_files import seconds, seconds_text, write_json, write_tsv_gz
from .packed import PackedDataset

_UNITS = {"px": "pixel"}
_TRUTH = {"0": "no", "1": "yes"}
# BIDS name: column of the packed tables; the first two are what BIDS asks for.
_SHARED = {
    "x_coordinate": "gaze_azimuth_deg",
    "y_coordinate": "gaze_elevation_deg",
    "gaze_ego_x_px": "gaze_ego_x_px",
    "gaze_ego_y_px": "gaze_ego_y_px",
    "gaze_road_x_px": "gaze_road_x_px",
    "gaze_road_y_px": "gaze_road_y_px",
    "gaze_road_in_view": "gaze_road_in_view",
}
_OF_SAMPLES = _SHARED | {
    "gaze_road_error_px": "gaze_road_error_px",
    "worn": "worn",
    "frame_index": "frame_index",
}
_OF_FRAMES = _SHARED | {
    "homography_error_px": "homography_error_px",
    "worn": "worn",
    "gaze_sample_count": "gaze_sample_count",
    "frame_index": "frame_index",
}
_MODELS = {"pupil_invisible": "Pupil Invisible", "neon": "Neon"}


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The gaze of one session.

    Attributes
    ----------
    table
        Samples of the device, or frames of the scene camera, in order of time.
    of_samples
        Which of both.
    """

    table: pa.Table
    of_samples: bool

    @property
    def rate_hz(self) -> float:
        """Give the rate: one over the median step between its rows."""
        steps_ns = np.diff(self.table["time_ns"].to_numpy())
        return round(1e9 / float(np.median(steps_ns)), 3)

    @property
    def start_ns(self) -> int:
        """Give the time of its first row."""
        return int(self.table["time_ns"][0].as_py())

    @property
    def end_ns(self) -> int:
        """Give the time of its last row."""
        return int(self.table["time_ns"][-1].as_py())


def read_recording(dataset: PackedDataset, session_id: str) -> Recording | None:
    """Read the raw samples of a session, or its frames where samples were not packed.

    Returns
    -------
    Recording or None
        None if there are fewer than two rows of different time, so that there is no rate.
    """
    needed = ["time_ns", "blink_id"]
    table = dataset.table("gaze", session_id, [*needed, *_OF_SAMPLES.values()])
    of_samples = table is not None and table.num_rows > 1
    if not of_samples:
        table = dataset.table("frames", session_id, [*needed, *_OF_FRAMES.values()])
    if table is None or table.num_rows < 2:
        return None
    table = table.sort_by("time_ns")
    if not np.median(np.diff(table["time_ns"].to_numpy())) > 0:
        return None
    return Recording(table=table, of_samples=of_samples)


def read_events(dataset: PackedDataset, session_id: str, recording: Recording) -> pa.Table:
    """Read fixations and blinks of a session, in order of time.

    Returns
    -------
    pyarrow.Table
        ``onset_ns``, ``offset_ns``, ``trial_type``, ``event_id``, and of fixations their mean
        position ``gaze_ego_{x,y}_px`` and ``gaze_road_{x,y}_px``.
    """
    places = [f"gaze_{view}_{axis}_px" for view in ("ego", "road") for axis in "xy"]
    names = ["onset_ns", "offset_ns", "trial_type", "event_id", *places]
    types = [pa.int64(), pa.int64(), pa.string(), pa.int32(), *(pa.float64() for _ in places)]
    schema = pa.schema(list(zip(names, types, strict=True)))
    parts = []
    fixations = dataset.table("fixations", session_id)
    if fixations is not None:
        columns = [
            *(fixations[name] for name in ("onset_ns", "offset_ns")),
            pa.array(["fixation"] * fixations.num_rows, pa.string()),
            fixations["fixation_id"],
            *(fixations[name] for name in places),
        ]
        parts.append(pa.table(columns, names=names).cast(schema))
    inside = recording.table.filter(pc.is_valid(recording.table["blink_id"]))
    blinks = inside.group_by("blink_id").aggregate([("time_ns", "min"), ("time_ns", "max")])
    nowhere = pa.nulls(blinks.num_rows, pa.float64())
    columns = [
        *(blinks[name] for name in ("time_ns_min", "time_ns_max")),
        pa.array(["blink"] * blinks.num_rows, pa.string()),
        blinks["blink_id"],
        *(nowhere for _ in places),
    ]
    parts.append(pa.table(columns, names=names).cast(schema))
    order = [(name, "ascending") for name in ("onset_ns", "trial_type", "event_id")]
    return pa.concat_tables(parts).sort_by(order)


def write_recording(stem: Path, recording: Recording, session: dict[str, Any], task: str) -> None:
    """Write ``<stem>_physio.tsv.gz`` and its sidecar.

    Coordinates are angles of gaze in the axes of the scene camera on the head (``eye-in-head``);
    pixels of both views stand beside them.
    """
    sources = _OF_SAMPLES if recording.of_samples else _OF_FRAMES
    table = recording.table
    columns = {"timestamp": seconds_text(table["time_ns"])}
    columns |= {name: table[source] for name, source in sources.items()}
    write_tsv_gz(stem.with_name(f"{stem.name}_physio.tsv.gz"), columns)
    described = DATASET_GAZE_TABLE if recording.of_samples else DATASET_FRAME_TABLE
    kind = str(session.get("eye_tracker_kind") or "")
    model = {"ManufacturersModelName": _MODELS[kind]} if kind in _MODELS else {}
    sidecar: dict[str, Any] = {
        "TaskName": task,
        "PhysioType": "eyetrack",
        "RecordedEye": "cyclopean",
        "SampleCoordinateSystem": "eye-in-head",
        "SamplingFrequency": recording.rate_hz,
        "StartTime": seconds(recording.start_ns),
        "Columns": list(columns),
        "Manufacturer": "Pupil Labs",
        **model,
        "EyeTrackingMethod": "appearance of both eyes, by a neural network",
        "RawDataFilters": "none"
        if recording.of_samples
        else "mean of the valid samples nearest to each scene camera frame; raw samples were not "
        "packed",
        "timestamp": {
            "Description": "The device's time stamp. Steps between rows are not quite equal: this "
            "column, not the rate, says when a row is.",
            "Units": "s",
            "Origin": "First scene camera frame of the session",
        },
    }
    sidecar |= {name: _described(described, source) for name, source in sources.items()}
    write_json(stem.with_name(f"{stem.name}_physio.json"), sidecar)


def write_events(stem: Path, events: pa.Table, session: dict[str, Any], task: str) -> None:
    """Write ``<stem>_physioevents.tsv.gz`` and its sidecar."""
    places = [name for name in events.column_names if name.endswith("_px")]
    length_ns = pc.subtract(events["offset_ns"], events["onset_ns"])
    columns = {
        "onset": seconds_text(events["onset_ns"]),
        "duration": seconds_text(length_ns),
        "trial_type": events["trial_type"],
        "event_id": events["event_id"],
        **{name: events[name] for name in places},
    }
    write_tsv_gz(stem.with_name(f"{stem.name}_physioevents.tsv.gz"), columns)
    sidecar: dict[str, Any] = {
        "TaskName": task,
        "Description": "Fixations and blinks. "
        f"Fixations: {session.get('fixation_method') or 'unknown'}. "
        f"Blinks: {session.get('blink_method') or 'unknown'}.",
        "OnsetSource": "timestamp",
        "Columns": list(columns),
        "onset": {"Description": "Time of its first sample.", "Units": "s"},
        "duration": {"Description": "From its first sample to its last.", "Units": "s"},
        "trial_type": {
            "Description": "What happens.",
            "Levels": {"fixation": "Gaze rests on something.", "blink": "The eyes are closed."},
        },
        "event_id": {"Description": "Number of that fixation or blink in the session."},
    }
    for name in places:
        view = "scene camera (ego) view" if "_ego_" in name else "phone's road view"
        sidecar[name] = {
            "Description": f"Mean {name[-4]} of the fixation in the {view}.",
            "Units": "pixel",
        }
    write_json(stem.with_name(f"{stem.name}_physioevents.json"), sidecar)


def _described(table: Table, name: str) -> dict[str, Any]:
    field = next(field for field in table.fields if field.name == name)
    content: dict[str, Any] = {"Description": field.meaning}
    if field.frame:
        content["Frame"] = field.frame
    if field.unit:
        content["Units"] = _UNITS.get(field.unit, field.unit)
    if field.type == "bool":
        content["Levels"] = _TRUTH
    return content
