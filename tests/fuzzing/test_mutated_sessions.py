"""Damaged copies of a session: the same by the same seed, never through a link; and what stages make of some."""

import hashlib
import json
from pathlib import Path

import pytest
from mutated_sessions import INDEX_NAME, link_session, mutate_sessions, mutations
from session_stages import broken, run_stages

CHEAP = (("check",), ("frames", "--quiet"), ("report", "--quiet", "--no-sound"))


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_copies_are_damaged_and_the_session_is_not(small_session, tmp_path):
    whole = digests(small_session)
    made = mutate_sessions(small_session, tmp_path / "a", count=len(mutations()), seed=3)
    again = mutate_sessions(small_session, tmp_path / "b", count=40, seed=3)
    assert made[:40] == again
    assert digests(small_session) == whole
    same = [
        each.folder
        for each in made
        if digests(tmp_path / "a" / each.folder) == whole
        and not any(path.is_symlink() for path in (tmp_path / "a" / each.folder).rglob("*"))
    ]
    assert not same
    names = [each.name for each in made]
    assert len(set(names)) > 0.9 * len(mutations())
    told = json.loads((tmp_path / "a" / INDEX_NAME).read_text(encoding="utf-8"))
    assert [each["name"] for each in told["sessions"]] == names


def test_what_is_not_damaged_is_linked(small_session, tmp_path):
    link_session(small_session, tmp_path / "copy")
    for path in small_session.rglob("*"):
        if path.is_file():
            assert (tmp_path / "copy" / path.relative_to(small_session)).samefile(path)


@pytest.mark.slow
def test_stages_over_damaged_sessions_end_with_a_result_or_a_named_error(small_session, tmp_path):
    made = mutate_sessions(small_session, tmp_path / "a", count=6, seed=4)
    for each in made:
        for end in run_stages(tmp_path / "a" / each.folder, stages=CHEAP):
            assert not broken(end), f"{each.done}: {end.stage} {end.outcome}: {end.text}"
