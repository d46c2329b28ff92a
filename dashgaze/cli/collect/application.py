"""All commands of ``dashgaze collect``, in the order in which a drive passes through them."""

import typer

from ..command import SafeCommand
from .devices import devices_command
from .event import event_command
from .offload import offload_command
from .preflight import preflight_command
from .record import record_command
from .resume import resume_command
from .serve import serve_command
from .simulate_device import simulate_device_command
from .status import status_command
from .stop import stop_command
from .targets import targets_command
from .verify import verify_command

collect_app = typer.Typer(
    name="collect",
    help="A drive from form to verified copy: eye tracker and phone, before, during and after.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
for _name, _command in (
    ("devices", devices_command),
    ("preflight", preflight_command),
    ("record", record_command),
    ("resume", resume_command),
    ("status", status_command),
    ("event", event_command),
    ("stop", stop_command),
    ("serve", serve_command),
    ("offload", offload_command),
    ("verify", verify_command),
    ("targets", targets_command),
    ("simulate-device", simulate_device_command),
):
    collect_app.command(_name, cls=SafeCommand)(_command)
