"""Sound of a recorded file, carried into a video of the data set as it is coded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from dashgaze.errors import NoSoundError
from dashgaze.media.opening import first_audio, open_media, read_only


@dataclass(frozen=True, kw_only=True)
class SoundCopy:
    """Which sound goes beside a video.

    Attributes
    ----------
    path
        The file that it stands in.
    zero_s
        Container time of that file which becomes zero in the video: that of the video's first
        picture, where both come from one file. What is heard before it is left out.
    """

    path: Path
    zero_s: float

    @contextmanager
    def into(self, container: OutputContainer) -> Iterator["Iterator[Packet[AudioStream]]"]:
        """Add the track to a container; give its packets in order, ready to be written.

        Raises
        ------
        NoSoundError
            If the file has no sound that can be read.
        """
        with open_media(self.path) as source:
            stream = first_audio(source)
            if stream is None or stream.codec_context is None or not stream.time_base:
                raise NoSoundError(
                    f"{self.path} has no sound to carry over.",
                    fix="Pack the video without sound.",
                    path=self.path,
                )
            read_only(stream)
            target = container.add_stream_from_template(stream)
            zero = round(Fraction(self.zero_s) / stream.time_base)

            def packets() -> "Iterator[Packet[AudioStream]]":
                for packet in source.demux(stream):
                    if packet.pts is None or packet.dts is None or packet.size == 0:
                        continue
                    packet.pts, packet.dts = packet.pts - zero, packet.dts - zero
                    if min(packet.pts, packet.dts) >= 0:
                        packet.stream = target
                        yield packet

            yield packets()
