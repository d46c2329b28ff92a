"""All frames of a study in one pot."""

from collections.abc import Mapping, Sequence

import numpy as np

from dashgaze.scratch import Strip, forget

from ..contract.direction import GazeDirections
from ..contract.study import Study
from ..statistics.naive import naive_spread_p
from .options import GazeOptions
from .spread_cells import counted_gaze, tracks_of


class NaiveFrames:
    """All frames of a study in one pot, for the tests that are shown as a warning."""

    def __init__(
        self, study: Study, directions: Mapping[str, GazeDirections], options: GazeOptions
    ) -> None:
        azimuths = Strip(np.float64)
        conditions: dict[str, list[np.ndarray]] = {
            name: [np.zeros(0, dtype=np.int8)]  # small numbers of all frames of all sessions
            for name in ("speed_bin", "stopped", "lighting", "traffic")
        }
        for session in study.sessions:
            gaze = directions.get(session.session_id)
            if gaze is None:
                continue
            rows = counted_gaze(session, gaze, direct_only=False)
            azimuths.append(gaze.from_reference_deg[rows, 0])
            tracks = tracks_of(session, options)
            for name, found in conditions.items():
                found.append(getattr(tracks, name)[rows].astype(np.int8))
        self._azimuth = azimuths.finish()
        self._conditions = {name: np.concatenate(found) for name, found in conditions.items()}

    def p(self, condition: str, places: Sequence[int]) -> float | None:
        """Give Levene's p of the frames at these places of a condition."""
        track = self._conditions[condition]
        groups = [self._azimuth[track == place] for place in places]
        forget(self._azimuth)
        return naive_spread_p(*(group for group in groups if len(group) > 1))
