"""``dashgaze score-saliency``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar


def score_saliency_command(
    data: Annotated[Path, typer.Argument(help="A packed data set.", show_default=False)],
    maps: Annotated[
        Path,
        typer.Argument(
            help="A folder of maps: <session_id>/<road frame>.png or .npy.", show_default=False
        ),
    ],
    split: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option(help="Part of the data set; all of it if left out.", show_default=False),
    ] = None,
    frames: Annotated[
        int, typer.Option(help="Frames of a session that are scored at most.", min=1)
    ] = 600,
    seed: Annotated[int, typer.Option(help="Of the maps that sessions exchange.")] = 1,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say how well saliency maps tell where drivers look.

    A map is a grey PNG or a plain NPY array of the whole road picture, of any size, named by the road frame
    (road_frame_index in the data set) in a folder of the session's name; values are from 0 upwards. Beside the
    maps stand what knows nothing of a frame: gaze of other drivers, the middle of the picture, and maps of other
    sessions. Intervals are over sessions and drivers, never over frames.

    Example: `dashgaze score-saliency dashgaze maps --split test`
    """
    from dashgaze.analysis.saliency import SaliencyOptions, evaluate_saliency

    options = SaliencyOptions(split=split, frames_per_session=frames, seed=seed)
    with progress_bar(quiet=quiet) as progress:
        section = evaluate_saliency(data, maps, options, progress=progress)
    if as_json:
        print_json(section.to_json())
        return
    for line in section.text:
        typer.echo(line)
    table = section.tables[0]
    for row in table.rows:
        typer.secho(f"\n{row[0]}", bold=True)
        for name, value in zip(table.columns[1:], row[1:], strict=True):
            typer.echo(f"  {name:10s} {'–' if value is None else value}")
    headline = section.findings[0]
    typer.secho(f"\n{headline.question}", bold=True)
    if headline.estimate is None or headline.estimate.value is None:
        typer.echo(f"  {headline.cannot_say}")
        return
    estimate = headline.estimate
    interval = (
        f"95 % interval {estimate.low:.3f} to {estimate.high:.3f}"
        if estimate.low is not None and estimate.high is not None
        else estimate.method
    )
    typer.echo(f"  {estimate.value:.3f} bits ({interval})")
