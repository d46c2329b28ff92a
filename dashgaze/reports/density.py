"""Where on the road the driver looked: density over the picture that stays the same."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .frame_facts import FrameFacts
from .pictures import jpeg_uri

LEAST_POINTS = 30
"""Fewer points show chance rather than habit."""

SHARES = (0.5, 0.9)
"""Shares of all gaze in view that the outlines hold."""

_WIDTH_PX = 480
_BLUR = 0.016
_LEVELS = 256
_DIM = 0.6


@dataclass(frozen=True, kw_only=True)
class Density:
    """Gaze in the road view.

    Attributes
    ----------
    data_uri
        The road view, dimmed, with the density over it.
    width_px, height_px
        Its size.
    outlines
        SVG paths in its pixels, around the smallest areas that hold `SHARES` of the gaze.
    point_count
        Frames with gaze in view.
    median_x, median_y
        Middle of the gaze, as shares of the road picture's width and height from the top left.
    area_shares
        Share of the picture that each outline holds.
    """

    data_uri: str
    width_px: int
    height_px: int
    outlines: tuple[str, ...]
    point_count: int
    median_x: float
    median_y: float
    area_shares: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        return {
            "point_count": self.point_count,
            "median_x": self.median_x,
            "median_y": self.median_y,
            "area_shares": {
                f"{share:.2f}": area for share, area in zip(SHARES, self.area_shares, strict=True)
            },
        }


def draw_density(
    facts: FrameFacts, road_size_px: tuple[int, int], backdrop: NDArray[np.uint8] | None
) -> Density | None:
    """Draw where gaze fell in the road view.

    Parameters
    ----------
    facts
        The frame table.
    road_size_px
        Width and height of the road picture.
    backdrop
        Luma of the road view, any size, shape (h, w); None for a plain ground.

    Returns
    -------
    Density or None
        None for less than `LEAST_POINTS` points in view.
    """
    points = facts.gaze_road_px[facts.in_view == 1]
    if len(points) < LEAST_POINTS:
        return None
    width, height = _WIDTH_PX, max(1, round(_WIDTH_PX * road_size_px[1] / road_size_px[0]))
    places = (points + 0.5) * (width / road_size_px[0], height / road_size_px[1])
    # In steps of one pixel; points on the edge belong to the last one.
    x = places[:, 0].astype(np.int64).clip(0, width - 1)
    y = places[:, 1].astype(np.int64).clip(0, height - 1)
    histogram = np.zeros((height, width))
    np.add.at(histogram, (y, x), 1.0)
    blurred = np.asarray(
        cv2.GaussianBlur(histogram, (0, 0), _BLUR * width, borderType=cv2.BORDER_REFLECT),
        dtype=np.float64,
    )
    thresholds = [_threshold(blurred, share) for share in SHARES]
    picture = _painted(blurred, backdrop, (width, height))
    return Density(
        data_uri=jpeg_uri(picture),
        width_px=width,
        height_px=height,
        outlines=tuple(_outline(blurred >= level) for level in thresholds),
        point_count=len(points),
        median_x=float(np.median(places[:, 0]) / width),
        median_y=float(np.median(places[:, 1]) / height),
        area_shares=tuple(float(np.mean(blurred >= level)) for level in thresholds),
    )


def _threshold(density: NDArray[np.float64], share: float) -> float:
    """Give the level above which a share of the whole lies."""
    falling = np.sort(density.ravel())[::-1]
    mass = np.cumsum(falling)
    return float(falling[min(int(np.searchsorted(mass, share * mass[-1])), len(falling) - 1)])


def _painted(
    density: NDArray[np.float64], backdrop: NDArray[np.uint8] | None, size_px: tuple[int, int]
) -> NDArray[np.uint8]:
    """Lay the density over the picture: from dark blue to yellow, which no eye confuses (cividis)."""
    ground = np.full((size_px[1], size_px[0]), 70.0)
    if backdrop is not None:
        ground = _DIM * cv2.resize(backdrop, size_px, interpolation=cv2.INTER_AREA).astype(float)
    share = np.sqrt(density / density.max())
    colours = cv2.applyColorMap((share * (_LEVELS - 1)).astype(np.uint8), cv2.COLORMAP_CIVIDIS)[
        :, :, ::-1
    ]
    alpha = (share * 1.2 - 0.1).clip(0, 0.75)[:, :, None]
    return np.asarray(ground[:, :, None] * (1 - alpha) + colours * alpha).astype(np.uint8)


def _outline(inside: NDArray[np.bool_]) -> str:
    contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parts = []
    for contour in contours:
        points = contour.reshape(-1, 2) + 0.5
        if len(points) >= 3:
            parts.append("M" + " ".join(f"{x:g} {y:g}" for x, y in points.tolist()) + "z")
    return "".join(parts)
