"""``dashgaze pack``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .command import AsJson, Force, Quiet, print_json
from .cores import core_count
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.dataset.packing.pack_result import PackResult

_AS_BEFORE = "as the data set has it"


def pack_command(
    drives: Annotated[
        list[Path],
        typer.Argument(help="Session folders, or folders of sessions.", show_default=False),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="Folder of the data set: a new one, or one to bring up to date.",
            show_default=False,
        ),
    ],
    images: Annotated[
        bool | None,
        typer.Option(
            "--images/--no-images",
            help=f"Crops of driver, face, eyes and road; default: {_AS_BEFORE}, else no",
            show_default=False,
        ),
    ] = None,
    videos: Annotated[
        bool | None,
        typer.Option(
            "--videos/--no-videos",
            help=f"Videos of the three views; default: {_AS_BEFORE}, else no",
            show_default=False,
        ),
    ] = None,
    raw_gaze: Annotated[
        bool | None,
        typer.Option(
            "--raw-gaze/--no-raw-gaze",
            help=f"Every gaze sample; default: {_AS_BEFORE}, else yes",
            show_default=False,
        ),
    ] = None,
    location: Annotated[
        bool | None,
        typer.Option(
            "--location/--no-location",
            help="Where the car was: coarse, without start and end of the drive.",
            show_default=False,
        ),
    ] = None,
    sound: Annotated[
        bool | None,
        typer.Option(
            "--sound/--no-sound",
            help="Sound of the road videos: voices are heard in it.",
            show_default=False,
        ),
    ] = None,
    as_recorded: Annotated[
        str | None,
        typer.Option(
            "--as-recorded",
            metavar="REASON",
            help="Pack ego and road pictures with the faces and plates of others, and say why that may be: it "
            "is written into the data set.",
            show_default=False,
        ),
    ] = None,
    anonymized: Annotated[
        bool,
        typer.Option(
            "--anonymized",
            help="Take back --as-recorded of an earlier run.",
            show_default=False,
        ),
    ] = False,
    images_every: Annotated[
        int | None,
        typer.Option(
            help="One frame in so many has its crops; default: 6", min=1, show_default=False
        ),
    ] = None,
    split_protocol: Annotated[
        str | None,
        typer.Option(
            help="82-10-8, thesis-25-8, leave-drivers-out-K, or a file that names the split of each "
            f"session or driver; default: {_AS_BEFORE}, else 82-10-8",
            show_default=False,
        ),
    ] = None,
    about: Annotated[
        Path | None,
        typer.Option(
            help="about.yaml: authors, licence, ethics and what else only people know.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            help="Version of the data, such as 1.2.0; default: from what changed",
            show_default=False,
        ),
    ] = None,
    no_doubtful: Annotated[
        bool,
        typer.Option(
            "--no-doubtful",
            help="Leave out drives whose clocks are doubtful; else they are packed and marked.",
            show_default=False,
        ),
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Remove sessions of the data set that are not among DRIVES; else they stay.",
            show_default=False,
        ),
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Read the files that are kept, not only their size.",
            show_default=False,
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(help="Sessions at a time; by default one a core.", min=1, show_default=False),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say what would be done.", show_default=False),
    ] = False,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a data set of drives, or bring one up to date.

    The data set holds frames, fixations, sessions and raw gaze; crops and videos where asked for and
    where consent allows. A driver's narrowest consent holds for all of their drives. Pictures of the road
    are packed with faces and plates blurred (`dashgaze anonymize`). Drives whose clocks could not be
    aligned, whose frames were not made, or whose driver withdrew are left out, and it is said.

    Only drives that changed are written, and drives can be added by giving only the new ones. The data
    set is replaced in one step: if packing is killed, the old one stands.

    Example: `dashgaze pack drives/ -o out/dashgaze --videos --images`
    """
    from dashgaze.dataset.packing.options import PackOptions
    from dashgaze.dataset.packing.pack import pack

    options = PackOptions(
        images=images,
        videos=videos,
        raw_gaze=raw_gaze,
        location=location,
        sound=sound,
        as_recorded=False if anonymized else None if as_recorded is None else True,
        as_recorded_reason=as_recorded,
        images_every=images_every,
        split_protocol=split_protocol,
        about=about,
        version=version,
        doubtful=not no_doubtful,
        prune=prune,
        verify=verify,
        force=force,
    )
    with progress_bar(quiet=quiet) as progress:
        result = pack(
            drives,
            out,
            options,
            workers=workers or core_count(),
            dry_run=dry_run,
            progress=progress,
        )
    if as_json:
        print_json(_content(result))
    else:
        _print(result)


def _content(result: "PackResult") -> dict[str, Any]:
    manifest = result.manifest
    return {
        "path": str(result.path),
        "changed": result.changed,
        "version": None if manifest is None else manifest.version,
        "build": None if manifest is None else manifest.build,
        "written": list(result.written),
        "unchanged": list(result.unchanged),
        "not_at_hand": list(result.not_at_hand),
        "removed": list(result.removed),
        "left_out": [
            {
                "session_id": each.session_id,
                "path": str(each.path),
                "reason": each.reason,
                "advice": each.advice,
            }
            for each in result.left_out
        ],
        "doubtful": list(result.doubtful),
        "rows": {config: dict(counts) for config, counts in result.rows.items()},
        "size_bytes": result.size_bytes,
        "notes": list(result.notes),
    }


def _print(result: "PackResult") -> None:
    for verb, sessions in (
        ("written", result.written),
        ("unchanged", result.unchanged),
        ("kept, drives not given", result.not_at_hand),
        ("removed", result.removed),
        ("with doubtful clocks", result.doubtful),
    ):
        if sessions:
            typer.echo(f"  {verb:<24}{len(sessions):>6}  {_names(sessions)}")
    if result.left_out:
        typer.echo(f"  {'left out':<24}{len(result.left_out):>6}")
    for each in result.left_out:
        typer.echo(f"    {each.session_id}: {each.reason}")
        if each.advice:
            typer.echo(f"      {each.advice}")
    for config, counts in result.rows.items():
        shares = ", ".join(f"{split} {count:,}" for split, count in counts.items())
        typer.echo(f"  {config:<24}{shares} rows")
    for note in result.notes:
        typer.echo(f"  {note}")
    manifest = result.manifest
    if manifest is None:
        typer.echo("  dry run: nothing was written")
    else:
        size = f"{result.size_bytes / 1e6:,.1f} MB"
        state = "packed" if result.changed else "nothing changed"
        typer.echo(f"  {state}: version {manifest.version}, {size} in {result.path}")


def _names(sessions: tuple[str, ...], most: int = 6) -> str:
    more = f" and {len(sessions) - most} more" if len(sessions) > most else ""
    return ", ".join(sessions[:most]) + more
