"""How far gaze runs ahead of the car's turns."""

from typing import TYPE_CHECKING

from ..contract.study import FloatArray
from .figure_style import BLUE, COLUMN_MM, INK, MUTED, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def lag_figure(
    lag_s: FloatArray,
    mean: FloatArray,
    low: FloatArray,
    high: FloatArray,
    *,
    shifted: tuple[float, float],
    peak_s: float | None,
) -> "Figure":
    """Draw the correlation of gaze azimuth with the car's yaw rate over lags.

    Parameters
    ----------
    lag_s
        How much later the yaw rate is than gaze, shape (n,): positive is gaze ahead.
    mean, low, high
        Mean over sessions, and its interval, shape (n,).
    shifted
        Interval of the mean when gaze is shifted in time.
    peak_s
        Where it is highest; None if that can't be said.
    """
    with figure(COLUMN_MM, 60) as sheet:
        axes = sheet.add_subplot()
        axes.axhspan(*shifted, color=MUTED, alpha=0.3, linewidth=0, label="shifted in time, 95 %")
        axes.fill_between(lag_s, low, high, color=BLUE, alpha=0.25, linewidth=0)
        axes.plot(lag_s, mean, color=BLUE, label="mean over sessions, 95 %")
        axes.axvline(0, color=INK, linewidth=0.6)
        if peak_s is not None:
            axes.axvline(peak_s, color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
            axes.annotate(
                f"{peak_s:.1f} s",
                (peak_s, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(3, -9),
                textcoords="offset points",
            )
        axes.set_xlabel("the car turns later than gaze by (s)")
        axes.set_ylabel("correlation")
        sheet.legend(loc="outside upper center", ncols=2)
        return sheet
