"""Splits from a file: each form of it, and every way to get it wrong."""

from pathlib import Path

import pytest

from dashgaze.dataset.splits import SplitSession, assign_splits
from dashgaze.errors import InputError

SESSIONS = [
    SplitSession(session_id="session_001", driver_id="D001", frame_count=10),
    SplitSession(session_id="session_002", driver_id="D002", frame_count=20),
    SplitSession(session_id="session_003", driver_id="D001", frame_count=30),
]
EXPECTED = {"session_001": "train", "session_002": "test", "session_003": "train"}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "session_001: train\nsession_002: test   # glasses\nsession_003: train\n"),
        ("a.yml", "D001: train\nD002: test\n"),
        ("a.yaml", "drivers:\n  D001: train\n  D002: test\n"),
        ("a.yaml", "sessions: {session_001: train, session_002: test, session_003: train}\n"),
        ("a.json", '{\n\t"D001":"train",\n\t"D002":\t"test"\n}\n'),
        (
            "a.json",
            '{"sessions":{"session_001":"train","session_002":"test","session_003":"train"}}',
        ),
        ("a.csv", "session_id,split\nsession_003,train\nsession_001,train\n\nsession_002,test\n"),
        ("a.csv", "\ufeffdriver_id;note;split\r\nD001;x;train\r\nD002; ;test\r\n"),
        ("a.CSV", "split,driver_id\ntrain,D001\n test , D002 \n"),
    ],
)
def test_each_form_of_file_is_read(tmp_path: Path, name: str, text: str) -> None:
    plan = assign_splits(SESSIONS, write(tmp_path, name, text))
    assert plan.splits == EXPECTED
    assert plan.protocol == name
    assert plan.folds == {}
    assert all(holding.target is None for holding in plan.balance)


def test_a_path_may_be_given_as_text(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.yaml", "D001: train\nD002: test\n")
    assert assign_splits(SESSIONS, str(path)).splits == EXPECTED


def test_a_name_of_digits_stays_as_it_is_written(tmp_path: Path) -> None:
    sessions = [
        SplitSession(session_id="a", driver_id="007", frame_count=1),
        SplitSession(session_id="b", driver_id="1e3", frame_count=1),
    ]
    path = write(tmp_path, "a.yaml", "007: train\n1e3: test\n")
    assert assign_splits(sessions, path).splits == {"a": "train", "b": "test"}


def test_the_file_comes_before_an_earlier_plan_and_a_note_names_who_moved(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "D001: train\nD002: test\n")
    plan = assign_splits(SESSIONS, path, previous={"session_002": "train", "session_001": "train"})
    assert plan.splits == EXPECTED
    assert any(
        "moves sessions that had another split before: session_002." in n for n in plan.notes
    )


def test_notes_say_what_a_file_leaves_empty(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "D001: train\nD002: test\n")
    notes = assign_splits(SESSIONS, path).notes
    assert any("Nothing is in validation" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.yaml",
            "session_001: train\nsession_002: test\nsession_004: train\n",
            r"2 faults: line 3: there is no session session_004 \(did you mean session_00\d\?\); "
            + r"the split of sessions session_003 is missing",
        ),
        ("a.yaml", "D001: train\n", r"the split of drivers D002 is missing"),
        (
            "a.yaml",
            "D001: train\nD002: val\n",
            r"line 2: the split of D002 is 'val' \(did you mean validation",
        ),
        ("a.yaml", "D001: train\nD002:\n", r"line 2: the split of D002 is '', expected train,"),
        (
            "a.yaml",
            "D001: train\nD002: test\nD001: test\n",
            r"line 3 names driver D001 again, after line 1",
        ),
        (
            "a.csv",
            "session_id,split\nsession_001,train\nsession_002,test\nsession_001,train\n",
            r"line 4 names session session_001 again, after line 2",
        ),
        ("a.csv", "driver_id,split\nD001,train\nD002\n", r"line 3: the split of D002 is ''"),
        ("a.csv", "driver_id,split\nD001,train\n,test\n", r"line 3 names no driver"),
        ("a.csv", "name,split\nD001,train\n", r"line 1: the columns are name, split; expected"),
        ("a.csv", "", r"line 1: the columns are none; expected"),
        ("a.csv", 'driver_id,split\n"D001"x,train\n', r"can't be read as CSV"),
        (
            "a.yaml",
            "session_001: train\nsession_002: test\nsession_003: test\n",
            r"Driver D001 is in test \(session_003\) and train \(session_001\)",
        ),
        ("a.yaml", "D001: [train\n", r"can't be read as YAML: .*line 2"),
        ("a.yaml", "train: [D001]\n", r"line 1: a list or mapping stands where"),
        ("a.yaml", "- D001\n", r"holds no mapping from session or driver"),
        ("a.yaml", "", r"holds no mapping"),
        ("a.json", '{"D001": "train",\n "D002": "tset"}', r"line 2: the split of D002 is 'tset'"),
        ("a.yaml", "[" * 2000, r"can't be read as YAML"),
    ],
)
def test_a_faulty_file_is_refused_with_lines_and_names(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = write(tmp_path, name, text)
    with pytest.raises(InputError, match=message) as caught:
        assign_splits(SESSIONS, path)
    assert caught.value.path == path
    assert caught.value.args[0].rstrip().endswith((".", "?"))


def test_of_many_faults_the_first_ten_are_told(tmp_path: Path) -> None:
    lines = "".join(f"nobody_{number}: train\n" for number in range(30))
    with pytest.raises(InputError, match=r"has 31 faults: .*; and 21 more\."):
        assign_splits(SESSIONS, write(tmp_path, "a.yaml", lines))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml can't be read: No such file"):
        assign_splits(SESSIONS, tmp_path / "none.yaml")
    with pytest.raises(InputError, match=r"is no file of splits: expected \.yaml"):
        assign_splits(SESSIONS, tmp_path / "a.txt")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"folder\.csv can't be read"):
        assign_splits(SESSIONS, tmp_path / "folder.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"not UTF-8 text"):
        assign_splits(SESSIONS, tmp_path / "b.csv")
