"""What is plain is read as the strict reader reads it; all else is left to that one."""

import random
from pathlib import Path

import pytest
import yaml

from dashgaze.schemas.manifest import StrictLoader, _load, nested_deeper
from dashgaze.schemas.plain_yaml import plain_yaml
from dashgaze.session import _refuse_riddles

MANIFEST = """\
schema: dashgaze/session/1
session_id: s01
driver_id: D01
recorded_at: 2026-05-12T09:30:00+02:00
car: "Škoda: no"
passengers: 0
consent: {version: '3', scope: gaze_only}
phone:
  road: phone/road.mp4
  driver_offset_s: -1.5e-3
  driver_mirrored: yes
  intrinsics:
    matrix:
    - - 1065.1388687043316
      - 0.0
    - [0, 1_0, 0x1F, .inf, ~]
    distortion: []
eye_tracker:
  kind: neon   # a word
  path: |
    eye
    tracker
"""


def strictly(text):
    return yaml.load(text, Loader=StrictLoader)


def test_a_manifest_is_read_as_the_strict_reader_reads_it():
    found = plain_yaml(MANIFEST, deepest=8)
    assert found == strictly(MANIFEST)
    assert list(found) == list(strictly(MANIFEST))
    assert found["phone"]["driver_mirrored"] is True
    assert type(found["passengers"]) is int


@pytest.mark.parametrize(
    "text", ["12", "a", "- 1\n- b", "{a: [1, {b: c}]}", "? a\n: b", "!!str 5", "'*'", '"a: b"']
)
def test_any_plain_document_is_read(text):
    assert plain_yaml(text.replace("*", "+"), deepest=8) == strictly(text.replace("*", "+"))
    assert plain_yaml(text.replace("*", "+"), deepest=8) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "a: [",
        "a: 1\na: 2",
        "a: &x 1\nb: *x",
        "a: &x {b: 1}\nc:\n  <<: *x",
        "<<: {a: 1}",
        "a: !!set {b}",
        "a: !own 1",
        "a: !!int x",
        "a: 2026-99-99",
        "? [a]\n: b",
        "a: 1\n---\nb: 2",
        "a: \x07",
        "[" * 9 + "]" * 9,
        "a:\n " + "- " * 8 + "x",
    ],
)
def test_what_is_unusual_is_left_to_others(text):
    assert plain_yaml(text, deepest=8) is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 30_000,
        "{a: " * 15_000,
        "- " * 30_000 + "x",
        "? " * 30_000 + "x",
        "\n".join(" " * depth + "a:" for depth in range(340)),
        "\n".join(" " * depth + "- a:" for depth in range(0, 340, 2)),
    ],
)
def test_what_is_nested_without_end_harms_nobody(text):
    assert plain_yaml(text, deepest=8) is None


def test_levels_are_counted_as_by_their_events():
    for depth in range(1, 12):
        text = "[" * depth + "1" + "]" * depth
        assert (plain_yaml(text, deepest=8) is None) == nested_deeper(text, 8) == (depth > 8)


def test_of_a_thousand_damaged_manifests_none_is_read_otherwise():
    chance = random.Random(4)
    marks = "*&!?:-[]{}#|>'\"%@`,\n\t ~<=0123456789abxyä\x00\u2028\x85\r"
    plain = 0  # `_load` takes libyaml too, which bears tabs that the strict reader does not
    for _ in range(1000):
        letters = list(MANIFEST)
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(len(letters))
            letters[at : at + chance.choice((0, 1, 1, 9))] = chance.choice(marks)
        text = "".join(letters)
        found = plain_yaml(text, deepest=8)
        if found is not None:
            plain += 1
            assert repr(found) == repr(_load(text))
            _refuse_riddles(text, Path("session.yaml"))
    assert plain > 200, "most damage is no damage to YAML"
