"""Pictures all around a point: where on them a direction lies."""

import numpy as np
from numpy.typing import NDArray


class Panorama:
    """The form of a picture whose columns are azimuths and whose rows are elevations.

    Parameters
    ----------
    azimuth_deg, elevation_deg
        Half its width and height: it goes from -a to +a, with the direction straight on in the middle.
    px_per_deg
        Its resolution.
    """

    def __init__(self, *, azimuth_deg: float, elevation_deg: float, px_per_deg: float) -> None:
        self.px_per_deg = px_per_deg
        self.size_px = (
            2 * round(azimuth_deg * px_per_deg),
            2 * round(elevation_deg * px_per_deg),
        )
        self._centre = (np.array(self.size_px) - 1) / 2

    def places(self, directions: NDArray[np.float64]) -> NDArray[np.float32]:
        """Find directions (x right, y down, z forward; any length) on the picture.

        Parameters
        ----------
        directions
            Shape (…, 3).

        Returns
        -------
        NDArray[np.float32]
            Shape (…, 2), px; outside of the picture for directions that it doesn't show.
        """
        x, y, z = np.moveaxis(directions, -1, 0)
        azimuth, down = np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))
        degrees = np.degrees(np.stack([azimuth, down], axis=-1))
        return np.asarray(degrees * self.px_per_deg + self._centre, dtype=np.float32)

    def points(self, azimuth_deg: object, elevation_deg: object) -> NDArray[np.float64]:
        """Find angles on the picture: azimuth right positive, elevation up positive; (n, 2), px."""
        angles = np.stack(
            np.broadcast_arrays(np.asarray(azimuth_deg), -np.asarray(elevation_deg)), axis=-1
        )
        return np.asarray(angles * self.px_per_deg + self._centre, dtype=np.float64)

    def grid_deg(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the azimuth of each column, shape (w,), and the elevation of each row, shape (h,)."""
        columns, rows = (np.arange(length) for length in self.size_px)
        return (
            (columns - self._centre[0]) / self.px_per_deg,
            (self._centre[1] - rows) / self.px_per_deg,
        )
