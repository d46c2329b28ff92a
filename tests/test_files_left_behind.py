"""What a killed run leaves is removed by the next one; what another run is writing is left alone."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from dashgaze.errors import OutputError
from dashgaze.files import alone_at, filling, remove_left_behind, replacing, write_text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")


def kill_while(work: str, folder: Path) -> None:
    """Kill a process inside of a `with` block."""
    with subprocess.Popen(
        [sys.executable, "-c", _script(work)], stdout=subprocess.PIPE, cwd=folder
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)


def _script(work: str) -> str:
    return textwrap.dedent(f"""
        import time
        from pathlib import Path
        from dashgaze.files import alone_at, filling, replacing
        with {work}:
            print("in it", flush=True)
            time.sleep(60)
    """)


def test_a_file_that_a_killed_run_was_writing_is_removed_by_the_next(tmp_path: Path) -> None:
    kill_while("replacing(Path('table.json'))", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    other = tmp_path / ".table.json.abcdefgh.txt"
    other.write_text("somebody's own")
    write_text(tmp_path / "table.json", "new")
    assert sorted(each.name for each in tmp_path.iterdir()) == [other.name, "table.json"]


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    with replacing(path) as first:
        with replacing(path) as second:
            second.write_text("second")
        remove_left_behind(path)
        assert path.read_text() == "second"
        first.write_text("first")
    assert path.read_text() == "first"


def test_a_folder_that_a_killed_run_was_filling_is_filled_anew(tmp_path: Path) -> None:
    kill_while("filling(Path('session'))", tmp_path)
    (tmp_path / "session.part" / "half").write_text("")
    with filling(tmp_path / "session") as folder:
        (folder / "whole").write_text("")
    assert [each.name for each in tmp_path.iterdir()] == ["session"]
    assert [each.name for each in (tmp_path / "session").iterdir()] == ["whole"]


def test_a_folder_of_somebody_else_under_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "session.part").mkdir()
    (tmp_path / "session.part" / "mine").write_text("")
    with pytest.raises(OutputError, match="delete that folder"), filling(tmp_path / "session"):
        pass
    assert (tmp_path / "session.part" / "mine").exists()


def test_one_process_at_a_time_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with (
        alone_at(place) as left_behind,
        pytest.raises(OutputError, match="is busy"),
        alone_at(place, busy="It is busy."),
    ):
        pass
    assert not left_behind
    kill_while("alone_at(Path('place'))", tmp_path)
    with alone_at(place) as left_behind:
        assert left_behind
    assert list(tmp_path.iterdir()) == []


def test_one_that_waits_gets_its_turn(tmp_path: Path) -> None:
    order, begun = [], threading.Event()

    def hold() -> None:
        with alone_at(tmp_path / "place"):
            begun.set()
            time.sleep(0.2)
            order.append("first")

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait()
    with alone_at(tmp_path / "place", wait_s=30.0):
        order.append("second")
    holder.join()
    assert order == ["first", "second"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_while_a_folder_is_filled_is_told(tmp_path: Path, number: int) -> None:
    def fill() -> None:
        with filling(tmp_path / "session"):
            raise OSError(number, os.strerror(number))

    with pytest.raises(OutputError, match="can't be written"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_another_fault_while_a_folder_is_filled_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), filling(tmp_path / "session") as folder:
        (folder / "missing").read_text()
    assert list(tmp_path.iterdir()) == []
