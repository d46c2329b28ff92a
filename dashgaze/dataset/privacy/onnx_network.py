"""Running an ONNX network, with ONNX Runtime where it is installed, else with OpenCV."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from .onnx_header import OnnxHeader

RUNTIME = "onnxruntime"
_ERRORS_ONLY = 3

Array: TypeAlias = NDArray[np.float32]
_Run: TypeAlias = Callable[[Array], list[Array]]


class OnnxNetwork:
    """A network.

    Parameters
    ----------
    path
        The ONNX file.
    header
        What `read_onnx_header` gave for it.
    any_size
        Whether it is to be given other sizes than the file states. OpenCV does not mind; ONNX Runtime
        does, and is not used then.

    Attributes
    ----------
    runner
        What runs it.

    Raises
    ------
    InputError
        If nothing here can run it.
    """

    def __init__(self, path: Path, header: OnnxHeader, *, any_size: bool = False) -> None:
        self.path, self.header = path, header
        names = [each.name for each in header.outputs]
        with_runtime = not any_size and find_spec(RUNTIME) is not None
        self.runner = RUNTIME if with_runtime else "opencv"
        try:
            if with_runtime:
                self._run = _with_runtime(path, header.inputs[0].name, names)
            else:
                self._run = _with_opencv(path, names)
        except Exception as error:
            raise self._failed("can't be run", error) from error

    def run(self, blob: Array) -> list[Array]:
        """Give the outputs in the order of the file.

        Parameters
        ----------
        blob
            Shape (1, 3, height, width).

        Raises
        ------
        InputError
            If the network can't take it.
        """
        try:
            return self._run(blob)
        except Exception as error:
            raise self._failed("gave no verdict on a picture", error) from error

    def _failed(self, what: str, error: Exception) -> InputError:
        # OpenCV and ONNX Runtime have errors of their own that share no base below Exception.
        return InputError(
            f"{self.path.name} {what} ({self.runner}): {str(error).strip()[-300:]}",
            fix="Check the file."
            if self.runner == RUNTIME
            else f"Check the file; ONNX Runtime understands more of them: pip install {RUNTIME}",
            path=self.path,
        )


def _with_runtime(path: Path, taken: str, names: list[str]) -> _Run:
    runtime = import_module(RUNTIME)
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    session = runtime.InferenceSession(
        str(path), options, providers=runtime.get_available_providers()
    )
    return lambda blob: list(session.run(names, {taken: blob}))


def _with_opencv(path: Path, names: list[str]) -> _Run:
    net = cv2.dnn.readNetFromONNX(str(path))

    def run(blob: Array) -> list[Array]:
        net.setInput(blob)
        return [np.asarray(each, dtype=np.float32) for each in net.forward(names)]

    return run
