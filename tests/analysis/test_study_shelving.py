"""Studies whose frames lie in a temporary file: the same numbers, and no memory for each session."""

import sys
from pathlib import Path

import numpy as np
import pytest

from dashgaze.analysis.study.directions import study_directions
from dashgaze.analysis.study.opening import open_study
from dashgaze.analysis.study.shelving import ShelvedSessions, shelved, some_of
from dashgaze.scratch import Shelf


def arrays_of(item):
    found = {name: each for name, each in vars(item).items() if isinstance(each, np.ndarray)}
    for name, each in vars(item).get("facts", {}).items():
        if isinstance(each, np.ndarray):
            found[f"facts.{name}"] = each
    return found


def same(first, second):
    one, two = arrays_of(first), arrays_of(second)
    assert one.keys() == two.keys()
    for name, each in one.items():
        assert each.dtype == two[name].dtype, name
        assert np.array_equal(each, two[name], equal_nan=each.dtype.kind == "f"), name


def test_a_shelved_study_says_what_one_in_memory_says(packed_labels):
    shelf = Shelf()
    plain, kept = open_study(packed_labels), open_study(packed_labels, shelf=shelf)
    assert kept.drivers == plain.drivers
    assert kept.notes == plain.notes
    assert isinstance(kept.sessions, ShelvedSessions)
    for one, two in zip(kept.sessions, plain.sessions, strict=True):
        same(one, two)
        assert one.facts.keys() == two.facts.keys()
        assert not one.time_s.flags.writeable
    one, two = study_directions(kept, shelf=shelf), study_directions(plain)
    assert one.refused == two.refused
    for name, each in one.by_session.items():
        same(each, two.by_session[name])


def test_some_sessions_of_a_shelved_study_are_let_go_as_well(packed_labels):
    study = open_study(packed_labels, shelf=Shelf())
    chosen = some_of(study.sessions, (each for each in study.sessions if len(each)))
    assert isinstance(chosen, ShelvedSessions)
    assert [each.session_id for each in chosen] == [each.session_id for each in study.sessions]
    plain = open_study(packed_labels)
    assert type(some_of(plain.sessions, list(plain.sessions)[:2])) is tuple


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_going_through_many_sessions_takes_no_memory(packed_labels, monkeypatch):
    monkeypatch.setattr("dashgaze.analysis.study.shelving._FRAMES_AT_ONCE", 5000)

    def mb(kind):
        lines = Path("/proc/self/status").read_text().splitlines()
        return float(next(line for line in lines if line.startswith(kind)).split()[1]) / 1024

    shelf = Shelf()
    first = open_study(packed_labels).sessions[0]
    before = mb("RssAnon")
    sessions = ShelvedSessions((shelved(first, shelf) for _ in range(800)), shelf)
    assert sum(each.nbytes for each in arrays_of(first).values()) * 800 > 100e6
    shelf.forget()
    mapped = mb("RssFile")
    total, most = 0.0, 0.0
    for each in sessions:
        total += sum(float(values.astype(np.float64).sum()) for values in (each.time_s, each.valid))
        most = max(most, mb("RssFile"))
    assert total > 0
    assert most - mapped < 20
    assert mb("RssAnon") - before < 20
