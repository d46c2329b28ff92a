"""Asking the form's questions."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

from .form import CHOICES, NEVER_ASSUMED, QUESTIONS, Form, known_drivers, next_driver, parse_answer

_WORDS = {
    "driver": "Driver's pseudonym (never the name; the key is kept elsewhere)",
    "consent_version": "Version of the consent form that was signed",
    "consent_scope": "What of the driver may leave the lab",
    "car": "Car, make and model",
    "camera_position": "Where the phone is",
    "weather": "Weather",
    "lighting": "Light",
    "eyewear": "Driver's own glasses or lenses",
    "passengers": "People beside the driver, you among them",
    "minutes": "Longest time that the drive will take, min",
    "observer": "Your initials",
    "eye_tracker": "Eye tracker",
}


def ask_form(
    given: Form,
    suggested: Form,
    drives: Path,
    *,
    read: Callable[[str], str],
    say: Callable[[str], None],
) -> Form:
    """Ask for all that has no answer yet.

    Parameters
    ----------
    given
        Answers that are known; not asked for again.
    suggested
        Suggestions; an empty line takes one.
    drives
        The folder whose drivers are shown.
    read
        Shows a question and gives what was typed.
    say
        Shows a line.
    """
    answers: dict[str, Any] = asdict(given)
    for question in QUESTIONS:
        if answers[question] is not None:
            continue
        suggestion = asdict(suggested)[question]
        if question in NEVER_ASSUMED:
            suggestion = None
        if question == "driver":
            known = known_drivers(drives)
            suggestion = next_driver(known)
            say(f"Known drivers: {', '.join(known)}" if known else "No driver is known here yet.")
        answers[question] = _ask(question, suggestion, read, say)
    return Form(**answers)


def _ask(
    question: str, suggestion: Any, read: Callable[[str], str], say: Callable[[str], None]
) -> str | int | float:
    words = _WORDS[question]
    if question in CHOICES:
        words += f" ({', '.join(CHOICES[question])})"
    shown = f"{suggestion:g}" if isinstance(suggestion, float) else suggestion
    if suggestion is not None:
        words += f" [{shown}]"
    while True:
        answer = read(f"{words}: ").strip()
        if not answer and suggestion is not None:
            answer = str(shown)
        try:
            return parse_answer(question, answer)
        except InputError as error:
            say(f"  {error}")
