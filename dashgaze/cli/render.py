"""``dashgaze render``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.rendering import Overlay


def render_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="OUT.mp4", help="The video to write.", show_default=False
        ),
    ],
    start: Annotated[
        float | None,
        typer.Option(help="Start of the part to show, s on the phone's clock.", show_default=False),
    ] = None,
    end: Annotated[
        float | None,
        typer.Option(help="End of the part to show, s on the phone's clock.", show_default=False),
    ] = None,
    width: Annotated[
        int, typer.Option(help="Width of the picture, px, even.", min=320, max=3840)
    ] = 1280,
    panels: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Which views, the large one first: road, ego, projected (the road picture as the eye "
            "tracker's camera would see it, over what it saw), driver.",
        ),
    ] = "road,ego,projected,driver",
    sound: Annotated[
        Literal["none", "phone", "tracker"],
        typer.Option(
            help="Whose sound to keep. Everyone in the car can be heard: think of their consent before "
            "you pass the video on."
        ),
    ] = "none",
    fps: Annotated[
        float | None,
        typer.Option(
            help="Most pictures per second.", min=0.1, show_default="all of the road video"
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there.", show_default=False)
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a video of all views side by side, with gaze and how far it can be trusted.

    Blue circle: the views were matched directly; orange diamond: filled in. A ring is a fixation and grows
    as it lasts, a small filled mark is a saccade. The ellipse is where the point is with 95 %, as far as
    carrying it over goes. What a session lacks is said in its place. The driver can be recognised.

    Example: `dashgaze render drives/session_07 -o overlay.mp4 --start 60 --end 90`
    """
    from dashgaze.rendering import RenderOptions, make_overlay
    from dashgaze.session import open_session

    names = tuple(name.strip() for name in panels.split(",") if name.strip())
    options = RenderOptions(
        start_s=start, end_s=end, width_px=width, panels=names,  # type: ignore[arg-type]  # it checks them
        sound=sound, fps=fps,
    )  # fmt: skip
    opened = open_session(session)
    with progress_bar(quiet=quiet) as progress:
        overlay = make_overlay(opened, output, options, force=force, progress=progress)
    if as_json:
        print_json(
            {
                "path": str(overlay.path),
                "frames": overlay.frame_count,
                "seconds": overlay.duration_s,
                "size_px": list(overlay.size_px),
                "notes": list(overlay.notes),
            }
        )
    else:
        _print_overlay(overlay)


def _print_overlay(overlay: "Overlay") -> None:
    width, height = overlay.size_px
    typer.echo(
        f"{overlay.frame_count} pictures of {width} × {height} px, {overlay.duration_s:.1f} s, in "
        f"{overlay.path}"
    )
    for note in overlay.notes:
        typer.echo(f"  {note}")
