"""Who is seen how much in the road film, as its depth shows it."""

import numpy as np
from numpy.typing import NDArray

from ..scene.world import Standing
from ..story import Actor
from ..story.projection import RoadCamera

FloatArray = NDArray[np.float64]

_RASTER = 7
_SLACK_M = 0.3


class Sightings:
    """Notes, frame by frame, which share of each road user is not hidden by nearer things.

    Points of a raster over its box in the picture are looked up in the picture's depth: they show it, or what
    stands before it, or what lies behind where it has gaps.

    Parameters
    ----------
    actors
        Of the story, by track id.
    camera
        The phone's rear camera.
    car_from_road
        Its pose in the car, shape (3, 4).
    """

    def __init__(
        self, actors: tuple[Actor, ...], camera: RoadCamera, car_from_road: FloatArray
    ) -> None:
        self._corners = [actor.corners_m() for actor in actors]
        self._camera, self._car_from_road = camera, car_from_road
        self._shares: dict[tuple[int, int], float] = {}

    def note(
        self,
        index: int,
        standing: list[Standing],
        nearness: NDArray[np.float32],
        world_from_car: FloatArray,
    ) -> None:
        """Look a frame's road users up.

        Parameters
        ----------
        index
            Number of the frame.
        standing
            Who is where.
        nearness
            1 / depth of the picture, 1/m.
        world_from_car
            Pose of the car, shape (3, 4).
        """
        if not standing:
            return
        turn = world_from_car[:, :3] @ self._car_from_road[:, :3]
        place = world_from_car[:, :3] @ self._car_from_road[:, 3] + world_from_car[:, 3]
        poses = np.stack([one.world_from_actor for one in standing])
        corners = np.stack([self._corners[one.track_id] for one in standing])
        in_world = corners @ poses[:, :, :3].transpose(0, 2, 1) + poses[:, None, :, 3]
        points = (in_world - place) @ turn
        depth = points[..., 2]
        height, width = nearness.shape
        for row in np.flatnonzero(depth.min(axis=1) > 0.5).tolist():
            pixels = self._camera.pixels(points[row])
            low = np.clip(pixels.min(axis=0), 0, (width - 1, height - 1))
            high = np.clip(pixels.max(axis=0), 0, (width - 1, height - 1))
            if (high - low < 2).any():
                continue
            steps = (np.arange(_RASTER) + 0.5) / _RASTER
            x = np.rint(low[0] + (high[0] - low[0]) * steps).astype(int)
            y = np.rint(low[1] + (high[1] - low[1]) * steps).astype(int)
            seen = nearness[np.ix_(y, x)]
            nearest, furthest = depth[row].min() - _SLACK_M, depth[row].max() + _SLACK_M
            hidden = int((seen > 1 / nearest).sum())
            shown = int(((seen <= 1 / nearest) & (seen >= 1 / furthest)).sum())
            if hidden + shown:
                self._shares[index, standing[row].track_id] = shown / (hidden + shown)

    def shares(self, frame_index: NDArray[np.int32], track_id: NDArray[np.int32]) -> FloatArray:
        """Give the visible share of road users in frames, shape (n,); NaN where it is not known."""
        pairs = zip(frame_index.tolist(), track_id.tolist(), strict=True)
        return np.array([self._shares.get(pair, np.nan) for pair in pairs])
