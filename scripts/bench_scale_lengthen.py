"""Longer drives for bench_scale.py: the same packets and samples with later times, and sound that does not repeat.

Of a drive of a minute the longest stretch of whole seconds is taken that all its devices recorded; each device's
part of it begins at a keyframe. Where one copy of it ends and the next begins, road and ego view show different
moments for up to a second. Nothing is coded again but the sound: both microphones hear the same noise, each with
noise of its own.
"""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from dashgaze.media import read_frame_times

SOUND_RATE_HZ = 48_000
_BLOCK = 1024
_STREAMS = (("gaze ps1", 2, np.float32), ("extimu ps1", 6, np.float32), ("worn ps1", 1, np.uint8))
_EGO_NAME = "PI world v1 ps1"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What of a device's clock is repeated: from its own start, with its own length, s."""

    start_s: float
    length_s: float


def lengthened(drive: Path, folder: Path, *, minutes: float) -> Path:
    """Make a drive of about so many minutes of one of a minute; one that is there is kept.

    Parameters
    ----------
    drive
        A simulated drive.
    folder
        The session folder to make.
    minutes
        Length.
    """
    if (folder / "session.yaml").is_file():
        return folder
    truth = json.loads((drive / "truth" / "truth.json").read_text(encoding="utf-8"))["clocks"]
    offset_s, rate = truth["offset_s"], 1 + truth["drift_ppm"] * 1e-6
    ego, road = drive / "eye_tracker" / f"{_EGO_NAME}.mp4", drive / "phone" / "road.mp4"
    times = read_frame_times(road)
    began_s = next(
        float(time_s) for time_s in times.time_s[times.keyframe] if offset_s + rate * time_s >= 0
    )
    lag_s = offset_s + rate * began_s
    ends_s = [times.time_s[-1], (read_frame_times(ego).time_s[-1] - offset_s) / rate]
    length_s = float(np.floor(min(ends_s) - began_s - 1))
    copies = round(60 * minutes / length_s)
    phone, tracker = (
        Piece(start_s=began_s, length_s=length_s),
        Piece(start_s=0.0, length_s=length_s * rate),
    )
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("phone", "eye_tracker"):
        (folder / name).mkdir(parents=True)
    heard = Noise(seconds=copies * length_s)
    _repeat_film(road, folder / "phone" / "road.mp4", phone, copies, heard.of_device(1, 0.0, 1.0))
    _repeat_film(drive / "phone" / "driver.mp4", folder / "phone" / "driver.mp4", phone, copies)
    target = folder / "eye_tracker" / ego.name
    _repeat_film(ego, target, tracker, copies, heard.of_device(2, lag_s, rate))
    _repeat_samples(drive / "eye_tracker", folder / "eye_tracker", tracker, copies)
    _repeat_location(drive / "phone", folder / "phone", phone, copies, truth)
    shutil.copy2(drive / "session.yaml", folder / "session.yaml")
    return folder


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What is heard in a car for some time, computed anew for each second of it."""

    seconds: float

    def at(self, second: int) -> NDArray[np.float32]:
        """Give a second of it: noise whose loudness changes every tenth."""
        rng = np.random.default_rng([7, second + 1000])
        loud = np.repeat(rng.uniform(0.02, 0.2, 10), SOUND_RATE_HZ // 10)
        return (loud * rng.standard_normal(SOUND_RATE_HZ)).astype(np.float32)

    def of_device(
        self, number: int, starts_s: float, rate: float
    ) -> "Iterator[NDArray[np.float32]]":
        """Give what a device hears, block by block, whose clock is zero `starts_s` before the noise's.

        One second of noise has `rate` seconds on its clock.
        """
        own = np.random.default_rng([8, number])
        kept: dict[int, NDArray[np.float32]] = {}
        for first in range(0, int(self.seconds * SOUND_RATE_HZ) - _BLOCK, _BLOCK):
            place = ((first + np.arange(_BLOCK)) / SOUND_RATE_HZ - starts_s) / rate * SOUND_RATE_HZ
            whole = np.floor(place).astype(np.int64)
            seconds = range(
                int(whole[0]) // SOUND_RATE_HZ, (int(whole[-1]) + 1) // SOUND_RATE_HZ + 1
            )
            kept = {
                second: kept[second] if second in kept else self.at(second) for second in seconds
            }
            joined = np.concatenate([kept[second] for second in seconds])
            at = whole - seconds[0] * SOUND_RATE_HZ
            share = (place - whole).astype(np.float32)
            heard = joined[at] * (1 - share) + joined[at + 1] * share
            yield heard + 0.01 * own.standard_normal(_BLOCK).astype(np.float32)


def _repeat_film(
    source: Path,
    target: Path,
    piece: Piece,
    copies: int,
    sound: "Iterator[NDArray[np.float32]] | None" = None,
) -> None:
    with av.open(str(source)) as film:
        video = film.streams.video[0]
        tick = video.time_base
        if tick is None:
            raise SystemExit(f"{source} has no time line")
        tick_s = float(tick)
        first, last = piece.start_s / tick_s, (piece.start_s + piece.length_s) / tick_s
        data: list[tuple[bytes, int, bool]] = []
        for packet in film.demux(video):
            pts = packet.pts
            if packet.dts is None or pts is None or not first - 0.5 <= pts < last - 0.5:
                continue
            if data or packet.is_keyframe:
                data.append((bytes(packet), pts - round(first), packet.is_keyframe))
        with av.open(str(target), "w", options={"movie_timescale": "720000"}) as output:
            stream = output.add_stream_from_template(video)
            stream.time_base = tick
            track = None if sound is None else _sound_track(output)
            done_s = 0.0
            for copy in range(copies):
                later = round(copy * piece.length_s / tick_s)
                for content, place, key in data:
                    again = av.Packet(content)
                    again.pts = again.dts = place + later
                    again.time_base, again.stream = tick, stream
                    again.is_keyframe = key
                    output.mux(again)
                    while track is not None and done_s < (place + later) * tick_s:
                        done_s = _hear(output, track, sound, done_s)
            if track is not None:
                output.mux(track.encode(None))


def _sound_track(output: Any) -> AudioStream:
    track = output.add_stream("aac", rate=SOUND_RATE_HZ, layout="mono")
    track.options = {"aac_coder": "fast"}
    return track  # type: ignore[no-any-return]


def _hear(output: Any, track: AudioStream, sound: Any, done_s: float) -> float:
    block = next(sound, None)
    if block is None:
        return float("inf")
    frame = av.AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
    frame.sample_rate = SOUND_RATE_HZ
    frame.pts = round(done_s * SOUND_RATE_HZ)
    output.mux(track.encode(frame))
    return done_s + _BLOCK / SOUND_RATE_HZ


def _repeat_samples(source: Path, target: Path, piece: Piece, copies: int) -> None:
    world = np.fromfile(source / f"{_EGO_NAME}.time", dtype="<i8")
    zero, length_ns = int(world[0]), round(piece.length_s * 1e9)
    later = np.arange(copies, dtype=np.int64) * length_ns
    kept = {"": _inside(world, zero, length_ns)}
    (later[:, None] + world[kept[""]]).tofile(target / f"{_EGO_NAME}.time")
    for name, width, kind in _STREAMS:
        stamps_name = "gaze ps1" if name == "worn ps1" else name
        stamps = np.fromfile(source / f"{stamps_name}.time", dtype="<i8")
        rows = _inside(stamps, zero, length_ns)
        values = np.fromfile(source / f"{name}.raw", dtype=kind).reshape(-1, width)[rows]
        np.tile(values, (copies, 1)).tofile(target / f"{name}.raw")
        if stamps_name == name:
            (later[:, None] + stamps[rows]).tofile(target / f"{name}.time")
    for name in ("calibration.bin", "template.json", "wearer.json", "event.txt"):
        shutil.copy2(source / name, target / name)
    np.array([zero, zero + copies * length_ns], dtype="<i8").tofile(target / "event.time")
    info = json.loads((source / "info.json").read_text(encoding="utf-8"))
    info["duration"] = int(copies * length_ns)
    (target / "info.json").write_text(json.dumps(info, indent=4), encoding="utf-8")


def _inside(stamps: NDArray[np.int64], zero: int, length_ns: int) -> NDArray[np.bool_]:
    return (stamps >= zero) & (stamps < zero + length_ns)


def _repeat_location(
    source: Path, target: Path, piece: Piece, copies: int, clocks: dict[str, Any]
) -> None:
    with (source / "location.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    first = int(rows[0][0])
    step = round(piece.length_s * 1e9)
    rows = [row for row in rows if int(row[0]) - first < step]
    with (target / "location.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for copy in range(copies):
            writer.writerows([int(row[0]) + copy * step, *row[1:]] for row in rows)
