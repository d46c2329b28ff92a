"""What can be chosen in the analyses of gaze."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashgaze.errors import InputError

from ..study.condition_tracks import ConditionTracks


@dataclass(frozen=True, kw_only=True)
class GazeOptions:
    """How gaze is analysed.

    Attributes
    ----------
    tracks
        Conditions frame by frame, by name of the session; sessions without any get those that speed and
        manifest tell.
    least_cell_s
        Least valid gaze of a session in a condition, s.
    least_stop_s
        The same for standing, which drives have little of. What a short stretch adds to the scatter of sessions is
        in the intervals.
    lead_s
        How far ahead the bend is looked at that gaze is held against, s.
    repeats
        Permutations and bootstrap samples.
    seed
        Of all randomness.
    """

    tracks: Mapping[str, ConditionTracks] = field(default_factory=dict)
    least_cell_s: float = 60.0
    least_stop_s: float = 20.0
    lead_s: float = 1.5
    repeats: int = 499
    seed: int = 1

    def __post_init__(self) -> None:
        if (
            min(self.least_cell_s, self.least_stop_s) <= 0
            or not 0 < self.lead_s <= 5
            or self.repeats < 19
        ):
            raise InputError(
                f"least_cell_s is {self.least_cell_s}, least_stop_s {self.least_stop_s}, lead_s {self.lead_s}, "
                f"repeats {self.repeats}.",
                fix="Take least times above 0, lead_s up to 5, and at least 19 repeats.",
            )


USUAL_OPTIONS = GazeOptions()
