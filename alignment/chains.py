"""The paper's form of propagation: chaining the homographies of consecutive frames.

::

    road_from_ego[i] = road_from_road[i ← i-1] · road_from_ego[i-1] · ego_from_ego[i-1 ← i]

Both streams are easy to match with themselves, but a road scene is no plane: the two outer homographies
agree on different compromises, and the product drifts by 0.4 to 5 px a frame (T. A. John, PhD thesis,
IIIT Hyderabad 2024, section 11.2.4 and algorithm 4). It is here to be compared with.
"""

import numpy as np
from numpy.typing import NDArray

from .direct import DirectMatch
from .ego_camera import EgoCamera
from .features import FeatureDetector, Features
from .finite import finite_rows
from .homography import HomographyEstimate, MlesacOptions, estimate_homography
from .mapping import Mapping
from .matching import match_near
from .tracks import Step
from .turn_fit import TurnFit

CHAIN_GROWTH_RAD = 2e-3
"""Error of a chain for each link, 2 px at a focal length of 1,100 px."""

_REACH_PX = 80.0


class ChainCarrier:
    """Carries a map from frame to frame by the homographies within both streams.

    Parameters
    ----------
    camera
        The scene camera.
    match
        The match to start from.
    first
        The frame it was found in.
    """

    def __init__(self, camera: EgoCamera, match: DirectMatch, first: Step) -> None:
        self._camera = camera
        self._detector = FeatureDetector(count=1000)
        self._mapping = match.mapping
        self._last = first
        self._ego, self._ego_px = self._see(first)
        self._lost = False

    def step(self, frame: Step) -> TurnFit | None:
        """Go on to a neighbouring frame; None once a link is missing."""
        if self._lost:
            return None
        ego, ego_px = self._see(frame)
        last_from_ego = _link(ego, ego_px, self._ego, self._ego_px)
        road_from_last = np.eye(3)
        count = len(ego)
        if frame.view.index != self._last.view.index:
            before, after = self._last.view.features, frame.view.features
            link = _link(before, before.points_px, after, after.points_px)
            if link is None:
                self._lost = True
                return None
            road_from_last, count = link.target_from_source, link.inlier_count
        if last_from_ego is None:
            self._lost = True
            return None
        chained = road_from_last @ self._mapping.road_from_ego @ last_from_ego.target_from_source
        self._mapping = Mapping.from_matrix(
            chained / chained[2, 2], self._mapping.covariance, self._mapping.frame
        )
        self._last, self._ego, self._ego_px = frame, ego, ego_px
        count = min(count, last_from_ego.inlier_count)
        return TurnFit(
            mapping=self._mapping,
            inlier_count=count,
            inlier_probability=np.ones(count),
            sigma_px=last_from_ego.sigma_px,
        )

    def _see(self, frame: Step) -> tuple[Features, NDArray[np.float64]]:
        features = self._detector.find(frame.luma)
        undistorted = self._camera.undistort(features.points_px)
        known = finite_rows(undistorted)
        return features.select(known), undistorted[known]


def _link(
    source: Features,
    source_px: NDArray[np.float64],
    target: Features,
    target_px: NDArray[np.float64],
) -> HomographyEstimate | None:
    """Find the homography from one frame to the next of the same stream."""
    pairs = match_near(
        source.descriptors, source_px, target.descriptors, target_px, radius_px=_REACH_PX
    )
    # The matches with the nearest descriptors are those that moved by whole pixels: no selection by it.
    if len(pairs) < 4:
        return None
    found = estimate_homography(
        source_px[pairs.query],
        target_px[pairs.train],
        options=MlesacOptions(sigma_px=0.6),
        noise_scale=source.noise_scale[pairs.query],
    )
    return found if isinstance(found, HomographyEstimate) else None
