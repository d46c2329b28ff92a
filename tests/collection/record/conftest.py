import importlib.util
import sys
from pathlib import Path

import pytest

# Test folders are no packages; the made-up devices are also run by processes that get killed.
_NAME = "record_field_fakes"
_PATH = Path(__file__).with_name("field_fakes.py")
if _NAME not in sys.modules:
    _spec = importlib.util.spec_from_file_location(_NAME, _PATH)
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_NAME] = _module
    _spec.loader.exec_module(_module)


@pytest.fixture
def fakes():
    return sys.modules[_NAME]
