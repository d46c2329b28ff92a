"""The examples of the README run, as they are printed there, beside a small data set."""

import runpy
import sys
from pathlib import Path

import pytest

SNIPPETS = Path(__file__).parents[2] / "docs" / "snippets"
SAYS = {
    "check_dataset.py": "sound",
    "list_videos.py": "session_001 ",
    "load_columns.py": "gaze_azimuth_deg",
    "load_frames.py": "\n",
    "load_plain.py": "num_rows: 1440",
    "open_picture.py": "(64, 96, 3)",
    "stream_session.py": "360",
    "train_torch.py": "torch.Size([256])",
}


def test_every_snippet_is_run_here():
    assert sorted(path.name for path in SNIPPETS.glob("*.py")) == sorted(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
def test_a_snippet_runs_in_the_folder_above_the_data_set(
    name, made_dataset, hub_cache, monkeypatch, capsys
):
    if "torch" in name:
        pytest.importorskip("torch", reason="torch is not installed")
    monkeypatch.chdir(made_dataset.parent)
    monkeypatch.setattr(sys, "argv", [name])
    runpy.run_path(str(SNIPPETS / name), run_name="__main__")
    assert SAYS[name] in capsys.readouterr().out


def test_the_readme_prints_these_snippets():
    readme = (SNIPPETS.parents[1] / "README.md").read_text(encoding="utf-8")
    printed = [part.split("```")[0].strip() for part in readme.split("```python\n")[1:]]
    snippets = {path.read_text(encoding="utf-8").strip() for path in SNIPPETS.glob("*.py")}
    about_data = [text for text in printed if "load_dataset" in text]
    assert len(about_data) == 4
    assert set(about_data) <= snippets
