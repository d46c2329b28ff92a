"""What the trial on a bare machine looks at, and what it would tell."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("build_try", ROOT / "scripts" / "build_try.py")
trial = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(trial)


@pytest.fixture
def loaded(tmp_path):
    folder = tmp_path / "loaded"
    folder.mkdir()

    def told(*names):
        (folder / "1").write_text("\n".join(names), encoding="utf-8")
        return trial._window_libraries(folder, tmp_path / "environment")

    return told


def test_a_library_of_a_window_system_is_told(loaded):
    (fault,) = loaded("/usr/lib/libGL.so.1", "/usr/lib/libm.so.6", "/x/cv2.abi3.so")
    assert fault.startswith("/usr/lib/libGL.so.1 was loaded")


def test_what_a_wheel_brings_along_is_not(loaded, tmp_path):
    assert loaded(f"{tmp_path}/environment/av.libs/libxcb-1.so", "/x/cv2.abi3.so") == []


def test_a_trial_that_saw_nothing_is_no_proof(loaded):
    (fault,) = loaded("/usr/lib/libm.so.6")
    assert "was not looked at" in fault


def test_the_bare_surroundings_have_no_compiler_home_or_programs(tmp_path):
    surroundings = trial.bare(tmp_path / "environment", tmp_path / "loaded")
    assert surroundings["PATH"] == str(tmp_path / "environment" / "bin")
    assert surroundings["CC"] == surroundings["CXX"] == "/bin/false"
    with pytest.raises(OSError, match="Not a directory"):
        Path(surroundings["HOME"], "x").mkdir(parents=True)
