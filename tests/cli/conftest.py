"""Running the command line, with and without the engines behind it."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

from dashgaze.cli import app


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
def run():
    """Run dashgaze with arguments; anything but an exit is an error of the test."""

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def run_json(run):
    """Run dashgaze with --json; give the exit code and the one object on stdout."""

    def invoke(*arguments: object) -> tuple[int, dict]:
        result = run(*arguments, "--json")
        content = json.loads(result.stdout)
        assert isinstance(content, dict)
        return result.exit_code, content

    return invoke


@pytest.fixture
def stand_in(monkeypatch):
    """Put a module in the place of a stage."""

    def put(name: str, **content: object) -> None:
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)

    return put
