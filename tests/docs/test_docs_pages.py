"""The documentation: its examples run, its made pages are whole, and it can be built."""

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import dashgaze
from dashgaze.cli import app

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


documented = load("documented", Path(__file__).with_name("documented.py"))
pages = load("build_docs_pages", ROOT / "scripts" / "build_docs_pages.py")
RUNNABLE = sorted(
    path.name for path in DOCS.glob("*.md") if documented.blocks_of(path.read_text("utf-8"))
)

PAGE = """
<!-- run: 3 -->
```bash
echo one 1
echo two
exit 3
```

<!-- prints -->
```text
one 2
…
```

```bash
rm -rf not-run
```

<!-- run: in out -->
```python
print("three")
```
"""


class TestBlocks:
    def test_only_those_that_say_so_are_run(self):
        first, second = documented.blocks_of(PAGE)
        assert (first.language, first.exit_code, first.folder) == ("bash", 3, ".")
        assert first.prints == ("one 2", "…")
        assert (second.language, second.exit_code, second.folder) == ("python", 0, "out")
        assert second.prints == ()

    def test_are_run_where_they_say(self, tmp_path):
        (tmp_path / "out").mkdir()
        first, second = documented.blocks_of(PAGE)
        assert documented.run(first, tmp_path, settings={}) == "one 1\ntwo\n"
        assert documented.run(second, tmp_path, settings={}) == "three\n"

    def test_another_exit_code_is_an_error(self, tmp_path):
        with pytest.raises(AssertionError, match="ended with 1"):
            documented.run(documented.Block("bash", "exit 1"), tmp_path, settings={})

    @pytest.mark.parametrize(
        ("prints", "missing"),
        [
            (("one 7.5", "two"), []),
            (("tw…",), []),
            (("two", "one 1"), ["one 1"]),
            (("tw",), ["tw"]),
            (("one", "…", "three"), ["one", "three"]),
        ],
    )
    def test_what_is_not_printed_is_found(self, prints, missing):
        assert documented.missing_lines(prints, "one 1\nzero\ntwo\n") == missing


def test_the_tutorial_is_run():
    assert "tutorial.md" in RUNNABLE


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", RUNNABLE)
def test_the_examples_of_a_page_run_and_print_what_it_says(name, tmp_path):
    settings = {"HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    folder = tmp_path / "reader"
    folder.mkdir()
    for block in documented.blocks_of((DOCS / name).read_text("utf-8")):
        output = documented.run(block, folder, settings=settings)
        missing = documented.missing_lines(block.prints, output)
        assert not missing, f"{block.lines}\nprints\n{output}"


def commands(command, name):
    inner = getattr(command, "commands", None)
    if inner is None:
        return {name: command}
    return {
        k: v for part, each in inner.items() for k, v in commands(each, f"{name} {part}").items()
    }


def test_the_command_line_is_told_whole():
    page = pages.cli_page()
    for name, command in commands(typer.main.get_command(app), "dashgaze").items():
        part = re.split(r"\n##+ ", page.split(f"# {name}\n", 1)[1])[0]
        assert f"dashgaze {name.split(' ', 1)[1]}" in part
        for parameter in command.params:
            label = (
                parameter.name.upper()
                if parameter.param_type_name == "argument"
                else parameter.opts[0]
            )
            assert f"`{label}`" in part or parameter.name == "help", (name, label)


def test_choices_ranges_and_defaults_are_told():
    part = pages.cli_page().split("## dashgaze simulate\n")[1].split("\n## ")[0]
    assert "*day, twilight, night*" in part
    assert "| `--minutes` | Length of each. *from 0.4 to 240* | `1.0` |" in part
    assert "| `OUT` | Folder of drives; it is made. | required |" in part


def test_every_public_name_is_in_the_python_reference():
    told = re.findall(r"^::: (\S+)$", pages.api_page(), re.MULTILINE)
    assert len(told) == len(set(told)) == len(dashgaze._HOMES)
    for identifier in told:
        home, _, name = identifier.rpartition(".")
        assert getattr(importlib.import_module(home), name) is getattr(dashgaze, name)


def test_pages_that_are_not_there_are_left_out_of_the_navigation(tmp_path):
    (tmp_path / "index.md").touch()
    nav = [
        {"Home": "index.md"},
        {"At scale": [{"Engine": "engine.md"}]},
        {"Reference": [{"Commands": "cli.md"}, "gone.md"]},
    ]
    assert pages.present(nav, tmp_path) == [
        {"Home": "index.md"},
        {"Reference": [{"Commands": "cli.md"}]},
    ]


@pytest.mark.slow
def test_it_builds_and_reads_without_a_network(tmp_path):
    pytest.importorskip("material", reason="the extra `docs` is not installed")
    pytest.importorskip("mkdocstrings", reason="the extra `docs` is not installed")

    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = {path.stem for path in (tmp_path / "site").glob("*.html")}
    assert {path.stem for path in DOCS.glob("*.md")} | {"api", "cli", "changelog"} <= made
    for path in (tmp_path / "site").rglob("*.html"):
        foreign = re.findall(
            r'(?:src|href)="?(https?:[^" >]+\.(?:js|css|woff2?))', path.read_text("utf-8")
        )
        assert foreign == [], path
