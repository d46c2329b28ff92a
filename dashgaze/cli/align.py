"""``dashgaze align``."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .command import AsJson, Force, Quiet, print_json
from .cores import core_count
from .progress_bar import progress_bar
from .sync import VERDICT_CODES, print_verdict


def align_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    workers: Annotated[
        int | None,
        typer.Option(help="Processes to use.", min=1, show_default="one for each core"),
    ] = None,
    method: Annotated[
        Literal["tracks", "chain", "paper"],
        typer.Option(
            help="How frames that can't be matched are filled in: by tracked correspondences and the "
            "gyroscope; or, to compare with, by chained homographies, or as published, without checks."
        ),
    ] = "tracks",
    max_error_deg: Annotated[
        float,
        typer.Option(
            help="Largest predicted error (1σ) in the middle of the road view up to which a frame is "
            "answered, degrees.",
            min=0.01,
            max=10,
        ),
    ] = 0.75,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Carry gaze from the eye tracker's view to the road view, with an error for every frame.

    Writes derived/homographies.parquet and fills the road columns of frames.parquet and gaze.parquet.
    Run `dashgaze sync` first. A run that was stopped goes on where it was. Exits with 3 if the verdict is
    doubtful, with 4 if it failed.

    Example: `dashgaze align drives/session_07 --workers 4`
    """
    from dashgaze.session import open_session
    from dashgaze.stages.align import AlignOptions, align, read_summary

    opened = open_session(session)
    with progress_bar(quiet=quiet) as progress:
        path = align(
            opened,
            AlignOptions(method=method, max_error_deg=max_error_deg),
            workers=workers or core_count(),
            force=force,
            progress=progress,
        )
    summary = read_summary(opened.derived)
    if as_json:
        print_json({"path": str(path)} | summary)
    else:
        _print_summary(summary)
        typer.echo(f"  written to {path}")
    raise typer.Exit(VERDICT_CODES[summary["verdict"]])


def _print_summary(summary: dict[str, Any]) -> None:
    print_verdict(summary["verdict"], summary["reasons"])
    typer.echo(
        f"  frames     {summary['pair_count']} of {summary['frame_count']} have a road frame beside them"
    )
    if summary["direct_share"] is not None:
        typer.echo(
            f"  matched    {summary['direct_share']:.1%} directly, "
            f"{summary['propagated_share']:.1%} filled in, {summary['none_share']:.1%} not"
        )
    for reason, count in summary["none_reasons"].items():
        typer.echo(f"             {count} {REASON_TEXTS.get(reason, reason)}")
    if summary["median_error_px"] is not None:
        typer.echo(
            f"  error      {summary['median_error_px']:.2f} px ({summary['median_error_deg']:.3f}°) in "
            f"the median frame, 95 % below {summary['p95_error_px']:.2f} px (1σ, predicted)"
        )
    if summary["road_focal_px"] is not None:
        spread = summary["road_focal_spread_px"]
        known = "calibrated" if spread is None else f"± {spread:.1f} px in single frames"
        typer.echo(f"  road lens  {summary['road_focal_px']:.1f} px focal length, {known}")


REASON_TEXTS = {
    "no_road_frame": "without a road frame at their time",
    "ego_invalid": "ego frames are padding or can't be used",
    "ego_undecodable": "ego pictures are damaged",
    "road_undecodable": "road pictures are damaged",
    "road_other_shape": "road pictures have another shape",
    "road_out_of_view": "look away from the road",
    "no_match_near": "have no match near them",
    "too_uncertain": "would be too uncertain",
}
