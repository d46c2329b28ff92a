"""Pages shown in the user's browser."""

from pathlib import Path

import typer


def open_page(path: Path) -> None:
    """Show a page, or say that there is nothing to show it with."""
    import webbrowser

    try:
        shown = webbrowser.open(path.absolute().as_uri())
    except webbrowser.Error:
        shown = False
    if not shown:
        typer.echo(f"There is no browser here that can be opened; open {path} yourself.", err=True)
