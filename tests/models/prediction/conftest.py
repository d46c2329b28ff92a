"""What tests of prediction share; `planted_drive.py` makes it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def drive() -> ModuleType:
    """The module of the planted drive."""
    name = "prediction_planted_drive"
    if name not in sys.modules:
        path = Path(__file__).with_name("planted_drive.py")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def driver_video(drive, tmp_path_factory) -> Path:
    return drive.write_driver(tmp_path_factory.mktemp("driver") / "driver.mp4")


@pytest.fixture(scope="session")
def road_video(drive, tmp_path_factory) -> Path:
    return drive.write_road(tmp_path_factory.mktemp("road") / "road.mp4")


@pytest.fixture
def nose_pointer(drive, tmp_path, monkeypatch) -> Path:
    """A checkpoint of the network that points where the nose is."""
    from dashgaze.models.networks import registry

    monkeypatch.setitem(registry._NETWORKS, "nose_pointer", drive.NosePointer)
    return drive.write_checkpoint(tmp_path / "nose_pointer", drive.NosePointer())
