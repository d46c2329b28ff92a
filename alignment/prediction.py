"""Where the road will be in the next ego frame: three simple guesses, and the one that was best lately."""

import numpy as np
from numpy.typing import NDArray

from .direct import Prediction
from .map_turn import turn_between_maps
from .mapping import Mapping
from .rotation import rotation_matrix

_FORGETTING = 0.8
_SAFETY = 4.0
_LEAST_RADIUS_DEG = 1.5
"""Not smaller, so that things near the car, which parallax moves, are matched as well: they tell how far
off the map is for them."""

_MOST_RADIUS_DEG = 3.6
_LASTING_PART = 0.15
"""Part of a gyroscope's error in a frame that the next frames add to, as a bias does; the rest is the
noise of the maps it is compared with."""

_FIRST_ERROR_DEG = 1.0
"""Error that a guess is taken to have before any was tried."""


class Predictor:
    """Predicts the next map from the last ones and the gyroscope.

    The guesses are that the head keeps still, that it goes on turning as it did, and that it turns as
    the gyroscope says. Each is judged by how it did on the frames before, which also tells whether the
    gyroscope's axes, sign and bias can be trusted, and how wide to search.

    Parameters
    ----------
    road_px_per_rad
        Pixels of the road view to a radian, about: its camera's focal length.
    """

    def __init__(self, *, road_px_per_rad: float) -> None:
        self._road_px_per_rad = road_px_per_rad
        self._last: Mapping | None = None
        self._steady = np.zeros(3)
        self._since: dict[str, NDArray[np.float64]] = {}
        self._missed = 0
        first_px = np.radians(_FIRST_ERROR_DEG) * self._road_px_per_rad
        self._error_px = {"still": first_px, "steady": first_px, "gyro": first_px}

    def step(self, gyro_turn_rad: NDArray[np.float64]) -> None:
        """Go on to the next frame.

        Parameters
        ----------
        gyro_turn_rad
            Turn since the frame before by the gyroscope, shape (3,); NaN if unknown.
        """
        if self._last is None:
            return
        self._missed += 1
        turns = {"still": np.zeros(3), "steady": self._steady, "gyro": gyro_turn_rad}
        for name, turn in turns.items():
            self._since[name] = self._since.get(name, np.zeros(3)) + turn

    def predict(self) -> Prediction | None:
        """Give where the road is expected now; None where that is anybody's guess."""
        if self._last is None:
            return None
        known = {name: turn for name, turn in self._since.items() if np.isfinite(turn).all()}
        name = min(known, key=lambda each: self._error_px[each])
        lasting = _LASTING_PART if name == "gyro" else 1.0
        radius = _SAFETY * self._error_px[name] * (1 + lasting * (self._missed - 1))
        least, most = (
            float(np.radians(each)) * self._road_px_per_rad
            for each in (_LEAST_RADIUS_DEG, _MOST_RADIUS_DEG)
        )
        if radius > most and self._missed > 1:
            return None
        return Prediction(
            road_from_ego=self._last.frame.road_from_ego(
                self._last.normal_map @ rotation_matrix(known[name])
            ),
            radius_px=float(np.clip(radius, least, most)),
        )

    def learn(self, mapping: Mapping) -> None:
        """Take note of the map that was found for this frame."""
        if self._last is not None:
            width, height = mapping.frame.road_size_px
            turn = turn_between_maps(self._last.normal_map, mapping.normal_map, height / width)
            frames = max(1, self._missed)
            for name, guess in self._since.items():
                if not np.isfinite(guess).all():
                    continue
                # across the optical axis only: a roll moves nothing in the middle
                error = float(np.hypot(*(turn - guess)[:2])) * self._road_px_per_rad / frames
                old = self._error_px[name]
                self._error_px[name] = max(error, _FORGETTING * old + (1 - _FORGETTING) * error)
            self._steady = turn / frames
        self._last = mapping
        self._since = {}
        self._missed = 0
