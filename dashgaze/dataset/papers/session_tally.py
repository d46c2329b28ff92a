"""What is counted over the sessions table: conditions, lengths, clocks."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze.schemas.dataset_manifest import DatasetManifest

from .shards import read_batches

UNKNOWN = "not stated"
"""Stands for a condition that no manifest gives."""

CONDITIONS = ("weather", "lighting", "camera_position", "car", "eyewear")

_COLUMNS = (
    "session_id",
    "driver_id",
    *CONDITIONS,
    "passengers",
    "eye_tracker_kind",
    "phone_model",
    "fixation_method",
    "blink_method",
    "consent_version",
    "duration_s",
    "sync_verdict",
    "sync_method",
    "sync_offset_se_ms",
    "split",
    "road_width_px",
    "road_height_px",
)


@dataclass
class Amount:
    """So many sessions, so many seconds of driving."""

    sessions: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one more session."""
        self.sessions += 1
        self.seconds += seconds

    @property
    def hours(self) -> float:
        """Hours of driving."""
        return self.seconds / 3600


def _amounts() -> defaultdict[str, Amount]:
    return defaultdict(Amount)


@dataclass
class SessionTally:
    """Counts over all sessions.

    Attributes
    ----------
    all
        All sessions.
    by_condition
        For each of `CONDITIONS`, the amount of each value.
    by_weather_and_lighting
        The amount of each pair.
    by_split
        The amount of each split.
    counts
        Sessions by value, for further columns of names.
    split_drivers
        Drivers of each split.
    sync_error_ms
        Standard error of the clocks of each session that has one.
    road_sizes_px
        Sessions by size of the road picture, width and height.
    road_size_px
        Size of the road picture of each session that has one.
    """

    all: Amount = field(default_factory=Amount)
    by_condition: dict[str, defaultdict[str, Amount]] = field(
        default_factory=lambda: {name: _amounts() for name in CONDITIONS}
    )
    by_weather_and_lighting: defaultdict[tuple[str, str], Amount] = field(
        default_factory=lambda: defaultdict(Amount)
    )
    by_split: defaultdict[str, Amount] = field(default_factory=_amounts)
    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    split_drivers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    sync_error_ms: list[float] = field(default_factory=list)
    road_sizes_px: Counter[tuple[int, int]] = field(default_factory=Counter)
    road_size_px: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def drivers(self) -> set[str]:
        """All drivers."""
        return set().union(*self.split_drivers.values())

    @property
    def divided_drivers(self) -> set[str]:
        """Drivers that stand in more than one split."""
        return {
            driver
            for driver in self.drivers
            if sum(driver in drivers for drivers in self.split_drivers.values()) > 1
        }

    def add(self, row: dict[str, Any]) -> None:
        """Count one row of the sessions table."""
        seconds = float(row["duration_s"])
        self.all.add(seconds)
        for name in CONDITIONS:
            self.by_condition[name][_name(row[name])].add(seconds)
        pair = (_name(row["weather"]), _name(row["lighting"]))
        self.by_weather_and_lighting[pair].add(seconds)
        self.by_split[row["split"]].add(seconds)
        self.split_drivers[row["split"]].add(row["driver_id"])
        for name in (
            "eye_tracker_kind",
            "phone_model",
            "fixation_method",
            "blink_method",
            "consent_version",
            "passengers",
            "sync_verdict",
            "sync_method",
        ):
            self.counts[name][_name(row[name])] += 1
        if row["sync_offset_se_ms"] is not None:
            self.sync_error_ms.append(float(row["sync_offset_se_ms"]))
        if row["road_width_px"] and row["road_height_px"]:
            size = (int(row["road_width_px"]), int(row["road_height_px"]))
            self.road_sizes_px[size] += 1
            self.road_size_px[row["session_id"]] = size

    def sync_error_quantiles_ms(self) -> tuple[float, float, float] | None:
        """Give median, 90 % quantile and maximum of the clocks' standard error; None without."""
        if not self.sync_error_ms:
            return None
        values = np.quantile(self.sync_error_ms, [0.5, 0.9, 1.0])
        return float(values[0]), float(values[1]), float(values[2])


def tally_sessions(folder: Path, manifest: DatasetManifest) -> SessionTally:
    """Count over the shards of the sessions table."""
    tally = SessionTally()
    for file in manifest.shards("sessions"):
        for batch in read_batches(folder, file, _COLUMNS):
            for row in batch.to_pylist():
                tally.add(row)
    return tally


def _name(value: Any) -> str:
    return UNKNOWN if value is None else str(value)
