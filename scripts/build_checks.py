"""What is in a built wheel and sdist, against the tree that they were built from.

    python scripts/build_checks.py TREE DIST

The lists are made from the tree, not from what the build says of itself: a package that pyproject.toml
forgets, a data file of a new kind, a test or a symlinked copy that slips in: all are told.
"""

import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from packaging.metadata import Metadata
from packaging.requirements import Requirement

ROOMS = {"dashgaze": "dashgaze"} | {
    f"dashgaze/{room}": room for room in ("alignment", "collection", "schemas")
}
"""Folder in the wheel: folder in the tree."""

WRITTEN_BY_BUILD = "dashgaze/_version.txt"
LEFT_OUT = ("README.md",)
"""Files beside the code that are for developers."""

SDIST_TOP = frozenset(
    {
        *("CHANGELOG.md", "CITATION.cff", "DATASHEET.md", "LICENSE", "MANIFEST.in", "PKG-INFO"),
        *("README.md", "pyproject.toml", "setup.cfg"),
        *("alignment", "collection", "dashgaze", "dashgaze.egg-info", "schemas"),
    }
)


def files_of(tree: Path) -> set[str]:
    """List what a wheel has to hold, by the names that it has there."""
    return {WRITTEN_BY_BUILD} | {
        f"{inside}/{path.relative_to(tree / room).as_posix()}"
        for inside, room in ROOMS.items()
        for path in _walk(tree / room)
        if path.name not in LEFT_OUT
    }


def _walk(folder: Path) -> Iterator[Path]:
    """Give the files of a folder; links are other rooms."""
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _walk(entry)
        else:
            yield entry


def contents_of(wheel: Path) -> dict[str, bytes]:
    """Read the files of a wheel, but for what describes it."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name)
            for name in archive.namelist()
            if ".dist-info/" not in name and not name.endswith("/")
        }


def wheel_faults(tree: Path, wheel: Path) -> list[str]:
    """Say what is missing in a wheel, what must not be there, and what differs from the tree."""
    wanted, there = files_of(tree), contents_of(wheel)
    faults = [f"{wheel.name} lacks {name}" for name in sorted(wanted - set(there))]
    faults += [f"{wheel.name} must not hold {name}" for name in sorted(set(there) - wanted)]
    for name in sorted(wanted & set(there) - {WRITTEN_BY_BUILD}):
        inside = next(key for key in sorted(ROOMS, reverse=True) if name.startswith(f"{key}/"))
        if (tree / ROOMS[inside] / name[len(inside) + 1 :]).read_bytes() != there[name]:
            faults.append(f"{wheel.name}: {name} is not the tree's")
    return faults


def sdist_faults(tree: Path, sdist: Path) -> list[str]:
    """Say what is missing in an sdist and what must not be there."""
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    links = [each.name for each in members if not (each.isreg() or each.isdir())]
    faults = [f"{sdist.name} holds a link: {name}" for name in links]
    names = {each.name.partition("/")[2] for each in members if each.isreg()}
    wanted = {
        path.relative_to(tree).as_posix()
        for room in ROOMS.values()
        for path in _walk(tree / room)
        if path.name not in LEFT_OUT
    }
    faults += [f"{sdist.name} lacks {name}" for name in sorted(wanted - names)]
    top = {name.partition("/")[0] for name in names}
    faults += [f"{sdist.name} must not hold {name}" for name in sorted(top - SDIST_TOP)]
    copies = {
        name for name in names if name.startswith(tuple(f"{key}/" for key in ROOMS if "/" in key))
    }
    faults += [f"{sdist.name} holds a room twice: {name}" for name in sorted(copies)]
    return faults


def metadata_faults(tree: Path, wheel: Path) -> list[str]:
    """Validate what an index is told: fields, licence, extras, and a README that it can show."""
    from readme_renderer import markdown

    with zipfile.ZipFile(wheel) as archive:
        folder = next(
            name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name
        )
        raw = archive.read(f"{folder}/METADATA")
        licences = [name for name in archive.namelist() if name.startswith(f"{folder}/licenses/")]
    told = Metadata.from_email(raw, validate=True)
    project: dict[str, Any] = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]
    faults = []
    if str(told.version) != wheel.name.split("-")[1]:
        faults.append(f"{wheel.name} says that it is {told.version}")
    if told.license_expression != project["license"] or not licences:
        faults.append(f"{wheel.name} does not carry its licence")
    if set(told.provides_extra or ()) != set(project["optional-dependencies"]):
        faults.append(f"{wheel.name} offers other extras: {told.provides_extra}")
    core = {str(each) for each in told.requires_dist or () if "extra ==" not in str(each.marker)}
    if core != {str(Requirement(text)) for text in project["dependencies"]}:
        faults.append(f"{wheel.name} needs other packages: {sorted(core)}")
    kind = BytesParser().parsebytes(raw)["Description-Content-Type"]
    if not str(kind).startswith("text/markdown") or not markdown.render(told.description or ""):
        faults.append(f"{wheel.name}: its README can't be rendered as {kind}")
    return faults


def differing(wheel: Path, other: Path) -> list[str]:
    """Compare the files of two wheels, byte for byte."""
    first, second = contents_of(wheel), contents_of(other)
    return [
        f"{name} differs between {wheel} and {other}"
        for name in sorted(set(first) | set(second))
        if first.get(name) != second.get(name)
    ]


def main() -> int:
    """Check the one wheel and the one sdist of a folder."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    tree, dist = map(Path, sys.argv[1:])
    (wheel,), (sdist,) = sorted(dist.glob("*.whl")), sorted(dist.glob("*.tar.gz"))
    faults = [*wheel_faults(tree, wheel), *sdist_faults(tree, sdist), *metadata_faults(tree, wheel)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{wheel.name}: {len(contents_of(wheel))} files, {wheel.stat().st_size / 1e6:.1f} MB")
        print(f"{sdist.name}: {sdist.stat().st_size / 1e6:.1f} MB")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
