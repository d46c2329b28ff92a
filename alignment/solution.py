"""From what was seen of each frame to one map for each frame, its source and its error."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .chains import CHAIN_GROWTH_RAD
from .chance import without_chance
from .ego_camera import EgoCamera
from .finite import finite_rows
from .form import draw_to_form, usual_form
from .frame_maps import FrameMaps
from .frame_pairs import MissingReason
from .map_turn import middle_rays
from .mapping import MapFrame, Mapping
from .observations import MISSING, Observations, pack
from .parallax import Parallax, see_parallax
from .propagation import Propagation, Source, Witness
from .road_camera import RoadCamera, recover_road_camera, usual_focal_px, usual_road_camera
from .sweep import Method
from .tracks import TRACK_GROWTH_RAD
from .turn_path import STEADY_QUANTILE, TurnErrors, TurnPath, measure_path, steady_path

NOISE_FACTOR = 3.0
"""Variance of a mapped point divided by what independent noise of the keypoints makes of it. Keypoints
of both views err together where both look at the same edge; measured on drives with truth."""

FLOOR_DEG = 0.004
"""What no map is better than, degrees of the road view (1σ per axis)."""

STAMP_ERROR_MS = 1.5
"""How far a frame's time stamp may be from the moment its picture shows (1σ): exposure, read-out, and what
the clocks of the two devices are apart. It matters where the picture moves fast."""

WITHOUT_CALIBRATION_DEG = 0.3
"""What a typical lens taken for the true one adds, degrees of the road view (1σ per axis): a principal point
20 px off moves undistorted points half way out by 4 px more on one side than on the other."""

ANCHOR_DEG = 0.15
"""Direct matches that are less exact than this in the middle of the road view (1σ) don't carry others,
and give way to what is carried to them, where that is better."""

ANCHOR_SHARE = 0.6
"""The same for those that see less of the road view: the rest of their map is extrapolated."""

Reason = MissingReason | Literal["road_out_of_view", "no_match_near", "too_uncertain"]
"""Why a frame has no map.

road_out_of_view
    The head is turned so far that hardly anything of the road view is in the ego view.
no_match_near
    No direct match is near enough to propagate from.
too_uncertain
    The predicted error is beyond the limit.
"""

_USUAL_ROWS = 15

REASONS: tuple[str, ...] = (
    *MISSING,
    *(each for each in get_args(get_args(Reason)[1])),
)
SOURCES: tuple[str, ...] = get_args(Source)


@dataclass(frozen=True, kw_only=True)
class SolveOptions:
    """Limits of what is answered.

    Attributes
    ----------
    max_hops
        Most frames between a frame and the direct match it is propagated from.
    max_error_deg
        Largest predicted error in the middle of the road view, 1σ, degrees of the road view.
    min_common_share
        Least share of the middle of the road view that the ego view has to contain.
    method
        How gaps were bridged in the sweep; only ``tracks`` uses the gyroscope, and ``paper`` knows no
        limits.
    """

    max_hops: int = 75
    max_error_deg: float = 0.75
    min_common_share: float = 0.3
    method: Method = "tracks"

    def __post_init__(self) -> None:
        if self.max_hops < 0 or self.max_error_deg <= 0 or not 0 <= self.min_common_share <= 1:
            raise ValueError(f"limits have to be positive, not {self}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution(FrameMaps):
    """Maps of n frames, and how they came about; see `FrameMaps` for the maps.

    Attributes
    ----------
    source
        Position in `SOURCES`, shape (n,).
    reason
        Position in `REASONS` of why there is no map, shape (n,); -1 where there is one. Inside of the
        program only.
    hops
        Frames to the nearest direct match that the map rests on, shape (n,); -1 without a map.
    inlier_count
        Correspondences that support it, shape (n,); 0 where it rests on the gyroscope alone.
    road_camera
        The road camera; None if its focal length could not be found.
    road_px_per_rad
        Its focal length, or a usual one.
    parallax
        What the distance between head and phone does; None where it can't be seen.
    gyro_errors, steady_errors
        How far off the gyroscope, and a guess, are in gaps of this drive; None without a gyroscope.
    """

    source: NDArray[np.int8]
    reason: NDArray[np.int8]
    hops: NDArray[np.int32]
    inlier_count: NDArray[np.int32]
    road_camera: RoadCamera | None
    road_px_per_rad: float
    parallax: Parallax | None = None
    gyro_errors: TurnErrors | None = None
    steady_errors: TurnErrors | None = None


def solve(
    seen: Observations,
    *,
    camera: EgoCamera,
    frame: MapFrame,
    time_s: NDArray[np.float64],
    turn_rad: NDArray[np.float64],
    road_camera: RoadCamera | None = None,
    gaze_px: NDArray[np.float64] | None = None,
    calibrated: bool = True,
    options: SolveOptions | None = None,
) -> Solution:
    """Choose, fill in and qualify the map of each frame.

    Parameters
    ----------
    seen
        Observations of n frames; row i is frame i.
    camera
        The scene camera.
    frame
        Coordinates of maps.
    time_s, turn_rad
        As in `PairPlan`.
    road_camera
        The road camera, where calibrated; else it is recovered from the direct maps.
    gaze_px
        What was looked at in each frame, undistorted ego px, shape (n, 2); NaN, or None, if unknown.
    calibrated
        Whether the scene camera's calibration is its own, and not that of a typical one.
    options
        Limits.
    """
    chosen = options or SolveOptions()
    solver = _Solver(
        seen, camera, frame, time_s, turn_rad, road_camera, gaze_px, calibrated, chosen
    )
    return solver.run()


class _Solver:
    def __init__(
        self,
        seen: Observations,
        camera: EgoCamera,
        frame: MapFrame,
        time_s: NDArray[np.float64],
        turn_rad: NDArray[np.float64],
        road_camera: RoadCamera | None,
        gaze_px: NDArray[np.float64] | None,
        calibrated: bool,
        options: SolveOptions,
    ) -> None:
        self._calibrated = calibrated
        self._camera, self._frame, self._options = camera, frame, options
        width, height = frame.road_size_px
        self._height_part = height / width
        self._road = road_camera or _recover(seen, frame)
        self._gaze_px = np.full((len(seen), 2), np.nan) if gaze_px is None else gaze_px
        self._parallax = self._see_parallax(seen, focal_is_known=road_camera is not None)
        if self._parallax is not None:
            self._road = self._parallax.road
            seen = self._parallax.far(seen)
        seen = without_chance(seen, camera, frame, self._road).with_noise_factor(NOISE_FACTOR)
        if self._road is not None and self._parallax is None:
            seen = _drawn_to_usual_form(seen, self._road)
        self._direct = [seen.direct_map(i, frame) for i in range(len(seen))]
        self._px_per_rad = (
            usual_focal_px(frame.road_size_px) if self._road is None else self._road.focal_px
        )
        self._error_px = np.array([self._middle_error_px(each) for each in self._direct])
        limit_px = np.radians(ANCHOR_DEG) * self._px_per_rad
        self._anchor = self._error_px <= limit_px
        for row in np.flatnonzero(self._anchor):
            self._anchor[row] = self._share_of(int(row)) >= ANCHOR_SHARE
        if not self._anchor.any():  # a poor drive: better weak anchors than none
            self._anchor = seen.is_direct
        self._seen = seen
        maps = np.where(self._anchor[:, None], seen.normal_map, np.nan).reshape(-1, 3, 3)
        self._steady_errors: TurnErrors | None = None
        self._gyro_errors: TurnErrors | None = None
        paths = []
        if options.method == "tracks":
            paths = self._measure_paths(maps, time_s, turn_rad)
        self._propagation = Propagation(
            seen, frame, anchor=self._anchor, road_px_per_rad=self._px_per_rad, paths=paths,
            growth_rad=TRACK_GROWTH_RAD if options.method == "tracks" else CHAIN_GROWTH_RAD,
        )  # fmt: skip

    def _see_parallax(self, seen: Observations, *, focal_is_known: bool) -> Parallax | None:
        if self._options.method != "tracks":
            return None
        road = self._road or usual_road_camera(self._frame.road_size_px)
        return see_parallax(seen, self._frame, road, focal_is_known=focal_is_known)

    def _measure_paths(
        self,
        maps: NDArray[np.float64],
        time_s: NDArray[np.float64],
        turn_rad: NDArray[np.float64],
    ) -> list[tuple[TurnPath, TurnErrors]]:
        usual_px = float(np.median(self._error_px[self._anchor])) if self._anchor.any() else 0.0
        noise_rad = usual_px / self._px_per_rad
        turns: dict[tuple[int, int], NDArray[np.float64]] = {}
        steady = measure_path(
            steady_path(time_s),
            maps,
            self._height_part,
            noise_rad=noise_rad,
            quantile=STEADY_QUANTILE,
            as_if=0.9,
            known_turns=turns,
        )
        self._steady_errors = steady[1]
        if not np.isfinite(turn_rad).any():
            return [steady]
        gyro = measure_path(
            TurnPath.from_turns(turn_rad, time_s), maps, self._height_part, noise_rad=noise_rad,
            known_turns=turns,
        )  # fmt: skip
        self._gyro_errors = gyro[1]
        return [gyro, steady]

    def run(self) -> Solution:
        """Go through all frames."""
        n = len(self._seen)
        source = np.full(n, SOURCES.index("none"), dtype=np.int8)
        reason = np.full(n, -1, dtype=np.int8)
        normal_map, covariance = np.full((n, 9), np.nan), np.full((n, 36), np.nan)
        hops, inliers = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.int32)
        for i in range(n):
            if self._seen.missing[i] >= 0 and MISSING[self._seen.missing[i]] != "ego_undecodable":
                reason[i] = self._seen.missing[i]
                continue
            chosen = self._choose(i)
            if isinstance(chosen, str):
                damaged = self._seen.missing[i]  # the picture would have been of use
                reason[i] = damaged if damaged >= 0 else REASONS.index(chosen)
                continue
            mapping, name, hops[i], inliers[i] = chosen
            source[i] = SOURCES.index(name)
            normal_map[i], covariance[i] = pack(mapping)
        model_px2 = self._model_px2()
        if self._parallax is not None:
            normal_map, covariance, by_nearness = self._parallax.brought_near(
                normal_map, covariance, self._gaze_px
            )
            model_px2 = model_px2 + by_nearness
        return Solution(
            source=source, reason=reason, normal_map=normal_map, covariance=covariance,
            model_px2=model_px2, frame=self._frame, hops=hops, inlier_count=inliers,
            road_camera=self._road, road_px_per_rad=self._px_per_rad, parallax=self._parallax,
            gyro_errors=self._gyro_errors, steady_errors=self._steady_errors,
        )  # fmt: skip

    def _answerable(self, hops: int) -> bool:
        return self._options.method == "paper" or hops <= self._options.max_hops

    def _choose(self, row: int) -> tuple[Mapping, Source, int, int] | Reason:
        direct = self._direct[row]
        if direct is not None and self._anchor[row]:
            return direct, "direct", 0, int(self._seen.inlier_count[row])
        before, after = self._propagation.ends(row)
        hops = min((abs(row - end) for end in (before, after) if end is not None), default=-1)
        witness = self._propagation.fill(row) if hops >= 0 and self._answerable(hops) else None
        carried = None if witness is None else _with_turn_error(witness)
        error_px = self._middle_error_px(carried)
        if direct is not None and self._error_px[row] <= error_px:
            chosen: tuple[Mapping, Source, int, int] = (
                direct, "direct", 0, int(self._seen.inlier_count[row]),
            )  # fmt: skip
            error_px = float(self._error_px[row])
        elif carried is not None and witness is not None:
            chosen = carried, "propagated", hops, witness.inlier_count
        else:
            return "no_match_near"
        if self._options.method == "paper":
            return chosen
        if self._common_share(chosen[0]) < self._options.min_common_share:
            return "road_out_of_view"
        if not error_px <= np.radians(self._options.max_error_deg) * self._px_per_rad:
            return "too_uncertain"
        return chosen

    def _share_of(self, row: int) -> float:
        mapping = self._direct[row]
        return 0.0 if mapping is None else self._common_share(mapping)

    def _middle_error_px(self, mapping: Mapping | None) -> float:
        """Give the error of a map in the middle of the road view, 1σ per axis, px; inf without one."""
        if mapping is None:
            return float("inf")
        middle = np.linalg.inv(mapping.road_from_ego) @ [
            (self._frame.road_size_px[0] - 1) / 2, (self._frame.road_size_px[1] - 1) / 2, 1.0,
        ]  # fmt: skip
        spread = mapping.covariance_px2((middle[:2] / middle[2])[None])[0]
        error = float(np.sqrt(np.trace(spread) / 2))
        return error if np.isfinite(error) else float("inf")

    def _common_share(self, mapping: Mapping) -> float:
        """Give the share of the middle part of the road view that the ego view contains."""
        rays = middle_rays(mapping.normal_map, self._height_part)
        ego = rays @ self._frame.ego_matrix.T
        with np.errstate(divide="ignore", invalid="ignore"):
            points = np.where(ego[:, 2:] > 0, ego[:, :2] / ego[:, 2:], np.nan)
        shown = self._camera.distort(points)
        return float(((shown >= 0) & (shown < np.array(self._camera.size_px))).all(axis=1).mean())

    def _model_px2(self) -> NDArray[np.float64]:
        """Give what a plane can't explain; where nothing was matched, as in the nearest match."""
        spread = np.zeros(len(self._seen))
        if self._parallax is None:  # else it is known better
            spread = _filled(self._seen.spread_px[:, None])[:, 0]
        least_deg = FLOOR_DEG if self._calibrated else WITHOUT_CALIBRATION_DEG
        least_px = np.radians(least_deg) * self._px_per_rad
        still = least_px**2 + spread**2
        sway = STAMP_ERROR_MS / 1e3 * _filled(self._seen.velocity_px_s)
        return np.asarray(still[:, None, None] * np.eye(2) + sway[:, :, None] * sway[:, None, :])


def _filled(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill rows that are NaN with what is usual near them; with zero if nothing is known."""
    known = np.flatnonzero(finite_rows(rows))
    if not len(known):
        return np.zeros_like(rows)
    # Matches beside a gap are often poor ones, such as of pictures that begin to blur.
    usual = ndimage.median_filter(rows[known], size=(_USUAL_ROWS, 1), mode="nearest")
    middle = (known[1:] + known[:-1]) / 2
    filled = np.asarray(usual[np.searchsorted(middle, np.arange(len(rows)))])
    filled[known] = rows[known]
    return filled


def _good_rows(seen: Observations) -> NDArray[np.intp]:
    """Choose up to 500 direct matches with many inliers, from all over the drive."""
    counts = seen.inlier_count
    if not counts.any():
        return np.zeros(0, dtype=np.intp)
    rows = np.flatnonzero(counts >= np.median(counts[counts > 0]))
    return rows[:: max(1, len(rows) // 500)]


def _recover(seen: Observations, frame: MapFrame) -> RoadCamera | None:
    maps = [seen.direct_map(int(row), frame) for row in _good_rows(seen)]
    return recover_road_camera(
        [each.road_from_ego for each in maps if each is not None],
        frame.ego_matrix,
        frame.road_size_px,
    )


def _drawn_to_usual_form(seen: Observations, road: RoadCamera) -> Observations:
    rows = _good_rows(seen)
    usual = usual_form(seen.normal_map[rows], seen.covariance[rows], road)
    if usual is None:
        return seen
    direct = draw_to_form(seen.normal_map, seen.covariance, usual, road)
    carried = draw_to_form(seen.carried_map, seen.carried_covariance, usual, road)
    return replace(
        seen,
        normal_map=direct[0],
        covariance=direct[1],
        carried_map=carried[0],
        carried_covariance=carried[1],
    )


def _with_turn_error(witness: Witness) -> Mapping:
    """Add the error of the turn to a map's covariance."""
    return witness.mapping.turned(np.zeros(3), np.eye(3) * witness.error_rad**2)
