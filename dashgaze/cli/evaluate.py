"""``dashgaze evaluate``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar


def evaluate_command(
    data: Annotated[
        Path, typer.Argument(help="A data set packed with `--images`.", show_default=False)
    ],
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders that `dashgaze train` wrote, names of baselines, or all-baselines; with "
            "--leave-drivers-out names of networks. The constants are always tested.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the report; it is made.")
    ] = Path("evaluation"),
    split: Annotated[
        str, typer.Option(help="What is tested: test, validation, or train (as a diagnosis).")
    ] = "test",
    adapt: Annotated[
        bool,
        typer.Option(
            "--adapt",
            help="Also test each network while it learns at test time.",
            show_default=False,
        ),
    ] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            help="Model that all are compared with, beside the best constant.", show_default=False
        ),
    ] = None,
    allow_seen: Annotated[
        bool,
        typer.Option(
            "--allow-seen",
            help="Report drivers that a model has seen in other sessions, instead of refusing.",
            show_default=False,
        ),
    ] = False,
    out_of_view: Annotated[
        bool,
        typer.Option(
            "--out-of-view", help="Test gaze beyond the road picture, too.", show_default=False
        ),
    ] = False,
    blinks: Annotated[
        bool,
        typer.Option("--blinks", help="Test frames of closed eyes, too.", show_default=False),
    ] = False,
    ablation: Annotated[
        bool,
        typer.Option(
            "--ablation",
            help="Train and test the rows of the paper's table; takes five trainings.",
            show_default=False,
        ),
    ] = False,
    leave_drivers_out: Annotated[
        int,
        typer.Option(
            help="Train and test in so many folds over drivers; 0 for none.",
            min=0,
            show_default=False,
        ),
    ] = 0,
    train_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Option of what is trained here, such as size=tiny or steps=500; may be repeated.",
            show_default=False,
        ),
    ] = None,
    adapt_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Option of learning at test time, such as head_init=warm; may be repeated.",
            show_default=False,
        ),
    ] = None,
    corruptions: Annotated[
        bool,
        typer.Option(
            "--corruptions",
            help="Measure networks on blurred, dark, covered and squeezed pictures.",
            show_default=False,
        ),
    ] = False,
    corruption_frames: Annotated[
        int, typer.Option(help="Frames that this is measured on.", min=10)
    ] = 400,
    speed: Annotated[
        bool,
        typer.Option(
            "--speed",
            help="Measure time a frame, parameters and operations.",
            show_default=False,
        ),
    ] = False,
    blur: Annotated[
        float,
        typer.Option(help="Blur of true gaze for CC, KL and SIM, as a share of the width."),
    ] = 0.05,
    examples: Annotated[
        int,
        typer.Option(
            help="Pictures of faces in the report, of drivers who agreed to raw pictures.", min=0
        ),
    ] = 0,
    batch_size: Annotated[
        int, typer.Option(help="Frames a network answers at a time.", min=1)
    ] = 64,
    device: Annotated[str, typer.Option(help="Where networks run: cpu, cuda …")] = "cpu",
    seed: Annotated[int, typer.Option(help="Same seed, same numbers on a CPU.", min=0)] = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Test models of gaze on the same frames, with intervals, and write one page about it.

    Writes report.html, which needs no network, and report.json with all numbers. A model that has seen the
    tested sessions or drivers is refused. Constants are always shown, and oracles marked: an error means
    nothing without them.

    Example: `dashgaze evaluate out/dashgaze runs/small all-baselines -o evaluation`
    """
    from dashgaze.models.evaluation import EvaluateOptions, evaluate

    options = EvaluateOptions(
        split=split,
        adapt=adapt,
        reference=reference,
        allow_seen=allow_seen,
        out_of_view=out_of_view,
        blinks=blinks,
        ablation=ablation,
        leave_drivers_out=leave_drivers_out,
        train_options=_values(train_option or []),
        adapt_options=_values(adapt_option or []),
        corruptions=corruptions,
        corruption_frames=corruption_frames,
        speed=speed,
        blur_share=blur,
        example_frames=examples,
        batch_size=batch_size,
        device=device,
        seed=seed,
    )
    with progress_bar(quiet=quiet) as progress:
        path = evaluate(data, models or [], options, out, progress=progress)
    content = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if as_json:
        print_json({"path": str(path)} | content)
        return
    for line in _lines(content):
        typer.echo(line)
    typer.echo(f"  written to {path}")


def _values(given: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE, values as YAML has them."""
    import yaml

    from dashgaze.errors import InputError
    from dashgaze.schemas.manifest import StrictLoader

    values = {}
    for each in given:
        name, equals, text = each.partition("=")
        try:
            value = yaml.load(text, Loader=StrictLoader) if equals and name else None
        except yaml.YAMLError:
            value = None
        if not equals or not name or (value is None and text not in ("null", "~")):
            raise InputError(
                f"{each!r} is no option; expected NAME=VALUE.",
                fix="Give `--train-option size=tiny` or `--adapt-option head_init=warm`, say.",
            )
        values[name.replace("-", "_")] = value
    return values


def _lines(content: dict[str, Any]) -> list[str]:
    """Give the table of errors as text."""
    from dashgaze.reports.texts import counted, number

    data = content["data"]
    lines = [
        (
            f"{counted(data['judged_frames'], 'frame')} of {counted(len(data['sessions']), 'session')}, "
            f"{counted(len(data['drivers']), 'driver')}; mean error of sessions, px:"
        )
    ]
    longest = max(len(model["name"]) for model in content["models"])
    for model in content["models"]:
        px = model["location"]["all"]["px"]
        interval = (
            "no interval"
            if px["low"] is None
            else f"{number(px['low'], 1)} to {number(px['high'], 1)}"
        )
        mark = f"  ({model['mark']})" if model["mark"] else ""
        best = "  least" if model["name"] == content["best"] else ""
        lines.append(
            f"  {model['name']:<{longest}}  {number(px['mean'], 1):>8}  {interval:<18}{mark}{best}"
        )
    return [*lines, *(f"  note: {warning}" for warning in content["warnings"])]
