"""What the road and the driver look like on average, and how much that varies."""

from collections.abc import Sequence

import numpy as np

from ..contract.finding import Estimate, Finding, Plot, Section, TableOfRows
from ..gaze.session_values import SessionValue, mean_of
from .material import Material
from .mean_frame_figures import mean_and_variation_figure, mean_frames_figure
from .mean_frame_groups import (
    FEWEST_FACES,
    Group,
    Member,
    group_of,
    groups_by_position,
    groups_by_session,
    may_be_shown,
    members_of,
)
from .packed_pictures import View

_MOST_SESSIONS = 40
_VIEWS: tuple[View, ...] = ("road", "driver")
_NO_PICTURES = {
    "road": "No session has pictures of the road. Pack the drives with `--images`, once faces and plates are "
    "covered by `dashgaze anonymize`.",
    "driver": "No session has pictures of the driver. Pack the drives with `--images`; of drivers who "
    "agreed to gaze alone there never are any.",
}


def mean_frames(material: Material) -> Section:
    """Give mean frames with their variation, over all sessions and by the phone's place.

    Parameters
    ----------
    material
        Sums of pictures. Means of fewer than five drivers' pictures are shown only if its options say so.
    """
    findings: list[Finding] = []
    plots: list[Plot] = []
    tables: list[TableOfRows] = []
    for view in _VIEWS:
        members, others = members_of(material, view)
        findings += _findings(view, members, others)
        if not members:
            continue
        shape = _shape(members, view)
        plots += _plots(view, members, shape, material)
        tables.append(_table(view, members))
    step_s = material.options.picture_every_s
    return Section(
        key="mean_frames",
        title="Mean frames",
        findings=tuple(findings),
        plots=tuple(plots),
        tables=tuple(tables),
        text=(
            (
                f"One picture in {step_s:g} s is taken of each session. Its code values are turned into linear light by "
                "sRGB's curve, means are made there, and what is shown is turned back: a mean of code values would be "
                "darker. The phone's own curve and its exposure are not undone. Each driver counts the same."
            ),
            (
                "Variation is the standard deviation of each pixel's luminance (linear, 0 black, 1 white), averaged "
                "over the picture, and the entropy of its level of brightness (16 levels of code values, corrected after "
                "Miller and Madow; 0 where nothing changes, at most 4 bits)."
            ),
        ),
    )


def _shape(members: Sequence[Member], view: View) -> float:
    """Give width over height of the pictures as they were recorded."""
    for each in members:
        if view == "driver":
            wide = each.session.facts.get("driver_width_px")
            high = each.session.facts.get("driver_height_px")
        else:
            wide, high = each.session.road_size_px or (None, None)
        if wide and high:
            return float(wide) / float(high)
    return members[0].total.width_px / members[0].total.height_px


def _findings(view: View, members: Sequence[Member], others: int) -> list[Finding]:
    asked = (
        (
            "sd",
            "How much does a pixel of the {} picture vary within a session (SD of luminance)?",
            "linear",
        ),
        ("entropy", "How unpredictable is the brightness of a pixel of the {} picture?", "bits"),
    )
    caveats = (
        (f"{others} sessions have pictures of another size and are left out.",) if others else ()
    )
    found = []
    for name, question, unit in asked:
        key, words = f"mean_frames.{view}.{name}", question.format(view)
        values = [
            SessionValue(
                session_id=each.session.session_id,
                driver_id=each.session.driver_id,
                value=each.total.mean_sd if name == "sd" else each.total.mean_entropy_bits,
            )
            for each in members
            if each.total.count > 1
        ]
        if not values:
            reason = "No session has two pictures." if members else _NO_PICTURES[view]
            found.append(Finding(key=key, question=words, cannot_say=reason))
            continue
        # A variation is never 0: a test against that would say nothing.
        mean = mean_of(values, unit=unit)
        details = _between(members) if name == "sd" else ()
        found.append(
            Finding(
                key=key,
                question=words,
                estimate=mean.estimate,
                details=(*mean.details, *details),
                caveats=caveats,
                cannot_say=mean.cannot_say,
            )
        )
    return found


def _between(members: Sequence[Member]) -> tuple[tuple[str, Estimate], ...]:
    if len(members) < 2:
        return ()
    value = float(np.mean(group_of("all", members).mean.between_sd))
    drivers = len({each.session.driver_id for each in members})
    return (
        (
            "between sessions' mean frames",
            Estimate(
                value=value,
                unit="linear",
                method="SD of mean luminance over sessions, averaged over the picture",
                sessions=len(members),
                drivers=drivers,
                descriptive_only=True,
            ),
        ),
    )


def _plots(view: View, members: Sequence[Member], shape: float, material: Material) -> list[Plot]:
    portraits = material.options.portraits
    whole = group_of("all sessions", members)
    by_place = [
        each
        for each in groups_by_position(members)
        if may_be_shown(each, view, portraits=portraits)
    ]
    plots: list[Plot] = []
    if may_be_shown(whole, view, portraits=portraits):
        plots.append(
            Plot(
                name=f"mean_{view}_frame",
                caption=f"Mean {view} frame of {_counted(whole)}, and the standard deviation of luminance in linear light.",
                draw=lambda: mean_and_variation_figure(whole, shape=shape),
            )
        )
    if len(by_place) > 1:
        plots.append(
            Plot(
                name=f"mean_{view}_frame_by_camera_position",
                caption=f"Mean {view} frames by where the phone was; {_left_out(view, members, by_place)}.",
                draw=lambda: mean_frames_figure(by_place, shape=shape),
            )
        )
    alone = [
        each
        for each in groups_by_session(members[:_MOST_SESSIONS])
        if may_be_shown(each, view, portraits=portraits)
    ]
    if len(alone) > 1:
        most = f", the first {_MOST_SESSIONS}" if len(members) > _MOST_SESSIONS else ""
        plots.append(
            Plot(
                name=f"mean_{view}_frame_by_session",
                caption=f"Mean {view} frame of each of {len(members)} sessions{most}.",
                draw=lambda: mean_frames_figure(alone, shape=shape, columns=5),
            )
        )
    return plots


def _left_out(view: View, members: Sequence[Member], shown: Sequence[Group]) -> str:
    held = sum(len(each.members) for each in shown)
    if held == len(members):
        return f"{held} sessions"
    return f"{held} sessions; places with fewer than {FEWEST_FACES} drivers are not shown, as they would be portraits"


def _counted(group: Group) -> str:
    sessions, drivers = len(group.members), group.drivers
    return (
        f"{sessions} session{'' if sessions == 1 else 's'} of {drivers} driver{'' if drivers == 1 else 's'}, "
        f"{group.mean.pictures:,} pictures"
    )


def _table(view: View, members: Sequence[Member]) -> TableOfRows:
    return TableOfRows(
        name=f"{view}_variation_by_session",
        caption=f"Variation of the {view} picture within sessions.",
        columns=(
            "session",
            "driver",
            "camera position",
            "pictures",
            "mean SD (linear)",
            "entropy (bits)",
        ),
        rows=tuple(
            (
                each.session.session_id,
                each.session.driver_id,
                each.session.camera_position,
                each.total.count,
                round(each.total.mean_sd, 4) if each.total.count > 1 else None,
                round(each.total.mean_entropy_bits, 3) if each.total.count > 1 else None,
            )
            for each in members
        ),
    )
