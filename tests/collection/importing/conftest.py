"""Recordings as they come off the devices."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    path = Path(__file__).parents[2] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("tiny_session", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made(tiny, tmp_path_factory) -> Path:
    """Short files: the content does not matter here."""
    folder = tmp_path_factory.mktemp("made")
    times_s = tiny.times_of(2.0)
    sound = tiny.make_noise(2.0)
    tiny.write_road(folder / "road.mp4", times_s=times_s, sound=sound)
    tiny.write_driver(folder / "driver.mp4", times_s=times_s)
    tiny.write_location(folder / "location.csv")
    tiny.write_tracker(folder / "eye_tracker", duration_s=2.0)
    return folder


@pytest.fixture
def card(tiny, made, tmp_path) -> Path:
    """A folder with the files of one drive."""
    return tiny.copy_of(made, tmp_path / "card")
