"""ORB features of a picture: where they are, what they look like, and how well they are placed."""

from dataclasses import dataclass
from operator import attrgetter

import cv2
import numpy as np
from numpy.typing import NDArray

from .matching import WORDS
from .road_camera import usual_focal_px

SCALE_STEP = 1.5
LEVELS = 4
"""Pyramid of the detector. Four levels of 1.5 see the scales that eight of 1.2 see, at 60 % of the
cost, which is that of the pyramid and its blur."""

_SCALES: NDArray[np.float64] = np.power(SCALE_STEP, np.arange(LEVELS, dtype=np.float64))
_OCTAVE, _RESPONSE = attrgetter("octave"), attrgetter("response")
_LEAST_RESPONSE = 12
"""Weakest corner, in grey levels. Where there are more than enough, weaker ones than are needed aren't even
looked for; see `_Corners`."""
# Of the weakest response that was needed, so much is asked for in the next picture.
_HEADROOM = 0.75
# So many pictures are searched down to the weakest corners after one that had too few strong ones.
_PATIENCE = 8
_LEAST_REDUCTION = 1.2
_NEAR_HALF = 0.35

_LEAST_PICTURE_PX = 64
_EDGE_PX = 20
# Kept free of features at the border: the radius of the patch that is described.
_PATCH_PX = 31


_Found = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]


@dataclass(frozen=True, kw_only=True)
class Features:
    """Features of one picture.

    Attributes
    ----------
    points_px
        Places in the full picture, shape (n, 2), px.
    descriptors
        256 bits each, shape (n, 4).
    noise_scale
        How coarse the pyramid level is that each was found on, shape (n,), from 1: its place is that
        much less exact.
    """

    points_px: NDArray[np.float64]
    descriptors: NDArray[np.uint64]
    noise_scale: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.points_px)

    @classmethod
    def none(cls) -> "Features":
        """Give a set without any."""
        return cls(
            points_px=np.zeros((0, 2)),
            descriptors=np.zeros((0, WORDS), dtype=np.uint64),
            noise_scale=np.zeros(0),
        )

    def select(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> "Features":
        """Give some of the features."""
        return Features(
            points_px=self.points_px[kept],
            descriptors=self.descriptors[kept],
            noise_scale=self.noise_scale[kept],
        )


@dataclass(frozen=True, kw_only=True)
class Region:
    """A rectangle of a picture, in pixels: from (left, top) up to, not including, (right, bottom)."""

    left: int
    top: int
    right: int
    bottom: int


class FeatureDetector:
    """Finds ORB features (Rublee et al., ICCV 2011, doi 10.1109/ICCV.2011.6126544).

    Parameters
    ----------
    count
        Most features of a picture.
    reduction
        The picture is reduced by this factor before; at least 1.
    """

    def __init__(self, *, count: int, reduction: float = 1.0) -> None:
        self.reduction = reduction
        self._count = count
        self._corners = _Corners(count)

    def find(
        self,
        luma: NDArray[np.uint8],
        *,
        region: Region | None = None,
        usable: NDArray[np.uint8] | None = None,
        reduced: NDArray[np.uint8] | None = None,
    ) -> Features:
        """Find the features of a picture.

        Parameters
        ----------
        luma
            Brightness, shape (h, w).
        region
            Where to look; everywhere if None.
        usable
            Where features may lie, 0 or 255, of the size of `reduce(luma)`; everywhere if None.
        reduced
            What `reduce` gave for the whole picture, if that was asked for already; without `region`.
        """
        if region is None:
            region = Region(left=0, top=0, right=luma.shape[1], bottom=luma.shape[0])
        picture = reduced
        if picture is None:
            picture = self.reduce(luma[region.top : region.bottom, region.left : region.right])
        if min(picture.shape) < _LEAST_PICTURE_PX:
            return Features.none()
        mask = None
        if usable is not None:
            left, top = round(region.left / self.reduction), round(region.top / self.reduction)
            mask = usable[top : top + picture.shape[0], left : left + picture.shape[1]]
            if mask.shape != picture.shape:
                size = picture.shape[1], picture.shape[0]
                resized = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
                mask = np.asarray(resized, dtype=np.uint8)
        found = self._corners.find(picture, mask)
        if found is None:
            return Features.none()
        octave, places, response, descriptors = found
        if len(octave) > self._count:  # of equally good ones OpenCV keeps all
            kept = np.sort(np.argsort(-response, kind="stable")[: self._count])
            octave, places, descriptors = octave[kept], places[kept], descriptors[kept]
        scale = _SCALES[octave]
        # OpenCV multiplies by the nominal step: it leaves out that pixel centres, not corners, have
        # integer coordinates, and that a level has whole pixels. Both together are up to 3 px.
        shown = np.array([region.right - region.left, region.bottom - region.top])
        level = np.rint(np.array(picture.shape[::-1]) / scale[:, None])
        points = (places / scale[:, None] + 0.5) * (shown / level) - 0.5 + (region.left, region.top)
        return Features(
            points_px=points,
            descriptors=np.ascontiguousarray(descriptors).view(np.uint64).reshape(-1, WORDS),
            noise_scale=scale,
        )

    def reduce(self, luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Reduce a picture as `find` does."""
        if self.reduction == 1.0:
            return np.ascontiguousarray(luma)
        height, width = luma.shape
        size = max(1, round(width / self.reduction)), max(1, round(height / self.reduction))
        return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


class _Corners:
    """Corners with descriptors by OpenCV's ORB, in an order that depends on nothing but the picture.

    Each level of the pyramid gives its strongest corners, up to a number. Neither the strength of a corner nor
    whether it is the strongest around depends on the threshold from which on corners are looked for, as long
    as it reaches it; so a threshold is right if all levels are full. One just under the weakest corner of the
    picture before is, mostly, and takes a third less time than `_LEAST_RESPONSE`. Where it is not, the
    picture is looked at again. The result is the same, whatever came before.
    """

    def __init__(self, count: int) -> None:
        self._orb = cv2.ORB.create(
            nfeatures=count,
            scaleFactor=SCALE_STEP,
            nlevels=LEVELS,
            edgeThreshold=_EDGE_PX,
            patchSize=_PATCH_PX,
            fastThreshold=_LEAST_RESPONSE,
            # Of Harris' measure and FAST's own, the latter is cheaper, and the corners it chooses are
            # placed 15 % more exactly (four drives with truth).
            scoreType=cv2.ORB_FAST_SCORE,
        )
        self._full = _most_of_levels(count)
        self._threshold = _LEAST_RESPONSE
        self._wait = 0

    def find(self, picture: NDArray[np.uint8], mask: NDArray[np.uint8] | None) -> _Found | None:
        """Give level, place in the picture, response and descriptor of each; None for none."""
        keypoints, descriptors = self._orb.detectAndCompute(picture, mask)
        octave = np.fromiter(map(_OCTAVE, keypoints), dtype=np.int64, count=len(keypoints))
        full = bool((np.bincount(octave, minlength=LEVELS) >= self._full).all())
        if not full and self._threshold > _LEAST_RESPONSE:
            self._use(_LEAST_RESPONSE)
            self._wait = _PATIENCE
            return self.find(picture, mask)
        response = np.fromiter(map(_RESPONSE, keypoints), dtype=np.float64, count=len(keypoints))
        self._wait = max(0, self._wait - 1)
        if full and not self._wait:
            self._use(max(_LEAST_RESPONSE, int(_HEADROOM * response.min())))
        if descriptors is None or not len(keypoints):
            return None
        places = np.asarray(cv2.KeyPoint.convert(keypoints), dtype=np.float64)
        # Of matches that are equally good the first ones are used: those of the strongest corners.
        order = np.lexsort((places[:, 0], places[:, 1], -response, octave))
        return (
            octave[order],
            places[order],
            response[order],
            np.asarray(descriptors, dtype=np.uint8)[order],
        )

    def _use(self, threshold: int) -> None:
        self._threshold = threshold
        self._orb.setFastThreshold(threshold)


def _most_of_levels(count: int) -> NDArray[np.int64]:
    """Give how many corners ORB keeps of each level, but for equally strong ones, shape (levels,)."""
    share = 1 / SCALE_STEP
    first = count * (1 - share) / (1 - share**LEVELS)
    counts = np.rint(first * share ** np.arange(LEVELS)).astype(np.int64)
    counts[-1] = max(count - counts[:-1].sum(), 0)
    return np.asarray(counts, dtype=np.int64)


def working_reduction(
    road_size_px: tuple[int, int], ego_focal_px: float, road_focal_px: float | None
) -> float:
    """Give how much a road picture is to be reduced so that both views show things in the same size.

    More pixels than the ego view has don't make matches more exact, and cost time.

    Parameters
    ----------
    road_size_px
        Width and height of the road picture.
    ego_focal_px
        Focal length of the scene camera.
    road_focal_px
        That of the road camera; a usual one if None.
    """
    focal_px = usual_focal_px(road_size_px) if road_focal_px is None else road_focal_px
    wanted = focal_px / ego_focal_px
    # Reducing a little costs more than it saves; halving is cheaper than anything near it.
    if wanted < _LEAST_REDUCTION:
        return 1.0
    return 2.0 if abs(wanted - 2.0) < _NEAR_HALF else wanted
