"""The rooms of the house: what is installed is what is there."""

import importlib.resources
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("alignment", "collection", "schemas")
FOLDERS = {"alignment", "collection", "dashgaze", "docs", "schemas", "scripts", "tests"}
MOST_LINES = 500


def packages_in(folder: Path, name: str) -> set[str]:
    """All packages in a folder; links are other rooms."""
    found = {name} if (folder / "__init__.py").is_file() else set()
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink() and entry.name != "__pycache__":
            found |= packages_in(entry, f"{name}.{entry.name}")
    return found


def test_every_package_is_installed():
    found = packages_in(ROOT / "dashgaze", "dashgaze")
    for room in ROOMS:
        found |= packages_in(ROOT / room, f"dashgaze.{room}")
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert len(listed) == len(set(listed))
    assert set(listed) == found


def test_every_folder_with_code_is_a_package():
    for room in ("dashgaze", *ROOMS):
        for path in (ROOT / room).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), path


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_mapped_and_linked(room):
    link = ROOT / "dashgaze" / room
    assert PROJECT["tool"]["setuptools"]["package-dir"][f"dashgaze.{room}"] == room
    assert link.samefile(ROOT / room)
    assert not Path(link.readlink()).is_absolute()


def test_there_are_no_other_rooms():
    folders = {
        entry.name
        for entry in ROOT.iterdir()
        if entry.is_dir()
        and not entry.name.startswith(".")
        and not entry.name.endswith(".egg-info")
        and entry.name not in ("build", "dist", "demo", "out", "site")
    }
    assert folders == FOLDERS


def test_types_are_shipped():
    assert importlib.resources.files("dashgaze").joinpath("py.typed").read_bytes() == b""
    assert "py.typed" in PROJECT["tool"]["setuptools"]["package-data"]["dashgaze"]


def test_contracts_are_shipped():
    names = {path.name for path in (ROOT / "schemas").glob("*.json")}
    schemas = importlib.resources.files("dashgaze.schemas")
    assert names
    assert all(schemas.joinpath(name).is_file() for name in names)


def test_every_top_level_module_has_a_layer():
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {name for layer in layers for name in layer.split(" | ")}
    there = {
        entry.stem
        for entry in (ROOT / "dashgaze").iterdir()
        if entry.suffix == ".py" or (entry / "__init__.py").is_file()
    } - {"__init__"}
    assert named == there


def sources() -> list[Path]:
    return sorted(
        path
        for room in ("dashgaze", *ROOMS)
        for path in (ROOT / room).rglob("*.py")
        if "__pycache__" not in path.parts
    )


def test_no_file_is_too_long():
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_file_is_a_drawer():
    assert not [path for path in sources() if path.stem in ("utils", "helpers", "misc", "common")]


def test_test_names_are_unique():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))
