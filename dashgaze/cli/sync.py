"""``dashgaze sync``."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .command import DOUBTFUL, FAILED, AsJson, Force, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.schemas.time_map import Evidence, SecondWitness, TimeMapDocument

SearchS = Annotated[
    float | None,
    typer.Option(
        "--search-s",
        help="Largest offset to look for, seconds; else as far as the recordings reach.",
        min=0.001,
    ),
]
MaxDriftPpm = Annotated[
    float | None,
    typer.Option(
        "--max-drift-ppm",
        help="Largest difference of the clocks' speeds to look for, parts per million.",
        min=0.001,
        max=1000,
        show_default="330",
    ),
]
VERDICT_CODES = {"ok": 0, "doubtful": DOUBTFUL, "failed": FAILED}
_COLOURS = {"ok": "green", "doubtful": "yellow", "failed": "red"}


def sync_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    search_s: SearchS = None,
    max_drift_ppm: MaxDriftPpm = None,
    manual_offset: Annotated[
        float | None,
        typer.Option(
            help="Set the offset by hand instead: tracker time at the road video's zero, seconds."
        ),
    ] = None,
    manual_drift_ppm: Annotated[
        float | None,
        typer.Option(help="With --manual-offset: by how much the tracker's clock runs faster."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find how the clocks of phone and eye tracker compare, by their sound.

    Writes derived/time_map.json and prints its verdict. Exits with 3 if it is doubtful, with 4 if
    it failed.

    Example: `dashgaze sync drives/session_07`
    """
    if manual_drift_ppm is not None and manual_offset is None:
        raise typer.BadParameter(
            "is of use only together with --manual-offset", param_hint="--manual-drift-ppm"
        )
    from dashgaze.schemas.time_map import TimeMapDocument
    from dashgaze.session import open_session
    from dashgaze.stages.sync import sync

    with progress_bar(quiet=quiet) as progress:
        path = sync(
            open_session(session),
            sync_options(search_s, max_drift_ppm),
            force=force,
            manual_offset_s=manual_offset,
            manual_drift_ppm=manual_drift_ppm or 0.0,
            progress=progress,
        )
    document = TimeMapDocument.model_validate_json(path.read_bytes())
    if as_json:
        print_json({"path": str(path)} | document.model_dump(mode="json", by_alias=True))
    else:
        _print_map(document)
        typer.echo(f"  written to {path}")
    raise typer.Exit(VERDICT_CODES[document.verdict])


def sync_options(search_s: float | None, max_drift_ppm: float | None) -> Any:
    """Give the engine's options; what was not said keeps its default."""
    from dashgaze.alignment.sync import SyncOptions

    given = {"search_s": search_s, "max_drift_ppm": max_drift_ppm}
    return SyncOptions(**{name: value for name, value in given.items() if value is not None})


def print_verdict(verdict: str, reasons: tuple[str, ...] | list[str]) -> None:
    """Print a verdict and why it is so."""
    typer.secho(verdict, fg=_COLOURS[verdict], bold=True)
    for reason in reasons:
        typer.echo(f"  {reason}")


def with_error(value: float, error: float | None, digits: int, unit: str) -> str:
    """Write a value with its standard error, where it is known."""
    known = error is not None and math.isfinite(error)
    spread = f" ± {error:.{digits}f}" if known else " ± unknown"
    return f"{value:.{digits}f}{spread} {unit}"


def _print_map(document: "TimeMapDocument") -> None:
    print_verdict(document.verdict, document.reasons)
    if document.segments:
        middle_s, offset_ms, error_ms = _at_mid_drive(document)
        typer.echo(
            f"  offset     {with_error(offset_ms, error_ms, 1, 'ms')} at mid-drive "
            f"({middle_s:.1f} s of the road video)"
        )
        for segment in document.segments:
            stretch = ""
            if len(document.segments) > 1:
                stretch = f" from {segment.phone_start_s:.1f} to {segment.phone_end_s:.1f} s"
            drift = with_error(segment.drift_ppm, segment.drift_se_ppm, 2, "ppm")
            typer.echo(f"  drift      {drift}{stretch}")
    for name, text in _evidence(document.evidence):
        typer.echo(f"  {name:10} {text}")


def _evidence(evidence: "Evidence") -> Iterator[tuple[str, str]]:
    """Give what speaks for the map, as name and text."""
    if evidence.windows_total:
        scatter = evidence.residual_mad_ms
        yield (
            "windows",
            f"{evidence.windows_used} of {evidence.windows_total} support it"
            + ("" if scatter is None else f", scatter {scatter:.1f} ms"),
        )
    if evidence.second_witness is not None:
        yield "witness", _witness(evidence.second_witness)
    if evidence.driver_disagreement_ms is not None:
        yield "driver", f"its sound is {evidence.driver_disagreement_ms:+.1f} ms from the road's"
    if evidence.wall_clock_disagreement_s is not None:
        yield "clocks", f"the wall clocks are {evidence.wall_clock_disagreement_s:+.1f} s from it"


def _at_mid_drive(document: "TimeMapDocument") -> tuple[float, float, float | None]:
    """Give mid-drive (s), tracker minus phone time there (ms) and its standard error (ms)."""
    segments = document.segments
    middle_s = (segments[0].phone_start_s + segments[-1].phone_end_s) / 2
    segment = min(
        segments, key=lambda each: max(each.phone_start_s - middle_s, middle_s - each.phone_end_s)
    )
    offset_s = segment.offset_s + segment.drift_ppm * 1e-6 * middle_s
    error_ms = segment.offset_se_ms
    if error_ms is not None and segment.drift_se_ppm is not None:
        away_s = middle_s - (segment.phone_start_s + segment.phone_end_s) / 2
        error_ms = math.hypot(error_ms, segment.drift_se_ppm * 1e-3 * away_s)
    return middle_s, offset_s * 1e3, error_ms


def _witness(witness: "SecondWitness") -> str:
    if witness.agrees is None:
        return f"{witness.method}: can't tell"
    apart = (
        "" if witness.disagreement_ms is None else f" ({witness.disagreement_ms:+.1f} ms from it)"
    )
    return f"{witness.method}: {'agrees' if witness.agrees else 'disagrees'}{apart}"
