"""Opening media files that came from outside: which formats, and what to say when one won't open."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from dashgaze.errors import MediaError
from dashgaze.remote_file import RemoteReader, open_binary, open_remote

from .completeness import lacks_index

# Formats with presentation times of their own, and plain sound. Left out on purpose: playlists
# (they open other files and addresses), pictures, subtitles, and raw video streams, for which
# FFmpeg would make up times from a frame rate.
_FORMATS = "mov,matroska,webm,avi,mpegts,mpeg,asf,flv,wav,w64,aiff,caf,mp3,aac,flac,ogg,amr"
_DISCARD_ALL = 48  # AVDISCARD_ALL
_LFS_POINTER = b"version https://git-lfs"


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a media file for reading.

    Raises
    ------
    MediaError
        If there is no such file, it can't be read, it is not media, or its recorder was killed
        before it wrote the index.
    RemoteError
        If it stands for a remote file that can't be read, or is no longer the same.
    """
    with open_media_source(path) as (container, _):
        yield container


@contextmanager
def open_media_source(path: Path) -> Iterator[tuple[InputContainer, RemoteReader | None]]:
    """Open a media file as `open_media` does; give with it what reads it, if it is a remote one."""
    _check_file(path)
    with open_remote(path) as reader:
        # "file:" keeps FFmpeg from taking a name with a colon in it for an address.
        source: str | RemoteReader = f"file:{path}" if reader is None else reader
        try:
            container = av.open(
                source,
                "r",
                metadata_errors="replace",
                options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"},
            )
        except (av.FFmpegError, ValueError) as error:
            raise _not_readable(path, error) from error
        with container:
            # FFmpeg opens a movie whose index is cut off, with what tracks it finds, or with none.
            if "mp4" in container.format.name and lacks_index(path):
                raise _unfinished(path)
            yield container, reader


def first_video(container: InputContainer) -> VideoStream | None:
    """Give the first video stream that is not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    return None


def first_audio(container: InputContainer) -> AudioStream | None:
    """Give the first sound stream; of several, the first that can be decoded."""
    streams = container.streams.audio
    decodable = (stream for stream in streams if stream.codec_context is not None)
    return next(decodable, streams[0] if streams else None)


def read_only(stream: Stream) -> None:
    """Let the demuxer skip the data of all other streams."""
    for other in stream.container.streams:
        if other.index != stream.index and hasattr(other, "discard"):
            other.discard = _DISCARD_ALL  # type: ignore[assignment]  # PyAV takes the number


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist.", fix="Check the path.", path=path) from error
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} can't be read: {error}.", path=path) from error
    if path.is_dir():
        raise MediaError(
            f"{path} is a folder; a media file was expected.", fix="Name a file in it.", path=path
        )
    if not path.is_file():
        raise MediaError(f"{path} is not a regular file.", path=path)
    if size == 0:
        raise MediaError(
            f"{path} is empty (0 bytes).", fix="Copy it from the device again.", path=path
        )
    if not os.access(path, os.R_OK):
        raise MediaError(
            f"{path} may not be read.", fix=f"Allow it: chmod u+r '{path}'.", path=path
        )


def _unfinished(path: Path) -> MediaError:
    return MediaError(
        f"{path} is an unfinished MP4: it has no index (moov atom), because the recorder was "
        "killed or the copy stopped before the end.",
        fix="Copy it again; if the original is like this, recover it with untrunc and a good "
        "file of the same phone. To be safe in future, record fragmented MP4 or MKV.",
        path=path,
    )


def _not_readable(path: Path, error: Exception) -> MediaError:
    if lacks_index(path):
        return _unfinished(path)
    with open_binary(path) as file:
        if file.read(len(_LFS_POINTER)) == _LFS_POINTER:
            return MediaError(
                f"{path} is a Git LFS pointer, not the recording.",
                fix="Run: git lfs pull",
                path=path,
            )
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return MediaError(
        f"{path} is not a sound or video file that can be read ({reason}).",
        fix="MP4, MKV, WebM, AVI, MPEG-TS, WAV, FLAC, OGG, MP3 and AAC are understood.",
        path=path,
    )
