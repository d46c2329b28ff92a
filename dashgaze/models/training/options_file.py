"""Options of a training from a YAML file or from plain values."""

import copy
import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dashgaze.errors import InputError
from dashgaze.schemas.manifest import StrictLoader

from ..adaptation.options import PretextOptions
from ..feeding.augmentation import AugmentOptions
from .options import TrainOptions

_NESTED = {"pretext": PretextOptions, "augmentation": AugmentOptions}


def read_train_options(path: Path) -> dict[str, Any]:
    """Read a YAML file of options, as plain values for `train_options`.

    Raises
    ------
    InputError
        If it can't be read or holds no options.
    """
    return _read_mapping(path, "options by name", "Write one option a line: `model: dashgazenet`.")


def read_sessions_file(path: Path) -> dict[str, Any]:
    """Read a YAML or JSON file that names the sessions of a training, as options.

    Parameters
    ----------
    path
        With lists ``train`` and ``validation``; a list ``test`` beside them is left alone.

    Raises
    ------
    InputError
        If it can't be read or says something else.
    """
    fix = "Write lists `train:` and `validation:` of names of sessions."
    content = _read_mapping(path, "sessions by side", fix)
    for side, names in content.items():
        listed = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if side not in ("train", "validation", "test") or not listed:
            raise InputError(
                f"{path} says {side}: {names!r}; a list of sessions to train or validation was expected.",
                fix=fix,
                path=path,
            )
    if "train" not in content:
        raise InputError(f"{path} names no sessions to learn from.", fix=fix, path=path)
    return {
        "train_sessions": content["train"],
        "validation_sessions": content.get("validation", []),
    }


def changed(options: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Change options by words such as ``network.eye_norm=group``; values are read as YAML.

    Raises
    ------
    InputError
        If a word is not of that form.
    """
    import yaml

    made = copy.deepcopy(dict(options))
    for setting in settings:
        name, equals, text = setting.partition("=")
        try:
            value = yaml.load(text, Loader=StrictLoader)
        except (yaml.YAMLError, ValueError, TypeError) as error:
            raise InputError(f"{setting!r} holds no value: {error}.", fix="Mend it.") from error
        *outer, last = name.strip().split(".")
        if not equals or not last:
            raise InputError(
                f"{setting!r} sets nothing; NAME=VALUE was expected.",
                fix="Type it like `--set weight_decay=0.02` or `--set network.eye_norm=group`.",
            )
        place = made
        for each in outer:
            if not isinstance(place.get(each), dict):
                place[each] = {}
            place = place[each]
        place[last] = value
    return made


def _read_mapping(path: Path, what: str, fix: str) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} can't be read: {reason}.", fix=fix, path=path) from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise InputError(f"{path} is no YAML: {error}.", fix="Mend it.", path=path) from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise InputError(f"{path} does not hold {what}.", fix=fix, path=path)
    return content


def train_options(given: Mapping[str, Any], *, source: str = "The options") -> TrainOptions:
    """Make options of plain values.

    Parameters
    ----------
    given
        By name; what is not given is as by default.
    source
        What messages call them.

    Raises
    ------
    InputError
        If there is no such option, the message naming the nearest, or a value can't be.
    """
    _refuse_unknown(given, TrainOptions.model_fields, source)
    for name, kind in _NESTED.items():
        inner = given.get(name)
        if isinstance(inner, Mapping):
            known = [field.name for field in dataclasses.fields(kind)]
            _refuse_unknown(inner, known, f"{source}, {name}:", prefix=f"{name}.")
    try:
        return TrainOptions.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise InputError(
            f"{source}: {where + ': ' if where else ''}{first['msg']}; it was {first['input']!r}."
            if where
            else f"{source}: {first['msg']}.",
            fix="Mend it and try again.",
        ) from error


def _refuse_unknown(
    given: Mapping[str, Any], known: Iterable[str], source: str, *, prefix: str = ""
) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            raise InputError(
                f"{source}: there is no option {prefix}{name}.",
                fix=f"Did you mean {prefix}{near[0]}?"
                if near
                else f"There are {', '.join(names)}.",
            )
