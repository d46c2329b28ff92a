"""Which pictures are shown together, and when."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.frame_grid import frame_interval, nearest_frame
from dashgaze.errors import InputError

from .clip import Clip, Missing
from .material import Material
from .options import RenderOptions


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """Which picture of a clip is shown at each of n steps.

    Attributes
    ----------
    clip
        The clip.
    file
        Index into its files, shape (n,); means nothing without a picture.
    index
        Position in that file, shape (n,); -1 without a picture.
    """

    clip: Clip
    file: NDArray[np.int64]
    index: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """The steps of an overlay: its pictures, in order of time; arrays of shape (n,).

    Attributes
    ----------
    time_s
        Time of each, s, ascending.
    clock
        Whose time that is.
    ego_row
        The ego frame beside each; -1 where there is none.
    apart_ms
        Time of the road picture minus that of the ego frame, ms; NaN without both.
    road, ego, driver
        The pictures, or why there are none.
    """

    time_s: NDArray[np.float64]
    clock: Literal["phone", "tracker"]
    ego_row: NDArray[np.int64]
    apart_ms: NDArray[np.float64]
    road: Track | Missing
    ego: Track | Missing
    driver: Track | Missing

    def __len__(self) -> int:
        return len(self.time_s)


def plan_timeline(
    material: Material, options: RenderOptions, *, driver_offset_s: float = 0.0
) -> Timeline:
    """Choose the steps: the frames of the road video, or, without one, those of the scene camera.

    Parameters
    ----------
    material
        What there is.
    options
        Which part of it is wanted.
    driver_offset_s
        Time of the driver video's zero on the phone's clock, s.

    Raises
    ------
    InputError
        If there is neither road nor ego video, or no frame in the part that is wanted.
    """
    road, driver = material.road, material.driver
    clock: Literal["phone", "tracker"] = "phone"
    if isinstance(road, Clip):
        all_s = road.files[0].times.time_s
        chosen = _chosen(all_s, options)
        time_s = all_s[chosen]
        road_track: Track | Missing = Track(
            clip=road, file=np.zeros(len(chosen), np.int64), index=chosen
        )
    else:
        ego_s, clock = _ego_times(material)
        time_s = ego_s[_chosen(ego_s, options)]
        road_track = road
    row, apart_ms = _ego_rows(material, time_s, clock)
    return Timeline(
        time_s=time_s,
        clock=clock,
        ego_row=row,
        apart_ms=apart_ms if isinstance(road, Clip) else np.full(len(time_s), np.nan),
        road=road_track,
        ego=_ego_track(material, row, clock),
        driver=driver
        if isinstance(driver, Missing)
        else _nearest_track(driver, driver.files[0].times.time_s + driver_offset_s, time_s, clock),
    )


def _chosen(all_s: NDArray[np.float64], options: RenderOptions) -> NDArray[np.int64]:
    """Give the frames in the wanted part, thinned to the wanted rate."""
    start_s = -np.inf if options.start_s is None else options.start_s
    end_s = np.inf if options.end_s is None else options.end_s
    chosen = np.flatnonzero((all_s >= start_s) & (all_s < end_s))
    if not len(chosen):
        raise InputError(
            f"There is no frame from {start_s:g} s to {end_s:g} s: the video goes from "
            f"{all_s[0]:.2f} s to {all_s[-1]:.2f} s.",
            fix="Choose another --start and --end.",
        )
    if options.fps is None:
        return chosen.astype(np.int64)
    # The first frame in each interval, so that times stay those of frames.
    times = all_s[chosen]
    slot = np.floor((times - times[0]) * options.fps + 1e-6).astype(np.int64)
    return chosen[np.flatnonzero(np.diff(slot, prepend=-1) > 0)].astype(np.int64)


def _ego_times(
    material: Material,
) -> tuple[NDArray[np.float64], Literal["phone", "tracker"]]:
    recording = material.recording
    if recording is None or isinstance(material.ego, Missing):
        raise InputError(
            f"There is nothing to show. {material.road} {material.ego}",
            fix="`dashgaze check` says what is missing.",
        )
    tracker_s = (recording.world.timestamp_ns - recording.first_frame_ns) / 1e9
    if isinstance(material.time_map, Missing):
        return tracker_s, "tracker"
    return np.maximum.accumulate(material.time_map.phone_s(tracker_s)), "phone"


def _ego_rows(
    material: Material, time_s: NDArray[np.float64], clock: Literal["phone", "tracker"]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the ego frame nearest to each time, no further away than one of its intervals."""
    recording, none = material.recording, np.full(len(time_s), -1, np.int64)
    unknown = np.full(len(time_s), np.nan)
    if recording is None:
        return none, unknown
    ego_s = (recording.world.timestamp_ns - recording.first_frame_ns) / 1e9
    if clock == "phone":
        if isinstance(material.time_map, Missing):
            return none, unknown
        ego_s = material.time_map.phone_s(ego_s)
    # Where the map has a step, times of frames may not ascend.
    order = np.argsort(ego_s, kind="stable")
    ascending = ego_s[order]
    near = nearest_frame(ascending, time_s, within=_usual(ascending))
    row = np.where(near.found, order[near.index], -1)
    return row, np.where(near.found, (time_s - ego_s[row]) * 1e3, np.nan)


def _ego_track(
    material: Material, row: NDArray[np.int64], clock: Literal["phone", "tracker"]
) -> Track | Missing:
    ego = material.ego
    if isinstance(ego, Missing):
        return ego
    if clock == "phone" and isinstance(material.time_map, Missing):
        return material.time_map
    known = row >= 0
    return Track(
        clip=ego.clip,
        file=np.where(known, ego.file[row], -1),
        index=np.where(known & ego.valid[row], ego.index[row], -1),
    )


def _nearest_track(
    clip: Clip,
    clip_s: NDArray[np.float64],
    time_s: NDArray[np.float64],
    clock: Literal["phone", "tracker"],
) -> Track | Missing:
    if clock == "tracker":
        return Missing("The driver video has no place on the eye tracker's clock.")
    near = nearest_frame(clip_s, time_s, within=_usual(clip_s))
    return Track(
        clip=clip,
        file=np.zeros(len(time_s), np.int64),
        index=np.where(near.found, near.index, -1).astype(np.int64),
    )


def _usual(times_s: NDArray[np.float64]) -> float:
    """Give the usual interval; without two frames, a short while."""
    interval_s = frame_interval(times_s)
    return interval_s if np.isfinite(interval_s) else 0.1
