"""Python compiled to machine code by numba, with the types of the Python it was."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function of numbers and arrays at its first call, and keep it on disk.

    It runs without Python's global lock. As in NumPy, dividing by zero gives inf or NaN; Python's
    error would keep loops with a division from being vectorised. Numba watches only the file of the
    function itself: after a change in what it calls, delete ``__pycache__``.
    """
    return cast(_Function, njit(cache=True, nogil=True, error_model="numpy")(function))
