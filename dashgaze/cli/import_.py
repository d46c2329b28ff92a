"""``dashgaze import``."""

from pathlib import Path
from typing import Annotated

import typer

from .check import print_report
from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar


def import_command(
    session: Annotated[
        Path, typer.Option("--session", help="The session folder to make.", show_default=False)
    ],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SRC…",
            help="Files and folders of the drive: the phone's videos and track, the eye tracker's "
            "folder or Pupil Cloud's zip archive.",
            show_default=False,
        ),
    ] = None,
    road: Annotated[
        Path | None, typer.Option(help="The road video, if it can't be told.", show_default=False)
    ] = None,
    driver: Annotated[
        Path | None, typer.Option(help="The driver video, if it can't be told.", show_default=False)
    ] = None,
    eye_tracker: Annotated[
        Path | None,
        typer.Option(help="The eye tracker recording, if it can't be told.", show_default=False),
    ] = None,
    location: Annotated[
        Path | None,
        typer.Option(help="The phone's track, if it can't be told.", show_default=False),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="lr|tb|pip:x,y,w,h",
            help="One video shows both: side by side, one above the other, or the driver in a "
            "window (left edge, top edge, width, height).",
            show_default=False,
        ),
    ] = None,
    road_side: Annotated[
        str | None,
        typer.Option(
            help="Which half of it is the road: left, right, top, bottom; main for pip.",
            show_default=False,
        ),
    ] = None,
    join_parts: Annotated[
        bool,
        typer.Option(
            "--join-parts",
            help="Join files with like names (road_1, road_2 …) even if no times in them say that "
            "they follow each other.",
            show_default=False,
        ),
    ] = False,
    originals: Annotated[
        bool,
        typer.Option(
            "--originals/--no-originals",
            help="Whether to copy what road and driver are joined or cut out of, too.",
        ),
    ] = True,
    session_id: Annotated[
        str | None, typer.Option(help="Name of the session; else that of its folder.")
    ] = None,
    driver_id: Annotated[str | None, typer.Option(help="Pseudonym of the driver.")] = None,
    recorded_at: Annotated[
        str | None,
        typer.Option(help="Start of the road video, such as 2026-05-12T09:30:00+02:00."),
    ] = None,
    car: Annotated[str | None, typer.Option(help="Make and model of the car.")] = None,
    camera_position: Annotated[
        str | None, typer.Option(help="under_mirror, windscreen_centre or windscreen_corner.")
    ] = None,
    weather: Annotated[str | None, typer.Option(help="clear, cloudy, rain or fog.")] = None,
    lighting: Annotated[str | None, typer.Option(help="day, twilight or night.")] = None,
    eyewear: Annotated[str | None, typer.Option(help="none, glasses or lenses.")] = None,
    passengers: Annotated[
        int | None, typer.Option(help="People in the car beside the driver.", min=0)
    ] = None,
    consent_version: Annotated[
        str | None, typer.Option(help="Version of the consent form that was signed.")
    ] = None,
    consent_scope: Annotated[
        str | None, typer.Option(help="What may leave the lab: raw, blurred or gaze_only.")
    ] = None,
    phone_model: Annotated[str | None, typer.Option(help="Model of the phone.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Copy the recordings of a drive into a new session folder, and check it.

    The sources stay as they are; each copy is read back and compared. What is not known of the
    drive is left out and asked for in the end. Exits with 0 once the files are safe, whatever the
    check says of them.

    A recording in several files (road.mp4, road_1.mp4 …; GX010123, GX020123 …) is joined without
    coding it anew. A video that shows road and driver at once is parted: see --layout.

    Example: `dashgaze import sdcard/DCIM download.zip --session drives/session_07 --lighting day`
    """
    from dashgaze.checks import check
    from dashgaze.collection.importing import Conditions, import_session, parse_layout
    from dashgaze.errors import InputError

    conditions = Conditions(
        session_id=session_id,
        driver_id=driver_id,
        recorded_at=recorded_at,
        car=car,
        camera_position=camera_position,
        weather=weather,
        lighting=lighting,
        eyewear=eyewear,
        passengers=passengers,
        consent_version=consent_version,
        consent_scope=consent_scope,
        phone_model=phone_model,
    )
    if layout is None and road_side is not None:
        raise InputError(
            "--road-side was given without --layout.",
            fix="Say how the two share the picture: --layout lr, tb or pip:x,y,w,h.",
        )
    with progress_bar(quiet=quiet) as progress:
        imported = import_session(
            sources or [],
            session,
            road=road,
            driver=driver,
            eye_tracker=eye_tracker,
            location=location,
            conditions=conditions,
            layout=None if layout is None else parse_layout(layout, road_side),
            trust_names=join_parts,
            keep_originals=originals,
            progress=progress,
        )
        report = check(imported.path, progress=progress)
    if as_json:
        print_json(imported.to_json() | {"check": report.to_json()})
        return
    size = sum(each.size_bytes for each in imported.copied)
    typer.echo(f"{imported.path}: {len(imported.copied)} files, {size / 1e6:.1f} MB, all compared.")
    for made in imported.made:
        typer.echo(f"  made: {made.target}")
    for path in imported.left_out:
        typer.echo(f"  left out: {path}")
    for note in imported.notes:
        typer.echo(f"  {note}")
    typer.echo()
    print_report(report)
