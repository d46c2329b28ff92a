"""Where a demonstration's results are further from the truth than they should be."""

from .demo import Demo

WORST_OFFSET_MS = 3.0
LEAST_ANSWERED = 0.95
WORST_MEDIAN_PX = 12.0
LEAST_IN_ELLIPSE = 0.9
MOST_SURE_AND_WRONG = 0.005
"""Share of the frames."""


def shortcomings(demo: Demo) -> tuple[str, ...]:
    """Give a sentence for each result that is not as good as it should be; none if all is well."""
    clocks, gaze = demo.clocks, demo.road_gaze
    found = []
    if clocks.verdict != "ok" or clocks.offset_error_ms is None:
        found.append(f"the clocks' verdict is {clocks.verdict}, not ok")
    else:
        worst = max(abs(each) for each in clocks.offset_error_ms)
        if worst > WORST_OFFSET_MS:
            found.append(f"the clocks are off by {worst:.1f} ms, more than {WORST_OFFSET_MS:g} ms")
    if gaze.answered_share is None or gaze.median_px is None or gaze.in_ellipse_share is None:
        return (*found, "no frame has gaze in the road view")
    if gaze.answered_share < LEAST_ANSWERED:
        found.append(f"only {gaze.answered_share:.1%} of the frames have gaze in the road view")
    if gaze.median_px > WORST_MEDIAN_PX:
        found.append(f"gaze is off by {gaze.median_px:.1f} px in the median frame")
    if gaze.in_ellipse_share < LEAST_IN_ELLIPSE:
        found.append(f"only {gaze.in_ellipse_share:.1%} of the true points lie in the 95 % ellipse")
    if gaze.sure_and_wrong_count > MOST_SURE_AND_WRONG * gaze.frame_count:
        found.append(f"{gaze.sure_and_wrong_count} frames are sure and wrong")
    return tuple(found)
