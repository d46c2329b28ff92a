"""How good the data are: speeds that occur, maps to the road view, what is missing and why."""

from pathlib import Path

from .colours import BLUE, GREEN, GREY, RED
from .figure import FIGURES_FOLDER, FigureFile
from .figure_sheet import bars, sheet
from .frame_tally import CAUSES, IN_VIEW, NOT_ALIGNED, OUTSIDE, SOURCES, STANDING_M_S, FrameTally
from .wording import listed, percent

_SOURCE_NAMES = {
    "direct": "matched directly",
    "propagated": "propagated",
    "none": "none",
    NOT_ALIGNED: NOT_ALIGNED,
}


def draw_speed(folder: Path, frames: FrameTally) -> FigureFile | None:
    """Draw the distribution of speeds; None where none is known."""
    speed = frames.speed_m_s
    if speed.total == 0:
        return None
    name = "speed.png"
    with sheet(folder / FIGURES_FOLDER / name, 2.1) as figure:
        axes = figure.add_subplot()
        axes.bar(speed.edges[:-1], 100 * speed.shares, width=0.86, align="edge", color=BLUE)
        axes.set_xlim(0, max(5.0, (speed.quantile(1.0) or 0.0) + 1))
        axes.set_xlabel("speed of the car, m/s (10 m/s = 36 km/h)")
        axes.set_ylabel("% of frames per m/s")
    middle, high = speed.quantile(0.5) or 0.0, speed.quantile(0.95) or 0.0
    return FigureFile(
        name=name,
        title="Speed of the car",
        alt=f"Distribution of speed, known for {percent(speed.total, frames.frames)} of all frames: "
        f"standing (below {STANDING_M_S:g} m/s) {percent(frames.standing_frames, speed.total)}, median "
        f"{middle:.1f} m/s, 95 % below {high:.1f} m/s.",
    )


def draw_homographies(folder: Path, frames: FrameTally) -> FigureFile | None:
    """Draw where the maps to the road view come from and their error; None before align."""
    aligned = sum(frames.sources[source] for source in SOURCES)
    if aligned == 0:
        return None
    error = frames.error_px
    rows = [
        (
            _SOURCE_NAMES[source],
            frames.sources[source],
            percent(frames.sources[source], frames.valid_frames),
        )
        for source in (*SOURCES, NOT_ALIGNED)
        if source in SOURCES or frames.sources[source]
    ]
    name = "homographies.png"
    with sheet(folder / FIGURES_FOLDER / name, 2.9) as figure:
        from matplotlib.ticker import NullLocator

        top, bottom = figure.subplots(2, 1, gridspec_kw={"height_ratios": [1, 1.5]})
        colours = [BLUE, GREEN, GREY, GREY]
        bars(
            top, [(text, float(count), share) for text, count, share in rows], colours[: len(rows)]
        )
        top.set_title("Map to the road view, % of frames")
        if error.total:
            bottom.stairs(100 * error.shares, error.edges, fill=True, color=BLUE)
            low, high = error.quantile(0.001) or 0.01, error.quantile(0.999) or 1e4
            bottom.set_xscale("log")
            bottom.set_xlim(low / 1.3, high * 1.3)
            bottom.xaxis.set_minor_locator(NullLocator())
            ticks = _one_two_five(low, high)
            bottom.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        bottom.set_title("Stated error of gaze in the road view")
        bottom.set_xlabel("1σ per axis, px (logarithmic)")
        bottom.set_ylabel("% of frames")
    words = listed([f"{text} {share}" for text, _, share in rows])
    errors = (
        ""
        if not error.total
        else f" Stated error of gaze in the road view, 1σ per axis: median "
        f"{error.quantile(0.5) or 0:.2g} px, 90 % below {error.quantile(0.9) or 0:.2g} px."
    )
    return FigureFile(
        name=name,
        title="Maps to the road view and their error",
        alt=f"Source of the map from the ego to the road view: {words} of usable frames.{errors}",
    )


def draw_missing(folder: Path, frames: FrameTally) -> FigureFile | None:
    """Draw where gaze of all frames ended up, or why it is missing; None without frames."""
    if frames.frames == 0:
        return None
    counts = frames.causes.tolist()
    rows = [
        (cause, float(count), percent(count, frames.frames))
        for cause, count in zip(CAUSES, counts, strict=True)
    ]
    colours = [
        BLUE if index == IN_VIEW else GREEN if index == OUTSIDE else RED
        for index in range(len(CAUSES))
    ]
    name = "missing_gaze.png"
    with sheet(folder / FIGURES_FOLDER / name, 1.85) as figure:
        bars(figure.add_subplot(), rows, colours)
    words = listed([f"{cause} {share}" for cause, _, share in rows])
    return FigureFile(
        name=name,
        title="Gaze of all frames: where it is, or why it is missing",
        alt=f"Bars, of all frames: {words}.",
        note="Each frame counts once: for gaze in the road view, else for the first cause that holds.",
    )


def _one_two_five(low: float, high: float) -> list[float]:
    """Give round values between two bounds; powers of ten alone where these are far apart."""
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    values = [step * 10.0**power for power in range(-3, 6) for step in steps]
    return [value for value in values if low <= value <= high]
