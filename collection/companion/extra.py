"""The optional packages that speak to devices; imported when they are needed, not before."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from dashgaze.errors import MissingExtraError

_NOISY_LOGGERS = ("aiortsp", "rtsp_client", "rtp.session", "pupil_labs.realtime_api")


def import_extra(name: str) -> Any:
    """Give a module of the extra ``collect``; untyped, as it need not be there.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        with _log_level_of_ffmpeg_kept():
            module = import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"Speaking to an eye tracker needs the package of {name}, which is not installed.",
            fix="Install it: pip install 'dashgaze[collect]'",
        ) from error
    for noisy in _NOISY_LOGGERS:
        # They tell every retry on the terminal, through the handler of last resort. What matters reaches
        # the user as a DeviceError; whoever configures logging still gets it all.
        logger = logging.getLogger(noisy)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    return module


@contextmanager
def _log_level_of_ffmpeg_kept() -> Iterator[None]:
    """Undo what the eye tracker's library does when it is imported: it has FFmpeg tell everything.

    With that, FFmpeg's decoding threads wait for Python's lock to say something while Python, holding it,
    waits for them to end: closing a video hangs for ever.
    """
    import av.logging

    before = av.logging.get_level()
    try:
        yield
    finally:
        av.logging.set_level(before)
