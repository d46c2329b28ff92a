"""The harness of the fuzzing lies here; its modules import one another by name."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def small_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of a drive with all that its stages and a drive in the field leave; not to be changed."""
    from seed_sessions import write_session

    return write_session(tmp_path_factory.mktemp("seed") / "session")
