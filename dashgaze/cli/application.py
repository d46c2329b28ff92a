"""All commands, and how the program ends."""

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from dashgaze._version import __version__

from .align import align_command
from .analyze import analyze_command
from .anonymize import anonymize_command
from .check import check_command
from .collect.application import collect_app
from .command import SafeCommand
from .compress import compress_command
from .demo import demo_command
from .detect_objects import detect_objects_command
from .doctor import doctor_command
from .evaluate import evaluate_command
from .explain import explain_command
from .export import export_command
from .faces import faces_command
from .frames import frames_command
from .import_ import import_command
from .match import match_command
from .offset import offset_command
from .pack import pack_command
from .predict import predict_command
from .published import published_command
from .render import render_command
from .report import report_command
from .run import run_command
from .score_saliency import score_saliency_command
from .simulate import simulate_command
from .status import status_command
from .sync import sync_command
from .train import train_command
from .validate import validate_command
from .vanishing_point import vanishing_point_command
from .view import view_command
from .withdraw import withdraw_command

app = typer.Typer(
    name="dashgaze",
    help="Record, synchronise, align, publish and model naturalistic driver gaze.",
    epilog="Exit codes: 0 done, 1 bad input, 2 usage, 3 verdict doubtful, 4 verdict failed.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback is for developers; what users can mend is told by SafeCommand.
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
# In the order in which a drive passes through them.
app.command("demo", cls=SafeCommand)(demo_command)
app.command("doctor", cls=SafeCommand)(doctor_command)
app.command("simulate", cls=SafeCommand)(simulate_command)
app.add_typer(collect_app)
app.command("import", cls=SafeCommand)(import_command)
app.command("check", cls=SafeCommand)(check_command)
app.command("run", cls=SafeCommand)(run_command)
app.command("status", cls=SafeCommand)(status_command)
app.command("sync", cls=SafeCommand)(sync_command)
app.command("frames", cls=SafeCommand)(frames_command)
app.command("align", cls=SafeCommand)(align_command)
app.command("vanishing-point", cls=SafeCommand)(vanishing_point_command)
app.command("faces", cls=SafeCommand)(faces_command)
app.command("report", cls=SafeCommand)(report_command)
app.command("render", cls=SafeCommand)(render_command)
app.command("view", cls=SafeCommand)(view_command)
app.command("anonymize", cls=SafeCommand)(anonymize_command)
app.command("pack", cls=SafeCommand)(pack_command)
app.command("validate", cls=SafeCommand)(validate_command)
app.command("withdraw", cls=SafeCommand)(withdraw_command)
app.command("export", cls=SafeCommand)(export_command)
app.command("published", cls=SafeCommand)(published_command)
app.command("analyze", cls=SafeCommand)(analyze_command)
app.command("train", cls=SafeCommand)(train_command)
app.command("evaluate", cls=SafeCommand)(evaluate_command)
app.command("predict", cls=SafeCommand)(predict_command)
app.command("explain", cls=SafeCommand)(explain_command)
app.command("compress", cls=SafeCommand)(compress_command)
app.command("score-saliency", cls=SafeCommand)(score_saliency_command)
app.command("detect-objects", cls=SafeCommand)(detect_objects_command)
app.command("offset", cls=SafeCommand)(offset_command)
app.command("match", cls=SafeCommand)(match_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dashgaze {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # an arrow must not end it on an old console
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
