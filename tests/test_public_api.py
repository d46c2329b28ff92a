"""What ``import dashgaze`` gives, and what it costs."""

import importlib
import subprocess
import sys

import pytest

import dashgaze

PUBLIC = [
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
HEAVY = ("av", "cv2", "datasets", "librosa", "numba", "numpy", "pandas", "pydantic", "scipy")


def test_the_names_are_these():
    assert dashgaze.__all__ == PUBLIC
    assert sorted(dashgaze.__all__) == dashgaze.__all__
    assert set(PUBLIC) <= set(dir(dashgaze))


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_each_name_is_the_function_of_its_home(name):
    home = importlib.import_module(dashgaze._HOMES[name], "dashgaze")
    assert getattr(dashgaze, name) is getattr(home, name)
    assert callable(getattr(dashgaze, name))


def test_the_homes_are_those_of_the_names():
    assert sorted(dashgaze._HOMES) == [name for name in PUBLIC if name != "__version__"]


def test_other_names_are_told():
    with pytest.raises(AttributeError, match="has no attribute 'snyc'"):
        _ = dashgaze.snyc


def test_importing_it_is_cheap():
    code = (
        "import sys, time; start = time.perf_counter(); import dashgaze\n"
        "print(time.perf_counter() - start)\n"
        f"print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    seconds, loaded = result.stdout.split("\n")[:2]
    assert loaded == ""
    assert float(seconds) < 1.0  # 0.02 s on an idle machine
