"""A small packed data set, for tests of what reads one."""

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def small_dataset() -> ModuleType:
    """How the small data set is made and changed."""
    name = "small_dataset"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def small_labels(small_dataset, tmp_path_factory) -> Path:
    """Six simulated drives without recordings."""
    return small_dataset.make_labels(tmp_path_factory.mktemp("labels") / "drives")


@pytest.fixture(scope="session")
def made_dataset(small_dataset, small_labels, tmp_path_factory) -> Path:
    """Six sessions with labels, two of them with videos; not to be changed."""
    folder = tmp_path_factory.mktemp("made") / "dashgaze"
    return small_dataset.build(folder, small_labels, videos=("session_001", "session_006"))


@pytest.fixture
def dataset_copy(made_dataset, tmp_path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(made_dataset, tmp_path / "copy" / "dashgaze"))


@pytest.fixture
def hub_cache(tmp_path, monkeypatch) -> Iterator[Path]:
    """Let `datasets` cache in an empty folder: what it cached before would be given instead."""
    import datasets

    cache = tmp_path / "hf_cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.delenv("DASHGAZE_ROOT", raising=False)
    monkeypatch.delenv("DASHGAZE_HUB", raising=False)
    datasets.disable_progress_bars()
    yield cache
    datasets.enable_progress_bars()
