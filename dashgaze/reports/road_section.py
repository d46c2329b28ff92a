"""The sections on gaze in the road view and on pictures of it, in words."""

from dataclasses import dataclass

import numpy as np

from .density import LEAST_POINTS, Density
from .drive import Drive
from .pictures import PicturePair, Thumbnail
from .texts import MISSING, clock, number, percent
from .wording import command

LEAST_ELLIPSE_PX = 9.0
"""Ellipses smaller than this in a thumbnail are drawn larger by a stated factor, px."""

_FACTORS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

_NONE_REASONS = {
    "no_road_frame": "no road frame at their time",
    "ego_invalid": "unusable picture of the scene camera",
    "ego_undecodable": "damaged picture of the scene camera",
    "road_undecodable": "damaged road picture",
    "road_other_shape": "road picture of another shape",
    "road_out_of_view": "head turned away from the road",
    "no_match_near": "no match near enough",
    "too_uncertain": "too uncertain",
}

Row = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class PairView:
    """A moment in both views, as it is shown."""

    title: str
    time: str
    ego: Thumbnail | None
    road: Thumbnail | None
    ellipse: tuple[float, float] | None
    angle_deg: float
    road_caption: str


def road_note(drive: Drive, density: Density | None) -> str:
    """Say what is missing; empty if nothing is."""
    if density is not None:
        return ""
    facts = drive.frames
    if drive.time_map is not None and not drive.clocks_known:
        return "Nobody knows which road frame belongs to which frame of the scene camera: the clocks are not aligned."
    if facts is None:
        return f"The streams have not been brought together yet: run {command('frames', drive)}"
    if not facts.aligned:
        return f"Gaze has not been brought to the road view yet: run {command('align', drive)}"
    return f"Less than {LEAST_POINTS} frames have gaze in the road picture: no density is drawn."


def road_rows(drive: Drive) -> tuple[Row, ...]:
    """Give the figures of the align stage and of road gaze."""
    facts, summary = drive.frames, drive.align
    if summary is None:
        return ()
    error_px, error_deg = summary.get("median_error_px"), summary.get("median_error_deg")
    reasons = [str(reason) for reason in summary.get("reasons", ())]
    rows = [
        ("Verdict", " – ".join([str(summary.get("verdict", MISSING)), *reasons])),
        (
            "Maps",
            (
                f"{percent(summary.get('direct_share'))} matched directly, "
                f"{percent(summary.get('propagated_share'))} filled in, "
                f"{percent(summary.get('none_share'))} none; of the frames with two pictures"
            ),
        ),
        (
            "Stated error, 1σ",
            (
                f"{number(error_px, 2)} px ({number(error_deg, 3)}°) in the median, 95 % below "
                f"{number(summary.get('p95_error_px'), 2)} px; without the eye tracker's own error"
            ),
        ),
    ]
    if facts is not None:
        rows += [
            (
                "Gaze carried over",
                f"{percent(facts.road_gaze_share)} of frames with gaze and a road frame",
            ),
            ("Inside of the road picture", f"{percent(facts.in_view_share)} of these"),
            ("Spread of gaze in view", _spread(drive)),
        ]
    none = summary.get("none_reasons") or {}
    if none:
        texts = [f"{number(count)} {_NONE_REASONS.get(name, name)}" for name, count in none.items()]
        rows.append(("Frames without a map", "; ".join(texts)))
    return tuple(rows)


def pair_view(pair: PicturePair) -> PairView:
    """Say what a pair of pictures shows, and draw its ellipse so that it can be seen."""
    title = f"{pair.which.capitalize()}: {number(pair.error_px, 2)} px"
    caption = f"Road video; map {pair.source}; error {number(pair.error_px, 2)} px (1σ)"
    ellipse = None
    if pair.half_axes_px is not None and pair.ellipse_px is not None:
        long, short = (2 * half for half in pair.half_axes_px)
        caption += f"; 95 % ellipse {number(long, 1)} × {number(short, 1)} px"
        factor = _factor(pair.ellipse_px[0])
        if factor > 1:
            caption += f", drawn {factor} times as large"
        ellipse = (pair.ellipse_px[0] * factor, pair.ellipse_px[1] * factor)
    return PairView(
        title=f"{title}, at {clock(pair.time_s)}",
        time=clock(pair.time_s),
        ego=pair.ego,
        road=pair.road,
        ellipse=ellipse,
        angle_deg=pair.angle_deg,
        road_caption=f"{caption}.",
    )


def pairs_note(drive: Drive) -> str:
    """Say why there are no pictures."""
    if drive.frames is None or not drive.frames.aligned:
        return "There are none before gaze has been brought to the road view."
    return "No frame has gaze inside of the road picture, or the videos can't be decoded."


def _factor(half_px: float) -> int:
    if not half_px > 0:
        return 1
    return next(
        (factor for factor in _FACTORS if half_px * factor >= LEAST_ELLIPSE_PX), _FACTORS[-1]
    )


def _spread(drive: Drive) -> str:
    facts = drive.frames
    points = np.empty((0, 2)) if facts is None else facts.gaze_road_px[facts.in_view == 1]
    if len(points) < 2:
        return MISSING
    x, y = np.std(points, axis=0)
    return f"standard deviation {number(float(x))} px across, {number(float(y))} px up and down"
