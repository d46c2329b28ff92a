"""dashgaze: record, synchronise, align, publish and model naturalistic driver gaze.

Importing this package is cheap; what a name needs is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .checks import check
    from .collection.importing import import_session
    from .collection.simulation.session.simulate import SimulateOptions, simulate
    from .demonstration import demo
    from .rendering import RenderOptions, render
    from .reports import ReportOptions, report
    from .session import find_sessions, open_session
    from .stages.align import AlignOptions, align
    from .stages.frames import frames
    from .stages.match import MatchResult, match
    from .stages.offset import offset
    from .stages.sync import sync
    from .viewing import ViewOptions, view

__all__ = [
    "AlignOptions",
    "MatchResult",
    "RenderOptions",
    "ReportOptions",
    "SimulateOptions",
    "ViewOptions",
    "__version__",
    "align",
    "check",
    "demo",
    "find_sessions",
    "frames",
    "import_session",
    "match",
    "offset",
    "open_session",
    "render",
    "report",
    "simulate",
    "sync",
    "view",
]

_HOMES = {
    "AlignOptions": ".stages.align",
    "MatchResult": ".stages.match",
    "RenderOptions": ".rendering",
    "ReportOptions": ".reports",
    "SimulateOptions": ".collection.simulation.session.simulate",
    "ViewOptions": ".viewing",
    "align": ".stages.align",
    "check": ".checks",
    "demo": ".demonstration",
    "find_sessions": ".session",
    "frames": ".stages.frames",
    "import_session": ".collection.importing",
    "match": ".stages.match",
    "offset": ".stages.offset",
    "open_session": ".session",
    "render": ".rendering",
    "report": ".reports",
    "simulate": ".collection.simulation.session.simulate",
    "sync": ".stages.sync",
    "view": ".viewing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
