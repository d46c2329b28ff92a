"""Fixtures for all rooms."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings that lie beside the project and are not part of it."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (../shared/data) are not here")
    return folder
