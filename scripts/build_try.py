"""The wheel on a machine that has next to nothing, from the program's help to a drive's report.

    python scripts/build_try.py WHEEL

A new environment with nothing but the wheel and what it asks for, as wheels only. Then every command runs in
a folder of its own, with no compiler to be found, a home that can't be written to, no other program on
PATH. Afterwards no process may have loaded the machine's libraries of OpenGL, X11 or a
window system.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORT_LIMIT_S = 0.3
WINDOW_LIBRARIES = (
    "libGL",
    "libEGL",
    "libGLX",
    "libX11",
    "libxcb",
    "libgtk",
    "libQt",
    "libwayland",
)
COMMANDS = (
    ("--help",),
    ("--version",),
    ("simulate", "drives", "--minutes", "0.4", "--lighting", "day", "--quiet"),
    ("check", "drives/session_001"),
    ("sync", "drives/session_001", "--quiet"),
    ("frames", "drives/session_001", "--quiet"),
    ("align", "drives/session_001", "--quiet"),
    ("report", "drives/session_001", "--quiet"),
)
GOOD = (0, 3)
"""Half a minute may leave a verdict doubtful."""

# Every process of this environment writes down at its end what it had loaded.
_SPY = """
import atexit, os
def _write():
    with open("/proc/self/maps") as maps:
        names = {line.split()[-1] for line in maps if ".so" in line}
    with open(f"{os.environ['LOADED']}/{os.getpid()}", "w") as file:
        file.write("\\n".join(sorted(names)))
if "LOADED" in os.environ and os.path.exists("/proc/self/maps"):
    atexit.register(_write)
"""


def install(wheel: Path, folder: Path) -> Path:
    """Make an environment with the wheel in it; give its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    line = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    line += ["--only-binary", ":all:", "--constraint", ROOT / "constraints.txt", wheel]
    subprocess.run(line, check=True, stderr=subprocess.DEVNULL)
    packages = next((folder / "lib").glob("python*/site-packages"))
    (packages / "sitecustomize.py").write_text(_SPY, encoding="utf-8")
    return python


def bare(environment: Path, loaded: Path) -> dict[str, str]:
    """Give the surroundings of a process: no compiler, no home, no programs."""
    return {
        "PATH": str(environment / "bin"),
        "HOME": "/dev/null/nobody",  # not even root can make it
        "LANG": "C",
        "CC": "/bin/false",
        "CXX": "/bin/false",
        "LOADED": str(loaded),
    }


def try_out(wheel: Path, place: Path) -> list[str]:
    """Install a wheel and use it; say what is wrong."""
    environment, work, loaded = place / "environment", place / "work", place / "loaded"
    work.mkdir()
    loaded.mkdir()
    began = time.perf_counter()
    python = install(wheel, environment)
    print(f"{time.perf_counter() - began:6.1f} s  installed, no compiler needed", flush=True)
    surroundings = bare(environment, loaded)
    faults = []
    for command in COMMANDS:
        began = time.perf_counter()
        done = subprocess.run(
            [environment / "bin" / "dashgaze", *command],
            cwd=work,
            env=surroundings,
            timeout=900,
            capture_output=True,
            text=True,
            check=False,
        )
        line = f"dashgaze {' '.join(command)}"
        print(f"{time.perf_counter() - began:6.1f} s  {line}: {done.returncode}", flush=True)
        if done.returncode not in GOOD or "Traceback" in done.stderr:
            faults.append(f"`{line}` ended with {done.returncode}: {done.stderr[-2000:]}")
            break
        if command[0] == "--version" and wheel.name.split("-")[1] not in done.stdout:
            faults.append(f"{wheel.name} says of itself: {done.stdout}")
    if not (page := work / "drives/session_001/derived/report.html").is_file():
        faults.append(f"There is no {page.name}.")
    return (
        faults + _window_libraries(loaded, environment) + _import_time(python, work, surroundings)
    )


def _window_libraries(loaded: Path, environment: Path) -> list[str]:
    seen: set[str] = set()
    for file in loaded.iterdir():
        seen |= set(file.read_text(encoding="utf-8").splitlines())
    if sys.platform.startswith("linux") and not any("cv2" in name for name in seen):
        return ["No process has told that it loaded OpenCV: what was loaded was not looked at."]
    # What a wheel brings along itself (PyAV's has libxcb) needs nothing of the machine.
    seen = {name for name in seen if not Path(name).is_relative_to(environment)}
    print(f"          {len(seen)} libraries of the machine were loaded")
    return [
        f"{name} was loaded: a bare machine lacks it."
        for name in sorted(seen)
        if Path(name).name.startswith(WINDOW_LIBRARIES)
    ]


def _import_time(python: Path, work: Path, surroundings: dict[str, str]) -> list[str]:
    """Take the best of five: the first ones read the disk, and a busy machine is slow at all times."""
    times_s = []
    for _ in range(5):
        done = subprocess.run(
            [python, "-X", "importtime", "-c", "import dashgaze"],
            cwd=work,
            env=surroundings,
            timeout=60,
            capture_output=True,
            text=True,
            check=True,
        )
        line = next(each for each in done.stderr.splitlines() if each.endswith("| dashgaze"))
        times_s.append(1e-6 * float(line.split("|")[1]))
    print(f"{min(times_s):8.3f} s  import dashgaze")
    if min(times_s) > IMPORT_LIMIT_S:
        return [f"`import dashgaze` takes {min(times_s):.2f} s; {IMPORT_LIMIT_S} s is the limit."]
    return []


def main() -> int:
    """Try a wheel out, and say whether it stands."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="dashgaze-try-") as place:
        faults = try_out(Path(sys.argv[1]).resolve(), Path(place))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    sys.exit(main())
