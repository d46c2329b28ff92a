"""``dashgaze collect offload``."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashgaze.progress import Progress, part_of

from ..command import DOUBTFUL, FAILED, AsJson, Quiet, print_json
from ..progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.collection.offload import OffloadResult, RemoteStore, UnclearError

    from .quick_look import QuickLook

_COLOURS = {"usable": "green", "usable_with_flags": "yellow", None: "blue", "redo": "red"}
_TITLES = {
    "usable": "Usable",
    "usable_with_flags": "Usable with flags",
    None: "Nothing speaks against it so far",
    "redo": "Redo the drive",
}


def offload_command(
    session: Annotated[
        Path, typer.Argument(help="The session that was recorded.", show_default=False)
    ],
    from_tracker: Annotated[
        Path | None,
        typer.Option(
            help="Folder that the Companion app exported its recordings to; the drive's is found in it.",
            show_default=False,
        ),
    ] = None,
    from_phone: Annotated[
        str | None,
        typer.Option(
            help="'adb' for the phone on its cable, or a folder with its videos.",
            show_default=False,
        ),
    ] = None,
    second_copy: Annotated[
        Path | None,
        typer.Option(
            help="Folder on another disk, in which the session gets a second copy.",
            show_default=False,
        ),
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a recording or video that is the drive's, where that can't be told; can be "
            "given again.",
            show_default=False,
        ),
    ] = None,
    camera_folder: Annotated[
        list[str] | None,
        typer.Option(
            help="With --from-phone adb: where the camera app writes; can be given again.",
            show_default=False,
        ),
    ] = None,
    serial: Annotated[
        str | None,
        typer.Option(help="With --from-phone adb: serial number of the phone.", show_default=False),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick/--no-quick", help="Look at once whether the drive is usable.")
    ] = True,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Bring a drive's files home, prove each copy, and say whether the drive is usable.

    Each file is copied, read back, and compared with the SHA-256 that the device computes of its own.
    It can be broken off at any moment, by a pulled cable too: the same command goes on. Devices are
    only read; which of their files may be deleted by hand is said once there are two verified copies
    on two disks.

    Writes field/offload.json and manifest-sha256.txt (`sha256sum --check` reads it), and names the
    files in session.yaml. Exits with 3 if the drive is usable with flags or if what its
    journal tells of is not here yet, with 4 if a file did not
    come home or the drive has to be done again.

    Example: `dashgaze collect offload drives/session_07 --from-phone adb --from-tracker /media/phone/Export`
    """
    from dashgaze.collection.offload import UnclearError

    names = list(take or ())
    while True:
        try:
            with progress_bar(quiet=quiet) as progress:
                share = part_of(progress, 0.0, 0.7 if quick else 1.0)
                result = asyncio.run(
                    _offload(
                        session,
                        from_tracker,
                        from_phone,
                        second_copy,
                        names,
                        tuple(camera_folder or ()),
                        serial,
                        share,
                    )
                )
            break
        except UnclearError as error:
            if as_json or not sys.stdin.isatty():
                raise
            names += _ask(error)
    look: QuickLook | None = None
    if quick and result.complete:
        from .quick_look import quick_look

        with progress_bar(quiet=quiet) as progress:
            look = quick_look(session, progress=part_of(progress, 0.7, 1.0))
    if as_json:
        print_json(result.to_json() | {"quick": None if look is None else look.to_json()})
    else:
        _print_result(result)
        if look is not None:
            _print_look(look)
    if not result.complete:
        raise typer.Exit(FAILED)
    code = 0 if look is None else look.code
    raise typer.Exit(max(code, DOUBTFUL) if result.lacking else code)


async def _offload(
    session: Path,
    tracker: Path | None,
    from_phone: str | None,
    second_copy: Path | None,
    take: list[str],
    folders: tuple[str, ...],
    serial: str | None,
    progress: Progress,
) -> "OffloadResult":
    from dashgaze.collection.offload import offload, open_phone, read_drive_times

    phone: RemoteStore | Path | None = None
    if from_phone == "adb":
        phone = await open_phone(read_drive_times(session).phone, folders=folders, serial=serial)
    elif from_phone is not None:
        phone = Path(from_phone)
    return await offload(
        session,
        tracker=tracker,
        phone=phone,
        second_copy=second_copy,
        take=take,
        progress=progress,
    )


def _ask(error: "UnclearError") -> list[str]:
    """Ask which of several is the drive's."""
    typer.echo(error.what)
    for number, name in enumerate(error.choices, 1):
        typer.echo(f"  {number}  {name}")
    while True:
        answer = str(typer.prompt("Numbers of the drive's, with spaces between")).split()
        if answer and all(
            each.isdecimal() and 1 <= int(each) <= len(error.choices) for each in answer
        ):
            return [error.choices[int(each) - 1] for each in answer]


def _print_result(result: "OffloadResult") -> None:
    for target, reason in result.failed.items():
        typer.secho(f"not home: {target}", fg="red", bold=True)
        typer.echo(f"  {reason}")
    counts = [
        f"{len(result.copied)} files copied ({result.copied_bytes / 1e6:.1f} MB)",
        f"{len(result.there_already)} there already",
    ]
    if result.made_here:
        counts.append(f"{len(result.made_here)} recorded here")
    if result.complete and result.lacking:
        typer.secho("Verified, but not all is here: ", fg="yellow", bold=True, nl=False)
    elif result.complete:
        typer.secho("Home and verified: ", fg="green", bold=True, nl=False)
    else:
        typer.secho("Not all is home: ", fg="red", bold=True, nl=False)
    typer.echo(", ".join(counts) + ".")
    if result.second_copy is not None:
        typer.echo(
            f"  second copy of {result.second_copy.file_count} files in {result.second_copy.path}"
        )
    for words in result.lacking:
        typer.echo(f"  lacking: {words}")
    for note in result.notes:
        typer.echo(f"  note: {note}")
    for label, names in result.may_be_deleted.items():
        typer.echo(
            f"  There are two verified copies: these may be deleted by hand on {label} (dashgaze "
            "deletes nothing):"
        )
        for name in names:
            typer.echo(f"    {name}")


def _print_look(look: "QuickLook") -> None:
    typer.secho(_TITLES[look.verdict], fg=_COLOURS[look.verdict], bold=True, nl=False)
    typer.echo(f"  (sync {look.sync or 'not possible'}; looked at within {look.took_s:.0f} s)")
    for reason in look.reasons:
        typer.echo(f"  {reason}")
    for reason in look.open:
        typer.echo(f"  not known yet: {reason}")
    if look.report is not None:
        typer.echo(f"  written to {look.report}")
