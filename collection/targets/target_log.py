"""What the page tells of what was shown: ``field/targets.jsonl``."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashgaze.errors import OutputError

from ..field.json_lines import read_lines, write_all

LOG_NAME = "field/targets.jsonl"
MOST_LINES_A_BATCH = 1000
MOST_BYTES = 256 << 20

Milliseconds = Annotated[float, Field(ge=0, le=1e12)]
Pixels = Annotated[float, Field(ge=-1e5, le=1e5)]
# Digits: the numbers of a browser have 53 bits.
Nanoseconds = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
Name = Annotated[str, Field(max_length=40)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class FrameLine(_Line):
    """A frame of the film that was given to the screen, and the target that was drawn on it."""

    kind: Literal["frame"]
    page_ms: Milliseconds
    media_s: Annotated[float, Field(ge=0, le=1e6)]
    presented_ms: Milliseconds
    expected_ms: Milliseconds
    count: Annotated[int, Field(ge=0)]
    target: Name | None
    x_px: Pixels | None
    y_px: Pixels | None
    visible: bool
    full: bool


class DotLine(_Line):
    """A picture of the screen with a dot to look at, before or after the film."""

    kind: Literal["dot"]
    page_ms: Milliseconds
    phase: Literal["before", "after"]
    target: Name
    x_px: Pixels
    y_px: Pixels
    visible: bool
    full: bool


class ScreenLine(_Line):
    """How screen, window and film lie: CSS pixels, and device pixels for each of them."""

    kind: Literal["screen"]
    page_ms: Milliseconds
    screen_width: Pixels
    screen_height: Pixels
    window_width: Pixels
    window_height: Pixels
    pixel_ratio: Annotated[float, Field(gt=0, le=100)]
    film_left: Pixels
    film_top: Pixels
    film_width: Pixels
    film_height: Pixels
    video_width: Annotated[int, Field(ge=0, le=100_000)]
    video_height: Annotated[int, Field(ge=0, le=100_000)]


class ClockLine(_Line):
    """A question for the host's time, as the page saw it come back."""

    kind: Literal["clock"]
    sent_ms: Milliseconds
    back_ms: Milliseconds
    host_received_ns: Nanoseconds
    host_sent_ns: Nanoseconds


class EventLine(_Line):
    """Something that happened: a phase begins, the window is left, the film stalls."""

    kind: Literal["event"]
    page_ms: Milliseconds
    name: Annotated[str, Field(pattern=r"^[a-z_]{1,30}$")]
    value: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None


Line = Annotated[
    FrameLine | DotLine | ScreenLine | ClockLine | EventLine, Field(discriminator="kind")
]


class Batch(_Line):
    """Lines of one page, in their order; ``seq`` counts the batches from 0."""

    run: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    seq: Annotated[int, Field(ge=0, le=10**7)]
    lines: Annotated[list[Line], Field(max_length=MOST_LINES_A_BATCH)]


class TargetLog:
    """The file; a batch is on the disk when `append` comes back, and counts once.

    Parameters
    ----------
    session
        The session folder.

    Raises
    ------
    OutputError
        If it leads out of the session, or can't be written.
    """

    def __init__(self, session: Path) -> None:
        self.path = session / LOG_NAME
        self._next: dict[str, int] = {}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            inside = self.path.parent.resolve().is_relative_to(session.resolve())
            if not inside or self.path.is_symlink():
                raise OutputError(
                    f"{self.path} leads out of the session.",
                    fix="Move the link away.",
                    path=self.path,
                )
            for line in read_log(session):
                if "run" in line and type(line.get("seq")) is int:
                    self._next[line["run"]] = line["seq"] + 1
        except OSError as error:
            raise self._fault(error) from error

    def append(self, batch: Batch) -> bool:
        """Write a batch, unless it is here already; False if one before it is missing.

        Raises
        ------
        OutputError
            If it can't be written, or the file has grown beyond all measure.
        """
        expected = self._next.get(batch.run, 0)
        if batch.seq != expected:
            return batch.seq < expected
        text = "".join(
            json.dumps({"run": batch.run, "seq": batch.seq} | line.model_dump()) + "\n"
            for line in batch.lines
        )
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                if os.fstat(descriptor).st_size + len(text) > MOST_BYTES:
                    raise OutputError(
                        f"{self.path} is full.", fix="Begin another session.", path=self.path
                    )
                write_all(descriptor, text.encode("ascii"))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._fault(error) from error
        self._next[batch.run] = expected + 1
        return True

    def note(self, entry: dict[str, Any]) -> None:
        """Write a line of the server's own."""
        try:
            with self.path.open("ab") as file:
                file.write(json.dumps(entry).encode("ascii") + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.path} can't be written: {error.strerror or error}.",
            fix="Check that the disk is there and has space left.",
            path=self.path,
        )


def parse_batch(text: bytes) -> Batch | None:
    """Read a batch; None if it is not as it has to be."""
    try:
        return Batch.model_validate_json(text)
    except (ValidationError, RecursionError):
        return None


def read_log(session: Path) -> list[dict[str, Any]]:
    """Read the lines, oldest first; what a crash tore is left out, no file is no lines.

    Raises
    ------
    InputError
        If it can't be read.
    """
    return list(read_lines(session / LOG_NAME).entries)
