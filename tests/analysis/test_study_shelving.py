"""Studies whose frames lie in a temporary file: the same numbers, and no memory for each session."""

import copy
import sys
from pathlib import Path

import numpy as np
import pytest

from dashgaze.analysis.study.directions import study_directions
from dashgaze.analysis.study.opening import open_study
from dashgaze.analysis.study.packed_dataset import open_dataset
from dashgaze.analysis.study.shelving import (
    ShelvedMapping,
    ShelvedSessions,
    shelved,
    some_of,
)
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


def test_a_data_set_that_is_open_already_is_not_opened_again(packed_labels):
    opened = open_dataset(packed_labels, split="train")
    plain, kept = open_study(packed_labels, split="train"), open_study(opened, split="train")
    assert [each.session_id for each in kept.sessions] == [
        each.session_id for each in plain.sessions
    ]
    assert (kept.title, kept.digest, kept.notes) == (plain.title, plain.digest, plain.notes)


def test_a_data_set_without_its_lists_finds_all_that_it_found(packed_labels):
    whole = open_dataset(packed_labels)
    lean = whole.without_lists()
    assert lean.manifest.files == () == lean.manifest.sessions
    assert lean.manifest.left_out == whole.manifest.left_out
    assert lean.digest == whole.digest
    for name in whole.rows:
        alone = copy.copy(whole.alone(name))  # as it reaches another process
        assert list(alone.rows) == [name]
        for config in ("frames", "fixations", "images"):
            path = whole.shard(config, name)
            assert lean.shard(config, name) == alone.shard(config, name) == path
        same(lean.session(name), whole.session(name))
        same(alone.session(name), whole.session(name))
    first, second = list(whole.rows)[:2]
    assert whole.alone(first).shard("frames", second) is None


def test_what_is_asked_for_by_name_is_that_and_in_order(packed_labels):
    shelf = Shelf()
    study = open_study(packed_labels, shelf=shelf)
    plain = study_directions(study).by_session
    kept = study_directions(study, shelf=shelf).by_session
    assert isinstance(kept, ShelvedMapping)
    assert list(kept) == list(plain)
    for name, each in plain.items():
        same(kept[name], each)
        same(kept.get(name), each)
    assert kept.get("nobody") is None
    assert kept.get("nobody", 3) == 3
    with pytest.raises(KeyError):
        kept["nobody"]
    assert ShelvedMapping({}, shelf).get("nobody") is None


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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_asking_for_many_by_name_takes_no_memory(packed_labels, monkeypatch):
    monkeypatch.setattr("dashgaze.analysis.study.shelving._BYTES_AT_ONCE", 2 << 20)

    def file_mb():
        lines = Path("/proc/self/status").read_text().splitlines()
        return float(next(line for line in lines if line.startswith("RssFile")).split()[1]) / 1024

    shelf = Shelf()
    study = open_study(packed_labels)
    first = next(iter(study_directions(study).by_session.values()))
    count = int(100e6 / sum(each.nbytes for each in arrays_of(first).values()))
    items = {str(number): shelved(first, shelf) for number in range(count)}
    kept = ShelvedMapping(items, shelf)
    shelf.forget()
    mapped, most = file_mb(), 0.0
    for name in list(kept):
        kept[name].from_reference_deg.sum()
        kept[name].camera_deg.sum()
        most = max(most, file_mb())
    assert most - mapped < 20
