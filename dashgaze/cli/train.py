"""``dashgaze train``."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from dashgaze.errors import InputError

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar

_CONFIG_SUFFIXES = (".yaml", ".yml")


def train_command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="DATA|CONFIG.yaml",
            help="A data set packed with --images, or a YAML file of options with `data:` and `out:`.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the run; it is made.", show_default=False),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="dashgazenet, facegaze, idgaze, idgaze_lite; dashgazenet if not given.",
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="full, small or tiny; full if not given.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML file of options; those of the command line go first.", show_default=False
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Times that all frames are seen.", min=1, show_default=False),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps in place of epochs.", min=1, show_default=False)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Frames a step; 64.", min=1, show_default=False)
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Greatest, of AdamW; 1e-4.", show_default=False)
    ] = None,
    hz: Annotated[
        float | None,
        typer.Option(help="Frames a second that are learned from; 5.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same weights.", min=0, show_default=False)
    ] = None,
    pretrained: Annotated[
        str | None,
        typer.Option(
            help="First weights of the trunks: none, imagenet, or a file.", show_default=False
        ),
    ] = None,
    precision: Annotated[
        Literal["no", "bf16", "fp16"] | None,
        typer.Option(help="Mixed precision.", show_default=False),
    ] = None,
    no_pretext: Annotated[
        bool,
        typer.Option(
            "--no-pretext", help="Without the session-supervised loss.", show_default=False
        ),
    ] = False,
    no_augmentation: Annotated[
        bool,
        typer.Option("--no-augmentation", help="Pictures as they are.", show_default=False),
    ] = False,
    sessions: Annotated[
        Path | None,
        typer.Option(
            help="YAML file with lists `train` and `validation` of sessions, in place of the splits.",
            show_default=False,
        ),
    ] = None,
    exclude_drivers: Annotated[
        list[str] | None,
        typer.Option(help="Keep a driver out; may be repeated.", show_default=False),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Folder in which decoded pictures are kept: small networks wait for them otherwise.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Threads that decode pictures; 2.", min=0, show_default=False),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any other option: NAME=VALUE, may be repeated.", show_default=False
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the run in OUT, as it was begun.", show_default=False
        ),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a network that tells from the driver camera where on the road a driver looks.

    Learns from the sessions of split `train` and keeps the weights that do best on split `validation`: the
    mean over sessions of the mean error in pixels. No driver may be in both. OUT/checkpoint is what the
    other commands take; OUT/train.jsonl tells how it went. A training that was killed goes on with
    `--resume`. Several GPUs: `accelerate launch -m dashgaze train …`.

    Example: `dashgaze train dashgaze/ --model dashgazenet --size small -o runs/small`
    """
    from dashgaze.models.training.options_file import (
        changed,
        read_sessions_file,
        read_train_options,
        train_options,
    )
    from dashgaze.models.training.outcome import run_summary, stored_options
    from dashgaze.models.training.train import train

    given: dict[str, Any] = {}
    data: Path | None = source
    if source.suffix in _CONFIG_SUFFIXES:
        if config is not None:
            raise InputError(
                f"{source} and --config {config} are both files of options.", fix="Give one."
            )
        config, data = source, None
    if config is not None:
        given = read_train_options(config)
        named = given.pop("data", None)
        data = data or (None if named is None else config.parent / str(named))
        named = given.pop("out", None)
        out = out or (None if named is None else config.parent / str(named))
    if data is None or out is None:
        raise InputError(
            f"Nothing says {'which data to learn from' if data is None else 'where the run is kept'}.",
            fix="Type `dashgaze train DATA -o RUN`, or write `data:` and `out:` into the file of options.",
        )
    if resume and config is None:
        given = stored_options(out)
    said = {
        "model": model,
        "size": size,
        "epochs": epochs,
        "steps": steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "hz": hz,
        "seed": seed,
        "pretrained": pretrained,
        "precision": precision,
        "cache": cache,
        "workers": workers,
        "exclude_drivers": exclude_drivers or None,
        "pretext_weight": 0.0 if no_pretext else None,
    }
    given |= {name: value for name, value in said.items() if value is not None}
    if no_augmentation:
        given["augmentation"] = None
    if sessions is not None:
        given |= read_sessions_file(sessions)
    options = train_options(
        changed(given, settings or ()), source=str(config or "The command line")
    )
    with progress_bar(quiet=quiet) as progress:
        train(data, options, out, resume=resume, progress=progress)
    found = run_summary(out)
    if as_json:
        print_json(found)
        return
    for line in _told(found):
        typer.echo(line)


def _told(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['model']}: best of step {found['best_step']} of {found['steps']}"]
    error_px, constant_px = found["validation_error_px"], found["constant_error_px"]
    if error_px is not None:
        against = "" if constant_px is None else f"; always the same answer: {constant_px:.1f} px"
        lines.append(f"  {error_px:.1f} px on the validation sessions{against}")
        if constant_px is not None and error_px >= constant_px:
            lines.append("  It has learned nothing that holds for other drives.")
    if found["pretext_accuracy"] is not None:
        lines.append(f"  pretext task: {found['pretext_accuracy']:.2f} right, 0.50 by chance")
    lines += [f"  {note}" for note in found["notes"]]
    return [*lines, f"  written to {found['checkpoint']}"]
