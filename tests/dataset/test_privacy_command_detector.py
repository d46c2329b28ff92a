"""A detector in a program of its own: what it is asked, and that its death is no verdict."""

import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dashgaze.dataset.privacy.command_detector import CommandDetector
from dashgaze.dataset.privacy.detector import RegionDetector
from dashgaze.dataset.privacy.sources import open_detectors
from dashgaze.errors import InputError

# Finds one face as large as the picture's top left byte says, and counts its starts in a file.
PROGRAM = """
import json, os, sys, time
starts = "{folder}/starts"
open(starts, "a").write("x")
count = os.path.getsize(starts)
say = lambda answer: print(json.dumps(answer), flush=True)
{before}
say({{"protocol": "dashgaze-regions/1", "name": "made up", "classes": {classes}, "facts": {{"version": "7"}}}})
for line in sys.stdin.buffer:
    head = json.loads(line)
    picture = sys.stdin.buffer.read(head["bytes"])
    number = head["frame"]
    {within}
    say({{"frame": number, "regions": [{{"class": "face", "x_px": 1, "y_px": 2, "width_px": picture[0],
        "height_px": head["height_px"], "confidence": 0.5}}]}})
"""


@pytest.fixture
def command(tmp_path):
    def write(*, before: str = "", within: str = "", classes: str = '["face"]') -> str:
        path = tmp_path / "detector program.py"
        path.write_text(
            PROGRAM.format(folder=tmp_path, before=before, within=within, classes=classes)
        )
        return shlex.join([sys.executable, "-S", str(path)])

    return write


@pytest.fixture
def opened():
    detectors = []

    def start(command: str, **given) -> CommandDetector:
        detectors.append(CommandDetector(command, **given))
        return detectors[-1]

    yield start
    for each in detectors:
        each.close()


def picture(level: int) -> np.ndarray:
    return np.full((6, 8, 3), level, dtype=np.uint8)


def starts(tmp_path: Path) -> int:
    return len((tmp_path / "starts").read_text())


def test_each_picture_is_answered_and_the_program_started_once(command, opened, tmp_path):
    detector = opened(command())
    assert isinstance(detector, RegionDetector)
    assert (detector.name, detector.classes) == ("command: made up", frozenset({"face"}))
    assert detector.facts == {"protocol": "dashgaze-regions/1", "version": "7"}
    widths = [detector.detect(picture(level))[0].width_px for level in (9, 200, 31)]
    assert widths == [9.0, 200.0, 31.0]
    assert starts(tmp_path) == 1


def test_pictures_of_several_megabytes_get_through(command, opened):
    detector = opened(command())
    assert detector.detect(np.full((1080, 1920, 3), 77, np.uint8))[0].height_px == 1080.0


def test_a_program_that_dies_is_started_again_and_gets_the_picture_again(command, opened, tmp_path):
    detector = opened(command(within='if number == 1 and count == 1: sys.exit("out of memory")'))
    assert [detector.detect(picture(level))[0].width_px for level in (9, 8, 7)] == [9.0, 8.0, 7.0]
    assert starts(tmp_path) == 2


def test_a_program_that_keeps_dying_gives_no_verdict(command, opened, tmp_path):
    detector = opened(command(within='if number == 1: sys.exit("out of memory")'), restarts=2)
    detector.detect(picture(9))
    with pytest.raises(InputError, match=r"ended before it answered.*It said: out of memory"):
        detector.detect(picture(8))
    assert starts(tmp_path) == 3


def test_a_program_that_hangs_is_ended(command, opened):
    detector = opened(command(within="time.sleep(60)"), frame_timeout_s=0.3, restarts=0)
    began = time.monotonic()
    with pytest.raises(InputError, match=r"longer than 0\.3 s"):
        detector.detect(picture(9))
    assert time.monotonic() - began < 5


def test_a_program_that_never_gets_ready_is_ended(command, opened):
    with pytest.raises(InputError, match=r"longer than 0\.3 s"):
        opened(command(before="time.sleep(60)"), start_timeout_s=0.3)


@pytest.mark.parametrize(
    ("within", "said"),
    [
        (
            'say({"frame": number, "error": "no memory on the GPU"}); continue',
            "no memory on the GPU",
        ),
        ('say({"frame": number + 1, "regions": []}); continue', "not as expected"),
        ('say({"frame": number}); continue', "not as expected"),
        ("say([1]); continue", "no JSON object"),
        ('print("loading…", flush=True); continue', "not JSON"),
        ('say({"frame": number, "regions": [{"class": "dog"}]}); continue', "a region of it"),
        ('say({"frame": number, "regions": [7]}); continue', "a region of it"),
    ],
)
def test_an_answer_of_another_form_is_no_verdict(command, opened, within, said):
    detector = opened(command(within=within))
    with pytest.raises(InputError, match=said):
        detector.detect(picture(9))


def test_a_program_that_says_other_things_after_a_restart_is_refused(command, opened):
    detector = opened(
        command(
            within="if count == 1: sys.exit(1)", classes='["face"] if count == 1 else ["plate"]'
        )
    )
    with pytest.raises(InputError, match="other things of itself"):
        detector.detect(picture(9))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("/no/such/program", "can't be started"),
        ("", "is empty"),
        ('"unbalanced', "can't be split"),
        (f"{sys.executable} -c pass", "ended before it answered"),
        (f"{sys.executable} -c 'print(1)'", "no JSON object"),
        (f"{sys.executable} -c 'print(\"{{}}\")'", "first line is not as expected"),
    ],
)
def test_what_is_no_detector_is_refused_at_once(opened, given, said):
    with pytest.raises(InputError, match=said):
        opened(given)


def test_one_program_may_look_for_both_and_is_started_once(command, tmp_path):
    both = "command:" + command(classes='["face", "plate"]')
    (detector,) = open_detectors(both, both)
    assert detector.classes == {"face", "plate"}
    assert starts(tmp_path) == 1
    detector.close()


def test_a_program_that_does_not_look_for_what_it_is_given_for_is_refused(command):
    with pytest.raises(InputError, match=r"does not look for a plate; .* face"):
        open_detectors(None, "command:" + command())
