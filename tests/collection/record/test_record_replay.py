"""The journal: what its lines come to, over every prefix and over nonsense."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgaze.collection.field.json_lines import LineFile, parse_lines, read_lines
from dashgaze.collection.record import read_journal, replay
from dashgaze.collection.record.drive_folder import DriveFolder
from dashgaze.collection.record.host_clock import HostClock
from dashgaze.collection.record.journal import Journal
from dashgaze.collection.record.next_action import next_action
from dashgaze.collection.record.state import PHASES

# The whole life of a drive, with what is known and what comes next after each line.
LIFE = [
    ({"step": "created", "tracker": "auto", "phone": "adb", "minutes": 20}, "new", "form"),
    ({"step": "form"}, "form", "preflight"),
    ({"step": "checked"}, "form", "preflight"),
    ({"step": "ready", "accepted": ["host.space"]}, "ready", "start_phone"),
    ({"step": "starting", "role": "phone"}, "ready", "start_phone"),
    ({"step": "not_started", "role": "phone"}, "ready", "start_phone"),
    ({"step": "starting", "role": "phone"}, "ready", "start_phone"),
    ({"step": "started", "role": "phone"}, "ready", "see_phone"),
    ({"step": "not_growing", "role": "phone"}, "ready", "see_phone"),
    ({"step": "growing", "role": "phone"}, "phone_running", "start_tracker"),
    ({"step": "starting", "role": "tracker"}, "phone_running", "start_tracker"),
    ({"step": "unknown", "role": "tracker"}, "phone_running", "start_tracker"),
    ({"step": "started", "role": "tracker", "recording_id": "x"}, "recording", "live"),
    ({"step": "growing", "role": "tracker"}, "recording", "live"),
    ({"step": "lost", "role": "phone"}, "recording", "live"),
    ({"step": "left"}, "recording", "live"),
    ({"step": "resumed"}, "recording", "live"),
    ({"step": "taken_over", "role": "phone"}, "recording", "live"),
    ({"step": "ended", "role": "phone"}, "recording", "live"),
    ({"step": "ending"}, "recording", "stop_tracker"),
    ({"step": "stopping", "role": "tracker"}, "recording", "stop_tracker"),
    ({"step": "not_stopped", "role": "tracker"}, "recording", "stop_tracker"),
    ({"step": "stopped", "role": "tracker"}, "tracker_stopped", "stop_phone"),
    ({"step": "stopping", "role": "phone"}, "tracker_stopped", "stop_phone"),
    ({"step": "stopped", "role": "phone"}, "stopped", "close"),
    ({"step": "closed"}, "closed", "done"),
]
LINES = [line | {"host_ns": 10**18 + number} for number, (line, _, _) in enumerate(LIFE)]


@pytest.mark.parametrize("count", range(len(LIFE) + 1))
def test_every_prefix_of_a_life_is_a_state_with_a_next_action(count):
    state = replay(LINES[:count])
    phase, action = ("new", "form") if count == 0 else LIFE[count - 1][1:]
    assert (state.phase, next_action(state)) == (phase, action)
    assert state.not_understood == 0


def test_the_end_of_a_life_knows_all_of_it():
    state = replay(LINES)
    assert (state.tracker_option, state.phone_option, state.minutes) == ("auto", "adb", 20.0)
    assert state.accepted == ("host.space",)
    assert state.phone.taken_over == 1
    assert state.tracker.recording_id == "x"
    assert state.began_ns == 10**18 + 12
    assert state.tracker.stopped_ns == 10**18 + 22


def test_without_a_tracker_the_phone_alone_is_the_recording():
    lines = [LINES[0] | {"tracker": "none"}, *LINES[1:4], *LINES[6:8], LINES[9]]
    assert next_action(replay(lines)) == "live"
    ending = [*lines, LINES[19]]
    assert next_action(replay(ending)) == "stop_phone"
    assert replay([*ending, *LINES[23:25]]).phase == "stopped"


STEPS = sorted({line["step"] for line in LINES} | {"clock", "told", "back", "nonsense", ""})
ANY_LINE = st.fixed_dictionaries(
    {},
    optional={
        "step": st.one_of(st.sampled_from(STEPS), st.none(), st.integers()),
        "role": st.sampled_from(["phone", "tracker", "driver", None, 3]),
        "host_ns": st.one_of(st.integers(), st.none(), st.text(max_size=3)),
        "accepted": st.one_of(st.none(), st.lists(st.text(max_size=4), max_size=2)),
        "minutes": st.one_of(st.none(), st.floats(), st.text(max_size=3)),
        "recording_id": st.one_of(st.none(), st.text(max_size=3)),
        "phone_config": st.one_of(st.none(), st.just({"count": 1}), st.integers()),
    },
)


@given(st.lists(ANY_LINE, max_size=25))
def test_replay_is_defined_for_any_lines_and_never_goes_back(lines):
    states = [replay(lines[:count]) for count in range(len(lines) + 1)]
    phases = [PHASES.index(state.phase) for state in states]
    assert phases == sorted(phases)
    assert all(next_action(state) for state in states)
    assert states[-1] == replay(iter(lines))


@given(st.lists(ANY_LINE, max_size=25))
def test_a_tracker_is_never_next_while_the_phone_was_not_seen_to_grow(lines):
    state = replay(lines)
    if next_action(state) == "start_tracker":
        assert state.phone.activity == "running"
    if next_action(state) == "stop_phone":
        assert not state.tracker.may_record


@given(st.binary(max_size=200))
def test_lines_of_anything_are_read_or_counted(content):
    lines = parse_lines(content)
    written = sum(1 for line in content.split(b"\n") if line.strip())
    assert len(lines.entries) + lines.torn == written


@given(st.integers(min_value=0, max_value=400))
def test_a_journal_cut_anywhere_loses_its_last_line_at_most(cut):
    content = b"".join(json.dumps(line).encode() + b"\n" for line in LINES[:5])
    cut = min(cut, len(content))
    whole = content[:cut].count(b"\n")
    lines = parse_lines(content[:cut])
    assert list(lines.entries[:whole]) == LINES[:whole]
    assert len(lines.entries) - whole + lines.torn <= 1


def test_a_line_after_a_torn_one_is_read(tmp_path):
    path = tmp_path / "a" / "journal.jsonl"
    file = LineFile(path)
    file.append({"n": 1})
    with path.open("ab") as handle:
        handle.write(b'{"n": 2, "x')
    file.append({"n": 3})
    found = read_lines(path)
    assert ([entry["n"] for entry in found.entries], found.torn) == ([1, 3], 1)


def test_each_line_is_synced_before_it_counts(tmp_path, monkeypatch):
    import os

    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (synced.append(number), fsync(number))[1])
    journal = Journal(DriveFolder(tmp_path / "s"), HostClock())
    journal.write("created", tracker="auto", phone="adb")
    assert len(synced) == 2, "the line, and the name of the new file"
    journal.write("form")
    assert len(synced) == 3
    assert [line["step"] for line in read_journal(tmp_path / "s")] == ["created", "form"]
    assert all(
        isinstance(line["host_ns"], int) and isinstance(line["monotonic_ns"], int)
        for line in read_journal(tmp_path / "s")
    )


def test_no_journal_is_an_empty_one(tmp_path):
    assert read_journal(tmp_path / "nothing") == ()
