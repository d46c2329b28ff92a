"""Maps for frames without a direct match, from the direct matches before and after them.

Up to three witnesses say how the head stands in such a frame:

- correspondences that were tracked into it from before and from after (`tracks`),
- the gyroscope, from both ends, with what it misses spread over the gap (`turn_path`),
- without either, a head that turns evenly from one end to the other.

Each comes with its error, measured where the truth was known; they are averaged by it. Where they
contradict each other, the error of the average is as large as the contradiction.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .map_turn import turn_between_maps
from .mapping import MapFrame, Mapping
from .observations import DIRECTIONS, Observations, unpack
from .rotation import rotation_matrix, rotation_vector
from .turn_path import TurnErrors, TurnPath

TRACK_INDEPENDENT_POINTS = 10
"""Errors of tracked points depend on each other, as neighbours lie on the same object: however many they
are, together they are as good as so many independent ones."""

CONTRADICTION = 2.5
"""Witnesses that are so many of their standard deviations apart contradict each other."""

Source = Literal["direct", "propagated", "none"]


@dataclass(frozen=True, kw_only=True)
class Witness:
    """What one source says of a frame.

    Attributes
    ----------
    mapping
        The map; its covariance is that of the direct matches it rests on.
    error_rad
        Standard deviation of the head's direction per axis, rad.
    inlier_count
        Correspondences it rests on, in this frame; 0 if none.
    """

    mapping: Mapping
    error_rad: float
    inlier_count: int


class Propagation:
    """Fills the gaps between direct matches.

    Parameters
    ----------
    seen
        Observations of all n frames of a video; row i is frame i.
    frame
        Coordinates of maps.
    anchor
        Which frames have a direct match that others may be propagated from, shape (n,).
    road_px_per_rad
        Pixels of the road view to a radian, about: the road camera's focal length.
    growth_rad
        Error that carried maps gain with each frame, rad.
    paths
        How the head turned, and how far off that is: by gyroscope, and of a head that turns evenly.
    """

    def __init__(
        self,
        seen: Observations,
        frame: MapFrame,
        *,
        anchor: NDArray[np.bool_],
        road_px_per_rad: float,
        growth_rad: float,
        paths: list[tuple[TurnPath, TurnErrors]],
    ) -> None:
        self._seen = seen
        self._frame = frame
        self._px_per_rad = road_px_per_rad
        self._growth_rad = growth_rad
        self._paths = paths
        self._anchors = np.flatnonzero(anchor)
        self._carried = {
            (int(row), DIRECTIONS[int(way)]): position
            for position, (row, way) in enumerate(
                zip(seen.carried_row, seen.carried_direction, strict=True)
            )
        }

    def ends(self, row: int) -> tuple[int | None, int | None]:
        """Give the anchors before and after a frame that is none."""
        position = int(np.searchsorted(self._anchors, row))
        before = int(self._anchors[position - 1]) if position else None
        after = int(self._anchors[position]) if position < len(self._anchors) else None
        return before, after

    def fill(self, row: int) -> Witness | None:
        """Give the map of a frame without a direct match; None where nobody knows."""
        before, after = self.ends(row)
        witnesses = [
            each
            for each in (self._tracked(row, before, after), self._turned(row, before, after))
            if each is not None
        ]
        return self._average(witnesses)

    def _tracked(self, row: int, before: int | None, after: int | None) -> Witness | None:
        forward = self._carried_witness(row, "forward", before)
        backward = self._carried_witness(row, "backward", after)
        if forward is None or backward is None:
            single = forward or backward
            if (
                single is forward
                and single is not None
                and before is not None
                and after is not None
            ):
                return self._closed(single, row, before, after)
            return single
        if before is None or after is None:
            return forward
        part = (row - before) / (after - before)
        apart = self._between(forward.mapping, backward.mapping)
        error = float(np.hypot(*apart[:2])) * float(np.sqrt(part * (1 - part)))
        own = float(np.hypot(forward.error_rad * (1 - part), backward.error_rad * part))
        return Witness(
            mapping=_blend(forward.mapping, backward.mapping, part, independent=True),
            error_rad=max(error, own),
            inlier_count=max(forward.inlier_count, backward.inlier_count),
        )

    def _carried_witness(
        self, row: int, way: Literal["forward", "backward"], end: int | None
    ) -> Witness | None:
        position = self._carried.get((row, way))
        if position is None or end is None:
            return None
        seen = self._seen
        sigma_px = float(seen.carried_sigma_px[position])
        noise = sigma_px / self._px_per_rad / np.sqrt(TRACK_INDEPENDENT_POINTS)
        drift = self._growth_rad * abs(row - end)
        mapping = unpack(
            seen.carried_map[position],
            seen.carried_covariance[position],
            self._frame,
        )
        return Witness(
            mapping=mapping,
            error_rad=float(np.hypot(noise, drift)),
            inlier_count=int(seen.carried_inlier_count[position]),
        )

    def _closed(self, forward: Witness, row: int, before: int, after: int) -> Witness:
        """Take off what forward tracking turned out to miss at the end of the gap, where it got there."""
        end = self._carried.get((after, "forward"))
        if end is None:
            return forward
        part = (row - before) / (after - before)
        reached = unpack(
            self._seen.carried_map[end],
            self._seen.carried_covariance[end],
            self._frame,
        )
        missed = self._between(reached, self._direct(after))
        bridge = float(np.hypot(*missed[:2])) * float(np.sqrt(part * (1 - part)))
        return Witness(
            mapping=forward.mapping.turned(part * missed),
            error_rad=max(bridge, forward.error_rad * (1 - part)),
            inlier_count=forward.inlier_count,
        )

    def _turned(self, row: int, before: int | None, after: int | None) -> Witness | None:
        """Give what the first path says that knows the way to an end of the gap."""
        for path, errors in self._paths:
            found = self._along(path, errors, row, before, after)
            if found is not None:
                return found
        return None

    def _along(
        self, path: TurnPath, errors: TurnErrors, row: int, before: int | None, after: int | None
    ) -> Witness | None:
        if before is not None and after is not None and path.knows(before, after):
            first, last = self._direct(before), self._direct(after)
            whole = rotation_matrix(self._between(first, last))
            turn = path.closed_turn(before, row, after, whole)
            part = (path.time_s[row] - path.time_s[before]) / (
                path.time_s[after] - path.time_s[before]
            )
            mapping = _blend(
                first.turned(rotation_vector(turn)),
                last.turned(rotation_vector(whole.T @ turn)),
                float(part),
                independent=True,
            )
            return Witness(
                mapping=mapping, error_rad=errors.closed(row - before, after - row), inlier_count=0
            )
        options = [
            end
            for end in (before, after)
            if end is not None and path.knows(min(end, row), max(end, row))
        ]
        if not options:
            return None
        nearest = min(options, key=lambda end: abs(end - row))
        turn = path.turn(nearest, row) if nearest < row else path.turn(row, nearest).T
        return Witness(
            mapping=self._direct(nearest).turned(rotation_vector(turn)),
            error_rad=errors.open(abs(row - nearest)),
            inlier_count=0,
        )

    def _average(self, witnesses: list[Witness]) -> Witness | None:
        """Average by error; where two contradict each other, the error is as large as that."""
        if len(witnesses) < 2:
            return witnesses[0] if witnesses else None
        first, second = witnesses
        apart = self._between(first.mapping, second.mapping)
        variance = first.error_rad**2 + second.error_rad**2
        part = first.error_rad**2 / variance
        error = first.error_rad * second.error_rad / float(np.sqrt(variance))
        distance = float(np.hypot(*apart[:2]))
        if distance > CONTRADICTION * np.sqrt(variance):
            error = max(error, distance / 2)
        return Witness(
            mapping=_blend(
                first.mapping.turned(part * apart),
                second.mapping.turned((part - 1) * apart),
                part,
                independent=False,
            ),
            error_rad=error,
            inlier_count=max(first.inlier_count, second.inlier_count),
        )

    def _between(self, earlier: Mapping, later: Mapping) -> NDArray[np.float64]:
        width, height = self._frame.road_size_px
        return turn_between_maps(earlier.normal_map, later.normal_map, height / width)

    def _direct(self, row: int) -> Mapping:
        return unpack(self._seen.normal_map[row], self._seen.covariance[row], self._frame)


def _blend(first: Mapping, second: Mapping, part: float, *, independent: bool) -> Mapping:
    """Give a map between two that are nearly the same.

    Their errors are independent if they rest on different direct matches; else they are the same errors.
    """
    one, other = 1 - part, part
    weights = (one**2, other**2) if independent else (one, other)
    return Mapping(
        one * first.normal_map + other * second.normal_map,
        weights[0] * first.covariance + weights[1] * second.covariance,
        first.frame,
    )
