"""Who is seen how much in the road film, as its depth shows it."""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from ..scene.world import Standing
from ..story import Actor
from ..story.projection import RoadCamera

FloatArray = NDArray[np.float64]

_RASTER = 7
_SLACK_M = 0.3
_LEAST_PX = 2.0
_NEAREST_M = 0.5


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
        rows = np.flatnonzero(points[..., 2].min(axis=1) > _NEAREST_M)
        if not len(rows):
            return
        seen = points[rows]
        pixels = self._camera.pixels(seen)
        shares = _visible_shares(
            pixels.min(axis=1),
            pixels.max(axis=1),
            seen[..., 2].min(axis=1),
            seen[..., 2].max(axis=1),
            nearness,
        )
        for row, share in zip(rows.tolist(), shares.tolist(), strict=True):
            if share >= 0:
                self._shares[index, standing[row].track_id] = share

    def shares(self, frame_index: NDArray[np.int32], track_id: NDArray[np.int32]) -> FloatArray:
        """Give the visible share of road users in frames, shape (n,); NaN where it is not known."""
        pairs = zip(frame_index.tolist(), track_id.tolist(), strict=True)
        return np.array([self._shares.get(pair, np.nan) for pair in pairs])


@compiled
def _visible_shares(
    low_px: FloatArray,
    high_px: FloatArray,
    nearest_m: FloatArray,
    furthest_m: FloatArray,
    nearness: NDArray[np.float32],
) -> FloatArray:
    """Look up a raster over each box; give the share that shows it, -1 where there is nothing to say."""
    height, width = nearness.shape
    shares = np.full(len(low_px), -1.0)
    for box in range(len(low_px)):
        left = min(max(low_px[box, 0], 0.0), width - 1.0)
        right = min(max(high_px[box, 0], 0.0), width - 1.0)
        top = min(max(low_px[box, 1], 0.0), height - 1.0)
        bottom = min(max(high_px[box, 1], 0.0), height - 1.0)
        if right - left < _LEAST_PX or bottom - top < _LEAST_PX:
            continue
        before, behind = 1 / (nearest_m[box] - _SLACK_M), 1 / (furthest_m[box] + _SLACK_M)
        hidden = shown = 0
        for down in range(_RASTER):
            y = int(np.rint(top + (bottom - top) * ((down + 0.5) / _RASTER)))
            for across in range(_RASTER):
                x = int(np.rint(left + (right - left) * ((across + 0.5) / _RASTER)))
                if nearness[y, x] > before:
                    hidden += 1
                elif nearness[y, x] >= behind:
                    shown += 1
        if hidden + shown:
            shares[box] = shown / (hidden + shown)
    return shares
