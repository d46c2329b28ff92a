"""``dashgaze analyze``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .browser import open_page
from .command import AsJson, Quiet, print_json
from .cores import core_count
from .progress_bar import progress_bar

_COLOURS = {
    "effect": "green",
    "uncertain": "yellow",
    "open": "yellow",
    "estimate": "blue",
    "descriptive": "blue",
    "cannot": "red",
}
_NOTES_SHOWN = 6


def analyze_command(
    data: Annotated[
        Path, typer.Argument(help="A data set that `dashgaze pack` wrote.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the report; it is made.")
    ] = Path("analysis"),
    split: Annotated[
        str | None,
        typer.Option(help="Only train, validation or test.", show_default=False),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(help="Only this session; may be repeated.", show_default=False),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            help="Boxes of vehicles and people in the road view: a CSV or COCO JSON file, or a folder of "
            "such. Without them nothing is said of gaze on objects, or of traffic.",
            show_default=False,
        ),
    ] = None,
    saliency: Annotated[
        Path | None,
        typer.Option(
            help="Folder of saliency maps that are held against gaze.", show_default=False
        ),
    ] = None,
    reference: Annotated[
        str,
        typer.Option(
            help="What gaze is measured from: auto, vanishing_point, mount_point or modal_gaze."
        ),
    ] = "auto",
    focal_px: Annotated[
        float | None,
        typer.Option(
            help="Focal length of all road cameras, px, instead of what sessions say.",
            show_default=False,
        ),
    ] = None,
    tracker_error_deg: Annotated[
        float | None,
        typer.Option(
            help="Error of the eye tracker, standard deviation in each axis, for gaze on objects: 2 is assumed "
            "if nobody validated it.",
            show_default=False,
        ),
    ] = None,
    about: Annotated[
        Path | None,
        typer.Option(
            help="about.yaml for methods.md: recruitment, instructions, ethics. That of the data set if not given.",
            show_default=False,
        ),
    ] = None,
    accuracy: Annotated[
        Path | None,
        typer.Option(
            help="Folder of drives in which `dashgaze collect targets` measured accuracy.",
            show_default=False,
        ),
    ] = None,
    picture_every: Annotated[
        float, typer.Option(help="One picture in so many seconds makes the mean frames.")
    ] = 5.0,
    portraits: Annotated[
        bool,
        typer.Option(
            "--portraits",
            help="Show mean pictures of fewer than five drivers, too: these are portraits.",
            show_default=False,
        ),
    ] = False,
    repeats: Annotated[int, typer.Option(help="Permutations and bootstrap samples.", min=19)] = 499,
    seed: Annotated[int, typer.Option(help="Same seed, same numbers.", min=0)] = 1,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes that decode pictures; one for each core if not given.", min=1),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace a former analysis.", show_default=False),
    ] = False,
    open_it: Annotated[
        bool, typer.Option("--open", help="Show the report in a browser.", show_default=False)
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Ask a data set what it can say of gaze, and what it can't; one page, with every number.

    Writes report.html, which needs no network, numbers.json, figures/ as SVG and PNG, and methods.md. The
    unit is the session, nested in its driver: frames are no samples. Exits with 0 also where nothing can be
    said; the report tells why.

    Example: `dashgaze analyze out/dashgaze -o analysis`
    """
    from dashgaze.analysis.presentation import NUMBERS_NAME, AnalyzeOptions, analyze

    options = AnalyzeOptions(
        split=split,
        sessions=tuple(session) if session else None,
        boxes=boxes,
        saliency=saliency,
        reference=reference,  # type: ignore[arg-type]
        focal_px=focal_px,
        tracker_error_deg=tracker_error_deg,
        about=about,
        accuracy=accuracy,
        picture_every_s=picture_every,
        portraits=portraits,
        repeats=repeats,
        seed=seed,
    )
    with progress_bar(quiet=quiet) as progress:
        path = analyze(
            data, options, out, workers=workers or core_count(), force=force, progress=progress
        )
    content = json.loads((path.parent / NUMBERS_NAME).read_text(encoding="utf-8"))
    if as_json:
        print_json({"path": str(path)} | content)
    else:
        _print(content)
        typer.echo(f"  written to {path}")
    if open_it:
        open_page(path)


def _print(content: dict[str, Any]) -> None:
    data = content["data"]
    if data["simulated"]:
        typer.secho("SIMULATED DATA: no person was measured", fg="yellow", bold=True)
    typer.echo(
        f"{data['title']} {data['version']}: {_counted(len(data['sessions']), 'session')}, "
        f"{_counted(len(data['drivers']), 'driver')}"
    )
    for row in content["headline"]:
        typer.secho(f"  {row['title'].lower()}", fg=_COLOURS[row["verdict"]], bold=True, nl=False)
        typer.echo(f"  {row['question']}", nl=False)
        if row["verdict"] == "cannot":
            typer.echo(f"\n      {row['words']}")
            continue
        typer.echo(
            f"  {row['estimate']}, n = {_counted(row['sessions'], 'session')} of "
            f"{_counted(row['drivers'], 'driver')}"
        )
        if row["verdict"] in ("effect", "uncertain", "open"):
            typer.echo(f"      {row['words']}")
        if row["warning"]:
            typer.echo(f"      {row['warning']}")
    notes = content["notes"]
    for note in notes[:_NOTES_SHOWN]:
        typer.echo(f"  note: {note}")
    if len(notes) > _NOTES_SHOWN:
        typer.echo(f"  {len(notes) - _NOTES_SHOWN} more notes are in the report")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
