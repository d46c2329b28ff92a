import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fake_batch():
    """The function of `fake_batch.py`."""
    path = Path(__file__).parent / "fake_batch.py"
    spec = importlib.util.spec_from_file_location("networks_fake_batch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fake_batch
