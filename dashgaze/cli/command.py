"""How every command ends when something is wrong with its input, and options that many share."""

import json
import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from dashgaze.errors import DashgazeError, ManifestError

BAD_INPUT = 1
DOUBTFUL = 3
FAILED = 4

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of text.", show_default=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", show_default=False)]
Force = Annotated[
    bool,
    typer.Option("--force", help="Do it again even if nothing has changed.", show_default=False),
]


class SafeCommand(TyperCommand):
    """A command that tells a user's mistake in one paragraph and exits with code 1.

    Anything else that goes wrong is a fault of dashgaze and stays an exception.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DashgazeError as error:
            if ctx.params.get("as_json"):
                print_json({"error": _error_object(error)})
            else:
                typer.echo("error: " + re.sub(r"\s*\n\s*", " ", str(error)), err=True)
            raise typer.Exit(BAD_INPUT) from error


def print_json(content: dict[str, Any]) -> None:
    """Print one object on stdout, in ASCII: not every terminal and pipe takes more."""
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


def _error_object(error: DashgazeError) -> dict[str, Any]:
    content: dict[str, Any] = {
        "type": type(error).__name__,
        "what": error.what,
        "fix": error.fix,
        "path": None if error.path is None else str(error.path),
    }
    if isinstance(error, ManifestError):
        content["problems"] = list(error.problems)
    return content
