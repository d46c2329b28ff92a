"""Weights of networks in files that others made."""

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dashgaze.errors import InputError, MissingExtraError

SHOWN_KEYS = 5


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read tensors by name from a ``.safetensors`` file or one of ``torch.save``.

    Nothing but tensors is ever read: a file that holds code is refused. A file that wraps its tensors in
    ``state_dict``, ``model`` or ``model_state_dict`` is unwrapped, and ``module.`` in front of names, which training on
    several GPUs leaves, is taken off.

    Raises
    ------
    InputError
        If the file is missing, can't be read, or holds something else.
    """
    if not path.is_file():
        raise InputError(
            f"There is no file of weights at {path}.", fix="Check the path.", path=path
        )
    content = _read(path)
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(content.get(name), Mapping):
            content = content[name]
            break
    weights = {
        str(name).removeprefix("module."): value
        for name, value in content.items()
        if isinstance(value, Tensor)
    }
    if not weights:
        raise InputError(
            f"{path} holds no named tensors.",
            fix="Give a file of weights (a state_dict).",
            path=path,
        )
    return weights


def _read(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    # torch raises whatever its unpickler met: of a damaged archive, of a type that it must not build.
    from pickle import UnpicklingError  # noqa: TID251 - the name of an error, not a reader

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (
        *(UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, OSError, TypeError),
        *(AttributeError, AssertionError, ArithmeticError, MemoryError, ImportError),
    ) as error:
        raise InputError(
            f"{path} can't be read as weights: {str(error).splitlines()[0] if str(error) else error!r}.",
            fix="Save its state_dict alone, best as .safetensors.",
            path=path,
        ) from error
    if not isinstance(content, Mapping):
        raise InputError(
            f"{path} holds a {type(content).__name__}, not named tensors.",
            fix="Save its state_dict alone, best as .safetensors.",
            path=path,
        )
    return content


def _read_safetensors(path: Path) -> Mapping[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "Reading .safetensors needs the package safetensors.",
            fix="Type: pip install 'dashgaze[train]'",
        ) from error
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is no whole .safetensors file: {error}.", fix="Fetch it again.", path=path
        ) from error


def sha256(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_strictly(module: nn.Module, weights: Mapping[str, Tensor], *, what: str) -> None:
    """Fill a module; every name and shape has to fit.

    Counters of batch normalisation (``num_batches_tracked``) may be missing: some files leave them out.

    Parameters
    ----------
    what
        What messages call the file.

    Raises
    ------
    InputError
        If names are missing or left over, or a shape is another; the module stays as it was.
    """
    own = module.state_dict()
    missing = [
        name for name in own if name not in weights and not name.endswith("num_batches_tracked")
    ]
    unexpected = [name for name in weights if name not in own]
    if missing or unexpected:
        near = difflib.get_close_matches(missing[0], unexpected, n=1) if missing else []
        hint = f" {missing[0]} may be what it calls {near[0]}." if near else ""
        raise InputError(
            f"{what} does not fit: missing {_shown(missing)}; left over {_shown(unexpected)}.{hint}",
            fix="Give weights of this very architecture.",
        )
    for name, mine in own.items():
        if name in weights and weights[name].shape != mine.shape:
            raise InputError(
                f"{what} does not fit: {name} has shape {tuple(weights[name].shape)}, expected was "
                f"{tuple(mine.shape)}.",
                fix="Give weights of this very architecture.",
            )
    module.load_state_dict({**own, **weights})


def _shown(names: Iterable[str]) -> str:
    names = list(names)
    if not names:
        return "nothing"
    more = f" and {len(names) - SHOWN_KEYS} more" if len(names) > SHOWN_KEYS else ""
    return ", ".join(names[:SHOWN_KEYS]) + more
