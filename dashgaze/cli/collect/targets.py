"""``dashgaze collect targets``."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashgaze.errors import InputError, MissingExtraError

from ..command import FAILED, AsJson, Quiet, print_json

if TYPE_CHECKING:
    from dashgaze.collection.targets import Target

TARGETS_NAME = "field/targets.csv"


def targets_command(
    video: Annotated[
        Path, typer.Argument(help="The film: mp4 or webm that a browser plays.", show_default=False)
    ],
    session: Annotated[
        Path, typer.Argument(help="The session folder; it is made if missing.", show_default=False)
    ],
    targets: Annotated[
        Path | None,
        typer.Option(
            help="Table with the columns target_id, time_s, x_px, y_px: the ways of the targets.",
            show_default=False,
        ),
    ] = None,
    make_targets: Annotated[
        int | None,
        typer.Option(help="Make so many targets instead.", min=1, max=1000, show_default=False),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others reach it only if it is not this one.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for a free one.", min=0, max=65_535)] = 8766,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="Show nothing; compare the gaze of the aligned session with the targets.",
            show_default=False,
        ),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show a road film with targets to look at, and take down what was on the screen when.

    For the lab: the driver watches the film in a browser and follows the ring; dots come before and
    after. What to look at is then known for each frame. Start the eye tracker's recording before.

    Writes field/targets.csv, field/targets.jsonl and, when the film is over, field/known_targets.parquet.

    Later, when the recording is offloaded (the film as the road video) and aligned, --compare stores by how
    much gaze is off in field/gaze_offset.json; no gaze is changed. Exits with 4 if that can't be told.

    Example: `dashgaze collect targets films/junction.mp4 lab/session_03 --make-targets 20`
    """
    if compare:
        _compare(session, as_json=as_json)
        return
    if (targets is None) == (make_targets is None):
        raise InputError(
            "The targets are given by --targets or made by --make-targets: one of the two.",
            fix="Give --targets targets.csv, or --make-targets 20.",
        )
    from dashgaze.collection.targets import pack_targets, write_targets
    from dashgaze.collection.targets import read_targets as read
    from dashgaze.media import probe

    info = probe(video)
    if info.video is None or not info.duration_s:
        raise InputError(f"{video} has no pictures.", fix="Give a film.", path=video)
    turned = info.video.rotation_deg in (90, 270)
    size_px = (info.video.width_px, info.video.height_px)
    size_px = size_px[::-1] if turned else size_px
    if targets is not None:
        chosen = read(targets, size_px=size_px)
    else:
        from dashgaze.collection.targets import make_targets as make

        chosen = make(make_targets or 1, duration_s=info.duration_s, size_px=size_px)
    write_targets(session / TARGETS_NAME, chosen)
    finished = asyncio.run(
        _serve(session, video, chosen, size_px, host, port, quiet=quiet or as_json)
    )
    path = pack_targets(session) if finished else None
    if as_json:
        print_json({"finished": finished, "path": None if path is None else str(path)})
    elif path is not None:
        typer.echo(f"What to look at, for each picture, is in {path}")
    else:
        typer.echo("The film was not shown to its end; type the same command to show it again.")


def _compare(session: Path, *, as_json: bool) -> None:
    from dashgaze.collection.targets import OFFSET_NAME, pack_targets, store_gaze_offset

    pack_targets(session)
    offset = store_gaze_offset(session)
    if as_json:
        print_json({"path": str(session / OFFSET_NAME)} | offset.to_json())
    elif offset.offset is None or offset.error_95 is None:
        typer.secho("refused", fg="red", bold=True)
        for reason in offset.reasons:
            typer.echo(f"  {reason}")
    else:
        for axis, value, error in zip(
            ("to the right of", "above"), offset.offset, offset.error_95, strict=True
        ):
            typer.echo(f"  gaze is {value:+.2f} ± {error:.2f} {offset.unit} {axis} the targets")
        typer.echo(f"  from {offset.used} of {offset.shown} targets; in {session / OFFSET_NAME}")
    if offset.verdict == "refused":
        raise typer.Exit(FAILED)


async def _serve(
    session: Path,
    video: Path,
    targets: "list[Target]",
    size_px: tuple[int, int],
    host: str,
    port: int,
    *,
    quiet: bool,
) -> bool:
    """Serve until the film was shown, or Ctrl-C; say whether it was."""
    try:
        from dashgaze.collection.targets.target_server import TargetServer
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "The page's server needs aiohttp, which is not installed.",
            fix="Type: pip install 'dashgaze[collect]'",
        ) from error
    server = TargetServer(session, video, targets, size_px=size_px, host=host, port=port)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends asyncio.run by itself
            loop.add_signal_handler(name, stopped.set)
    await server.start()
    try:
        typer.echo("Open this link in the browser that shows the film; it is a key:", err=True)
        typer.echo(f"\n    {server.url}\n", err=True)
        sys.stderr.flush()
        if not quiet:
            typer.echo("Ctrl-C ends it. When the film is over it ends by itself.", err=True)
        waiting = [asyncio.ensure_future(each.wait()) for each in (server.finished, stopped)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        return server.finished.is_set()
    finally:
        await server.close()
