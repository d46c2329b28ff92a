"""The version, as setuptools-scm wrote it down when dashgaze was built or installed."""

from pathlib import Path


def _written_version() -> str:
    try:
        return Path(__file__).with_name("_version.txt").read_text(encoding="utf-8").strip()
    except OSError:  # a source tree that was never installed
        return "0+unknown"


__version__ = _written_version()
