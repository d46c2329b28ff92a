"""A detector that runs as a program of its own, in an environment of its own.

Detectors such as EgoBlur and deface need other versions of packages than dashgaze does. A few lines
around one make a program that dashgaze starts once and feeds through its standard input. Nothing is
written to disk.

1. The program prints one JSON line when it is ready::

       {"protocol": "dashgaze-regions/1", "name": "egoblur", "classes": ["face", "plate"],
        "facts": {"version": "2.0.1", "threshold": 0.2}}

2. For each picture it gets a JSON line and, right after it, so many bytes of blue, green and red::

       {"frame": 0, "width_px": 1920, "height_px": 1080, "bytes": 6220800}

3. It answers with one JSON line, with the same number::

       {"frame": 0, "regions": [{"class": "face", "x_px": 512.0, "y_px": 300.5, "width_px": 20.0,
        "height_px": 26.0, "confidence": 0.91}]}

   or ``{"frame": 0, "error": "why not"}``. It ends when its input does.

A program that dies or hangs is started again and gets the same picture again, a few times in all. After
that, and for any answer that is not of this form, there is no verdict, and nothing is written.
"""

import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from .regions import REGION_CLASSES, Region, RegionClass

PROTOCOL = "dashgaze-regions/1"
START_TIMEOUT_S = 300.0
"""How long a program may take until it is ready: it may have to load a large model."""
FRAME_TIMEOUT_S = 120.0
"""How long it may take for a picture."""
RESTARTS = 2
"""How often it is started again, over all pictures of a run."""

_LONGEST_LINE_BYTES = 1 << 22
_TOLD_BYTES = 500


class _DiedError(Exception):
    """The program ended, or was ended because it took too long."""


class CommandDetector:
    """Finds regions by asking a program; see the top of this file.

    Parameters
    ----------
    command
        What to run, as one would type it; no shell looks at it.
    start_timeout_s, frame_timeout_s, restarts
        See the constants.

    Raises
    ------
    InputError
        If it can't be started or does not say that it is ready; also from `detect`.
    """

    def __init__(
        self,
        command: str,
        *,
        start_timeout_s: float = START_TIMEOUT_S,
        frame_timeout_s: float = FRAME_TIMEOUT_S,
        restarts: int = RESTARTS,
    ) -> None:
        self._command = command
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise InputError(f"The command {command!r} can't be split: {error}.") from error
        if not self._words:
            raise InputError("The detector's command is empty.", fix="Give: command:PROGRAM …")
        self._start_timeout_s, self._frame_timeout_s = start_timeout_s, frame_timeout_s
        self._restarts_left = restarts
        self._process: subprocess.Popen[bytes] | None = None
        self._told: IO[bytes] | None = None
        self._number = 0
        self._hello: dict[str, Any] | None = None
        try:
            self._start()
        except _DiedError as error:
            raise self._failed(str(error)) from error

    @property
    def name(self) -> str:
        """What the program calls itself."""
        return f"command: {self._said()['name']}"

    @property
    def classes(self) -> frozenset[RegionClass]:
        """What the program says that it looks for."""
        return frozenset(kind for kind in REGION_CLASSES if kind in self._said()["classes"])

    @property
    def facts(self) -> dict[str, Any]:
        """What the program says of itself."""
        return {"protocol": PROTOCOL, **self._said()["facts"]}

    def detect(self, picture: NDArray[np.uint8]) -> Sequence[Region]:
        """Ask the program; see `RegionDetector`."""
        while True:
            try:
                if self._process is None:
                    self._start()
                return self._ask(picture)
            except _DiedError as error:
                self._end()
                if self._restarts_left <= 0:
                    raise self._failed(str(error)) from error
                self._restarts_left -= 1

    def close(self) -> None:
        """End the program."""
        self._end()
        if self._told is not None:
            self._told.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()

    def _start(self) -> None:
        if self._told is not None:
            self._told.close()
        self._told = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the next one, or with this
        try:
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._told,
                start_new_session=True,
            )
        except OSError as error:
            raise self._failed(f"it can't be started: {error.strerror or error}") from error
        hello = self._exchange(b"", self._start_timeout_s)
        facts = hello.get("facts", {})
        classes = hello.get("classes")
        if (
            hello.get("protocol") != PROTOCOL
            or not isinstance(hello.get("name"), str)
            or not isinstance(facts, dict)
            or not isinstance(classes, list)
            or not set(map(str, classes)) & set(REGION_CLASSES)
        ):
            raise self._failed(f"its first line is not as expected: {json.dumps(hello)[:200]}")
        said = {"name": hello["name"], "classes": sorted(map(str, classes)), "facts": facts}
        if self._hello is not None and said != self._hello:
            raise self._failed("after a restart it says other things of itself than before")
        self._hello = said

    def _ask(self, picture: NDArray[np.uint8]) -> list[Region]:
        height, width = picture.shape[:2]
        raw = np.ascontiguousarray(picture).tobytes()
        head = {"frame": self._number, "width_px": width, "height_px": height, "bytes": len(raw)}
        answer = self._exchange(json.dumps(head).encode() + b"\n" + raw, self._frame_timeout_s)
        if "error" in answer:
            raise self._failed(f"it can't judge picture {self._number}: {answer['error']}")
        found = answer.get("regions")
        if answer.get("frame") != self._number or not isinstance(found, list):
            raise self._failed(
                f"its answer to picture {self._number} is not as expected: "
                f"{json.dumps(answer)[:200]}"
            )
        self._number += 1
        return [self._region(each) for each in found]

    def _region(self, each: Any) -> Region:
        try:
            kind = next(kind for kind in REGION_CLASSES if kind == each["class"])
            return Region(
                kind=kind,
                x_px=float(each["x_px"]),
                y_px=float(each["y_px"]),
                width_px=float(each["width_px"]),
                height_px=float(each["height_px"]),
                confidence=float(each.get("confidence", 1.0)),
            )
        except (AttributeError, KeyError, StopIteration, TypeError, ValueError) as error:
            raise self._failed(f"a region of it is not as expected: {str(each)[:200]}") from error

    def _exchange(self, sent: bytes, timeout_s: float) -> dict[str, Any]:
        """Send bytes and read a line; a program that takes too long is ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise _DiedError("it is not running")
        late = threading.Event()

        def give_up() -> None:
            late.set()
            _kill(process)

        clock = threading.Timer(timeout_s, give_up)
        clock.start()
        try:
            process.stdin.write(sent)
            process.stdin.flush()
            line = process.stdout.readline(_LONGEST_LINE_BYTES)
        except OSError:
            line = b""
        finally:
            clock.cancel()
        if late.is_set():
            raise _DiedError(f"it took longer than {timeout_s:g} s")
        if not line:
            raise _DiedError("it ended before it answered")
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise self._failed(f"it answered with what is not JSON: {line[:200]!r}") from error
        if not isinstance(answer, dict):
            raise self._failed(f"it answered with what is no JSON object: {line[:200]!r}")
        return answer

    def _said(self) -> dict[str, Any]:
        if self._hello is None:
            raise self._failed("it did not say what it is")
        return self._hello

    def _failed(self, why: str) -> InputError:
        told = ""
        if self._told is not None and not self._told.closed:
            size = self._told.seek(0, 2)
            self._told.seek(max(0, size - _TOLD_BYTES))
            told = self._told.read().decode("utf-8", "replace").strip()
        self.close()
        return InputError(
            f"The detector `{self._command}` gave no verdict: {why}."
            + (f" It said: {told}" if told else ""),
            fix="Try it by hand; `dashgaze anonymize --help` says what it is asked and has to answer.",
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started: a wrapper such as ``conda run`` leaves children behind."""
    if os.name == "nt":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
