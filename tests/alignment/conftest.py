"""What several tests of the alignment share."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def made_scene() -> ModuleType:
    path = Path(__file__).parent / "made_scene.py"
    spec = importlib.util.spec_from_file_location("made_scene", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
