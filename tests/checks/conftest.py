"""A session without a fault, made once, and a copy of it to spoil."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from dashgaze.checks import CheckReport, Finding


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
def session(tiny, whole_session, tmp_path) -> Path:
    return tiny.copy_of(whole_session, tmp_path / "tiny")


@pytest.fixture
def change_manifest():
    """Replace a text of a session's manifest."""

    def change(session: Path, old: str, new: str) -> None:
        path = session / "session.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


@pytest.fixture
def only():
    """Give the one finding of a code."""

    def find(report: CheckReport, code: str) -> Finding:
        found = [finding for finding in report.findings if finding.code == code]
        assert len(found) == 1, [finding.code for finding in report.findings]
        return found[0]

    return find
