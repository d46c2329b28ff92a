"""Networks and frames whose truth is known; `planted.py` makes them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def planted() -> ModuleType:
    """The module of planted networks and frames."""
    name = "explanation_planted"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "planted.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture
def red_eye(planted: ModuleType) -> Any:
    """A network that sees the driver's left eye only."""
    return planted.RedEye().eval()


@pytest.fixture
def frames(planted: ModuleType, red_eye: Any) -> Any:
    """Eight frames of two sessions."""
    return planted.make_frames(red_eye)


@pytest.fixture
def maps(red_eye: Any, frames: Any) -> Any:
    """The canonical maps of the network that sees the left eye only."""
    from dashgaze.models.explanation.face_surface import face_surface
    from dashgaze.models.explanation.model_saliency import frame_maps

    return frame_maps(red_eye, frames, face_surface(), "face", every=2)
