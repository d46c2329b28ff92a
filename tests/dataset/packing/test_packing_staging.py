"""A data set is replaced in one step, by one process at a time."""

import errno
import json
import os
import subprocess
import sys
import textwrap

import pytest

from dashgaze.dataset.packing import staging as staging_module
from dashgaze.dataset.packing.lock import locked
from dashgaze.dataset.packing.staging import link_or_copy, recover, staging
from dashgaze.errors import OutputError

MANIFEST = {
    "schema": "dashgaze/dataset/1",
    "name": "dashgaze",
    "version": "1.0.0",
    "build": "0" * 16,
    "versions": {},
    "options": {},
    "protocol": "82-10-8",
    "tables": {},
    "sessions": [],
    "files": [],
}


def fill(folder, content):
    folder.mkdir(exist_ok=True)
    (folder / "deep").mkdir()
    (folder / "deep" / "shard").write_text(content)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    return folder


def content_of(folder):
    return (folder / "deep" / "shard").read_text()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "dashgaze"


@pytest.fixture(params=["exchange", "two renames"])
def swap(request, monkeypatch):
    """Both ways to swap: in one step, and where the system has none."""
    if request.param == "two renames":
        monkeypatch.setattr(staging_module, "_exchange", lambda one, other: False)


def test_a_new_folder_appears_whole(target, swap):
    with staging(target) as stage:
        fill(stage.folder, "new")
        assert not target.exists()
        stage.publish()
    assert content_of(target) == "new"
    assert sorted(path.name for path in target.parent.iterdir()) == ["dashgaze"]
    assert sorted(path.name for path in target.iterdir()) == ["deep", "manifest.json"]


def test_an_old_folder_is_replaced(target, swap):
    fill(target, "old")
    with staging(target) as stage:
        fill(stage.folder, "new")
        assert content_of(target) == "old"
        stage.publish()
    assert content_of(target) == "new"
    assert sorted(path.name for path in target.parent.iterdir()) == ["dashgaze"]


def test_what_is_not_published_is_thrown_away(target):
    fill(target, "old")
    with staging(target) as stage:
        fill(stage.folder, "new")
    assert content_of(target) == "old"
    assert not stage.folder.exists()


def test_on_an_error_the_old_stands_and_nothing_is_left(target):
    def fill_the_disk():
        with staging(target) as stage:
            fill(stage.folder, "new")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    fill(target, "old")
    with pytest.raises(OutputError, match="No space left"):
        fill_the_disk()
    assert content_of(target) == "old"
    assert sorted(path.name for path in target.parent.iterdir()) == ["dashgaze"]


def test_if_the_second_rename_fails_the_first_is_undone(target, monkeypatch):
    fill(target, "old")
    monkeypatch.setattr(staging_module, "_exchange", lambda one, other: False)
    rename = type(target).rename

    def failing(self, other):
        if self.name == "dashgaze.part":
            raise OSError(errno.EACCES, "not now")
        return rename(self, other)

    def publish():
        with staging(target) as stage:
            fill(stage.folder, "new")
            monkeypatch.setattr(type(target), "rename", failing)
            stage.publish()

    with pytest.raises(OutputError, match="not now"):
        publish()
    assert content_of(target) == "old"


def test_left_overs_of_a_killed_run_are_cleaned_up(target):
    fill(target, "old")
    part = target.with_name("dashgaze.part")
    part.mkdir()
    (part / ".dashgaze-staging").touch()
    (part / "half").write_text("half")
    with staging(target) as stage:
        assert not (stage.folder / "half").exists()


def test_an_old_data_set_left_in_the_part_folder_is_cleaned_up(target):
    fill(target, "new")
    fill(target.with_name("dashgaze.part"), "old")
    with staging(target):
        pass
    assert content_of(target) == "new"
    assert not target.with_name("dashgaze.part").exists()


def test_a_folder_of_others_by_that_name_is_not_touched(target):
    part = target.with_name("dashgaze.part")
    part.mkdir()
    (part / "mine").touch()
    with pytest.raises(OutputError, match="Move that folder away"), staging(target):
        pass
    assert (part / "mine").exists()


def test_helpers_of_a_killed_run_may_write_for_a_moment_yet(target, monkeypatch):
    part = target.with_name("dashgaze.part")
    part.mkdir()
    (part / ".dashgaze-staging").touch()
    waited = []

    def write_once_more(seconds):
        waited.append(seconds)
        monkeypatch.undo()

    def refuse(folder, *, sure=False):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))

    monkeypatch.setattr(staging_module, "_throw_away", refuse)
    monkeypatch.setattr(staging_module.time, "sleep", write_once_more)
    with staging(target) as stage:
        assert list(stage.folder.iterdir()) == [stage.folder / ".dashgaze-staging"]
    assert len(waited) == 1


def test_recover_finishes_a_swap_between_its_renames(target):
    fill(target.with_name("dashgaze.replaced.part"), "old")
    fill(target.with_name("dashgaze.part"), "new")
    assert recover(target)
    assert content_of(target) == "new"
    assert sorted(path.name for path in target.parent.iterdir()) == ["dashgaze"]


def test_recover_takes_the_old_one_if_the_new_one_is_not_whole(target):
    fill(target.with_name("dashgaze.replaced.part"), "old")
    part = target.with_name("dashgaze.part")
    part.mkdir()
    (part / ".dashgaze-staging").touch()
    assert recover(target)
    assert content_of(target) == "old"


def test_recover_throws_the_old_one_away_after_both_renames(target):
    fill(target, "new")
    fill(target.with_name("dashgaze.replaced.part"), "old")
    assert recover(target)
    assert content_of(target) == "new"
    assert not target.with_name("dashgaze.replaced.part").exists()


def test_recover_leaves_all_else_alone(target):
    assert not recover(target)
    fill(target, "new")
    replaced = target.with_name("dashgaze.replaced.part")
    replaced.mkdir()
    (replaced / "mine").touch()
    assert not recover(target)
    assert (replaced / "mine").exists()


def test_links_are_copies_where_there_are_none(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.write_text("content")
    assert link_or_copy(source, tmp_path / "linked")

    def refuse(one, other):
        raise OSError(errno.EMLINK, "too many links")

    monkeypatch.setattr(os, "link", refuse)
    assert not link_or_copy(source, tmp_path / "deep" / "copied")
    assert (tmp_path / "deep" / "copied").read_text() == "content"


def test_one_process_at_a_time(target):
    program = (
        "import sys; from pathlib import Path; from dashgaze.dataset.packing.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match="Another process"), locked(target):
            pass
        holder.kill()  # the hold dies with the process
        holder.wait()
    with locked(target):
        pass
    assert list(target.parent.iterdir()) == []


def test_folders_made_for_nothing_are_removed(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "a" / "b" / "dashgaze"):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


# The process kills itself at its n-th call to the system that changes or opens anything, so that every
# moment there is comes up once.
_KILLED = """
    import os, shutil, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[4])
    from dashgaze.dataset.packing import staging as module
    from dashgaze.dataset.packing.lock import locked
    from made_content import fill

    target, two_renames = Path(sys.argv[1]), sys.argv[2] == "two renames"
    if two_renames:
        module._exchange = lambda one, other: False
    source, results = Path(sys.argv[3]), []

    def die_at(number):
        count = 0
        def hook(event, _):
            nonlocal count
            if event.startswith(("os.", "open", "shutil.", "ctypes.call")) or event == "ctypes.dlsym":
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)

    number = 0
    while True:
        number += 1
        shutil.rmtree(target.parent, ignore_errors=True)
        target.parent.mkdir()
        shutil.copytree(source, target)
        child = os.fork()
        if child == 0:
            die_at(number)
            with locked(target):
                module.recover(target)
                with module.staging(target) as stage:
                    fill(stage.folder, "new")
                    stage.publish()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        found = "none" if not target.exists() else (target / "deep" / "shard").read_text()
        names = sorted(path.name for path in target.iterdir()) if target.exists() else []
        with locked(target):
            module.recover(target)
            after = (target / "deep" / "shard").read_text()
            with module.staging(target):
                pass
        left = sorted(path.name for path in target.parent.iterdir())
        print(number, found, after, ",".join(names), ",".join(left), flush=True)
        if status == 0:
            break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("way", ["exchange", "two renames"])
def test_killed_at_any_moment_the_data_set_is_wholly_old_or_new(tmp_path, way):
    source = fill(tmp_path / "source", "old")
    helper = tmp_path / "made_content.py"
    helper.write_text(
        textwrap.dedent(f"""
            import json
            def fill(folder, content):
                (folder / "deep").mkdir()
                (folder / "deep" / "shard").write_text(content)
                (folder / "manifest.json").write_text(json.dumps({MANIFEST!r}))
        """)
    )
    arguments = [str(tmp_path / "out" / "dashgaze"), way, str(source), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_KILLED), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    assert len(lines) > 20
    for number, found, after, names, left in lines:
        allowed = {"old", "new"} if way == "exchange" else {"old", "new", "none"}
        assert found in allowed, number
        assert after in {"old", "new"}, number
        assert after == found or found == "none"
        assert names in {"deep,manifest.json", ""}, number
        assert left == "dashgaze", number
    assert {line[1] for line in lines} >= {"old", "new"}
    assert [line[2] for line in lines] == sorted((line[2] for line in lines), reverse=True)
