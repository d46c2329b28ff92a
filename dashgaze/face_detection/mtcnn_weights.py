"""The published weights of MTCNN: found in an installed package or a folder, checked, read as tensors."""

import hashlib
import pickle  # noqa: TID251  # for the name of an error; torch reads tensors only
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgaze.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import torch

INSTALL_WEIGHTS = "pip install --no-deps facenet-pytorch==2.6.0"
"""The package is there for its weights; its pins would drag in an old torch."""

_PACKAGE = "facenet_pytorch"
_NAMES = ("pnet", "rnet", "onet")
_SHA256 = {
    "pnet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "rnet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "onet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True, eq=False)
class MtcnnWeights:
    """Weights of the three networks.

    Attributes
    ----------
    states
        Tensors by name, by network (``pnet``, ``rnet``, ``onet``).
    sha256
        Of the files, by network.
    """

    states: dict[str, "dict[str, torch.Tensor]"]
    sha256: dict[str, str]

    @property
    def published(self) -> bool:
        """Whether they are the known ones."""
        return self.sha256 == _SHA256


def read_mtcnn_weights(folder: Path | None = None) -> MtcnnWeights:
    """Read the weights of MTCNN. No code of the package they lie in is run.

    Parameters
    ----------
    folder
        Where ``pnet.pt``, ``rnet.pt`` and ``onet.pt`` lie; None for the installed facenet-pytorch.

    Raises
    ------
    MissingExtraError
        If torch or the weights are not installed; says what to type.
    InputError
        If the files are missing in `folder` or are no weights.
    """
    torch = _import_torch()
    folder = _found(folder)
    digests = mtcnn_digests(folder)
    states: dict[str, Any] = {}
    for name in _NAMES:
        path = folder / f"{name}.pt"
        try:
            states[name] = torch.load(path, map_location="cpu", weights_only=True)
        except (
            *(OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError, LookupError),
            *(TypeError, AttributeError, AssertionError, ArithmeticError, MemoryError, ImportError),
        ) as error:
            raise _no_weights(path, "holds no weights that torch can read") from error
    return MtcnnWeights(states=states, sha256=digests)


def mtcnn_digests(folder: Path | None = None) -> dict[str, str]:
    """Give the SHA-256 of each network's file; neither torch nor the networks are loaded.

    Parameters
    ----------
    folder
        As for `read_mtcnn_weights`.

    Raises
    ------
    MissingExtraError, InputError
        If there are no weights.
    """
    folder = _found(folder)
    return {name: _digest(folder / f"{name}.pt") for name in _NAMES}


def _found(folder: Path | None) -> Path:
    folder = _installed(find_spec) if folder is None else folder
    if folder is None:
        raise MissingExtraError(
            "The weights of the face detector MTCNN are not installed.",
            fix=f"Run: {INSTALL_WEIGHTS} (only its weights are used), or name a folder that has "
            "pnet.pt, rnet.pt and onet.pt (--mtcnn-weights DIR).",
        )
    return folder


def _import_torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError(
            "The face detector MTCNN needs torch, which is not installed.",
            fix=f"Run: pip install 'dashgaze[train]' && {INSTALL_WEIGHTS}",
        ) from error
    return torch


def _installed(find: Callable[[str], object]) -> Path | None:
    spec = find(_PACKAGE)
    for folder in getattr(spec, "submodule_search_locations", None) or ():
        data = Path(folder) / "data"
        if all((data / f"{name}.pt").is_file() for name in _NAMES):
            return data
    return None


def _digest(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _no_weights(path, "is far too large for weights of MTCNN")
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _no_weights(path, f"can't be read: {error.strerror or error}") from error


def _no_weights(path: Path, what: str) -> InputError:
    return InputError(
        f"{path} {what}.",
        fix="Give the folder with pnet.pt, rnet.pt and onet.pt of facenet-pytorch 2.6.0, or leave "
        f"--mtcnn-weights out after: {INSTALL_WEIGHTS}",
        path=path,
    )
