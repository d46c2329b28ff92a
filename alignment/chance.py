"""Direct matches that are none: of pictures that don't belong together, now and then some fit by chance."""

import numpy as np
from numpy.typing import NDArray

from .direct import MAX_DEVIATION_DEG
from .ego_camera import EgoCamera
from .mapping import MapFrame
from .observations import Observations, unpack
from .road_camera import FEWEST_HOMOGRAPHIES, RoadCamera, far_homography, focal_px_of
from .view_geometry import ViewGeometry

LEAST_DIRECT_SHARE, LEAST_INLIER_SHARE = 0.25, 0.6
"""Below both of these the views are not of one drive. Videos of two simulated drives reached 0.22 and 0.47,
drives at night 0.9 and 0.8."""


def without_chance(
    seen: Observations, camera: EgoCamera, frame: MapFrame, road: RoadCamera | None
) -> Observations:
    """Drop direct matches that no road camera, or not the drive's, can have made.

    A sweep checks that itself where the road camera is known beforehand. Else it is found from the direct
    matches; where most of them contradict each other, none is right.

    Parameters
    ----------
    seen
        Observations of a drive.
    camera
        The scene camera.
    frame
        Coordinates of maps.
    road
        The road camera; None if the matches agree on none.
    """
    if _too_thin(seen):
        everything = np.ones(len(seen.carried_map), dtype=np.bool_)
        return seen.without(seen.is_direct, everything)
    unchecked = seen.is_direct & ~np.isfinite(seen.deviation_px)
    if not unchecked.any():
        return seen
    count = int(seen.is_direct.sum())
    wrong = np.zeros(len(seen), dtype=np.bool_)
    for row in np.flatnonzero(unchecked):
        if road is None and count >= FEWEST_HOMOGRAPHIES:
            wrong[row] = True
        else:
            wrong[row] = not _possible(seen.normal_map[row], camera, frame, road)
    carried_wrong = np.array(
        [
            (road is None and count >= FEWEST_HOMOGRAPHIES)
            or not _possible(elements, camera, frame, road)
            for elements in seen.carried_map
        ],
        dtype=np.bool_,
    )
    return seen.without(wrong, carried_wrong)


def _too_thin(seen: Observations) -> bool:
    """Tell whether so few frames match, by so few of their matches, that chance and history explain it.

    One match by chance, on lane marks, say, is found again where it was a frame ago.
    """
    direct = seen.is_direct
    paired = int((seen.missing < 0).sum())
    if not direct.any() or direct.sum() >= LEAST_DIRECT_SHARE * paired:
        return False
    inlier_share = np.median(seen.inlier_count[direct] / seen.match_count[direct])
    return bool(inlier_share < LEAST_INLIER_SHARE)


def _possible(
    elements: NDArray[np.float64], camera: EgoCamera, frame: MapFrame, road: RoadCamera | None
) -> bool:
    homography = unpack(elements, np.zeros(36), frame).road_from_ego
    if road is None:
        width, height = frame.road_size_px
        centre = ((width - 1) / 2, (height - 1) / 2)
        return focal_px_of(homography @ camera.matrix, centre) is not None
    far = far_homography(homography, camera.matrix, road)
    apart = ViewGeometry(camera=camera, frame=frame).apart_px(homography, far)
    return apart is not None and bool(apart.max() <= MAX_DEVIATION_DEG * road.degree_px)
