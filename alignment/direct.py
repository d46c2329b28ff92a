"""Matching one ego frame to one road frame."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .ego_camera import EgoCamera
from .features import FeatureDetector, Features
from .finite import finite_rows
from .homography import HomographyEstimate, MlesacOptions, Refused, estimate_homography
from .mapping import MapFrame, Mapping
from .matching import Matches, match_descriptors, match_near
from .road_camera import RoadCamera, far_homography
from .road_view import RoadView, features_at
from .turn_fit import OUTLIER_AREA_PX2, TurnFit, fit_turn
from .view_geometry import ViewGeometry, transfer

MAX_MATCHES = 300
"""Best matches that are used; more cost time and gain nothing."""

MIN_INLIERS = 16
"""Fewest inliers of a match whose place was predicted."""

MIN_INLIERS_BLIND = 24
"""Fewest inliers of a match that nothing predicted."""

MAX_DEVIATION_DEG = 4.0
"""How far a map may be from one of things far away, somewhere in view: a plane that deviates more is
near, such as the car's interior. Things 6 m away deviate by 4° if the head is 0.4 m from the phone."""

MAX_FAR_SIGMA_DEG = 0.2
"""Largest residual of the matches that a mere turn is fitted to (1σ per axis): wrong ones that lie anywhere
within the radius of a prediction would pass for very noisy right ones."""

KEYPOINT_SIGMA_PX = 0.6
"""Noise of a keypoint on the finest level, px of the picture that it was found in; estimated anew in
each frame from this start."""

BLIND_FEATURES = 3
"""So many times more features are taken where nothing tells where the road is: most of them are the
car's."""

_ROI_MARGIN_PX = 24
_BLIND_SAMPLES = 1000

DirectReason = Literal[
    "out_of_sight", "few_features", "no_consensus", "few_inliers", "implausible", "off_course"
]
"""Why a frame has no direct match.

out_of_sight
    The road was lost before, and is looked for in every third frame only.
few_features
    The ego or the road picture has too few features: blur, darkness, a covered lens.
no_consensus
    No homography explains the matches: the views don't show the same, or not enough of it.
few_inliers
    One does, but rests on too few matches.
implausible
    One does, but it is none of things far away: it belongs to something near, or to chance.
off_course
    It is far from where the frames around it say it has to be.
"""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Where the road is expected in the ego view.

    Attributes
    ----------
    road_from_ego
        Undistorted ego px to road px, shape (3, 3).
    radius_px
        How wrong it may be, road px.
    """

    road_from_ego: NDArray[np.float64]
    radius_px: float


@dataclass(frozen=True, kw_only=True, eq=False)
class DirectMatch:
    """An ego frame matched to its road frame.

    Attributes
    ----------
    mapping
        The map, at the ego frame's time.
    inlier_probability
        Of each of n matches, shape (n,).
    sigma_px
        Noise of a road keypoint of the finest level per coordinate, px.
    ego_px
        Undistorted ego points of the matches, shape (n, 2), px.
    road_px
        Their road points at the ego frame's time, shape (n, 2), px.
    ego_shown_px, road_shown_px
        The same points where the two pictures show them: with distortion, and at the road frame's own
        time.
    noise_scale
        Relative noise of each match, shape (n,).
    velocity_px_s
        How fast their road points move, shape (n, 2), px/s; NaN if unknown.
    deviation_px
        Largest distance, within the common view, from the nearest map of things far away; NaN where
        the road camera's focal length is unknown.
    """

    mapping: Mapping
    inlier_probability: NDArray[np.float64]
    sigma_px: float
    ego_px: NDArray[np.float64]
    road_px: NDArray[np.float64]
    ego_shown_px: NDArray[np.float64]
    road_shown_px: NDArray[np.float64]
    noise_scale: NDArray[np.float64]
    velocity_px_s: NDArray[np.float64]
    deviation_px: float

    @property
    def inliers(self) -> NDArray[np.bool_]:
        """Which matches are probably right, shape (n,)."""
        return np.asarray(self.inlier_probability > 0.5)

    @property
    def inlier_count(self) -> int:
        """How many matches are probably right."""
        return int(np.count_nonzero(self.inliers))


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """No match, and why."""

    reason: DirectReason


class DirectMatcher:
    """Matches ego frames to road frames.

    Parameters
    ----------
    camera
        The scene camera.
    frame
        Coordinates of maps.
    feature_count
        Most features of an ego frame.
    road_camera
        The road camera, if its focal length is known: then maps that no far scene can have are
        rejected.
    """

    def __init__(
        self,
        camera: EgoCamera,
        frame: MapFrame,
        *,
        feature_count: int,
        road_camera: RoadCamera | None = None,
    ) -> None:
        self.camera = camera
        self.frame = frame
        self.road_camera = road_camera
        self._views = ViewGeometry(camera=camera, frame=frame)
        self._detector = FeatureDetector(count=feature_count)
        self._blind_detector = FeatureDetector(count=BLIND_FEATURES * feature_count)

    def match(
        self,
        luma: NDArray[np.uint8],
        view: RoadView,
        neighbour: RoadView | None,
        time_s: float,
        *,
        prediction: Prediction | None,
        seed: int,
    ) -> DirectMatch | Rejected:
        """Match an ego picture to a road frame.

        Parameters
        ----------
        luma
            The ego picture, shape (h, w).
        view, neighbour
            The road frame and the next one on the side of `time_s`.
        time_s
            Time of the ego picture on the phone's clock.
        prediction
            Where the road is expected; anywhere if None.
        seed
            Of the estimator's random numbers.
        """
        ego = self._ego_features(luma, prediction)
        if len(ego.features) < MIN_INLIERS or len(view.features) < MIN_INLIERS:
            return Rejected(reason="few_features")
        pairs = self._pair(ego, view, prediction).best(MAX_MATCHES)
        if len(pairs) < MIN_INLIERS:
            return Rejected(reason="no_consensus")
        places = features_at(view, neighbour, time_s, pairs.train)
        ego_px, road_px = ego.undistorted_px[pairs.query], places.points_px
        noise_scale = np.sqrt(ego.features.noise_scale[pairs.query] * places.noise_scale)
        estimate = self._estimate(ego_px, road_px, noise_scale, pairs, view, prediction, seed)
        if isinstance(estimate, Refused):
            return Rejected(reason="no_consensus")
        least = MIN_INLIERS if prediction is not None else MIN_INLIERS_BLIND
        if estimate.inlier_count < least:
            return Rejected(reason="few_inliers")
        mapping = Mapping.from_estimate(estimate, self.frame)
        deviation_px = self.deviation_px(mapping.road_from_ego)
        probability, sigma_px = estimate.inlier_probability, estimate.sigma_px
        if self.road_camera is not None and not self._plausible(deviation_px):
            fit = self._far_fit(mapping, ego_px, road_px, prediction)
            if fit is None or fit.inlier_count < least:
                return Rejected(reason="implausible")
            mapping, deviation_px = fit.mapping, self.deviation_px(fit.mapping.road_from_ego)
            probability, sigma_px = fit.inlier_probability, fit.sigma_px / np.sqrt(2)
        if prediction is not None and self._off_course(mapping, prediction):
            return Rejected(reason="off_course")
        return DirectMatch(
            mapping=mapping,
            inlier_probability=probability,
            sigma_px=sigma_px,
            ego_px=ego_px,
            road_px=road_px,
            ego_shown_px=ego.features.points_px[pairs.query],
            road_shown_px=view.features.points_px[pairs.train],
            noise_scale=noise_scale,
            velocity_px_s=places.velocity_px_s,
            deviation_px=deviation_px,
        )

    def _plausible(self, deviation_px: float) -> bool:
        road = self.road_camera
        return road is None or deviation_px <= MAX_DEVIATION_DEG * road.degree_px

    def _far_fit(
        self,
        mapping: Mapping,
        ego_px: NDArray[np.float64],
        road_px: NDArray[np.float64],
        prediction: Prediction | None,
    ) -> TurnFit | None:
        """Fit a turn only, where matches in a corner of the view can't tell more.

        Eight numbers fitted to a few matches close together may be right there and anything elsewhere.
        """
        if self.road_camera is None:
            return None
        if prediction is not None:
            form = prediction.road_from_ego
        else:
            form = far_homography(mapping.road_from_ego, self.camera.matrix, self.road_camera)
        exact = Mapping.from_matrix(form, np.zeros((8, 8)), self.frame)
        area = OUTLIER_AREA_PX2 if prediction is None else (2 * prediction.radius_px) ** 2
        fit = fit_turn(
            exact, ego_px, road_px,
            outlier_area_px2=area, max_sigma_px=MAX_FAR_SIGMA_DEG * self.road_camera.degree_px,
        )  # fmt: skip
        if fit is None or not self._plausible(self.deviation_px(fit.mapping.road_from_ego)):
            return None
        return fit

    def deviation_px(self, road_from_ego: NDArray[np.float64]) -> float:
        """Give the largest distance, in the common view, from a map of things far away; NaN if unknown."""
        if self.road_camera is None:
            return float("nan")
        far = far_homography(road_from_ego, self.camera.matrix, self.road_camera)
        apart = self._views.apart_px(road_from_ego, far)
        return float("inf") if apart is None else float(apart.max())

    def _ego_features(
        self, luma: NDArray[np.uint8], prediction: Prediction | None
    ) -> "_EgoFeatures":
        region = None
        if prediction is not None:
            region = self._views.road_region(
                prediction.road_from_ego, prediction.radius_px, _ROI_MARGIN_PX
            )
            if region is None:
                return _EgoFeatures(features=Features.none(), undistorted_px=np.zeros((0, 2)))
        detector = self._blind_detector if prediction is None else self._detector
        features = detector.find(luma, region=region)
        undistorted = self.camera.undistort(features.points_px)
        kept = finite_rows(undistorted)
        if prediction is not None and len(features):
            # The rectangle holds more than the road: pillars, mirror, the top of the dashboard.
            margin = prediction.radius_px + _ROI_MARGIN_PX
            mapped = transfer(prediction.road_from_ego, undistorted)
            far_edge = np.array(self.frame.road_size_px) + margin
            kept &= ((mapped > -margin) & (mapped < far_edge)).all(axis=1)
        return _EgoFeatures(features=features.select(kept), undistorted_px=undistorted[kept])

    def _pair(self, ego: "_EgoFeatures", view: RoadView, prediction: Prediction | None) -> Matches:
        if prediction is None:
            return match_descriptors(ego.features.descriptors, view.features.descriptors)
        return match_near(
            ego.features.descriptors,
            transfer(prediction.road_from_ego, ego.undistorted_px),
            view.features.descriptors,
            view.features.points_px,
            radius_px=prediction.radius_px,
        )

    def _estimate(
        self,
        ego_px: NDArray[np.float64],
        road_px: NDArray[np.float64],
        noise_scale: NDArray[np.float64],
        pairs: Matches,
        view: RoadView,
        prediction: Prediction | None,
        seed: int,
    ) -> HomographyEstimate | Refused:
        width, height = self.frame.road_size_px
        target_sigma = KEYPOINT_SIGMA_PX * view.reduction
        if prediction is None:
            area, start, samples = float(width * height), None, _BLIND_SAMPLES
        else:
            area = min(float(width * height), (2 * prediction.radius_px) ** 2)
            start, samples = prediction.road_from_ego, 50
        return estimate_homography(
            ego_px,
            road_px,
            options=MlesacOptions(
                sigma_px=target_sigma,
                source_noise_ratio=1 / view.reduction,
                min_iterations=samples,
                max_iterations=5000,
            ),
            outlier_area_px2=area,
            noise_scale=noise_scale,
            quality=pairs.distance_bits.astype(np.float64),
            start=start,
            seed=seed,
        )

    def _off_course(self, mapping: Mapping, prediction: Prediction) -> bool:
        apart = self._views.apart_px(mapping.road_from_ego, prediction.road_from_ego)
        return apart is None or not float(np.median(apart)) <= prediction.radius_px


@dataclass(frozen=True, kw_only=True)
class _EgoFeatures:
    features: Features
    undistorted_px: NDArray[np.float64]
