"""Beginning a drive, taking one up, and looking at one from outside."""

import asyncio
import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError, OutputError
from dashgaze.files import write_text
from dashgaze.schemas.manifest import dump_manifest, parse_manifest

from ..field.device import FieldDevice, Role
from .desk import Desk
from .devices import DeviceOptions, make_devices
from .drive_folder import DriveFolder
from .events import read_events
from .form import Form, manifest_of, remember
from .host_clock import HostClock
from .journal import Journal, read_journal
from .observer import Observer
from .recorder import Recorder
from .recorder_lock import RecorderLock, recorder_at_work
from .recorder_options import Outcome, RecorderOptions
from .state import ROLES, State, replay

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def begin_drive(
    root: Path, form: Form, devices: DeviceOptions, *, clock: HostClock | None = None
) -> State:
    """Make the session folder of a drive: journal and ``session.yaml``.

    Parameters
    ----------
    root
        The session folder: a new one, an empty one, or one whose form was never finished.
    form
        All answers.
    devices
        How the devices are named; kept for a resume.
    clock
        The host's clocks.

    Raises
    ------
    InputError
        If the form is not complete, or a drive was begun there already.
    OutputError
        If the folder is used or can't be written.
    """
    folder = DriveFolder(root)
    clock = clock or HostClock()
    unfinished = folder.journal.exists() and replay(read_journal(root)).phase == "new"
    if not unfinished:
        folder.refuse_used()
    manifest = manifest_of(form, folder.root.absolute().name, folder.manifest)
    try:
        folder.field.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder.root} can't be made: {error.strerror or error}.",
            fix="Check that the folder above it is writable and has space left.",
            path=folder.root,
        ) from error
    journal = Journal(folder, clock)
    journal.write(
        "created",
        tracker=devices.tracker,
        phone=devices.phone,
        phone_config=dict(devices.phone_config),
        observer=form.observer,
        minutes=form.minutes,
    )
    write_text(folder.manifest, dump_manifest(manifest))
    state = journal.write("form", driver=form.driver, minutes=form.minutes)
    remember(folder.drives, form)
    return state


def options_of(state: State) -> DeviceOptions:
    """Give how the devices of a drive were named."""
    return DeviceOptions(
        tracker=state.tracker_option or "auto",
        phone=state.phone_option or "adb",
        phone_config=state.phone_config,
    )


def title_of(root: Path) -> str:
    """Give what stands at the top of the screen."""
    folder = DriveFolder(root)
    try:
        text = folder.manifest.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{folder.manifest} can't be read: {error.strerror or error}.",
            fix="Put it back, or begin a new drive with `dashgaze collect record`.",
            path=folder.manifest,
        ) from error
    manifest = parse_manifest(text, path=folder.manifest)
    return f"{manifest.session_id}   driver {manifest.driver_id or '?'}"


DeviceMaker = Callable[[Observer], Mapping[Role, FieldDevice]]


async def run_drive(
    root: Path,
    desk: Desk,
    options: RecorderOptions,
    *,
    resumed: bool = False,
    clock: HostClock | None = None,
    make: DeviceMaker | None = None,
) -> Outcome:
    """Take a drive from where it is to its end, or until the observer leaves.

    Ctrl-C, SIGTERM and a closed terminal leave it: recordings go on.

    Parameters
    ----------
    root
        The session folder; its form is filled in (`begin_drive`).
    desk
        Keys and screen.
    options
        How to record.
    resumed
        Whether an earlier recorder began it.
    clock
        The host's clocks.
    make
        Makes the devices; None to make those that the journal names.

    Raises
    ------
    InputError
        If another recorder is at work on it, or no drive was begun.
    DashgazeError
        If this computer fails; recordings go on.
    """
    folder = DriveFolder(root)
    folder.require_begun()
    with RecorderLock(folder.lock):
        state = replay(read_journal(root))
        observer = Observer(desk)
        if make is None:
            devices: Mapping[Role, FieldDevice] = make_devices(
                root, options_of(state), observer.confirm
            )
        else:
            devices = make(observer)
        recorder = Recorder(
            folder, devices, desk, options, clock=clock, resumed=resumed, observer=observer
        )
        loop = asyncio.get_running_loop()
        caught = []
        for name in _SIGNALS:
            number = getattr(signal, name, None)
            try:
                if number is not None:
                    loop.add_signal_handler(number, recorder.leave, name)
                    caught.append(number)
            except (NotImplementedError, RuntimeError, ValueError):
                pass  # Windows, or not the main thread: Ctrl-C then cancels, which stops nothing
        try:
            return await recorder.run()
        finally:
            for number in caught:
                loop.remove_signal_handler(number)


@dataclass(frozen=True, kw_only=True)
class DriveStatus:
    """How a drive stands, seen from outside.

    Attributes
    ----------
    session
        The session folder.
    state
        What the journal says.
    recorder
        Whether a recorder is at work.
    screen
        What its screen showed last; None if there was none.
    events
        How many events stand.
    """

    session: Path
    state: State
    recorder: bool
    screen: Mapping[str, Any] | None
    events: int

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return {
            "session": str(self.session),
            "phase": self.state.phase,
            "recorder_at_work": self.recorder,
            "devices": {role: asdict(self.state.device(role)) for role in ROLES},
            "tracker_option": self.state.tracker_option,
            "phone_option": self.state.phone_option,
            "began_ns": self.state.began_ns,
            "ending": self.state.ending,
            "left": self.state.left,
            "events": self.events,
            "screen": self.screen,
        }


def drive_status(root: Path) -> DriveStatus:
    """Look at a drive without touching it.

    Raises
    ------
    InputError
        If no drive was begun there.
    """
    folder = DriveFolder(root)
    folder.require_begun()
    try:
        screen = json.loads(folder.status.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        screen = None
    return DriveStatus(
        session=folder.root,
        state=replay(read_journal(root)),
        recorder=recorder_at_work(folder.lock),
        screen=screen if isinstance(screen, dict) else None,
        events=sum(not event.undone for event in read_events(root)),
    )
