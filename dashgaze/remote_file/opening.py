"""Opening a file, be it here or far away."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from dashgaze.errors import DashgazeError

from .reader import RemoteReader
from .stand_in import StandIn, read_stand_in


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """Open a file, or the one that it stands for, for reading with jumps.

    Raises
    ------
    OSError
        If the file can't be read.
    RemoteError
        If the remote file can't be read.
    RemoteChangedError
        If the remote file is not the one that the stand-in was made for.
    """
    with open_remote(path) as reader:
        if reader is None:
            with path.open("rb") as file:
                yield file
        else:
            yield cast(BinaryIO, io.BufferedReader(reader, buffer_size=8 << 10))


@contextmanager
def open_remote(path: Path) -> Iterator[RemoteReader | None]:
    """Open the remote file that `path` stands for; give None if it is an ordinary file.

    At the end it is made sure that the file was the same from start to end.

    Raises
    ------
    OSError
        If the file can't be read.
    RemoteError
        If the remote file can't be read; at the end, if whoever read it did not notice.
    RemoteChangedError
        If it is not the one that the stand-in was made for.
    """
    stand_in = read_stand_in(path)
    if stand_in is None:
        yield None
        return
    reader = RemoteReader(stand_in, path)
    try:
        yield reader
    except (DashgazeError, OSError, ValueError, RuntimeError):
        # What looks like a damaged file is none, if it was out of reach or exchanged meanwhile.
        reader.make_sure()
        raise
    else:
        reader.make_sure()


def content_size(path: Path) -> int:
    """Give the size of a file, or of the one that it stands for, bytes.

    Raises
    ------
    OSError
        If the file can't be read.
    """
    stand_in = read_stand_in(path)
    return path.stat().st_size if stand_in is None else stand_in.state.size_bytes


def fetch_stretches(
    stand_in: StandIn, path: Path, stretches: Sequence[tuple[int, int]]
) -> list[bytes]:
    """Read stretches [start, end) of a remote file, and nothing else of it.

    Parameters
    ----------
    stand_in, path
        What was read from the stand-in, and where.
    stretches
        All within the file.

    Raises
    ------
    RemoteError
        If the remote file can't be read.
    RemoteChangedError
        If it is not the one that the stand-in was made for.
    """
    reader = RemoteReader(stand_in, path)
    found = reader.fetch(stretches)
    reader.make_sure()
    return found
