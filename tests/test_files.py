"""Files and folders are there whole or not at all."""

from pathlib import Path

import pytest

from dashgaze.errors import OutputError
from dashgaze.files import filling, replacing, write_text


def test_a_file_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    path = write_text(tmp_path / "deep" / "é.json", "old\n")

    def crash() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [each.name for each in path.parent.iterdir()] == ["é.json"]
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text(encoding="utf-8") == "new"


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "derived").write_text("")
    with pytest.raises(OutputError, match="can't be written"):
        write_text(tmp_path / "derived" / "time_map.json", "")


def test_a_folder_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "session"

    def crash() -> None:
        with filling(target) as folder:
            (folder / "half").write_text("")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    assert list(tmp_path.iterdir()) == []
    target.mkdir()
    with filling(target) as folder:
        (folder / "whole").write_text("")
    assert [each.name for each in target.iterdir()] == ["whole"]
    with pytest.raises(OutputError, match="not empty"), filling(target):
        pass


def test_two_runs_don_t_fill_one_folder(tmp_path: Path) -> None:
    with (
        filling(tmp_path / "session"),
        pytest.raises(OutputError, match="another run"),
        filling(tmp_path / "session"),
    ):
        pass
    # The second one leaves the first one's work alone.
    assert (tmp_path / "session").is_dir()
