"""``dashgaze demo``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashgaze.heap import keep_freed_memory

from .browser import open_page
from .command import FAILED, AsJson, Quiet, print_json
from .cores import core_count
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.demonstration import Demo


def demo_command(
    folder: Annotated[
        Path, typer.Argument(help="Where the simulated drive is put; it is made.")
    ] = Path("dashgaze-demo"),
    open_it: Annotated[
        bool, typer.Option("--open", help="Show the report in a browser.", show_default=False)
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes for align; by default one a core.", min=1, show_default=False),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a minute of driving, run every stage on it, and compare with the truth.

    Leaves a session folder with everything in it: recordings, tables, a report to open, and a video of all
    views with gaze. Takes two to three minutes on two cores; what is there already is kept. Exits with 4
    if a result is further from the truth than it should be.

    Example: `dashgaze demo --open`
    """
    from dashgaze.demonstration import demo, shortcomings

    keep_freed_memory()
    with progress_bar(quiet=quiet) as progress:
        made = demo(folder, workers=workers or core_count(), progress=progress)
    wrong = shortcomings(made)
    if as_json:
        print_json(
            {
                "session": str(made.session),
                "report": str(made.report),
                "overlay": str(made.overlay),
                "clocks": asdict(made.clocks),
                "road_gaze": asdict(made.road_gaze),
                "seconds": made.seconds,
                "shortcomings": list(wrong),
            }
        )
    else:
        _print(made)
        for sentence in wrong:
            typer.secho(f"not as it should be: {sentence}", fg="red")
    if open_it:
        open_page(made.report)
    if wrong:
        raise typer.Exit(FAILED)


def _print(made: "Demo") -> None:
    clocks, gaze = made.clocks, made.road_gaze
    rows = []
    if clocks.offset_error_ms is not None and clocks.drift_error_ppm is not None:
        middle = clocks.offset_error_ms[1]
        rows += [
            (
                "clock offset",
                f"{1e3 * clocks.offset_s:.1f} ms",
                f"{middle:+.3f} ms",
                _pm(clocks.offset_se_ms, "ms"),
            ),
            (
                "clock drift",
                f"{clocks.drift_ppm:.2f} ppm",
                f"{clocks.drift_error_ppm:+.2f} ppm",
                _pm(clocks.drift_se_ppm, "ppm"),
            ),
        ]
    if clocks.same_road_frame_share is not None:
        rows.append(
            ("road frame beside", "the nearest", f"{clocks.same_road_frame_share:.1%} right", "")
        )
    if gaze.median_px is not None:
        rows += [
            (
                "gaze in the road view",
                f"{gaze.frame_count} frames",
                f"{gaze.median_px:.1f} px ({gaze.median_deg:.2f}°) median, {gaze.p95_px:.0f} px 95 %",
                f"± {gaze.stated_median_px:.1f} px",
            ),
            ("  in its 95 % ellipse", "95 %", f"{gaze.in_ellipse_share:.1%}", ""),
        ]
    width = [max(len(row[column]) for row in (*rows, _HEAD)) for column in range(4)]
    for row in (_HEAD, *rows):
        typer.echo("  ".join(text.ljust(width[column]) for column, text in enumerate(row)).rstrip())
    total = sum(made.seconds.values())
    parts = ", ".join(f"{name} {seconds:.0f}" for name, seconds in made.seconds.items())
    typer.echo(f"\n{total:.0f} s: {parts}")
    typer.echo(f"report   {made.report}")
    typer.echo(f"overlay  {made.overlay}")
    typer.echo(f"session  {made.session}")


_HEAD = ("", "truth", "off by", "stated (1σ)")


def _pm(value: float | None, unit: str) -> str:
    return "" if value is None else f"± {value:.2f} {unit}"
