"""``dashgaze match``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import FAILED, AsJson, print_json

if TYPE_CHECKING:
    from dashgaze.stages.match import MatchResult


def match_command(
    image_a: Annotated[Path, typer.Argument(help="A picture.", show_default=False)],
    image_b: Annotated[Path, typer.Argument(help="Another of the same scene.", show_default=False)],
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.png",
            help="Draw both pictures, their matches and the border of A in B; .png or .jpg.",
        ),
    ] = None,
    feature_count: Annotated[
        int, typer.Option("--features", help="Most features of a picture.", min=50, max=20_000)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Of the random numbers.", min=0, max=2**64 - 1)] = 0,
    as_json: AsJson = False,
) -> None:
    """Find the homography between two pictures of one scene.

    It takes pixels of A to pixels of B, and holds for a flat scene, a far one, or a camera that only
    turned. Lens distortion is left as it is: undistort pictures that have much of it first. Exits
    with 4 if the pictures don't match.

    Example: `dashgaze match glasses.png phone.png --draw matches.png`
    """
    from dashgaze.stages.match import match

    result = match(image_a, image_b, feature_count=feature_count, seed=seed, drawing=draw)
    if as_json:
        print_json(result.to_json())
    else:
        _print_result(result)
        if draw is not None:
            typer.echo(f"  drawn to {draw}")
    if result.verdict == "refused":
        raise typer.Exit(FAILED)


def _print_result(result: "MatchResult") -> None:
    refused = result.verdict == "refused"
    typer.secho(result.verdict, fg="red" if refused else "green", bold=True)
    if refused:
        typer.echo(f"  {result.reason}: {result.detail}")
    if result.b_from_a is not None:
        for name, row in zip(("b_from_a", "", ""), result.b_from_a.tolist(), strict=True):
            typer.echo(f"  {name:9}" + "".join(f"{value:18.9g}" for value in row))
    counts = f"{result.match_count} matches"
    if result.inlier_count is not None:
        counts = f"{result.inlier_count} of {counts}"
    typer.echo(
        f"  {'matches' if refused else 'inliers':9} {counts} "
        f"({result.feature_count_a} and {result.feature_count_b} features)"
    )
    if not refused:
        error = "unknown" if result.error_px is None else f"{result.error_px:.3f} px"
        typer.echo(f"  {'noise':9} {result.sigma_px:.3f} px (1σ of a keypoint in B)")
        typer.echo(f"  {'error':9} {error} (1σ of a mapped point, middle of what both show)")
