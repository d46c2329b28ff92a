"""Importing the eye tracker's library changes nothing for the rest of the process."""

import subprocess
import sys

import pytest

pytest.importorskip("pupil_labs.realtime_api", reason="the extra `collect` is not installed")


def test_ffmpeg_is_as_silent_as_before():
    # In a process of its own: here the library is imported already.
    code = (
        "import av\n"
        "from dashgaze.collection.companion.extra import import_extra\n"
        "before = av.logging.get_level()\n"
        "import_extra('pupil_labs.realtime_api')\n"
        "assert av.logging.get_level() == before, av.logging.get_level()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
