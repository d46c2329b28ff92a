"""``dashgaze explain``."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from .browser import open_page
from .command import DOUBTFUL, AsJson, Quiet, print_json
from .progress_bar import progress_bar


def explain_command(
    data: Annotated[
        Path,
        typer.Argument(help="A packed data set with pictures.", show_default=False),
    ],
    checkpoint: Annotated[
        Path, typer.Argument(help="The folder that training wrote.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="A new folder for the report.")] = Path(
        "explanation"
    ),
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            help="Picture that is covered: driver, face, left_eye, right_eye; `all`: the same place in all of "
            "them. May be given again; face if not given.",
            show_default=False,
        ),
    ] = None,
    frames: Annotated[int, typer.Option(help="About so many frames.", min=1)] = 200,
    split: Annotated[
        Literal["test", "validation", "train"], typer.Option(help="Part of the data set.")
    ] = "test",
    fill: Annotated[
        Literal["mean", "blur", "zero"], typer.Option(help="What covers: colour, blur, or black.")
    ] = "mean",
    patch: Annotated[
        float, typer.Option(help="Side of the covered square, px of 224.", min=1, max=100)
    ] = 15.0,
    every: Annotated[
        int, typer.Option(help="Cover one of so many places: coarser, and faster.", min=1)
    ] = 1,
    sanity_frames: Annotated[
        int, typer.Option(help="Frames of the test with shuffled weights; 0 for none.", min=0)
    ] = 24,
    driver_frames: Annotated[
        int, typer.Option(help="Frames of the maps of the whole view; 0 for none.", min=0)
    ] = 40,
    adapt: Annotated[
        bool,
        typer.Option(
            "--adapt", help="Also show maps after learning at test time.", show_default=False
        ),
    ] = False,
    example_faces: Annotated[
        int,
        typer.Option(help="Show so many faces, of drivers only who agreed to raw pictures.", min=0),
    ] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda …")] = "cpu",
    seed: Annotated[int, typer.Option(help="Same seed, same report.", min=0)] = 0,
    open_it: Annotated[
        bool, typer.Option("--open", help="Show it in a browser.", show_default=False)
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say what a trained network looks at, on a plain face that is nobody's.

    Inputs are taken away one by one; places of the face are covered and what moves the answer is drawn on a plain
    face, averaged over frames; the map is tested: does it change with the weights, does it converge, does blurring
    what it calls salient move the answer? The whole view is tested for answers by the car. Exits with 3 if
    something speaks against believing it.

    Example: `dashgaze explain out/dashgaze runs/dashgazenet -o explanation`
    """
    from dashgaze.models.explanation.explain import explain
    from dashgaze.models.explanation.options import ExplainOptions, read_inputs

    with progress_bar(quiet=quiet) as progress:
        path = explain(
            data,
            checkpoint,
            ExplainOptions(
                split=split,
                inputs=read_inputs(inputs or ["face"]),
                frames=frames,
                fill=fill,
                patch_px=patch,
                every=every,
                sanity_frames=sanity_frames,
                driver_frames=driver_frames,
                adapt=adapt,
                example_faces=example_faces,
                device=device,
                seed=seed,
            ),
            out,
            progress=progress,
        )
    content = json.loads((path.with_suffix(".json")).read_text(encoding="utf-8"))
    if as_json:
        print_json({"path": str(path)} | content)
    else:
        for name, each in content["inputs"].items():
            for head, found in each["heads"].items():
                typer.echo(f"  {name}, {head}: {_where(found)}")
        for text in content["warnings"]:
            typer.secho(f"  mind: {text}", fg="yellow")
        typer.echo(f"  written to {path}")
    if open_it:
        open_page(path)
    raise typer.Exit(DOUBTFUL if content["warnings"] else 0)


def _where(found: dict) -> str:  # type: ignore[type-arg]
    if found["refusal"]:
        return "no effect"
    shares = sorted(found["region_shares"].items(), key=lambda each: -each[1]["share"])
    return ", ".join(f"{name} {100 * each['share']:.0f} %" for name, each in shares)
