"""``dashgaze vanishing-point``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .command import AsJson, Force, Quiet, print_json
from .progress_bar import progress_bar
from .sync import VERDICT_CODES, print_verdict


def vanishing_point_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    focal_px: Annotated[
        float | None,
        typer.Option(
            help="Focal length of the road camera, pixels of its video.",
            min=1,
            show_default="from session.yaml, else from align, else that of a usual phone",
        ),
    ] = None,
    lines: Annotated[
        bool, typer.Option(help="Compare with where the road's lines meet; never at night.")
    ] = True,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find where the car is heading, in every frame of the road video.

    Needs nothing but the video: points are followed from picture to picture, turns are taken off, and what is
    left flows away from the direction of travel. Writes derived/vanishing_points.parquet and fills the vanishing
    point in frames.parquet; run it after `dashgaze sync`, before or after `dashgaze align`. Frames in which the
    car is slower than 4 m/s have none. Exits with 3 if the verdict is doubtful, with 4 if it failed: the car
    never drives straight on, or nothing can be seen.

    Example: `dashgaze vanishing-point drives/session_07`
    """
    from dashgaze.session import open_session
    from dashgaze.stages.vanishing_point import (
        VanishingPointOptions,
        read_vanishing_point_summary,
        vanishing_point,
    )

    opened = open_session(session)
    with progress_bar(quiet=quiet) as progress:
        path = vanishing_point(
            opened,
            VanishingPointOptions(focal_px=focal_px, lines=lines),
            force=force,
            progress=progress,
        )
    summary = read_vanishing_point_summary(opened.derived)
    if as_json:
        print_json({"path": str(path)} | summary)
    else:
        _print_summary(summary)
        typer.echo(f"  written to {path}")
    raise typer.Exit(VERDICT_CODES[summary["verdict"]])


def _print_summary(summary: dict[str, Any]) -> None:
    print_verdict(summary["verdict"], summary["reasons"])
    if summary["mount_point_px"] is not None:
        (x, y), (right, down) = summary["mount_point_px"], summary["mount_point_deg"]
        se = summary["mount_point_se_deg"]
        typer.echo(
            f"  straight   at ({x:.1f}, {y:.1f}) px: {right:+.2f}° ± {se[0]:.2f}° to the right, "
            f"{down:+.2f}° ± {se[1]:.2f}° below the middle"
        )
    gated = ", ".join(f"{count} {name}" for name, count in summary["blocks_gated"].items())
    typer.echo(
        f"  blocks     {summary['blocks_used']} of straight driving, 4 s each"
        + (f"; left out: {gated}" if gated else "")
    )
    without = ", ".join(f"{count} {name}" for name, count in summary["frames_without"].items())
    typer.echo(
        f"  frames     {summary['frames_with_point']} of {summary['frame_count']} have a point"
        + (f"; the others: {without}" if without else "")
    )
    if summary["median_sd_deg"] is not None:
        right, down = summary["median_sd_deg"]
        typer.echo(f"  error      {right:.2f}° sideways, {down:.2f}° in height (1σ, median frame)")
    if summary["line_disagreement_deg"] is not None:
        right, down = summary["line_disagreement_deg"]
        typer.echo(
            f"  road lines {right:+.2f}° to the right, {down:+.2f}° below, in {summary['line_votes']} pictures"
        )
