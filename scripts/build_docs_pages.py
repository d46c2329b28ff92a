"""Pages of the documentation that are made, not written: a hook of mkdocs, see mkdocs.yml.

The command line from the Typer app, the Python interface from ``dashgaze.__all__``, the conventions and the
changelog from where they lie. They are never files, so that they can't be out of date.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

ROOT = Path(__file__).resolve().parents[1]

API_SECTIONS = {
    "Drives": ("session", "collection", "checks"),
    "Stages": ("stages", "engine", "remote"),
    "Looking at drives": ("reports", "rendering", "viewing"),
    "Data sets": ("dataset",),
    "Analyses": ("analysis",),
    "Models": ("models",),
    "The whole": ("demonstration", "host"),
}
"""Headings of the Python reference, and which rooms stand under each."""


def cli_page() -> str:
    """Write the reference of the command line."""
    import typer.main

    from dashgaze.cli.application import app

    program = typer.main.get_command(app)
    lines = ["# Command line", "", *_paragraphs(program.help), "", *_paragraphs(program.epilog), ""]
    lines += [
        "Every command has `--help`; those with `--json` print one object on stdout. Progress goes to stderr.",
        "",
    ]
    for name, command in program.commands.items():
        lines += _command(f"dashgaze {name}", command, "##")
    return "\n".join(lines) + "\n"


def _command(name: str, command: Any, mark: str) -> Iterator[str]:
    yield from (f"{mark} {name}", "", *_paragraphs(command.help), "")
    parts = getattr(command, "commands", None)
    if parts is not None:
        for part, inner in parts.items():
            yield from _command(f"{name} {part}", inner, mark + "#")
        return
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [
        each for each in command.params if each.param_type_name == "option" and each.name != "help"
    ]
    usage = " ".join([name, *("[OPTIONS]" if options else "",), *map(_argument, arguments)])
    yield from ("```text", " ".join(usage.split()), "```", "")
    rows = [(f"`{each.name.upper()}`", each) for each in arguments]
    rows += [(_flags(each), each) for each in options]
    if rows:
        yield from ("| | | default |", "|---|---|---|")
        for label, each in rows:
            text = _cell(getattr(each, "help", None) or "")
            kind = _kind(each)
            yield f"| {label} | {text}{f' *{kind}*' if kind else ''} | {_default(each)} |"
        yield ""


def _argument(parameter: Any) -> str:
    name = parameter.name.upper() + ("..." if parameter.nargs != 1 else "")
    return name if parameter.required else f"[{name}]"


def _flags(parameter: Any) -> str:
    return ", ".join(f"`{flag}`" for flag in (*parameter.opts, *parameter.secondary_opts))


def _kind(parameter: Any) -> str:
    """Give what may be given, where it is not any text or path."""
    if getattr(parameter, "is_flag", False):
        return ""
    choices = _choices(parameter.type_descriptor.annotation)
    if choices:
        return ", ".join(map(str, choices))
    ends = ("from", getattr(parameter, "min", None)), ("to", getattr(parameter, "max", None))
    return " ".join(f"{word} {value:g}" for word, value in ends if value is not None)


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Find the words of a `Literal` in a type."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(word for part in get_args(annotation) for word in _choices(part))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or value == () or getattr(parameter, "is_flag", False):
        return ""
    return f"`{value}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _paragraphs(text: str | None) -> list[str]:
    """Give the help of a command as it stands, without the indentation of the source."""
    lines = [line.strip() for line in (text or "").splitlines()]
    # A line to type stands by itself.
    text = re.sub(r"(?m)^(Example: )", r"\n\1", "\n".join(lines)).strip()
    return re.sub(r"\n{3,}", "\n\n", text).splitlines()


def api_page() -> str:
    """Write the reference of what ``import dashgaze`` gives."""
    import dashgaze

    lines = [
        "# Python",
        "",
        "What `import dashgaze` gives. A command and its function have the same name and do the same. Importing",
        "is cheap: what a name needs is imported when it is first used.",
        "",
    ]
    left = dict(dashgaze._HOMES)
    for title, rooms in API_SECTIONS.items():
        names = [name for name, home in left.items() if home.split(".")[1] in rooms]
        if names:
            lines += [f"## {title}", ""]
        # Functions first, each followed by its options.
        for name in sorted(names, key=lambda each: (_stem(each), each[0].isupper())):
            lines += [f"::: {identifier(left.pop(name), name)}", ""]
    if left:
        raise ValueError(
            f"scripts/build_docs_pages.py has no section for {', '.join(sorted(left))}"
        )
    return "\n".join(lines) + "\n"


def identifier(home: str, name: str) -> str:
    """Say where a public name is defined, by its home in ``dashgaze``.

    Of ``dashgaze.reports.report`` one can't tell the module from the function that the package has under this
    name: it is read as the module.
    """
    place = ROOT.joinpath("dashgaze", *home.strip(".").split("."))
    is_module = (place / f"{name}.py").is_file() or (place / name).is_dir()
    return f"dashgaze{home}.{name}.{name}" if is_module else f"dashgaze{home}.{name}"


def _stem(name: str) -> str:
    """Give the function that a class of options or results belongs to."""
    if not name[0].isupper():
        return name
    stem = re.sub(r"(Options|Result)$", "", name)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", stem).lower()


def conventions_page() -> str:
    """Give the conventions that are shipped with the package."""
    return (ROOT / "dashgaze" / "conventions.md").read_text(encoding="utf-8")


def changelog_page() -> str:
    """Give the changelog."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


MADE: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "changelog.md": changelog_page,
    "cli.md": cli_page,
    "conventions.md": conventions_page,
}
"""Pages that are made, by name."""


def present(nav: list[Any], folder: Path) -> list[Any]:
    """Leave pages out that are neither there nor made, and headings that nothing stands under."""
    kept: list[Any] = []
    for entry in nav:
        if isinstance(entry, str):
            if entry in MADE or (folder / entry).is_file():
                kept.append(entry)
            continue
        for title, target in entry.items():
            inner = present(target if isinstance(target, list) else [target], folder)
            if inner:
                kept.append({title: inner if isinstance(target, list) else inner[0]})
    return kept


def on_config(config: Any) -> Any:
    """Take out of the navigation what is not there."""
    config["nav"] = present(config["nav"], Path(config["docs_dir"]))
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Add the pages that are made."""
    from mkdocs.structure.files import File

    for name, write in MADE.items():
        files.append(File.generated(config, name, content=write()))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Give pages that stand alone the width of the list of pages, which would name them only."""
    if page.parent is None:
        page.meta.setdefault("hide", ["navigation"])
    return markdown
