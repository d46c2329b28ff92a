"""Drives to report on: five seconds with all stages run, and small made-up ones."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from dashgaze.progress import silent
from dashgaze.reports.drive import Drive
from dashgaze.reports.gathering import look_at
from dashgaze.session import open_session
from dashgaze.stages.align import align


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    path = Path(__file__).parents[1] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("tiny_session", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def whole_session(tiny, tmp_path_factory) -> Path:
    return tiny.write_session(tmp_path_factory.mktemp("made") / "tiny")


@pytest.fixture
def raw_session(tiny, whole_session, tmp_path) -> Path:
    """Half a minute as it was recorded: no stage has run."""
    return tiny.copy_of(whole_session, tmp_path / "tiny")


@pytest.fixture(scope="session")
def aligned_drive(made_drive, short_drive, tmp_path_factory) -> Path:
    """The short drive, its offset set by hand, all stages run; to be copied."""
    root = short_drive.copy_of(made_drive, tmp_path_factory.mktemp("reports") / "short")
    align(short_drive.set_clocks(root))
    return root


@pytest.fixture
def done(aligned_drive, short_drive, tmp_path) -> Path:
    return short_drive.copy_of(aligned_drive, tmp_path / "short")


@pytest.fixture(scope="session")
def seen_drive(aligned_drive) -> Drive:
    """What there is to know of the short drive; parts of it are replaced to be judged."""
    return look_at(open_session(aligned_drive), listen=True, progress=silent)


@pytest.fixture
def figures() -> Callable[[Path], dict]:
    """Read report.json beside a page, strictly."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    def read(page: Path) -> dict:
        return json.loads(page.with_name("report.json").read_text("utf-8"), parse_constant=refuse)

    return read
