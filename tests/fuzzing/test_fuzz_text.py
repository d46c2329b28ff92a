"""Text that the fuzzing found readers to fall over: YAML, JSON, CSV."""

import asyncio
import contextlib
import json
import time

import pytest
import yaml
from seed_writing import START_NS

from dashgaze.analysis.objects.box_csv import read_box_csv
from dashgaze.analysis.quality.accuracy import read_accuracy
from dashgaze.collection.companion.gaze_log import GazeLog
from dashgaze.collection.companion.gaze_log_format import pack_record
from dashgaze.collection.companion.gaze_stream import GazeSample
from dashgaze.collection.companion.status import CompanionStatus
from dashgaze.collection.companion.status_watch import StatusWatch
from dashgaze.collection.offload.copy_record import CopyRecord
from dashgaze.collection.offload.drive_times import DriveTimes, read_drive_times
from dashgaze.collection.offload.manifest_paths import fill_manifest
from dashgaze.collection.page.journal import Journal
from dashgaze.collection.page.parts import Parts
from dashgaze.collection.phone.phone_state import parse_battery
from dashgaze.collection.record import read_clocks, read_event_keys, read_form, suggestions
from dashgaze.collection.speed_obd import read_obd
from dashgaze.collection.speed_times import read_times
from dashgaze.collection.targets.known_targets import pack_targets
from dashgaze.comparison.truth_files import truth_of
from dashgaze.dataset.exchange.bids_papers import read_citation
from dashgaze.dataset.exchange.published_columns import read_header
from dashgaze.dataset.exchange.published_csv import NotASheetError, read_sheet
from dashgaze.dataset.packing.drivers import read_withdrawals
from dashgaze.dataset.splits.split_file import read_split_file
from dashgaze.engine.settings import read_settings
from dashgaze.errors import InputError, ManifestError
from dashgaze.models.training.log import read_log
from dashgaze.models.training.options_file import read_train_options
from dashgaze.schemas.manifest import StrictLoader, parse_manifest
from dashgaze.session import Session
from dashgaze.stages.align import read_summary
from dashgaze.stages.faces import read_faces_summary
from dashgaze.stages.vanishing_point import read_vanishing_point_summary

DEEP = "[" * 100_000
KEY = "0123456789abcdef" * 2
MANIFEST = """\
schema: dashgaze/session/1
session_id: s
phone: {road: phone/road.mp4}
eye_tracker: {kind: neon, path: eye_tracker}
"""


@pytest.mark.parametrize(
    "text",
    [
        *("a: !!timestamp x", "a: !!int x", "a: !!bool x", "a: !!binary é", "a: !!float ''"),
        *("? [a, b]\n: c", "? [[a]]\n: c", "? {a: b}\n: c", DEEP, "- " * 5000, '{"a":' * 5000),
        *("a: 2026-02-30", "a: !!python/object:os.system x", "a: !!map [x]", "&a [*a]: 1"),
    ],
)
def test_yaml_that_can_not_be_is_an_error_of_yaml(text):
    began_s = time.monotonic()
    with pytest.raises(yaml.YAMLError):
        yaml.load(text, Loader=StrictLoader)
    assert time.monotonic() - began_s < 10


def test_yaml_of_usual_depth_is_read():
    assert yaml.load("[" * 60 + "]" * 60, Loader=StrictLoader)


@pytest.mark.parametrize("text", ["driver: !!timestamp x", "? [[a]]\n: c", DEEP])
def test_forms_and_keys_that_can_not_be_are_named(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    for read in (read_form, read_event_keys, read_train_options):
        with pytest.raises(InputError, match=r"a\.yaml"):
            read(path)


@pytest.mark.parametrize(
    "change",
    [
        ("phone/road.mp4", "x" * 256),
        ("phone/road.mp4", '"a\\0b"'),
        ("{road:", "{driver_offset_s: .nan, road:"),
        ("{road:", "{driver_offset_s: .inf, road:"),
        ("{road:", "{driver_offset_s: 1.0e+300, road:"),
        ("{road:", "{started_at_ns: 99999999999999999999999, road:"),
        ("{road:", "{started_at_ns: -1, road:"),
        ("phone: {", "recorded_at: '0001-01-01T00:00:00+14:00'\nphone: {"),
        ("phone: {", "recorded_at: '9999-12-31T23:59:59-14:00'\nphone: {"),
        (
            "{road:",
            "{intrinsics: {width_px: 9, height_px: 9, matrix: [[0,0,0],[0,0,0],[0,0,1]]}, road:",
        ),
    ],
)
def test_a_manifest_says_what_no_file_and_no_clock_can_be(tmp_path, change):
    with pytest.raises(ManifestError):
        parse_manifest(MANIFEST.replace(*change), path=tmp_path / "session.yaml")


@pytest.mark.parametrize("road", ["x" * 5000, "5", "[a]"])
def test_a_manifest_that_names_what_can_not_be_is_filled_in_or_refused(tmp_path, road):
    text = MANIFEST.replace("phone/road.mp4", road).replace("path: eye_tracker", f"path: {road}")
    (tmp_path / "session.yaml").write_text(text)
    with contextlib.suppress(ManifestError):
        assert fill_manifest(tmp_path) == ()


def test_summaries_that_are_nested_without_end_are_named(tmp_path):
    session = Session(
        root=tmp_path, manifest=parse_manifest(MANIFEST, path=tmp_path / "session.yaml")
    )
    for name in ("derived/align", "derived/faces", "derived/vanishing_point", "truth/truth"):
        path = tmp_path / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(DEEP)
    for read in (read_summary, read_faces_summary, read_vanishing_point_summary):
        with pytest.raises(InputError, match="derived"):
            read(tmp_path / "derived")
    with pytest.raises(InputError, match="truth"):
        truth_of(session, of="clocks")


@pytest.mark.parametrize("text", [DEEP, '{"measurements": [{"role": "phone", "when": "before", '])
def test_clocks_that_can_not_be_are_named(tmp_path, text):
    (tmp_path / "field").mkdir()
    (tmp_path / "field" / "clocks.json").write_text(text)
    with pytest.raises(InputError, match=r"clocks\.json"):
        read_clocks(tmp_path)


def test_clocks_without_end_are_named(tmp_path):
    each = {"role": "phone", "when": "before", "host_ns": float("inf")}
    each |= {"offset_ms": 1.0, "uncertainty_ms": 1.0}
    (tmp_path / "field").mkdir()
    (tmp_path / "field" / "clocks.json").write_text(json.dumps({"measurements": [each]}))
    with pytest.raises(InputError, match=r"clocks\.json"):
        read_clocks(tmp_path)


def test_last_answers_that_are_nested_without_end_are_none(tmp_path):
    (tmp_path / ".dashgaze-form.json").write_text(DEEP)
    assert suggestions(tmp_path).driver is None


@pytest.mark.parametrize(
    "gaps", [DEEP, '[{"begin_device_ns": []}]', '[{"begin_device_ns": "x"}]', '[{"x": 1}]', "[[]]"]
)
def test_a_safety_log_goes_on_whatever_stands_beside_it(tmp_path, gaps):
    samples = [GazeSample(START_NS + i * 10**9, START_NS, 1.0, 2.0, True, i, 1) for i in range(3)]
    (tmp_path / "gaze.bin").write_bytes(b"".join(pack_record(each) for each in samples))
    note = f'{{"connections": [], "gaps": {gaps}, "gap_count": 1, "samples_lost_in_network": 0}}'
    (tmp_path / "gaze.json").write_text(note)
    asyncio.run(GazeLog(tmp_path).close())
    assert len(json.loads((tmp_path / "gaze.json").read_text())["gaps"]) == 2


@pytest.mark.parametrize(
    "content",
    [
        {"files": [], "second_copies": [{"path": "x"}, "x"]},
        {"files": ["x"], "second_copies": []},
        {"files": [{"target": {}}], "second_copies": []},
        {"files": {"target": 1}, "second_copies": []},
    ],
)
def test_a_record_of_copies_that_can_not_be_is_named(tmp_path, content):
    (tmp_path / "field").mkdir()
    (tmp_path / "field" / "offload.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"offload\.json"):
        CopyRecord(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        {"what": "part", "number": 1, "opening": {"key": KEY, "stream": "true"}},
        {"what": "part", "number": 1},
        {"what": "part", "opening": [], "number": 1},
        {"what": "piece", "key": []},
    ],
)
def test_a_page_journal_that_was_changed_is_named_with_its_line(tmp_path, line):
    (tmp_path / "journal.jsonl").write_text(json.dumps(line) + "\n")
    journal = Journal(tmp_path / "journal.jsonl")
    try:
        with pytest.raises(InputError, match=r"journal\.jsonl, line 1"):
            Parts(tmp_path, journal)
    finally:
        journal.close()


@pytest.mark.parametrize(
    "clock",
    [
        {"sent_ms": 1.0},
        {"sent_ms": 1.0, "back_ms": 2.0, "host_received_ns": "x", "host_sent_ns": "1"},
        {"sent_ms": [], "back_ms": 2.0, "host_received_ns": "1", "host_sent_ns": "1"},
        {"sent_ms": 1.0, "back_ms": 2.0, "host_received_ns": "9" * 400, "host_sent_ns": "1"},
    ],
)
def test_a_log_of_targets_that_was_changed_is_named(tmp_path, clock):
    (tmp_path / "field").mkdir()
    lines = [{"kind": "clock", "run": "a"} | clock, {"kind": "frame", "run": "a", "page_ms": 1.0}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "field" / "targets.jsonl").write_text(text)
    with pytest.raises(InputError, match=r"targets\.jsonl"):
        pack_targets(tmp_path)


@pytest.mark.parametrize("text", [DEEP, '{"model": "Recording", "data": {"id": 1}}', "[]", "5"])
def test_a_message_of_the_tracker_that_makes_no_sense_is_passed_over(text):
    watch = StatusWatch(None)
    watch._status = CompanionStatus()
    watch._take_message(text)
    assert isinstance(watch._status, CompanionStatus)


def test_an_offset_without_end_is_named(tmp_path):
    path = tmp_path / "s1" / "field" / "gaze_offset.json"
    path.parent.mkdir(parents=True)
    told = {"verdict": "ok", "unit": "deg", "offset": [1.0, 2.0], "used": float("inf")}
    for text in (DEEP, json.dumps(told)):
        path.write_text(text)
        with pytest.raises(InputError, match=r"gaze_offset\.json"):
            read_accuracy(tmp_path)


def test_a_list_of_withdrawals_that_is_nested_without_end_is_named(tmp_path):
    path = tmp_path / "withdrawn.jsonl"
    path.write_text(DEEP)
    with pytest.raises(InputError, match="withdrew"):
        read_withdrawals(path)


@pytest.mark.parametrize("text", [DEEP, "authors: 5", "authors: {a: b}", "title: [a]", "- a"])
def test_a_citation_of_another_form_is_left_out(tmp_path, text):
    (tmp_path / "CITATION.cff").write_text(text)
    assert read_citation(tmp_path).authors == ()


def test_headings_without_end_are_read_in_time(tmp_path):
    """The search for a unit in brackets takes the square of a heading's length."""
    began_s = time.monotonic()
    for sign in "([ ":
        heading = "x" + sign * 200_000
        read_header(heading)
        path = tmp_path / "speed.csv"
        path.write_text(f"time,{heading[:100_000]}\n1,2\n")
        with pytest.raises(InputError, match="speed"):
            read_obd(path)
    assert time.monotonic() - began_s < 10


def test_a_sheet_with_a_heading_too_long_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("azimuth [deg]," + "x" * 200_000 + "\n1,2\n")
    with pytest.raises(NotASheetError, match="can't be read"):
        read_sheet(path)


def test_a_table_of_boxes_whose_heading_is_no_text_is_named(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_bytes("séssion_id,x_px\na,1\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"boxes\.csv"):
        read_box_csv(path)


def test_torn_lines_of_a_training_are_left_out(tmp_path):
    lines = [b'{"event": "step", "step": 1}', DEEP.encode(), b"\xff\xfe{", b"[1]", b'{"event": 5}']
    whole = b"\n".join([*lines, b'{"event": "step", "step": 2}', b'{"event": "step"'])
    (tmp_path / "train.jsonl").write_bytes(whole)
    assert [line["step"] for line in read_log(tmp_path)] == [1, 2]


@pytest.mark.parametrize("text", ["? [a]\n: {b: test}\n", "[a]: {b: test}\n"])
def test_a_split_whose_heading_is_no_word_is_named(tmp_path, text):
    path = tmp_path / "split.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"split\.yaml"):
        read_split_file(path, ())


def test_times_beyond_all_clocks_are_none(tmp_path):
    notes: list[str] = []
    found, _ = read_times(["1.7e9", "1e308", "nan", "-9e300"], "s", None, notes)
    assert found == [1_700_000_000_000_000_000, None, None, None]


def test_a_journal_whose_roles_are_no_words_tells_nothing(tmp_path):
    path = tmp_path / "field" / "journal.jsonl"
    path.parent.mkdir()
    path.write_text('{"role": ["phone"], "step": ["started"], "host_ns": 5}\n')
    assert read_drive_times(tmp_path) == DriveTimes()


def test_a_battery_with_numbers_without_end_is_not_known():
    endless = "9" * 400
    text = f"level: {endless}\nscale: {endless}\ntemperature: {endless}\nstatus: 2\n"
    assert parse_battery(text) == (None, None, True)


@pytest.mark.parametrize("text", ["align: !!timestamp x", "align: {}\nalign: {}\n"])
def test_options_of_a_run_are_read_strictly(tmp_path, text):
    path = tmp_path / "options.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"options\.yaml"):
        read_settings(path)
