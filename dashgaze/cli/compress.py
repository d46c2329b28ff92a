"""``dashgaze compress``."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar


def compress_command(
    data: Annotated[
        Path,
        typer.Argument(
            help="The packed data set that the network was trained on.", show_default=False
        ),
    ],
    checkpoint: Annotated[
        Path, typer.Argument(help="The folder that training wrote.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="A new folder for the checkpoint.", show_default=False),
    ],
    gamma: Annotated[
        float, typer.Option(help="Where the knee is: higher keeps fewer filters.")
    ] = 0.01,
    curve: Annotated[
        list[float] | None,
        typer.Option(
            help="Do it for this gamma as well, to see what it would cost; may be given again. "
            "0.003, 0.03, 0.1 and 0.3 if not given.",
            show_default=False,
        ),
    ] = None,
    no_curve: Annotated[
        bool, typer.Option("--no-curve", help="Only the chosen gamma.", show_default=False)
    ] = False,
    steps: Annotated[int, typer.Option(help="Of the finetuning.", min=0)] = 500,
    learning_rate: Annotated[float, typer.Option(help="Of the finetuning, greatest.")] = 3e-4,
    frames: Annotated[
        int, typer.Option(help="About so many training frames are listened to.", min=8)
    ] = 4000,
    split: Annotated[
        Literal["test", "validation"], typer.Option(help="What errors are measured on.")
    ] = "test",
    scaling: Annotated[
        Literal["none", "literal"],
        typer.Option(help="Whether kept filters are scaled by their coefficients, as printed."),
    ] = "none",
    uninformative: Annotated[
        Literal["keep", "formula"],
        typer.Option(
            help="Layers that tell gaze no better than the mean: keep them, or prune by the formula."
        ),
    ] = "keep",
    device: Annotated[str, typer.Option(help="cpu, cuda …")] = "cpu",
    seed: Annotated[int, typer.Option(help="Same seed, same network.", min=0)] = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a trained network smaller: filters that tell nothing of gaze go, the rest learns again.

    The new checkpoint is used like any other. Beside it stand compression.json, with errors before and after by
    session, eyewear, lighting and on spoiled pictures, and compression.png, the curve of error against cost.

    Example: `dashgaze compress out/dashgaze runs/dashgazenet -o runs/small --gamma 0.03`
    """
    from dashgaze.models.compression.compress import compress
    from dashgaze.models.compression.options import COMPRESSION_NAME, CompressOptions

    defaults = CompressOptions()
    others = () if no_curve else tuple(curve) if curve else defaults.curve_gammas
    with progress_bar(quiet=quiet) as progress:
        path = compress(
            data,
            checkpoint,
            CompressOptions(
                gamma=gamma,
                curve_gammas=others,
                steps=steps,
                learning_rate=learning_rate,
                frames=frames,
                split=split,
                scaling=scaling,
                uninformative=uninformative,
                device=device,
                seed=seed,
            ),
            out,
            progress=progress,
        )
    content = json.loads((path / COMPRESSION_NAME).read_text(encoding="utf-8"))
    if as_json:
        print_json({"path": str(path)} | content)
        return
    typer.echo(_line("before", content["before"]["cost"], content["before"]["errors"]))
    for row in content["curve"]:
        mark = " (chosen)" if row["gamma"] == gamma else ""
        typer.echo(_line(f"gamma {row['gamma']:g}{mark}", row["cost"], row["finetuned"]))
    typer.echo(f"  written to {path}")


def _line(name: str, cost: dict, errors: dict) -> str:  # type: ignore[type-arg]
    angle = errors["angle_deg"]
    return (
        f"  {name:<22} {cost['parameters'] / 1e3:8.1f} k parameters, {cost['gflop']:.3f} GFLOP, "
        f"{cost['ms_batch_1']:.1f} ms, {errors['location_px']['mean']:.1f} px"
        + (f", {angle['mean']:.2f}°" if angle else "")
    )
