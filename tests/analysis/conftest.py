"""Studies for tests of the analyses: in memory, and one packed on disk."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from dashgaze.analysis.contract.study import Study


@pytest.fixture(scope="session")
def made_study() -> ModuleType:
    """How studies for tests are made: `study_of`, `made_session`, `plain_session`."""
    name = "made_study"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def study_of(made_study) -> Callable[..., Study]:
    """Simulate a study in memory: ``study_of(effects, sessions=12, minutes=4.0, seed=7, drivers=None)``."""
    return made_study.study_of


@pytest.fixture(scope="session")
def label_study(made_study) -> Study:
    """Twelve simulated sessions of 4 minutes with the usual effects: labels only, never on disk."""
    return made_study.study_of()


@pytest.fixture(scope="session")
def packed_labels(tmp_path_factory) -> Path:
    """A packed data set of six simulated sessions of half a minute; not to be changed."""
    from dashgaze.collection.simulation.story.labels import simulate_labels
    from dashgaze.dataset.packing import assembly
    from dashgaze.dataset.packing.pack import pack

    def write_short_papers(folder, manifest, about, **_):
        card = f"---\npretty_name: Six made-up drives\nconfigs: []\n---\nbuild-{manifest.build}\n"
        (folder / "README.md").write_text(card, encoding="utf-8")
        return [folder / "README.md"]

    folder = tmp_path_factory.mktemp("packed_labels")
    simulate_labels(folder / "drives", sessions=6, drivers=5, minutes=0.5, seed=3)
    with pytest.MonkeyPatch.context() as patched:
        # Papers have drawings that take longer than all the rest.
        patched.setattr(assembly, "write_papers", write_short_papers)
        pack(folder / "drives", folder / "dashgaze")
    return folder / "dashgaze"
