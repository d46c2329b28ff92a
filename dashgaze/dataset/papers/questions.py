"""Which answers the papers need from people, and how a gap looks."""

from collections.abc import Callable

from dashgaze.schemas.about import ABOUT_NAME, About
from dashgaze.schemas.dataset_manifest import DatasetManifest

from .facts import has_pictures
from .licence import licence_of

_Needed = Callable[[About, DatasetManifest], bool]


def _always(about: About, manifest: DatasetManifest) -> bool:
    return True


def _with_pictures(about: About, manifest: DatasetManifest) -> bool:
    return has_pictures(manifest)


def _unknown_licence(about: About, manifest: DatasetManifest) -> bool:
    return not licence_of(about).known


_QUESTIONS: dict[str, _Needed] = {
    "authors": _always,
    "contact": _always,
    "organisation": _always,
    "licence_url": _unknown_licence,
    "released_on": _always,
    "purpose": _always,
    "funding": _always,
    "ethics.board": _always,
    "ethics.protocol_id": _always,
    "ethics.impact_assessment": _always,
    "country": _always,
    "recruitment": _always,
    "collectors": _always,
    "compensation": _always,
    "collection_period": _always,
    "instructions": _always,
    "passengers_policy": _with_pictures,
    "minors_policy": _with_pictures,
    "restrictions": _always,
    "maintenance": _always,
    "retention": _always,
}


def open_questions(about: About, manifest: DatasetManifest) -> list[str]:
    """Give the keys of about.yaml that the papers need and that have no answer.

    Parameters
    ----------
    about
        The answers.
    manifest
        What is in the data set: some questions only arise where pictures are.
    """
    return [
        key
        for key, needed in _QUESTIONS.items()
        if needed(about, manifest) and not answered(about, key)
    ]


def is_needed(key: str, about: About, manifest: DatasetManifest) -> bool:
    """Say whether a data set needs an answer."""
    return _QUESTIONS[key](about, manifest)


def answered(about: About, key: str) -> str:
    """Give an answer as text; empty where there is none."""
    value: object = about
    for part in key.split("."):
        value = getattr(value, part)
    if isinstance(value, list):
        return ", ".join(getattr(item, "name", str(item)) for item in value)
    return " ".join(str(value).split()) if value else ""


def todo(key: str) -> str:
    """Give what stands in the papers where an answer is missing."""
    return f"TODO ({ABOUT_NAME}: {key})"


def answer(about: About, key: str) -> str:
    """Give an answer, or the gap that is seen where it is missing."""
    if key not in _QUESTIONS:
        raise KeyError(key)
    return answered(about, key) or todo(key)
