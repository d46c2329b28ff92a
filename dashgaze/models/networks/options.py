"""Options of networks, read from plain values."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dashgaze.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Options = TypeVar("Options", bound=DataclassInstance)
else:
    Options = TypeVar("Options")

Sizes = Mapping[str, Mapping[str, Any]]
"""By name of a size: the options that it stands for."""


def read_options(
    kind: type[Options], given: Mapping[str, Any] | None, *, model: str, sizes: Sizes
) -> Options:
    """Read the options of a network.

    ``size`` names a preset; every other value that is given goes before the preset's.

    Parameters
    ----------
    kind
        A frozen dataclass with a field ``size``.
    given
        Plain values, as from JSON: lists stand for tuples.
    model
        What messages call the network.
    sizes
        The presets.

    Raises
    ------
    InputError
        If an option is unknown or its value is not one of those allowed.
    """
    values = dict(given or {})
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise InputError(
                f"{model} has no option {name!r}.",
                fix=f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(known)}.",
            )
    size = values.get("size", next(iter(sizes)))
    if size not in sizes:
        raise InputError(
            f"{model} has no size {size!r}.", fix=f"Choose one of: {', '.join(sizes)}."
        )
    try:
        return TypeAdapter(kind).validate_python({"size": size, **sizes[size], **values})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"])
        raise InputError(
            f"Option {place or '(several)'} of {model}: {first['msg']}; it was {first['input']!r}.",
            fix="Mend it and try again.",
        ) from error


def plain(options: "DataclassInstance") -> dict[str, Any]:
    """Give options as values that JSON knows."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(options).items()
    }
