"""``dashgaze collect record``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..command import AsJson
from .drive_run import run_in_terminal
from .shared_options import EventKeys, Night, Plain, Silent, Wait


def record_command(
    session: Annotated[
        Path, typer.Argument(help="The session folder to make.", show_default=False)
    ],
    tracker: Annotated[
        str,
        typer.Option(
            help="auto (search the network), HOST, HOST:PORT as the app shows it, or none."
        ),
    ] = "auto",
    phone: Annotated[
        str,
        typer.Option(
            help="adb (any camera app, watched by cable), adb:SERIAL, page (the phone's browser, by "
            "cable), page:lan, or hand (only you look at it)."
        ),
    ] = "adb",
    phone_config: Annotated[
        Path | None,
        typer.Option(
            help="For adb, YAML: folders, count, road, driver of the camera app, start and stop "
            "commands.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Path | None, typer.Option(help="Answers to the form, YAML.", show_default=False)
    ] = None,
    driver: Annotated[
        str | None, typer.Option(help="Pseudonym of the driver.", show_default=False)
    ] = None,
    consent_version: Annotated[
        str | None, typer.Option(help="Version of the form that was signed.", show_default=False)
    ] = None,
    consent_scope: Annotated[
        str | None, typer.Option(help="raw, blurred or gaze_only.", show_default=False)
    ] = None,
    car: Annotated[str | None, typer.Option(help="Make and model.", show_default=False)] = None,
    camera_position: Annotated[
        str | None,
        typer.Option(
            help="under_mirror, windscreen_centre or windscreen_corner.", show_default=False
        ),
    ] = None,
    weather: Annotated[
        str | None, typer.Option(help="clear, cloudy, rain or fog.", show_default=False)
    ] = None,
    lighting: Annotated[
        str | None, typer.Option(help="day, twilight or night.", show_default=False)
    ] = None,
    eyewear: Annotated[
        str | None, typer.Option(help="none, glasses or lenses.", show_default=False)
    ] = None,
    passengers: Annotated[
        str | None, typer.Option(help="People beside the driver.", show_default=False)
    ] = None,
    minutes: Annotated[
        str | None,
        typer.Option(help="Longest time that the drive will take.", show_default=False),
    ] = None,
    observer: Annotated[
        str | None, typer.Option(help="Your initials, for the journal.", show_default=False)
    ] = None,
    eye_tracker: Annotated[
        str | None, typer.Option(help="pupil_invisible or neon.", show_default=False)
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Ask nothing: take the last drive's answers for what is not given (never the driver "
            "or the scope of consent), and start once nothing is red or amber.",
            show_default=False,
        ),
    ] = False,
    accept_amber: Annotated[
        bool,
        typer.Option("--accept-amber", help="With --yes: accept amber checks.", show_default=False),
    ] = False,
    wait: Wait = 60.0,
    night: Night = None,
    plain: Plain = False,
    event_keys: EventKeys = None,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Record a drive: form, checks, start in the right order, live screen, stop.

    The phone starts first and has to be seen growing before the eye tracker may start; stopping goes
    the other way. A phone's page is waited for before the checks: its address is on the screen. Nothing but the end of the drive (e, then y) stops a recording: not Ctrl-C, a closed
    terminal, a crash or a dead computer. `dashgaze collect resume SESSION` takes the drive up again.

    Exits with 0 when the drive is over, 3 if it was left, 4 if a check kept it from starting.

    Example: `dashgaze collect record drives/session_07 --phone page`
    """
    from dashgaze.collection.record import (
        DeviceOptions,
        Form,
        ask_form,
        begin_drive,
        complete,
        parse_answer,
        read_form,
        read_phone_config,
        suggestions,
    )
    from dashgaze.collection.record.drive_folder import DriveFolder

    folder = DriveFolder(session)
    folder.refuse_used()
    devices = DeviceOptions(
        tracker=tracker,
        phone=phone,
        phone_config={} if phone_config is None else read_phone_config(phone_config),
    )
    typed: dict[str, str | None] = {
        "driver": driver,
        "consent_version": consent_version,
        "consent_scope": consent_scope,
        "car": car,
        "camera_position": camera_position,
        "weather": weather,
        "lighting": lighting,
        "eyewear": eyewear,
        "passengers": passengers,
        "minutes": minutes,
        "observer": observer,
        "eye_tracker": eye_tracker,
    }
    answers: dict[str, Any] = {
        key: parse_answer(key, value) for key, value in typed.items() if value is not None
    }
    given = Form(**answers).over(Form() if form is None else read_form(form))
    suggested = suggestions(folder.drives)
    if yes or as_json:
        filled = complete(given, suggested)
    else:
        filled = ask_form(
            given, suggested, folder.drives, read=_read, say=lambda text: typer.echo(text, err=True)
        )
    begin_drive(session, filled, devices)
    run_in_terminal(
        session,
        resumed=False,
        night=night,
        plain=plain,
        keys=event_keys,
        accept_amber=accept_amber,
        go=yes or as_json,
        wait_s=wait,
        silent=silent,
        as_json=as_json,
    )


def _read(question: str) -> str:
    answer: str = typer.prompt(question.rstrip(": "), default="", show_default=False, err=True)
    return answer
