"""dashgaze: record, synchronise, align, publish and model naturalistic driver gaze.

Importing this package is cheap; what a name needs is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .analysis.presentation.analyze import analyze
    from .analysis.presentation.options import AnalyzeOptions
    from .checks import check
    from .collection.importing import import_session
    from .collection.simulation.session.simulate import SimulateOptions, simulate
    from .dataset.exchange.bids import export_bids
    from .dataset.exchange.hub import export_hub
    from .dataset.exchange.published import read_published
    from .dataset.packing.options import PackOptions
    from .dataset.packing.pack import pack
    from .dataset.packing.pack_result import PackResult
    from .dataset.packing.withdraw import withdraw
    from .dataset.privacy.anonymize import anonymize
    from .dataset.privacy.options import AnonymizeOptions
    from .dataset.reading.frame_pictures import open_video
    from .dataset.reading.loading import load_dataset
    from .dataset.reading.validate import validate
    from .demonstration import demo
    from .engine.run import RunOptions, run
    from .engine.settings import Settings
    from .engine.status import status
    from .host import doctor
    from .models.compression.compress import compress
    from .models.compression.options import CompressOptions
    from .models.evaluation import EvaluateOptions, evaluate
    from .models.explanation.explain import explain
    from .models.explanation.options import ExplainOptions
    from .models.prediction import PredictOptions, predict
    from .models.training.options import TrainOptions
    from .models.training.train import train
    from .rendering import RenderOptions, render
    from .reports import ReportOptions, report
    from .session import find_sessions, open_session
    from .stages.align import AlignOptions, align
    from .stages.faces import FacesOptions, faces
    from .stages.frames import frames
    from .stages.match import MatchResult, match
    from .stages.offset import offset
    from .stages.sync import sync
    from .stages.vanishing_point import VanishingPointOptions, vanishing_point
    from .viewing import ViewOptions, view

__all__ = [
    "AlignOptions",
    "AnalyzeOptions",
    "AnonymizeOptions",
    "CompressOptions",
    "EvaluateOptions",
    "ExplainOptions",
    "FacesOptions",
    "MatchResult",
    "PackOptions",
    "PackResult",
    "PredictOptions",
    "RenderOptions",
    "ReportOptions",
    "RunOptions",
    "Settings",
    "SimulateOptions",
    "TrainOptions",
    "VanishingPointOptions",
    "ViewOptions",
    "__version__",
    "align",
    "analyze",
    "anonymize",
    "check",
    "compress",
    "demo",
    "doctor",
    "evaluate",
    "explain",
    "export_bids",
    "export_hub",
    "faces",
    "find_sessions",
    "frames",
    "import_session",
    "load_dataset",
    "match",
    "offset",
    "open_session",
    "open_video",
    "pack",
    "predict",
    "read_published",
    "render",
    "report",
    "run",
    "simulate",
    "status",
    "sync",
    "train",
    "validate",
    "vanishing_point",
    "view",
    "withdraw",
]

_HOMES = {
    "AlignOptions": ".stages.align",
    "AnalyzeOptions": ".analysis.presentation.options",
    "AnonymizeOptions": ".dataset.privacy.options",
    "CompressOptions": ".models.compression.options",
    "EvaluateOptions": ".models.evaluation",
    "ExplainOptions": ".models.explanation.options",
    "FacesOptions": ".stages.faces",
    "MatchResult": ".stages.match",
    "PackOptions": ".dataset.packing.options",
    "PackResult": ".dataset.packing.pack_result",
    "PredictOptions": ".models.prediction",
    "RenderOptions": ".rendering",
    "ReportOptions": ".reports",
    "RunOptions": ".engine.run",
    "Settings": ".engine.settings",
    "SimulateOptions": ".collection.simulation.session.simulate",
    "TrainOptions": ".models.training.options",
    "VanishingPointOptions": ".stages.vanishing_point",
    "ViewOptions": ".viewing",
    "align": ".stages.align",
    "analyze": ".analysis.presentation.analyze",
    "anonymize": ".dataset.privacy.anonymize",
    "check": ".checks",
    "compress": ".models.compression.compress",
    "demo": ".demonstration",
    "doctor": ".host",
    "evaluate": ".models.evaluation",
    "explain": ".models.explanation.explain",
    "export_bids": ".dataset.exchange.bids",
    "export_hub": ".dataset.exchange.hub",
    "faces": ".stages.faces",
    "find_sessions": ".session",
    "frames": ".stages.frames",
    "import_session": ".collection.importing",
    "load_dataset": ".dataset.reading.loading",
    "match": ".stages.match",
    "offset": ".stages.offset",
    "open_session": ".session",
    "open_video": ".dataset.reading.frame_pictures",
    "pack": ".dataset.packing.pack",
    "predict": ".models.prediction",
    "read_published": ".dataset.exchange.published",
    "render": ".rendering",
    "report": ".reports",
    "run": ".engine.run",
    "simulate": ".collection.simulation.session.simulate",
    "status": ".engine.status",
    "sync": ".stages.sync",
    "train": ".models.training.train",
    "validate": ".dataset.reading.validate",
    "vanishing_point": ".stages.vanishing_point",
    "view": ".viewing",
    "withdraw": ".dataset.packing.withdraw",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
