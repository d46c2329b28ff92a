"""Joining the parts of a split recording, every packet as it was coded, on one time line."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from dashgaze.errors import InputError, OutputError
from dashgaze.files import replacing
from dashgaze.media.opening import first_audio, first_video, open_media
from dashgaze.progress import Progress, part_of, silent

from .joints import Joint, check_same_format, place_parts
from .part_names import moment_key
from .part_scan import PartScan, scan_part

_MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".3gp": "mp4", ".mkv": "matroska"}
_MUXERS |= {".webm": "webm"}
_LARGEST_SCALE = (1 << 31) - 1


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A recording that was joined.

    Attributes
    ----------
    path
        The file.
    parts, joints
        What it was made of, and where each part but the first lies.
    frame_count
        Its pictures.
    """

    path: Path
    parts: tuple[PartScan, ...]
    joints: tuple[Joint, ...]
    frame_count: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed or lost, in sentences."""
        names = ", ".join(f"'{part.path.name}'" for part in self.parts)
        notes = [f"{self.path.name} is joined, without coding it anew, in this order: {names}."]
        notes += [joint.note for joint in self.joints if joint.note]
        if self.parts[-1].truncated:
            name = self.parts[-1].path.name
            notes.append(f"'{name}' is cut off; what is whole of it is joined.")
        if lost := sorted({kind for part in self.parts for kind in part.left_out}):
            notes.append(f"Further streams of the parts are not joined: {', '.join(lost)}.")
        return tuple(notes)

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        zeros_s = [Fraction(0), *(joint.zero_s for joint in self.joints)]
        return {
            "how": "joined",
            "frame_count": self.frame_count,
            "parts": [
                {
                    "name": part.path.name,
                    "zero_s": float(zero_s),
                    "first_frame_s": float(zero_s + part.video.first_s),
                    "frame_count": part.video.count,
                    "truncated": part.truncated,
                    "pause_before_s": None if joint is None else joint.pause_s,
                    "pause_uncertainty_s": None if joint is None else joint.uncertainty_s,
                    "pause_origin": None if joint is None else joint.origin,
                }
                for part, zero_s, joint in zip(
                    self.parts, zeros_s, (None, *self.joints), strict=True
                )
            ],
        }


def join_parts(parts: Sequence[Path], target: Path, *, progress: Progress = silent) -> Joined:
    """Join the parts of one recording into one file, in the order given.

    Pictures and sound are carried over as they are coded; only their times change, by the same
    amount for all of a part. What was written is read back and compared.

    Parameters
    ----------
    parts
        Two files or more.
    target
        File to write; its suffix gives the format.
    progress
        Called as packets are copied.

    Raises
    ------
    InputError
        If the parts differ in format, one in the middle is cut off, or hides pictures at its start.
    OutputError
        If the file can't be written, or differs from the parts.
    """
    scanned = []
    for number, path in enumerate(parts):
        progress(f"reading {path.name}", 0.3 * number / len(parts))
        scanned.append(scan_part(path))
    if len(scanned) < 2 or target.suffix.lower() not in _MUXERS:
        raise InputError(
            f"{len(scanned)} part(s) can't be joined into {target.name}.",
            fix="Give two parts or more, and a target of their format.",
        )
    check_same_format(list(parts), [part.format for part in scanned])
    for part in scanned[:-1]:
        if part.truncated:
            raise InputError(
                f"{part.path} is cut off, and it is not the last part.",
                fix="Copy it from the device again.",
                path=part.path,
            )
    keys = [moment_key(path) for path in parts]
    joints = place_parts(scanned, started=[None if key is None else key[1] for key in keys])
    written = _write(scanned, joints, target, part_of(progress, 0.3, 0.8))
    progress(f"comparing {target.name}", 0.8)
    _compare(target, written)
    progress(f"comparing {target.name}", 1.0)
    return Joined(
        path=target,
        parts=tuple(scanned),
        joints=tuple(joints),
        frame_count=len(written["video"].times_s),
    )


class _Lane:
    """One stream of the joined file: takes packets of all parts, remembers what it took."""

    def __init__(self, stream: Stream, tick: Fraction) -> None:
        self.stream, self.tick = stream, tick
        self.last_dts: int | None = None
        self.digest = hashlib.sha256()
        self.times_s: list[Fraction] = []

    def take(self, packet: "Packet[Any]", tick: Fraction, zero_s: Fraction) -> None:
        pts, dts = packet.pts, packet.dts
        if pts is None:
            raise InputError("A packet has no time.", fix="Copy the part from the device again.")
        shift = round(zero_s / self.tick)
        new_pts = round(pts * tick / self.tick) + shift
        new_dts = new_pts if dts is None else round(dts * tick / self.tick) + shift
        # Pictures stored out of order begin earlier than shown: behind the part before.
        if self.last_dts is not None and new_dts <= self.last_dts:
            new_dts = self.last_dts + 1
        if new_dts > new_pts:
            raise InputError(
                "The parts overlap: pictures of one would come before the end of the other.",
                fix="Join them with the camera's own tool.",
            )
        self.last_dts = new_dts
        self.times_s.append(new_pts * self.tick)
        self.digest.update(bytes(packet))
        packet.stream = self.stream
        packet.pts, packet.dts, packet.time_base = new_pts, new_dts, self.tick


def _write(
    parts: Sequence[PartScan], joints: Sequence[Joint], target: Path, progress: Progress
) -> dict[str, _Lane]:
    lanes: dict[str, _Lane] = {}
    total = sum(part.path.stat().st_size for part in parts)
    done = 0
    with replacing(target) as temporary, open_media(parts[0].path) as first:
        try:
            with av.open(
                f"file:{temporary}",
                "w",
                format=_MUXERS[target.suffix.lower()],
                options=_settings(first),
            ) as output:
                _describe(output, first, parts)
                for kind, stream in _streams(first).items():
                    made = output.add_stream_from_template(stream)
                    made.time_base = stream.time_base
                    lanes[kind] = _Lane(made, stream.time_base or Fraction(1, 1000))
                for number, (part, joint) in enumerate(zip(parts, (None, *joints), strict=True)):
                    later = number < len(joints)
                    until_s = _starts(parts[number + 1], joints[number]) if later else {}
                    _carry(part, joint, lanes, output, until_s=until_s)
                    done += part.path.stat().st_size
                    progress(f"joining {part.path.name}", done / total)
        except av.FFmpegError as error:
            raise OutputError(
                f"{target} can't be written: {error}.",
                fix="Check the space left on the disk.",
                path=target,
            ) from error
    return lanes


def _carry(
    part: PartScan,
    joint: Joint | None,
    lanes: dict[str, _Lane],
    output: OutputContainer,
    *,
    until_s: Mapping[str, Fraction],
) -> None:
    """Carry over the packets of a part, of each stream up to where the next part has it as well."""
    ended: set[str] = set()
    zero_s = Fraction(0) if joint is None else joint.zero_s
    with open_media(part.path) as container:
        streams = _streams(container)
        kinds = {stream.index: kind for kind, stream in streams.items()}
        try:
            for packet in container.demux(list(streams.values())):
                if packet.size == 0 or packet.pts is None:
                    continue
                if packet.is_corrupt:
                    continue  # a piece of one: the file is cut off in it
                kind = kinds[packet.stream.index]
                tick = packet.stream.time_base or Fraction(1, 1000)
                if joint is not None and kind == "video" and packet.is_discard:
                    raise InputError(
                        f"{part.path} hides pictures at its start, which a joined file can't.",
                        fix="Join the parts with the camera's own tool.",
                        path=part.path,
                    )
                hides = joint is not None and kind == "audio" and not joint.keeps_lead_in
                if hides and _is_lead_in(packet, tick, part):
                    continue
                # What is stored later needs what is left out here.
                if kind in ended or packet.pts * tick + zero_s >= until_s.get(kind, math.inf):
                    ended.add(kind)
                    continue
                lanes[kind].take(packet, tick, zero_s)
                output.mux(packet)
        except av.FFmpegError:
            if not part.truncated:
                raise


def _starts(part: PartScan, joint: Joint) -> dict[str, Fraction]:
    """Give when the streams of a part begin that overlaps the one before it; else nothing."""
    if joint.origin != "sound_overlap" or part.audio is None:
        return {}
    return {
        "video": joint.zero_s + part.video.first_s,
        "audio": joint.zero_s + part.audio.first_s,
    }


def _is_lead_in(packet: "Packet[Any]", tick: Fraction, part: PartScan) -> bool:
    """Whether most of a packet is the encoder's lead-in, which only a file's start can hide."""
    if part.audio is None or packet.pts is None:
        return False
    middle_s = (packet.pts + (packet.duration or 0) / Fraction(2)) * tick
    return middle_s < part.audio.first_s


def _streams(container: InputContainer) -> dict[str, Stream]:
    named = {"video": first_video(container), "audio": first_audio(container)}
    return {
        kind: stream
        for kind, stream in named.items()
        if stream is not None and stream.codec_context is not None
    }


def _settings(first: InputContainer) -> dict[str, str]:
    if "mp4" not in first.format.name:
        return {}
    # Late starts are kept in units of the movie: make both tracks' ticks whole ones.
    scales = [
        stream.time_base.denominator for stream in _streams(first).values() if stream.time_base
    ]
    scale = math.lcm(*scales)
    if scale > _LARGEST_SCALE:
        scale = max(scales)
    return {"movie_timescale": str(scale), "movflags": "use_metadata_tags"}


def _describe(output: OutputContainer, first: InputContainer, parts: Sequence[PartScan]) -> None:
    """Carry over what the first part says of itself; when it was made is when the last one was."""
    for key, value in first.metadata.items():
        if key not in ("major_brand", "minor_version", "compatible_brands", "creation_time"):
            output.metadata[key] = value
    created: datetime | None = parts[-1].created_at
    if created is not None:
        output.metadata["creation_time"] = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _compare(path: Path, written: dict[str, _Lane]) -> None:
    """Read back what was written: every packet's bytes, and every picture's time."""
    with open_media(path) as container:
        streams = _streams(container)
        kinds = {stream.index: kind for kind, stream in streams.items()}
        digests = {kind: hashlib.sha256() for kind in streams}
        times_s: dict[str, list[Fraction]] = {kind: [] for kind in streams}
        for packet in container.demux(list(streams.values())):
            if packet.size and packet.pts is not None:
                kind = kinds[packet.stream.index]
                digests[kind].update(bytes(packet))
                times_s[kind].append(packet.pts * (packet.stream.time_base or Fraction(1, 1000)))
    for kind, lane in written.items():
        same = kind in digests and digests[kind].digest() == lane.digest.digest()
        if same and kind == "video":
            same = len(times_s[kind]) == len(lane.times_s) and all(
                abs(a - b) <= lane.tick for a, b in zip(times_s[kind], lane.times_s, strict=True)
            )
        if not same:
            raise OutputError(
                f"{path.name} differs from the parts that it was joined of ({kind}).",
                fix="Import onto another disk; if it happens again, join them with the camera's tool.",
                path=path,
            )
