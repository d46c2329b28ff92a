"""Where a data set is looked for."""

import shutil
from pathlib import Path

import pytest

from dashgaze.dataset.packing import staging
from dashgaze.dataset.reading.place import REPLACED_SUFFIX, find_place, is_packed
from dashgaze.errors import InputError


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DASHGAZE_ROOT", raising=False)
    monkeypatch.delenv("DASHGAZE_HUB", raising=False)
    return tmp_path


def packed(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("manifest.json", "README.md"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


def test_a_python_package_of_the_name_is_no_data_set(here):
    (here / "dashgaze").mkdir()
    (here / "dashgaze" / "__init__.py").touch()
    place = find_place()
    assert place.folder is None
    assert place.hub_id == "dashgaze/dashgaze"
    assert f"{here / 'dashgaze'} (no packed data set)" in place.looked_at
    with pytest.raises(InputError, match=r"is a Python package, not a packed data set"):
        find_place("dashgaze")


def test_the_projects_own_folder_is_no_data_set():
    assert not is_packed(Path(__file__).parents[2] / "dashgaze")


def test_a_name_with_a_slash_is_a_folder_if_there_is_one_else_a_repository(here):
    assert find_place("lab/drives").hub_id == "lab/drives"
    packed(here / "lab" / "drives")
    assert find_place("lab/drives").folder == here / "lab" / "drives"


def test_the_variable_takes_a_folder_or_a_repository(here, monkeypatch):
    monkeypatch.setenv("DASHGAZE_ROOT", "lab/drives")
    assert find_place().hub_id == "lab/drives"
    monkeypatch.setenv("DASHGAZE_ROOT", str(here / "nowhere"))
    with pytest.raises(InputError, match=r"nowhere is not there"):
        find_place()


def test_the_folder_above_a_data_set_is_told_apart(here):
    packed(here / "out" / "dashgaze")
    with pytest.raises(InputError, match=r"is no packed data set, but .*dashgaze is\. Give"):
        find_place(here / "out")


def test_what_a_folder_lacks_is_named(here):
    (here / "half").mkdir()
    (here / "half" / "README.md").touch()
    with pytest.raises(InputError, match=r"has no manifest\.json\."):
        find_place(here / "half")


def test_a_hub_variable_that_is_no_repository_is_refused(here, monkeypatch):
    monkeypatch.setenv("DASHGAZE_HUB", "https://example.org/x")
    with pytest.raises(InputError, match=r"organisation/name"):
        find_place()


def test_a_swap_that_was_broken_off_is_told_with_the_way_out(here):
    packed(here / f"dashgaze{REPLACED_SUFFIX}")
    for root in (None, here / "dashgaze"):
        with pytest.raises(InputError, match=r"killed in its last moment.*dashgaze pack"):
            find_place(root)


def test_packing_calls_the_old_folder_as_loading_expects(here):
    assert staging._replaced(here / "dashgaze") == here / f"dashgaze{REPLACED_SUFFIX}"


def test_a_data_set_whose_swap_was_broken_off_loads_again_once_packing_mended_it(
    here, made_dataset
):
    shutil.copytree(made_dataset, here / f"dashgaze{REPLACED_SUFFIX}")
    staging.recover(here / "dashgaze")
    assert find_place().folder == here / "dashgaze"
