import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fake_batch():
    """The function of `../networks/fake_batch.py`."""
    path = Path(__file__).parents[1] / "networks" / "fake_batch.py"
    spec = importlib.util.spec_from_file_location("adaptation_fake_batch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fake_batch
