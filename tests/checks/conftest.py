"""A session without a fault, made once, and a copy of it to spoil."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_PATH = Path(__file__).parents[1] / "tiny_session.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tiny_session", _PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    return _load()


@pytest.fixture(scope="session")
def whole_session(tiny, tmp_path_factory) -> Path:
    return tiny.write_session(tmp_path_factory.mktemp("made") / "tiny")


@pytest.fixture
def session(tiny, whole_session, tmp_path) -> Path:
    return tiny.copy_of(whole_session, tmp_path / "tiny")
