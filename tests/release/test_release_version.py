"""Where the version comes from: the tag, the commit, an archive's own words, or nowhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dashgaze._version as version_module
from dashgaze.stages.record import plan_stage, up_to_date

pytest.importorskip("setuptools_scm", reason="the package setuptools-scm is not installed")

ROOT = Path(__file__).resolve().parents[2]
FILES = (".git_archival.txt", ".gitattributes", "pyproject.toml")


def version_of(folder):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "setuptools_scm"],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("SETUPTOOLS_SCM_")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split()[-1]


@pytest.fixture
def git():
    program = shutil.which("git")
    if program is None:
        pytest.skip("git is not installed")

    def run(folder, *arguments):
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
        return subprocess.run(
            [program, *arguments],
            cwd=folder,
            env=os.environ | dict.fromkeys(names, "nobody"),
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout

    return run


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def repository(source, git):
    git(source, "init", "--quiet")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "--message", "first")
    return source


def archive_of(repository, git, folder):
    folder.mkdir()
    (folder / "all.tar").write_bytes(git(repository, "archive", "HEAD"))
    shutil.unpack_archive(folder / "all.tar", folder, **TAR)
    return folder


TAR = {"filter": "data"} if sys.version_info >= (3, 12) else {}


def test_before_the_first_release_it_names_the_commit(repository):
    assert version_of(repository).startswith("0.1.dev1+g")


def test_a_release_is_its_tag(repository, git):
    git(repository, "tag", "v0.3.0")
    assert version_of(repository) == "0.3.0"


def test_after_it_it_names_the_commit_again(repository, git):
    git(repository, "tag", "v0.3.0")
    (repository / "more.txt").write_text("more\n", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "second")
    assert version_of(repository).startswith("0.3.1.dev1+g")


def test_an_archive_of_a_release_knows_it(repository, git, tmp_path):
    git(repository, "tag", "v0.3.0")
    assert version_of(archive_of(repository, git, tmp_path / "archive")) == "0.3.0"


def test_an_sdist_knows_it(source):
    (source / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: dashgaze\nVersion: 0.3.0\n")
    assert version_of(source) == "0.3.0"


def test_without_all_of_that_it_can_be_built_all_the_same(source):
    assert version_of(source) == "0.0"


class TestAtRunTime:
    def test_is_what_was_written_down(self, tmp_path, monkeypatch):
        (tmp_path / "_version.txt").write_text("1.2.3\n", encoding="utf-8")
        monkeypatch.setattr(version_module, "__file__", str(tmp_path / "_version.py"))
        assert version_module._written_version() == "1.2.3"

    def test_a_source_tree_that_was_never_installed_says_so(self, tmp_path, monkeypatch):
        monkeypatch.setattr(version_module, "__file__", str(tmp_path / "_version.py"))
        assert version_module._written_version() == "0+unknown"

    def test_importing_it_asks_neither_git_nor_the_metadata(self):
        code = (
            "import sys; sys.addaudithook(lambda event, *_: event == 'subprocess.Popen' and sys.exit(9))\n"
            "import dashgaze; sys.exit('importlib.metadata' in sys.modules)"
        )
        # -S: what finds an editable installation is none of ours.
        done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, timeout=60, check=False)
        assert done.returncode == 0


def test_what_another_build_made_is_not_made_again(tmp_path):
    (tmp_path / "in").write_bytes(b"in")
    (tmp_path / "out").write_bytes(b"out")

    def plan():
        return plan_stage("sync", version=1, options={}, inputs=[tmp_path / "in"], root=tmp_path)

    made = plan().finished([tmp_path / "out"], root=tmp_path)
    made.versions["dashgaze"] = "0.1.dev5+gabcdef012.d20260101"
    assert up_to_date(made, plan(), root=tmp_path)
