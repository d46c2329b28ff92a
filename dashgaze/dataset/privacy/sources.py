"""Detectors from what a user types after ``--faces`` and ``--plates``."""

import re
from pathlib import Path

from dashgaze.errors import InputError

from .command_detector import CommandDetector
from .detector import RegionDetector
from .installed import installed_detector
from .onnx_detector import CONFIDENCE, OnnxDetector
from .regions import RegionClass

INSTALLED = "installed"
COMMAND = "command:"


def open_detectors(
    faces: str | None, plates: str | None, *, confidence: float = CONFIDENCE
) -> tuple[RegionDetector, ...]:
    """Open the detectors that were asked for.

    Parameters
    ----------
    faces, plates
        ``installed``; the path of ONNX weights, with ``@0,2`` behind it if only these classes of
        the network are meant; or ``command:`` and a program with its arguments. None for none.
    confidence
        Least score of a region, for ONNX weights.

    Raises
    ------
    InputError
        If one can't be opened.
    MissingExtraError
        If an installed one is wanted and there is none.
    """
    asked: tuple[tuple[RegionClass, str | None], ...] = (("face", faces), ("plate", plates))
    opened: list[RegionDetector] = []
    commands: dict[str, CommandDetector] = {}
    try:
        for kind, source in asked:
            if source is None:
                continue
            if source.startswith(COMMAND):
                command = source.removeprefix(COMMAND).strip()
                if command not in commands:
                    commands[command] = CommandDetector(command)
                    opened.append(commands[command])
                _check_class(commands[command], kind, command)
            else:
                opened.append(_open_weights(kind, source, confidence))
    except BaseException:
        for each in opened:
            each.close()
        raise
    return tuple(opened)


def _open_weights(kind: RegionClass, source: str, confidence: float) -> RegionDetector:
    if source == INSTALLED:
        return installed_detector(kind, confidence=confidence)
    match = re.fullmatch(
        r"(?P<path>.+\.onnx)(?:@(?P<numbers>\d+(?:,\d+)*))?", source, re.IGNORECASE
    )
    if match is None:
        raise InputError(
            f"{source!r} names no detector.",
            fix=f"Give {INSTALLED}, WEIGHTS.onnx, WEIGHTS.onnx@0,1 or {COMMAND}PROGRAM.",
        )
    numbers = match["numbers"]
    return OnnxDetector(
        Path(match["path"]),
        kind,
        numbers=None if numbers is None else [int(each) for each in numbers.split(",")],
        confidence=confidence,
    )


def _check_class(detector: CommandDetector, kind: RegionClass, command: str) -> None:
    if kind not in detector.classes:
        raise InputError(
            f"The detector `{command}` does not look for a {kind}; it says that it looks for "
            f"{', '.join(sorted(detector.classes))}.",
            fix="Give another one, or boxes (--boxes FILE.csv).",
        )
