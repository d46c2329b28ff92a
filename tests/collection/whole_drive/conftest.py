"""A whole drive: made-up eye tracker, a phone's page in a real browser or played, real commands."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")
pytest.importorskip("pupil_labs.realtime_api", reason="pupil-labs-realtime-api is not installed")

# Test folders are no packages; these modules are shared by the tests of this one.
for _name in (
    "road_sound",
    "observer",
    "browser_phone",
    "played_phone",
    "commands",
    "screenplay",
    "killed_drives",
    "adb_phone",
):
    _full = f"whole_drive_{_name}"
    if _full not in sys.modules:
        _spec = importlib.util.spec_from_file_location(
            _full, Path(__file__).with_name(f"{_name}.py")
        )
        _module = importlib.util.module_from_spec(_spec)
        sys.modules[_full] = _module
        _spec.loader.exec_module(_module)
