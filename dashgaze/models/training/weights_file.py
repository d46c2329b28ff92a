"""Files of tensors by name, with a few words about them; needs torch and safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from dashgaze.errors import InputError
from dashgaze.files import replacing


def write_weights_file(path: Path, tensors: Mapping[str, Tensor], marks: Mapping[str, str]) -> None:
    """Write tensors in one step.

    Parameters
    ----------
    path
        Where to; what is there is replaced.
    tensors
        By name; where several are one, each is written.
    marks
        What the file says of itself.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    from safetensors.torch import save_file

    # Tensors that share memory are refused by the format.
    apart = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    with replacing(path) as temporary:
        mode = temporary.stat().st_mode
        save_file(apart, str(temporary), metadata={"format": "pt", **marks})
        temporary.chmod(mode)  # the library makes private files


def read_weights_file(path: Path, *, fix: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and marks, onto the CPU.

    Raises
    ------
    InputError
        If it is not there or damaged; `fix` says what to do.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise InputError(f"{path} is not there.", fix=fix, path=path)
    try:
        with safe_open(str(path), framework="pt") as file:
            marks = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
    except (OSError, SafetensorError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(
            f"{path} can't be read as weights: {reason}.", fix=fix, path=path
        ) from error
    return tensors, marks
