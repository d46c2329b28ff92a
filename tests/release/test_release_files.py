"""What is in wheel and sdist, and that the checks of a release would see if it were not."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("build", reason="the package `build` is not installed")
pytest.importorskip("readme_renderer", reason="the package readme-renderer is not installed")

ROOT = Path(__file__).resolve().parents[2]
VERSION = "7.8.9"

_spec = importlib.util.spec_from_file_location("build_checks", ROOT / "scripts" / "build_checks.py")
checks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(checks)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The source as an archive would hold it: with tests and symlinks, without what lies about."""
    tree = tmp_path_factory.mktemp("release") / "tree"
    tree.mkdir()
    leave = shutil.ignore_patterns("__pycache__", "_version.txt", "*.part")
    for name in ("alignment", "collection", "dashgaze", "docs", "schemas", "scripts"):
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=leave)
    (tree / "tests").mkdir()
    (tree / "tests" / "test_one.py").write_text("x = 1\n", encoding="utf-8")
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tree / path.name)
    return tree


@pytest.fixture(scope="module")
def dist(tree):
    """Both of them; the wheel is built from the sdist."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", tree.parent / "dist", tree],
        env=os.environ | {"SETUPTOOLS_SCM_PRETEND_VERSION": VERSION},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tree.parent / "dist"


@pytest.fixture(scope="module")
def wheel(dist):
    return dist / f"dashgaze-{VERSION}-py3-none-any.whl"


def test_the_wheel_holds_the_tree_and_nothing_else(tree, wheel):
    assert checks.wheel_faults(tree, wheel) == []


def test_data_files_of_every_kind_are_in_it(wheel):
    names = set(checks.contents_of(wheel))
    assert {Path(name).suffix for name in names} >= {
        ".css",
        ".html",
        ".j2",
        ".js",
        ".json",
        ".typed",
    }
    assert "dashgaze/collection/page/static/index.html" in names
    assert "dashgaze/schemas/session_v1.schema.json" in names


def test_the_sdist_holds_what_the_wheel_is_built_from(tree, dist):
    assert checks.sdist_faults(tree, dist / f"dashgaze-{VERSION}.tar.gz") == []


def test_an_index_can_show_it(tree, wheel):
    assert checks.metadata_faults(tree, wheel) == []


def test_the_wheel_knows_its_version(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import dashgaze; print(dashgaze.__version__)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == VERSION


def changed(wheel, to, *, without="", add=None, text=b""):
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            if name != without:
                new.writestr(name, old.read(name))
        if add:
            new.writestr(add, text)
    return to


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"without": "dashgaze/py.typed"}, "lacks dashgaze/py.typed"),
        ({"without": "dashgaze/alignment/camera.py"}, "lacks dashgaze/alignment/camera.py"),
        ({"add": "tests/test_one.py"}, "must not hold tests/test_one.py"),
        ({"add": "collection/__init__.py"}, "must not hold collection/__init__.py"),
        (
            {"without": "dashgaze/errors.py", "add": "dashgaze/errors.py", "text": b"x"},
            "dashgaze/errors.py is not the tree's",
        ),
    ],
)
def test_a_wrong_wheel_is_told(tree, wheel, tmp_path, change, told):
    wrong = changed(wheel, tmp_path / wheel.name, **change)
    (fault,) = checks.wheel_faults(tree, wrong)
    assert told in fault
    assert checks.differing(wheel, wrong)


def test_a_package_that_the_list_forgets_is_told(tree, wheel):
    new = tree / "collection" / "forgotten"
    new.mkdir()
    (new / "__init__.py").touch()
    try:
        (fault,) = checks.wheel_faults(tree, wheel)
    finally:
        shutil.rmtree(new)
    assert fault.endswith("lacks dashgaze/collection/forgotten/__init__.py")


def test_metadata_that_is_not_the_projects_is_told(tree, wheel, tmp_path):
    wrong = tmp_path / "dashgaze-1.0.0-py3-none-any.whl"
    name = f"dashgaze-{VERSION}.dist-info/METADATA"
    with zipfile.ZipFile(wheel) as old:
        text = re.sub("(?m)^Requires-Dist: av.*\n", "", old.read(name).decode())
    changed(wheel, wrong, without=name, add=name, text=text.encode())
    faults = checks.metadata_faults(tree, wrong)
    assert any(f"says that it is {VERSION}" in fault for fault in faults)
    assert any("needs other packages" in fault for fault in faults)
