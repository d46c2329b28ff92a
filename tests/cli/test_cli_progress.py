"""The bar on stderr."""

import sys

import pytest

from dashgaze.cli.progress_bar import progress_bar
from dashgaze.progress import silent


@pytest.fixture
def pretend_terminal(monkeypatch):
    """Make the captured stderr of a test look like a terminal."""

    def pretend() -> None:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    return pretend


def test_nothing_where_stderr_is_no_terminal(capsys):
    with progress_bar() as progress:
        assert progress is silent
    assert capsys.readouterr() == ("", "")


def test_nothing_if_quiet(pretend_terminal):
    pretend_terminal()
    with progress_bar(quiet=True) as progress:
        assert progress is silent


def test_a_bar_on_stderr_alone(capsys, pretend_terminal):
    pretend_terminal()
    with progress_bar() as progress:
        progress("reading [road]", 0.5)
        progress("reading [road]", 1.5)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading [road]" in err
    assert "100%" in err
