"""Small packed data sets, and a Hub that is not there."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made() -> ModuleType:
    return _module("made_dataset")


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    return _module("stand_in_hub")


@pytest.fixture
def dataset(made, tmp_path) -> Path:
    return made.make_dataset(tmp_path / "dashgaze")


@pytest.fixture
def hub(stand_in, monkeypatch, tmp_path):
    """Give a Hub, and let nothing of this machine's own account be seen."""
    from huggingface_hub import constants

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    # The stand-in stores files as LFS does; Xet's storage is a service of its own.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with stand_in.running_hub() as running:
        yield running
