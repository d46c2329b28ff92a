"""The form of a drive: what has to be known before anything starts."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from dashgaze.errors import InputError, ManifestError
from dashgaze.files import write_text
from dashgaze.schemas.manifest import (
    CAMERA_POSITIONS,
    CONSENT_SCOPES,
    EYEWEAR,
    LIGHTING,
    MANIFEST_NAME,
    SESSION_SCHEMA,
    WEATHER,
    SessionManifest,
    StrictLoader,
    parse_manifest,
)

LAST_ANSWERS_NAME = ".dashgaze-form.json"
MOST_MINUTES = 600.0

CHOICES: Mapping[str, tuple[str, ...]] = {
    "consent_scope": CONSENT_SCOPES,
    "camera_position": CAMERA_POSITIONS,
    "weather": WEATHER,
    "lighting": LIGHTING,
    "eyewear": EYEWEAR,
    "eye_tracker": ("pupil_invisible", "neon"),
}

# A wrong one of these can't be seen later: a returning driver under a new code, or footage shared
# that nobody agreed to. They are asked for each time.
NEVER_ASSUMED = frozenset({"driver", "consent_scope"})

_CODE = re.compile(r"([A-Za-z]+[-_]?)(\d+)")


@dataclass(frozen=True, kw_only=True)
class Form:
    """Answers; None for what is not answered yet.

    Attributes
    ----------
    driver
        Pseudonym of the driver; the key to it is kept elsewhere.
    consent_version, consent_scope
        The form that was signed, and what of the driver may leave the lab: raw, blurred, gaze_only.
    car
        Make and model.
    camera_position, weather, lighting, eyewear
        As in ``session.yaml``.
    passengers
        People in the car beside the driver.
    minutes
        How long the drive will be at the most, min.
    observer
        Who sits at the screen: initials. Goes to the journal, not into the data set.
    eye_tracker
        Its kind: pupil_invisible or neon.
    """

    driver: str | None = None
    consent_version: str | None = None
    consent_scope: str | None = None
    car: str | None = None
    camera_position: str | None = None
    weather: str | None = None
    lighting: str | None = None
    eyewear: str | None = None
    passengers: int | None = None
    minutes: float | None = None
    observer: str | None = None
    eye_tracker: str | None = None

    def over(self, other: "Form") -> "Form":
        """Give these answers, and where there is none the other's."""
        mine, theirs = asdict(self), asdict(other)
        return Form(**{key: theirs[key] if mine[key] is None else mine[key] for key in mine})

    def missing(self) -> tuple[str, ...]:
        """Give the names of the questions without an answer."""
        return tuple(key for key, value in asdict(self).items() if value is None)


QUESTIONS: tuple[str, ...] = tuple(each.name for each in fields(Form))


def read_form(path: Path) -> Form:
    """Read answers from a YAML file.

    Raises
    ------
    InputError
        If it can't be read, has an unknown key or a value that can't be.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=StrictLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InputError(
            f"{path} can't be read: {' '.join(str(error).split())}.",
            fix="Write one line an answer, such as `driver: P07`.",
            path=path,
        ) from error
    if content is None:
        return Form()
    if not isinstance(content, dict):
        raise InputError(
            f"{path} holds no answers.",
            fix="Write one line an answer, such as `driver: P07`.",
            path=path,
        )
    answers: dict[str, Any] = {}
    for key, value in content.items():
        if key not in QUESTIONS:
            near = difflib.get_close_matches(str(key), QUESTIONS, n=1, cutoff=0.5)
            raise InputError(
                f"{path}: the form does not ask for '{key}'.",
                fix=f"Did you mean '{near[0]}'?"
                if near
                else f"It asks for {', '.join(QUESTIONS)}.",
                path=path,
            )
        answers[key] = None if value is None else parse_answer(str(key), str(value))
    return Form(**answers)


def parse_answer(question: str, answer: str) -> str | int | float:
    """Make a value of what was typed; of a choice the first letters will do.

    Raises
    ------
    InputError
        With what would have been right.
    """
    text = answer.strip()
    if not text:
        raise InputError(f"{question} needs an answer.")
    if question in CHOICES:
        choices = CHOICES[question]
        found = [choice for choice in choices if choice.startswith(text.lower().replace(" ", "_"))]
        exact = [choice for choice in found if choice == text.lower().replace(" ", "_")]
        if len(exact or found) != 1:
            raise InputError(
                f"{question} can't be {text!r}.", fix=f"It is one of {', '.join(choices)}."
            )
        return (exact or found)[0]
    if question == "passengers":
        if not text.isdecimal() or int(text) > 60:
            raise InputError(f"passengers can't be {text!r}.", fix="Give a number, such as 1.")
        return int(text)
    if question == "minutes":
        try:
            minutes = float(text)
        except ValueError:
            minutes = 0.0
        if not 0 < minutes <= MOST_MINUTES:
            raise InputError(
                f"minutes can't be {text!r}.", fix=f"Give 1 to {MOST_MINUTES:.0f}, such as 30."
            )
        return minutes
    if len(text) > 200 or not text.isprintable():
        raise InputError(f"{question} can't be {text[:40]!r}.", fix="Give a short plain text.")
    return text


def manifest_of(form: Form, session_id: str, path: Path) -> SessionManifest:
    """Make the manifest of a complete form.

    Parameters
    ----------
    form
        The answers.
    session_id
        Name of the session.
    path
        Where it will stand, for messages.

    Raises
    ------
    InputError
        If an answer is missing, or can't be one; all faults at once.
    """
    missing = form.missing()
    if missing:
        raise InputError(
            f"The form is not complete: {', '.join(missing)} "
            f"{'has' if len(missing) == 1 else 'have'} no answer.",
            fix="Answer when asked, or give options or --form.",
        )
    content = {
        "schema": SESSION_SCHEMA,
        "session_id": session_id,
        "driver_id": form.driver,
        "car": form.car,
        "camera_position": form.camera_position,
        "weather": form.weather,
        "lighting": form.lighting,
        "eyewear": form.eyewear,
        "passengers": form.passengers,
        "consent": {"version": form.consent_version, "scope": form.consent_scope},
        # A driver video is named when it has come home: not every phone films both.
        "phone": {"road": "phone/road.mp4"},
        "eye_tracker": {"kind": form.eye_tracker, "path": "eye_tracker"},
    }
    try:
        return parse_manifest(yaml.safe_dump(content, sort_keys=False), path=path)
    except ManifestError as error:
        raise InputError(
            f"The drive can't be described like this: {'; '.join(error.problems) or error.what}.",
            fix="Mend that answer and try again.",
        ) from error


def known_drivers(drives: Path) -> tuple[str, ...]:
    """List the pseudonyms that sessions of a folder use already, sorted."""
    codes = set()
    for path in sorted(drives.glob(f"*/{MANIFEST_NAME}")):
        try:
            code = parse_manifest(path.read_text(encoding="utf-8-sig"), path=path).driver_id
        except (OSError, ValueError, ManifestError):
            continue  # said by `dashgaze check`; a new drive is possible all the same
        if code is not None:
            codes.add(code)
    return tuple(sorted(codes))


def next_driver(known: tuple[str, ...]) -> str:
    """Suggest a code that nobody has: the usual letters, and a number one higher."""
    matches = [match for code in known if (match := _CODE.fullmatch(code))]
    if not matches:
        return "P01"
    prefix = Counter(match[1] for match in matches).most_common(1)[0][0]
    numbers = [match[2] for match in matches if match[1] == prefix]
    highest = max(int(number) for number in numbers)
    return f"{prefix}{highest + 1:0{max(len(number) for number in numbers)}d}"


def suggestions(drives: Path) -> Form:
    """Give the answers of the last drive of a folder, as suggestions; empty if there was none."""
    try:
        content = json.loads((drives / LAST_ANSWERS_NAME).read_text(encoding="utf-8"))
        answers: dict[str, Any] = {
            key: parse_answer(key, str(value))
            for key, value in content.items()
            if key in QUESTIONS and value is not None
        }
        last = Form(**answers)
    except (OSError, ValueError, AttributeError, RecursionError, InputError):
        last = Form()
    return last.over(Form(minutes=30.0, eye_tracker="pupil_invisible"))


def remember(drives: Path, form: Form) -> None:
    """Keep the answers as suggestions for the next drive, but those that are asked each time.

    Raises
    ------
    OutputError
        If they can't be written.
    """
    content = {key: value for key, value in asdict(form).items() if key not in NEVER_ASSUMED}
    write_text(drives / LAST_ANSWERS_NAME, json.dumps(content, indent=2) + "\n")


def complete(form: Form, suggested: Form) -> Form:
    """Take suggestions for what has no answer, but for what is never assumed."""
    safe = {k: v for k, v in asdict(suggested).items() if k not in NEVER_ASSUMED}
    return form.over(Form(**safe))
