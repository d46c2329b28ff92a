"""A killed pack leaves the old data set or the new one, and a full disk the old one."""

import errno
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from dashgaze.dataset.packing import assembly, session_work
from dashgaze.dataset.packing.options import PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.errors import OutputError

_SHORT_PAPERS = """
    import contextlib, hashlib, importlib, os, resource, shutil, signal, sys
    from pathlib import Path
    from dashgaze.dataset.packing import assembly
    from dashgaze.dataset.packing.pack import pack
    from dashgaze.errors import OutputError

    def write(folder, manifest, about, **_):
        (folder / "README.md").write_text(manifest.build)
        return [folder / "README.md"]

    assembly.write_papers = write
    drives, out = Path(sys.argv[1]), Path(sys.argv[2])
"""

# Counts the calls that open or change anything, then dies at some of them: spread over the work, and at
# each of the last ones, where folders change places.
_KILLED = """
    def watch(end_at):
        count = [0]
        def hook(event, _):
            if event == "open" or event.startswith(("os.", "shutil.")) or event == "ctypes.dlsym":
                count[0] += 1
                if count[0] == end_at:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)
        return count

    def tree(folder):
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()
        }

    def forked(end_at):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            count = watch(end_at)
            pack(drives, out)
            with open(writing, "w") as pipe:
                pipe.write(" ".join([str(count[0]), *sys.modules]))
            os._exit(0)
        os.close(writing)
        with open(reading) as pipe:
            said = pipe.read().split()
        _, status = os.waitpid(child, 0)
        return status, said

    old, new = Path(sys.argv[3]), Path(sys.argv[4])
    old_tree, new_tree = tree(old), tree(new)

    def restore():
        shutil.rmtree(out.parent)
        shutil.copytree(old, out)

    restore()
    for name in forked(-1)[1][1:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)  # so that not each of them has to
    restore()
    total = int(forked(-1)[1][0])
    assert tree(out) == new_tree
    moments = sorted({*range(1, total, max(1, total // 7)), *range(total - 20, total, 3)})
    for moment in moments:
        restore()
        status, _ = forked(moment)
        found = tree(out)
        state = "old" if found == old_tree else "new" if found == new_tree else "neither"
        pack_again, _ = forked(-1)
        left = sorted(path.name for path in out.parent.iterdir())
        again = pack_again == 0 and tree(out) == new_tree and left == [out.name]
        print(moment, os.WIFSIGNALED(status), state, again, flush=True)
"""

_FULL = """
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
    try:
        pack(drives, out, workers=int(sys.argv[4]))
    except OutputError as error:
        print(error)
"""


def program(*parts):
    return "\n".join(textwrap.dedent(part) for part in parts)


def run(text, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", text, *(str(each) for each in arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def small_papers(monkeypatch):
    def write(folder, manifest, about, **_):
        (folder / "README.md").write_text(manifest.build)
        return [folder / "README.md"]

    monkeypatch.setattr(assembly, "write_papers", write)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_the_whole_old_or_the_whole_new_data_set_is_there(
    drives, tmp_path, small_papers
):
    some = tmp_path / "some"
    some.mkdir()
    for name in ("session_001", "session_002", "session_003"):
        shutil.move(drives / name, some / name)
    old, new, out = (tmp_path / name / "dashgaze" for name in ("old", "new", "out"))
    pack(some, old)
    shutil.move(drives / "session_004", some / "session_004")
    shutil.copytree(old, new)
    pack(some, new)
    shutil.copytree(old, out)
    printed = run(program(_SHORT_PAPERS, _KILLED), some, out, old, new)
    lines = [line.split() for line in printed.splitlines()]
    assert len(lines) > 12
    assert all(killed == "True" for _, killed, _, _ in lines)
    assert {state for _, _, state, _ in lines} == {"old", "new"}
    assert all(mended == "True" for *_, mended in lines), printed


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on the size of files")
@pytest.mark.parametrize(("limit", "workers"), [(20_000, 2), (40, 1)])
def test_where_no_file_can_be_written_the_old_stands_and_nothing_is_left(
    drives, tmp_path, small_papers, tree, limit, workers
):
    out = tmp_path / "out" / "dashgaze"
    pack(drives.without("session_001", "session_002"), out)
    before = tree(out.parent)
    said = run(program(_SHORT_PAPERS, _FULL), drives.folder, out, limit, workers)
    assert "can't be written" in said
    assert "File too large" in said
    assert tree(out.parent) == before


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (session_work, "write_shard"),
        (session_work, "sha256_of"),
        (assembly, "write_shard"),
        (assembly, "link_or_copy"),
        (assembly, "write_papers"),
        (assembly, "write_file"),
    ],
)
def test_a_full_disk_leaves_the_old_and_nothing_else(
    drives, tmp_path, small_papers, tree, monkeypatch, module, name
):
    out = tmp_path / "out" / "dashgaze"
    pack(drives / "session_001", out)
    before = tree(out.parent)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, name, full)
    with pytest.raises(OutputError, match="No space left on device"):
        pack(drives / "session_002", out)
    assert tree(out.parent) == before
    monkeypatch.undo()


def test_a_full_disk_leaves_no_trace_of_a_new_data_set(drives, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(assembly, "write_file", full)
    with pytest.raises(OutputError, match="No space left on device"):
        pack(drives / "session_002", tmp_path / "out" / "dashgaze", PackOptions())
    assert not (tmp_path / "out").exists()
