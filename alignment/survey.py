"""A first look at a drive: a few pairs of frames from all over it, to learn what holds for all of it."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.files import replacing
from dashgaze.progress import Progress, silent

from .direct import DirectMatch, DirectMatcher, Prediction
from .ego_camera import EgoCamera
from .features import FeatureDetector
from .frame_pairs import FramePair, PairPlan, PairReader
from .mapping import MapFrame
from .road_camera import RoadCamera, recover_road_camera
from .static_parts import static_parts
from .sweep import BLIND_RADIUS_PX

_SECONDS_A_LOOK = 8.0
_FEWEST_LOOKS, _MOST_LOOKS = 10, 32


@dataclass(frozen=True, kw_only=True, eq=False)
class Survey:
    """What holds for a drive.

    Attributes
    ----------
    look_count, match_count
        Pairs of frames that were looked at, and how many of them could be matched.
    road_camera
        The road camera; None if its focal length is not known yet.
    usable
        Where road features may lie; None for everywhere. See `static_parts`.
    """

    look_count: int
    match_count: int
    road_camera: RoadCamera | None
    usable: NDArray[np.uint8] | None

    @property
    def static_share(self) -> float:
        """Share of the road view that is masked."""
        return 0.0 if self.usable is None else float((self.usable == 0).mean())

    def save(self, path: Path) -> None:
        """Write it, in one step."""
        camera = self.road_camera
        arrays = {"counts": np.array([self.look_count, self.match_count])}
        if camera is not None:
            arrays["camera"] = np.array(
                [
                    camera.focal_px,
                    camera.spread_px,
                    camera.count,
                    *camera.size_px,
                    *camera.centre_px,
                ]
            )
        if self.usable is not None:
            arrays["usable"] = self.usable
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # of allow_pickle

    @classmethod
    def load(cls, path: Path) -> "Survey | None":
        """Read one that was saved; None if there is none, or it is damaged."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                looks, matches = (int(each) for each in stored["counts"])
                usable = stored.get("usable")
                camera = stored["camera"].tolist() if "camera" in stored else None
        # a damaged archive may also seem to be encrypted or compressed in unknown ways
        except (
            OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error
        ):  # fmt: skip
            return None
        road_camera = None
        if camera is not None:
            focal_px, spread_px, count, width, height, x_px, y_px = camera
            road_camera = RoadCamera(
                focal_px=focal_px, spread_px=spread_px, count=int(count),
                size_px=(int(width), int(height)), centre_px=(x_px, y_px),
            )  # fmt: skip
        return cls(look_count=looks, match_count=matches, road_camera=road_camera, usable=usable)


def survey(
    plan: PairPlan,
    camera: EgoCamera,
    frame: MapFrame,
    detector: FeatureDetector,
    *,
    feature_count: int,
    road_camera: RoadCamera | None = None,
    progress: Progress = silent,
) -> Survey:
    """Look at a few pairs of frames all over a drive.

    Parameters
    ----------
    plan
        Which frames belong together.
    camera
        The scene camera.
    frame
        Coordinates of maps.
    detector
        Finds the features of road frames.
    feature_count
        Most features of an ego frame.
    road_camera
        The road camera, where it is calibrated.
    progress
        Where to report to.
    """
    matcher = DirectMatcher(camera, frame, feature_count=feature_count, road_camera=road_camera)
    rows = _rows(plan)
    maps, pictures = [], []
    # One thread: several read far ahead, in vain at each of the jumps from look to look.
    with PairReader(plan, detector, thread_count=1) as reader:
        for number, row in enumerate(rows):
            progress("looking around", number / len(rows))
            (pair,) = reader.read(range(row, row + 1))
            if not isinstance(pair, FramePair):
                continue
            pictures.append(pair.view.picture)
            match = _look(matcher, pair, float(plan.time_s[row]))
            if match is not None:
                maps.append(match.mapping.road_from_ego)
    return Survey(
        look_count=len(rows),
        match_count=len(maps),
        road_camera=road_camera or recover_road_camera(maps, camera.matrix, frame.road_size_px),
        usable=static_parts(pictures),
    )


def _rows(plan: PairPlan) -> list[int]:
    """Choose rows at which both videos have frames, one in each part of the drive: the one that is decoded soonest."""
    usable = np.flatnonzero((plan.ego_index >= 0) & (plan.road_index >= 0))
    if not len(usable):
        return []
    seconds = plan.time_s[usable[-1]] - plan.time_s[usable[0]]
    count = int(np.clip(seconds / _SECONDS_A_LOOK, _FEWEST_LOOKS, _MOST_LOOKS))
    # The road frames on both sides are asked for, too.
    cost = _since_keyframe(plan.ego_times.keyframe, plan.ego_index[usable])
    cost += 2 + _since_keyframe(plan.road_times.keyframe, plan.road_index[usable] - 1)
    chosen = []
    for part in np.array_split(np.arange(len(usable)), min(count, len(usable))):
        from_middle = np.abs(part - part.mean())
        chosen.append(int(usable[part[np.lexsort((from_middle, cost[part]))[0]]]))
    return chosen


def _since_keyframe(keyframe: NDArray[np.bool_], index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give how many frames come before a frame that have to be decoded for it."""
    place = np.arange(len(keyframe))
    latest = np.maximum.accumulate(np.where(keyframe, place, 0))
    index = np.maximum(index, 0)
    return np.asarray(index - latest[index], dtype=np.int64)


def _look(matcher: DirectMatcher, pair: FramePair, time_s: float) -> DirectMatch | None:
    """Match blindly, then once more where the road was found."""
    match = None
    prediction = None
    for _ in range(2):
        found = matcher.match(
            pair.luma, pair.view, pair.neighbour, time_s, prediction=prediction, seed=pair.row
        )
        if not isinstance(found, DirectMatch):
            break
        match = found
        prediction = Prediction(
            road_from_ego=found.mapping.road_from_ego, radius_px=BLIND_RADIUS_PX
        )
    return match
