"""Where gaze lies in the road picture, over the mean road frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..contract.finding import Finding, Plot, Section
from ..contract.study import FloatArray, SessionData
from ..gaze.density_figures import SHARES
from ..gaze.figure_style import COLUMN_MM, INK, MUTED, PAGE_MM, figure
from ..gaze.gaze_density import highest_level
from ..gaze.session_values import SessionValue, mean_of
from ..study.selection import usable_gaze
from ..study.shelving import some_of
from .material import Material
from .mean_frame_groups import Member, group_of, members_of
from .mean_picture import Light, code_values, luminance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_CELLS_WIDE = 192
_BANDWIDTH_SHARE = 0.012
_ENOUGH_MINUTES, _WIDEST = 60.0, 2.5
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))
_FRAMES_OF_A_SESSION = 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadGaze:
    """Density of gaze over the road picture.

    Attributes
    ----------
    name
        Whose.
    density
        Each session counts the same; shape (rows, columns), sums to the share that is in view.
    ground
        Mean road frame, linear light; None where there are no pictures.
    sessions, drivers
        How many.
    minutes
        Of gaze that counts.
    outside
        Mean share of gaze beyond the edges of the picture.
    shape
        Width of the picture over its height.
    """

    name: str
    density: FloatArray
    ground: Light | None
    sessions: int
    drivers: int
    minutes: float
    outside: float
    shape: float


def gaze_on_road(material: Material) -> Section:
    """Show gaze in the road picture, over all sessions and by the phone's place.

    Parameters
    ----------
    material
        Sessions, and their pictures where there are any.
    """
    sessions = some_of(
        material.study.sessions,
        (
            each
            for each in material.study.sessions
            if each.road_size_px is not None and usable_gaze(each).any()
        ),
    )
    question = "What share of mapped gaze lies beyond the edges of the road picture?"
    key = "gaze_on_road.outside"
    if not sessions:
        return Section(
            key="gaze_on_road",
            title="Gaze on the road picture",
            findings=(
                Finding(
                    key=key,
                    question=question,
                    cannot_say="No session has gaze in a road picture of known size. Run `dashgaze align` on the drives "
                    "and pack them again.",
                ),
            ),
        )
    outside = mean_of(
        [
            SessionValue(
                session_id=each.session_id, driver_id=each.driver_id, value=_share_outside(each)
            )
            for each in sessions
        ],
        unit="share",
        share=True,
    )
    members, _ = members_of(material, "road")
    whole = road_gaze("all sessions", sessions, members)
    places: dict[str, list[SessionData]] = {}
    for each in sessions:
        places.setdefault(each.camera_position or "position unknown", []).append(each)
    parts = [
        road_gaze(name.replace("_", " "), some_of(sessions, kept), members)
        for name, kept in sorted(places.items())
    ]
    ground = (
        "the mean road frame"
        if whole.ground is not None
        else ("an empty picture, as the data set has no road pictures")
    )
    plots = [
        Plot(
            name="gaze_on_road",
            caption=f"Gaze over {ground}: {_counted(whole)}, each session counting the same. Lines hold the densest "
            f"50 % (solid), 80 % (dashed) and 95 % (dotted) of the gaze in view; {whole.outside * 100:.1f} % is beyond the edges.",
            draw=lambda: road_gaze_figure([whole]),
        )
    ]
    if len(parts) > 1:
        plots.append(
            Plot(
                name="gaze_on_road_by_camera_position",
                caption=f"Gaze over {ground} by where the phone was: "
                + "; ".join(f"{each.name} {_counted(each)}" for each in parts)
                + ". Lines as above.",
                draw=lambda: road_gaze_figure(parts),
            )
        )
    return Section(
        key="gaze_on_road",
        title="Gaze on the road picture",
        findings=(
            Finding(
                key=key,
                question=question,
                # No one thinks that nothing is beyond the edges: a test against 0 would say nothing.
                estimate=outside.estimate,
                details=outside.details,
                caveats=(
                    *outside.caveats,
                    (
                        "Nothing is moved to the edge. Glances to mirrors and instruments that no homography carries to the "
                        "road are not counted."
                    ),
                ),
                cannot_say=outside.cannot_say,
            ),
        ),
        plots=tuple(plots),
        text=(
            (
                "Pixels are those of each session's own road camera: where the phone is, and what it looks at, moves the "
                "whole cloud. That is why comparisons are made in degrees from each session's reference, in other sections."
            ),
            (
                f"Density is that of a Gaussian kernel with a standard deviation of {100 * _BANDWIDTH_SHARE:.1f} % of the "
                f"picture's width, and up to {100 * _BANDWIDTH_SHARE * _WIDEST:.0f} % for less than {_ENOUGH_MINUTES:.0f} minutes of gaze."
            ),
        ),
    )


def road_gaze(
    name: str, sessions: Sequence[SessionData], members: Sequence[Member] = ()
) -> RoadGaze:
    """Estimate the density of gaze over the road picture by a Gaussian kernel.

    Parameters
    ----------
    name
        Of the sessions together.
    sessions
        With gaze, and the size of their pictures.
    members
        Sessions with sums of pictures; those of `sessions` make the ground.
    """
    from scipy.ndimage import gaussian_filter

    sizes = [each.road_size_px or (16, 9) for each in sessions]
    shape = float(np.median([width / height for width, height in sizes]))
    rows = round(_CELLS_WIDE / shape)
    total = np.zeros((rows, _CELLS_WIDE))
    outside, seconds = [], 0.0
    for session, (width, height) in zip(sessions, sizes, strict=True):
        usable = usable_gaze(session)
        # Pixel centres are whole numbers: the picture's edges are at −0.5 and width − 0.5.
        places = (session.gaze_road_px[usable] + 0.5) / (width, height)
        outside.append(_share_outside(session))
        seconds += len(places) * float(
            np.median(np.diff(session.time_s)) if len(session) > 1 else 0
        )
        if len(places) > _FRAMES_OF_A_SESSION:
            kept = np.linspace(0, len(places) - 1, _FRAMES_OF_A_SESSION).astype(np.int64)
            places = places[kept]
        counts, _, _ = np.histogram2d(
            places[:, 1], places[:, 0], bins=(rows, _CELLS_WIDE), range=((0, 1), (0, 1))
        )
        total += counts / len(places)
    names = {each.session_id for each in sessions}
    kept_members = [each for each in members if each.session.session_id in names]
    density = gaussian_filter(
        total / len(sessions), _bandwidth_share(seconds / 60) * _CELLS_WIDE, mode="constant"
    )
    return RoadGaze(
        name=name,
        density=np.asarray(density, dtype=np.float64),
        ground=group_of(name, kept_members).mean.mean if kept_members else None,
        sessions=len(sessions),
        drivers=len({each.driver_id for each in sessions}),
        minutes=seconds / 60,
        outside=float(np.mean(outside)),
        shape=shape,
    )


def road_gaze_figure(parts: Sequence[RoadGaze]) -> Figure:
    """Draw densities over their grounds, side by side, on one scale of colours.

    Parameters
    ----------
    parts
        What is shown.
    """
    columns = min(len(parts), 3)
    rows = -(-len(parts) // columns)
    width_mm = PAGE_MM if columns > 1 else 1.4 * COLUMN_MM
    height_mm = rows * (width_mm / columns / parts[0].shape + 6) + 11
    cells = parts[0].density.size
    # In % of gaze for each per cent of the picture's area, which does not depend on the grid.
    most = max(float(each.density.max()) * cells for each in parts)
    with figure(width_mm, height_mm) as sheet:
        grid = sheet.subplots(rows, columns, squeeze=False)
        shown: AxesImage | None = None
        for axes in grid.flat[len(parts) :]:
            axes.set_axis_off()
        for axes, part in zip(grid.flat, parts, strict=False):
            shown = _panel(axes, part, most)
            if len(parts) > 1:
                axes.set_title(
                    f"{part.name}: {part.sessions} sessions, {part.drivers} drivers", pad=2
                )
        if shown is None:
            return sheet
        bar = sheet.colorbar(
            shown, ax=grid.ravel().tolist(), location="bottom", shrink=0.6, aspect=40, pad=0.03
        )
        bar.set_label("density of gaze (1 = spread evenly over the picture)")
        bar.outline.set_linewidth(0.5)
        return sheet


def _panel(axes: Axes, part: RoadGaze, most: float) -> AxesImage:
    height, width = part.density.shape
    extent = (0.0, float(width), float(height), 0.0)
    if part.ground is not None:
        # Grey and a little lighter, so that colours are gaze and lines are seen.
        grey = code_values(np.repeat(luminance(part.ground)[..., None], 3, axis=2))
        axes.imshow(grey, extent=extent, interpolation="antialiased")
    else:
        axes.set_facecolor("#e4e8ec")
    values = part.density * part.density.size
    # As opaque as it is dense: where nobody looks, the road is seen.
    opaque = np.clip(values / (0.12 * most), 0.0, 1.0) * 0.7
    shown = axes.imshow(
        values,
        extent=extent,
        cmap="plasma",
        vmin=0.0,
        vmax=most,
        alpha=opaque,
        interpolation="bilinear",
    )
    inside = part.density.sum()
    if inside > 0:
        x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
        for share, dash in zip(SHARES, _DASHES, strict=True):
            level = highest_level(part.density, share)
            if 0 < level < float(part.density.max()):
                # White on a dark seam is seen on any road.
                for colour, line, style in ((INK, 1.6, "-"), ("white", 0.9, dash)):
                    axes.contour(
                        x,
                        y,
                        part.density,
                        [level],
                        colors=colour,
                        linewidths=line,
                        linestyles=[style],
                    )
    axes.axhline(height / 2, color=MUTED, linewidth=0.4, linestyle=(0, (2, 3)))
    axes.axvline(width / 2, color=MUTED, linewidth=0.4, linestyle=(0, (2, 3)))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(INK)
        spine.set_linewidth(0.4)
    return shown


def _bandwidth_share(minutes: float) -> float:
    """Give the SD of the kernel as a share of the picture's width: wider where gaze is short, as n^(−1/6).

    A minute has some 200 fixations: with the kernel of hours each would be an island of its own.
    """
    short = (_ENOUGH_MINUTES / max(minutes, 1e-3)) ** (1 / 6)
    return float(_BANDWIDTH_SHARE * min(max(short, 1.0), _WIDEST))


def _share_outside(session: SessionData) -> float:
    usable = usable_gaze(session)
    width, height = session.road_size_px or (0, 0)
    places = session.gaze_road_px[usable] + 0.5
    inside = ((places >= 0) & (places < (width, height))).all(axis=1)
    return float(1 - inside.mean())


def _counted(part: RoadGaze) -> str:
    return (
        f"{part.sessions} session{'' if part.sessions == 1 else 's'} of {part.drivers} "
        f"driver{'' if part.drivers == 1 else 's'}, {part.minutes:.0f} minutes of gaze"
    )
