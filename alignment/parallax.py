"""What the distance between head and phone does to a drive's maps, where it can be seen.

No homography is right for near and far things at once. Where matches tell how the two cameras stand to each
other (`baseline`), maps are made those of things infinitely far away, mere turns (`far_turns`), and then,
frame by frame, those of things as near as what was looked at (`gaze_nearness`) ::

    road_from_ego = K_road · (I + ρ t e₃ᵀ) · R · K_ego⁻¹ ,   e₃ᵀ = (0, 0, 1)

with the nearness ρ, the direction t from phone to head, and the turn R. That is right for everything at one
depth. How uncertain ρ is, moves points along their epipolar lines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .baseline import FEWEST_MATCHES, Baseline, find_baseline
from .far_turns import FarTurns, find_turns
from .finite import finite_rows
from .gaze_nearness import nearness_at
from .mapping import MapFrame, Mapping
from .match_samples import MatchRays
from .nearness_profile import NearnessProfile, learn_profile
from .observations import DIRECTIONS, Observations, pack, unpack
from .road_camera import RoadCamera
from .rotation import nearest_rotation, rotation_vector

MOST_NEARNESS = 0.5
"""Things nearer than this, in baselines per depth, are inside of the car, or wrong matches."""

COMMON_CAUSE = 10.0
"""So many matches near each other deviate together from what is usual at their places: they lie on the same
house or car."""

_LOOKS = 80


@dataclass(frozen=True, kw_only=True, eq=False)
class Parallax:
    """Turns, matches and distances of a drive.

    Attributes
    ----------
    baseline
        From the phone to the head.
    road
        The road camera, with the focal length found together with the baseline.
    turns
        Of the frames with a direct match.
    profile
        How near things usually are, by their place in the road picture.
    frame
        Coordinates of maps.
    """

    baseline: Baseline
    road: RoadCamera
    turns: FarTurns
    profile: NearnessProfile
    frame: MapFrame

    def far(self, seen: Observations) -> Observations:
        """Replace maps by those of things infinitely far away."""
        direct: dict[int, Mapping] = {}
        for position in np.flatnonzero(self.turns.known):
            matrix = self._normal_from_rays @ self.turns.turns[position]
            exact = Mapping(matrix, np.zeros((8, 8)), self.frame)
            row = int(self.turns.matches.rows[position])
            direct[row] = exact.turned(np.zeros(3), self.turns.covariance_rad2[position])
        anchors = np.flatnonzero(seen.is_direct)
        carried = [self._carried(seen, i, anchors, direct) for i in range(len(seen.carried_row))]
        lost = seen.is_direct & ~np.isin(np.arange(len(seen)), list(direct))
        normal_map, covariance = seen.normal_map.copy(), seen.covariance.copy()
        for row, mapping in direct.items():
            normal_map[row], covariance[row] = pack(mapping)
        carried_map, carried_covariance = seen.carried_map.copy(), seen.carried_covariance.copy()
        for i, each in enumerate(carried):
            if each is not None:
                carried_map[i], carried_covariance[i] = pack(each)
        wrong = np.array([each is None for each in carried], dtype=np.bool_)
        return seen.with_maps(normal_map, covariance, carried_map, carried_covariance).without(
            lost, wrong
        )

    def _carried(
        self,
        seen: Observations,
        position: int,
        anchors: NDArray[np.intp],
        direct: dict[int, Mapping],
    ) -> Mapping | None:
        """Give the far map of the direct match it comes from, turned as it was turned on the way."""
        row = int(seen.carried_row[position])
        forward = DIRECTIONS[seen.carried_direction[position]] == "forward"
        at = int(np.searchsorted(anchors, row, side="left" if forward else "right"))
        at -= 1 if forward else 0
        if not 0 <= at < len(anchors) or int(anchors[at]) not in direct:
            return None
        anchor = int(anchors[at])
        first = seen.normal_map[anchor].reshape(3, 3)
        turn = nearest_rotation(
            np.asarray(np.linalg.solve(first, seen.carried_map[position].reshape(3, 3)))
        )
        return direct[anchor].turned(rotation_vector(turn))

    def brought_near(
        self,
        normal_map: NDArray[np.float64],
        covariance: NDArray[np.float64],
        gaze_px: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Make far maps those of things as near as what was looked at.

        Parameters
        ----------
        normal_map, covariance
            Maps of all n rows and the triangles of their covariances, shape (n, 9) and (n, 36); NaN where
            there is none.
        gaze_px
            Undistorted ego points, shape (n, 2); NaN where unknown: then the middle of the road picture
            counts.

        Returns
        -------
        normal_map, covariance, model_px2
            The maps, and the covariance of mapped points, shape (n, 2, 2), that is to be added for not
            knowing how near things are.
        """
        far = self._far_rays(normal_map, gaze_px)
        found = nearness_at(far, self.turns, self.profile)
        _, slope = self.baseline.moved(far, found.nearness)
        slope = slope * self.baseline.focal_px
        model = slope[:, :, None] * slope[:, None, :] * found.variance[:, None, None]
        maps, spreads = normal_map.copy(), covariance.copy()
        for row in np.flatnonzero(finite_rows(normal_map) & np.isfinite(found.nearness)):
            shift = np.eye(3)
            shift[:, 2] += found.nearness[row] * self.baseline.direction
            matrix = self._normal_from_rays @ shift @ np.linalg.inv(self._normal_from_rays)
            far_map = unpack(normal_map[row], covariance[row], self.frame)
            maps[row], spreads[row] = pack(far_map.followed_by(matrix))
        return maps, spreads, np.where(np.isfinite(model), model, 0.0)

    def _far_rays(
        self, normal_map: NDArray[np.float64], gaze_px: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Give the road rays of gaze points for things far away, shape (n, 2); the middle without one."""
        rays = np.column_stack([gaze_px, np.ones(len(gaze_px))]) @ self.frame.ray_from_ego.T
        image = (np.linalg.inv(self._normal_from_rays) @ normal_map.reshape(-1, 3, 3)) @ rays[
            :, :, None
        ]
        depth = image[:, 2, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            far = np.where(depth[:, None] > 0, image[:, :2, 0] / depth[:, None], 0.0)
        return np.asarray(far)

    @property
    def _normal_from_rays(self) -> NDArray[np.float64]:
        return np.asarray(self.frame.normal_from_road @ self.road.matrix)


def see_parallax(
    seen: Observations, frame: MapFrame, road: RoadCamera, *, focal_is_known: bool
) -> Parallax | None:
    """Find out how head and phone stand to each other, and how near things are.

    Parameters
    ----------
    seen
        Observations of a drive.
    frame
        Coordinates of maps.
    road
        The road camera; its focal length is about right.
    focal_is_known
        Whether it was calibrated.

    Returns
    -------
    Parallax or None
        None where no parallax is to be seen.
    """
    kept = np.bincount(seen.matched_row, minlength=len(seen))
    rows = np.flatnonzero(seen.is_direct & (kept > 0)).astype(np.intp)
    rich = rows[kept[rows] >= FEWEST_MATCHES]
    looks = (
        np.unique(rich[np.linspace(0, len(rich) - 1, _LOOKS).astype(np.intp)])
        if len(rich)
        else rich
    )
    first = _matches(seen, looks, frame, road)
    baseline = find_baseline(
        first, _first_turns(seen, looks, frame, road),
        focal_px=road.focal_px, focal_is_known=focal_is_known,
    )  # fmt: skip
    if baseline is None:
        return None
    road = RoadCamera(
        focal_px=baseline.focal_px,
        spread_px=road.spread_px,
        count=0 if focal_is_known else len(looks),
        size_px=road.size_px,
        centre_px=road.centre_px,
    )
    matches = _matches(seen, rows, frame, road)
    turns = find_turns(matches, _first_turns(seen, rows, frame, road), baseline)
    profile = _profile(turns, road)
    variance = COMMON_CAUSE * profile.spread(turns.far_rays)
    prior = np.column_stack([profile.expected(turns.far_rays), variance])
    prior[~finite_rows(prior)] = (0.0, 1.0)
    turns = find_turns(matches, turns.turns, baseline, prior=prior)
    return Parallax(
        baseline=baseline, road=road, turns=turns, profile=_profile(turns, road), frame=frame
    )


def _matches(
    seen: Observations, rows: NDArray[np.intp], frame: MapFrame, road: RoadCamera
) -> MatchRays:
    return MatchRays.of_rows(
        rows, seen.matched_row, seen.matched, frame.ray_from_ego, road.centre_px
    )


def _first_turns(
    seen: Observations, rows: NDArray[np.intp], frame: MapFrame, road: RoadCamera
) -> NDArray[np.float64]:
    rays_from_normal = np.linalg.inv(frame.normal_from_road @ road.matrix)
    maps = rays_from_normal @ seen.normal_map[rows].reshape(-1, 3, 3)
    return np.array([nearest_rotation(each) for each in maps]).reshape(-1, 3, 3)


def _profile(turns: FarTurns, road: RoadCamera) -> NearnessProfile:
    used = turns.consistent & turns.known[turns.matches.frame_of]
    used &= turns.nearness < MOST_NEARNESS
    half_size = (np.array(road.size_px) - 1) / 2 / road.focal_px
    return learn_profile(
        turns.far_rays[used], turns.nearness[used], turns.variance[used], half_size
    )
