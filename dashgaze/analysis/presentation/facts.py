"""What a report says of how it was made."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from dashgaze._version import __version__
from dashgaze.reports.texts import counted

from .material import Material

_PACKAGES = ("numpy", "scipy", "statsmodels", "pyarrow", "matplotlib", "opencv-python-headless")

_MOST_NAMES = 1000


def versions() -> dict[str, str | None]:
    """Give versions of what the numbers rest on; None for what is not installed."""
    found: dict[str, str | None] = {"dashgaze": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def report_notes(material: Material) -> tuple[str, ...]:
    """Say what a reader has to know of how the data set was read."""
    notes = list(material.study.notes)
    if material.refused:
        by_reason: dict[str, list[str]] = {}
        for name, reason in material.refused.items():
            by_reason.setdefault(reason.removeprefix(f"{name} "), []).append(name)
        notes += [
            f"{counted(len(names), 'session')} without directions: {reason} ({_some(names)})"
            for reason, names in by_reason.items()
        ]
    notes += _condition_notes(material)
    return tuple(notes)


def _condition_notes(material: Material) -> list[str]:
    """Gather what can't be said of conditions; the same of many sessions once."""
    by_note: dict[str, list[str]] = {}
    for name, tracks in material.tracks.items():
        for note in tracks.notes:
            by_note.setdefault(note, []).append(name)
    total = len(material.tracks)
    return [
        f"{note} ({'all sessions' if len(names) == total else _some(names)})"
        for note, names in by_note.items()
    ]


def report_facts(material: Material) -> tuple[tuple[str, str], ...]:
    """List data, options and versions."""
    study, options = material.study, material.options
    rows = [
        ("Data set", f"{study.title} {study.version}"),
        ("Its digest", study.digest),
        ("Split", options.split or "all"),
        ("Sessions", _some([each.session_id for each in study.sessions], _MOST_NAMES)),
        ("Boxes of objects", "none given" if options.boxes is None else options.boxes.name),
        ("Saliency maps", "none given" if options.saliency is None else options.saliency.name),
        ("Reference of directions", options.reference),
        ("One picture in", f"{options.picture_every_s:g} s"),
        ("Permutations, bootstrap samples", str(options.repeats)),
        ("Seed", str(options.seed)),
    ]
    return (*rows, *_versions(versions()))


def _versions(found: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(name, number or "not installed") for name, number in found.items()]


def _some(names: list[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
