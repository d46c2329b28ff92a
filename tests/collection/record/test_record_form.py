"""The form: what it asks, suggests, refuses and remembers."""

import json
from dataclasses import replace

import pytest
import yaml

from dashgaze.collection.record import (
    DeviceOptions,
    Form,
    ask_form,
    begin_drive,
    complete,
    known_drivers,
    next_driver,
    parse_answer,
    read_form,
    read_journal,
    suggestions,
)
from dashgaze.errors import InputError, OutputError
from dashgaze.session import open_session

WHOLE = Form(
    driver="P07",
    consent_version="2.1",
    consent_scope="blurred",
    car="VW Golf",
    camera_position="under_mirror",
    weather="rain",
    lighting="night",
    eyewear="glasses",
    passengers=2,
    minutes=25.0,
    observer="AB",
    eye_tracker="neon",
)


def answering(*answers):
    waiting, asked, said = list(answers), [], []

    def read(question):
        asked.append(question)
        return waiting.pop(0)

    return read, asked, said


def test_a_complete_form_becomes_the_manifest(tmp_path):
    begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())
    manifest = open_session(tmp_path / "s1").manifest
    assert (manifest.session_id, manifest.driver_id, manifest.weather) == ("s1", "P07", "rain")
    assert (manifest.consent.version, manifest.consent.scope) == ("2.1", "blurred")
    assert (manifest.passengers, manifest.eye_tracker.kind) == (2, "neon")
    assert [line["step"] for line in read_journal(tmp_path / "s1")] == ["created", "form"]


@pytest.mark.parametrize("question", list(Form.__dataclass_fields__))
def test_an_incomplete_form_is_refused_and_leaves_nothing(tmp_path, question):
    form = replace(WHOLE, **{question: None})
    with pytest.raises(InputError, match=f"not complete: {question} has no answer"):
        begin_drive(tmp_path / "s1", form, DeviceOptions())
    assert list(tmp_path.iterdir()) == []


def test_a_name_as_a_pseudonym_is_refused(tmp_path):
    with pytest.raises(InputError, match="driver_id"):
        begin_drive(tmp_path / "s1", replace(WHOLE, driver="Jane Doe"), DeviceOptions())
    assert list(tmp_path.iterdir()) == []


def test_a_begun_session_is_refused_with_the_way_to_resume(tmp_path):
    begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())
    with pytest.raises(InputError, match="dashgaze collect resume"):
        begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "holiday.jpg").touch()
    with pytest.raises(OutputError, match="not empty"):
        begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())


def test_all_that_is_not_known_is_asked_with_suggestions(tmp_path):
    begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())
    read, asked, said = answering("", "", "raw", *[""] * 9)
    form = ask_form(Form(), suggestions(tmp_path), tmp_path, read=read, say=said.append)
    assert form == replace(WHOLE, driver="P08", consent_scope="raw")
    assert said == ["Known drivers: P07"]
    assert "[P08]" in asked[0]
    assert "[2.1]" in asked[1]
    assert "[" not in asked[2]  # what somebody else agreed to is no suggestion


def test_what_is_given_is_not_asked(tmp_path):
    read, asked, said = answering("1")
    form = ask_form(replace(WHOLE, passengers=None), Form(), tmp_path, read=read, say=said.append)
    assert (form.passengers, len(asked)) == (1, 1)


def test_a_wrong_answer_is_asked_again_with_the_reason(tmp_path):
    read, _, said = answering("snow", "clo")
    form = ask_form(replace(WHOLE, weather=None), Form(), tmp_path, read=read, say=said.append)
    assert form.weather == "cloudy"
    assert said == ["  weather can't be 'snow'. It is one of clear, cloudy, rain, fog."]


def test_driver_and_scope_are_never_assumed(tmp_path):
    begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())
    form = complete(Form(), suggestions(tmp_path))
    assert form.missing() == ("driver", "consent_scope")


def test_the_key_to_the_driver_is_not_remembered(tmp_path):
    begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())
    content = json.loads((tmp_path / ".dashgaze-form.json").read_text())
    assert "driver" not in content
    assert content["car"] == "VW Golf"


def test_broken_memories_are_no_suggestions(tmp_path):
    (tmp_path / ".dashgaze-form.json").write_text('{"weather": "snow", "car": ["x"]}')
    assert suggestions(tmp_path) == Form(minutes=30.0, eye_tracker="pupil_invisible")


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ((), "P01"),
        (("P01", "P02"), "P03"),
        (("P09",), "P10"),
        (("P099",), "P100"),
        (("D-1", "D-2", "P77"), "D-3"),
        (("anna",), "P01"),
    ],
)
def test_the_next_free_code(known, code):
    assert next_driver(known) == code


def test_known_drivers_survive_a_broken_session(tmp_path):
    begin_drive(tmp_path / "s1", WHOLE, DeviceOptions())
    (tmp_path / "s2").mkdir()
    (tmp_path / "s2" / "session.yaml").write_text("{")
    assert known_drivers(tmp_path) == ("P07",)


def test_a_form_file_is_read(tmp_path):
    path = tmp_path / "form.yaml"
    path.write_text(yaml.safe_dump({"driver": "P07", "passengers": 1, "minutes": 20}))
    assert read_form(path) == Form(driver="P07", passengers=1, minutes=20.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wether: rain", "Did you mean 'weather'"),
        ("passengers: many", "passengers can't be 'many'"),
        ("minutes: -3", "minutes can't be"),
        ("- a", "holds no answers"),
        ("a: b: c", "can't be read"),
        ("driver: P1\ndriver: P2", "stands twice"),
    ],
)
def test_a_wrong_form_file_says_what_and_where(tmp_path, text, words):
    path = tmp_path / "form.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_form(path)


def test_first_letters_of_a_choice_will_do_where_they_are_clear():
    assert parse_answer("camera_position", "under") == "under_mirror"
    with pytest.raises(InputError, match="windscreen_centre, windscreen_corner"):
        parse_answer("camera_position", "windscreen")


@pytest.mark.parametrize("phone", ["usb", "page:", "page:7", "adb:", "hand:1", ""])
def test_unknown_phones_are_refused(phone):
    with pytest.raises(InputError, match="The phone can't be"):
        DeviceOptions(phone=phone)
