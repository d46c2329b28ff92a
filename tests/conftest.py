"""Fixtures for all rooms."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

# How long an example takes says something of the machine, and of what has to be compiled first.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _ffmpeg_says_nothing() -> None:
    """Undo what the eye tracker's library does when a test file imports it; see `import_extra`."""
    if "av" in sys.modules:
        sys.modules["av"].logging.set_level(None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings that lie beside the project and are not part of it."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (../shared/data) are not here")
    return folder


@pytest.fixture(scope="session")
def short_drive() -> ModuleType:
    """A short simulated drive with truth, and ways to damage it."""
    path = Path(__file__).parent / "short_drive.py"
    spec = importlib.util.spec_from_file_location("short_drive", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["short_drive"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made_drive(short_drive: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drive as it was recorded; made once, to be copied."""
    return short_drive.make_drive(tmp_path_factory.mktemp("short") / "made")
