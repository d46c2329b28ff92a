"""What was computed of a session with truth, beside that truth."""

from .clocks import ClockErrors, compare_clocks
from .road_gaze import RoadGazeErrors, compare_road_gaze

__all__ = ["ClockErrors", "RoadGazeErrors", "compare_clocks", "compare_road_gaze"]
