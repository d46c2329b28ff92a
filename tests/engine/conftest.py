"""Workers of the engine in other processes, and sessions that are quickly done."""

import shutil
import sys
import time
from pathlib import Path

import pytest

import dashgaze.alignment.chunk
from dashgaze.engine.coordinator import Coordinator, Watcher
from dashgaze.engine.course import Course
from dashgaze.engine.session_state import SessionState
from dashgaze.engine.settings import Settings
from dashgaze.session import open_session
from dashgaze.stages.align import align

EGO_FRAMES = 60


@pytest.fixture(scope="session")
def jobs():
    """What workers do; they find it where this process does."""
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    import engine_jobs

    yield engine_jobs
    sys.path.remove(folder)


class Keeper(Watcher):
    """Keeps what came of sessions; `at_end` is asked whenever a job has ended."""

    def __init__(self, at_end=lambda job, result: None):
        self.finished, self.results, self.at_end = {}, [], at_end

    def ended(self, job, result):
        self.results.append(result)
        self.at_end(job, result)

    def over(self, course):
        self.finished[Path(course.state.path).name] = course


@pytest.fixture
def made_up(tmp_path):
    """Make session folders with nothing in them."""

    def make(*names):
        for name in names:
            (tmp_path / name).mkdir()
        return [tmp_path / name for name in names]

    return make


@pytest.fixture
def engine():
    """Bring the jobs of sessions to some hands."""

    def go(hands, paths, *, until="report", at_end=lambda job, result: None):
        keeper = Keeper(at_end)
        courses = (
            Course(
                state=SessionState(path=str(path), session_id=path.name),
                settings=Settings(),
                until=until,
            )
            for path in paths
        )
        Coordinator(courses, hands, keeper).run()
        return keeper

    return go


@pytest.fixture(scope="session")
def cleared_drive(short_drive, made_drive, tmp_path_factory):
    """The first two seconds of the short drive, with its clocks set by hand; to be copied."""
    root = short_drive.copy_of(
        made_drive, tmp_path_factory.mktemp("cleared") / "s", ego_frames=EGO_FRAMES
    )
    short_drive.set_clocks(root)
    return root


@pytest.fixture
def drive(cleared_drive, tmp_path):
    """Make a copy of it in a folder of its own."""

    def make(name):
        return shutil.copytree(cleared_drive, tmp_path / name / "s")

    return make


@pytest.fixture(scope="session")
def aligned_drive(cleared_drive, jobs, tmp_path_factory):
    """That drive, aligned in small parts by this process alone; not to be changed."""
    root = shutil.copytree(cleared_drive, tmp_path_factory.mktemp("aligned") / "s")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dashgaze.alignment.chunk, "CHUNK_FRAMES", jobs.CHUNK_FRAMES)
        align(open_session(root))
    return root


@pytest.fixture
def wait_until():
    def wait(condition, *, seconds=20.0):
        end_s = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end_s, "it did not happen in time"
            time.sleep(0.05)

    return wait


@pytest.fixture
def drives(short_drive, made_drive, tmp_path):
    """Give a folder with one session, of which ego frames 0 … 79 are kept; its clocks are set by hand."""
    folder = tmp_path / "drives"
    folder.mkdir()
    root = short_drive.copy_of(made_drive, folder / "first", ego_frames=80)
    short_drive.set_clocks(root)
    return folder
