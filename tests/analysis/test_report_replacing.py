"""A new report takes the place of a former one, or the former one stays."""

import json
from pathlib import Path

import pytest

from dashgaze.analysis.presentation.replacing_report import NUMBERS_NAME, SCHEMA, instead_of
from dashgaze.errors import OutputError


@pytest.fixture
def former(tmp_path):
    out = tmp_path / "analysis"
    out.mkdir()
    (out / NUMBERS_NAME).write_text(json.dumps({"schema": SCHEMA, "old": True}))
    return out


def write(new: Path) -> None:
    new.mkdir(exist_ok=True)
    (new / NUMBERS_NAME).write_text(json.dumps({"schema": SCHEMA, "old": False}))


def is_old(out: Path) -> bool:
    return json.loads((out / NUMBERS_NAME).read_text())["old"]


def test_the_new_one_takes_its_place(former):
    with instead_of(former, force=True) as new:
        write(new)
    assert not is_old(former)
    assert [each.name for each in former.parent.iterdir()] == ["analysis"]


def test_the_former_one_is_put_back_if_the_new_one_can_t_be_moved(former, monkeypatch):
    move = Path.replace
    moved = []

    def fails_the_second_time(self, target):
        moved.append(target)
        if len(moved) == 2:
            raise OSError(28, "No space left on device")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", fails_the_second_time)
    with (
        pytest.raises(OutputError, match=r"No space left.*former report stands in"),
        instead_of(former, force=True) as new,
    ):
        write(new)
    assert is_old(former)
    assert [each.name for each in former.parent.iterdir()] == ["analysis"]
