"""Sound on the time line of its container."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError, MediaError, NoSoundError
from dashgaze.progress import Progress, silent
from dashgaze.scratch import forget

from .completeness import is_cut_short
from .opening import open_media_source
from .sound_decoding import SoundDecoding
from .sound_placing import Laid, lay_out
from .sound_runs import RunSplitter, clock_ppm, credible_runs

# More than any drive; it keeps damaged time stamps from filling the memory.
_LONGEST_S = 24 * 3600.0
_PROGRESS_STEP = 0.01
_PIECE = 1 << 22


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Mono sound on a continuous time line; where nothing was recorded the samples are zero.

    Attributes
    ----------
    samples
        Shape (n,), full scale ±1. Of long recordings they lie in a temporary file (`dashgaze.scratch`).
    rate_hz
        Samples per second.
    start_s
        Time of sample 0 on the file's container time line (or on the line it was placed on), s.
    gaps_s
        Stretches [start, end) without recorded sound, on the same time line, ascending: lost
        buffers, and the spaces between parts. The time before `start_s` is no gap.
    clipped_share
        Share of recorded samples at or next to full scale, 0 … 1.
    truncated
        Whether decoding stopped early at damaged data.
    paths
        The files the sound came from.
    clock_ppm
        How much faster the time stamps advance than the samples count, parts per million: the
        recorder's system clock against its sound clock. Told, not applied. None if no stretch of
        a minute shows it; 0 where the stamps are made by counting samples.
    dropped_s
        Length of sound left out because time stamps went backwards or hours away, or because
        another part covers the same time.
    damaged_packets
        How many pieces of coded sound could not be decoded; they are among the gaps.
    """

    samples: NDArray[np.float32]
    rate_hz: int
    start_s: float
    gaps_s: tuple[tuple[float, float], ...] = ()
    clipped_share: float = 0.0
    truncated: bool = False
    paths: tuple[Path, ...] = field(default=())
    clock_ppm: float | None = None
    dropped_s: float = 0.0
    damaged_packets: int = 0

    @property
    def duration_s(self) -> float:
        """Length from the first to the end of the last sample, gaps included, s."""
        return len(self.samples) / self.rate_hz

    @property
    def end_s(self) -> float:
        """Time of the end of the last sample, s."""
        return self.start_s + self.duration_s

    def recorded(self) -> NDArray[np.bool_]:
        """Whether each sample was recorded (not a filled gap), shape (n,)."""
        mask = np.ones(len(self.samples), dtype=np.bool_)
        for first, end in self._gaps():
            mask[first:end] = False
        return mask

    @property
    def recorded_count(self) -> int:
        """How many samples were recorded."""
        left, done = len(self.samples), 0
        for first, end in sorted(self._gaps()):
            first, end = max(first, done), min(end, len(self.samples))
            left -= max(0, end - first)
            done = max(done, end)
        return left

    def _gaps(self) -> list[tuple[int, int]]:
        """Give the gaps as ranges [first, end) of samples."""
        found = []
        for start_s, end_s in self.gaps_s:
            first = max(0, round((start_s - self.start_s) * self.rate_hz))
            found.append((first, max(first, round((end_s - self.start_s) * self.rate_hz))))
        return found


def read_sound(path: Path, *, rate_hz: int, progress: Progress = silent) -> Sound:
    """Decode the first sound track of a file to mono, on the container's time line.

    A sample's time is the presentation time of its frame, as the container has it. Lost buffers
    become gaps; stamps that merely jitter or round (up to 5 ms, or not lasting) move nothing. What
    an edit list hides does not sound, and an encoder's lead-in (priming) is taken off where the
    file states it. Where it does not (fragmented MP4, raw AAC), all sound is late by the lead-in:
    typically 1024, 2048 or 2112 samples, 21 to 44 ms at 48 kHz; no file tells how many. Channels
    are averaged, except those that are digital silence from end to end.

    Parameters
    ----------
    path
        A sound or video file.
    rate_hz
        Sample rate of the result. Resampling is band-limited and shifts nothing.
    progress
        Called with the share of the container's time that is decoded.

    Raises
    ------
    NoSoundError
        If the file has no sound track, or nothing in it can be decoded.
    MediaError
        If the file can't be opened, or its sound is longer than a day.
    """
    if rate_hz <= 0:
        raise InputError(f"rate_hz is {rate_hz}; a positive number is needed.")
    with open_media_source(path) as (container, reader):
        decoding = SoundDecoding(path, container)
        if reader is not None:
            reader.plan(decoding.stretches())
        splitter = RunSplitter(rate_hz)
        shown = 0.0
        for frame in decoding.frames():
            splitter.add(frame)
            done = decoding.share_done(frame.time_s)
            if done >= shown + _PROGRESS_STEP:
                shown = done
                progress("decoding sound", done)
        splitter.close()
    runs, astray_s = credible_runs(splitter.runs, unknown_start_s=decoding.start_s)
    if runs and runs[-1][0] + runs[-1][1].duration_s - runs[0][0] > _LONGEST_S:
        raise MediaError(
            f"{path} has more than {_LONGEST_S / 3600:.0f} h of sound, or damaged time stamps.",
            fix="Cut it into drives.",
            path=path,
        )
    laid = lay_out([(start_s, run.finish()) for start_s, run in runs], rate_hz)
    if not len(laid.samples):
        raise NoSoundError(
            f"{path} has a sound track, but nothing in it can be decoded.",
            fix="Copy the file from the device again.",
            path=path,
        )
    _divide(laid.samples, splitter.level.channel_count)
    progress("decoding sound", 1.0)
    return Sound(
        samples=laid.samples,
        rate_hz=rate_hz,
        start_s=laid.start_s,
        gaps_s=_on_time_line(laid.holes, laid, rate_hz),
        clipped_share=splitter.level.clipped_share,
        truncated=decoding.broke_off or is_cut_short(path),
        paths=(path,),
        clock_ppm=clock_ppm(splitter.runs),
        dropped_s=astray_s + laid.dropped_count / rate_hz,
        damaged_packets=decoding.damaged_packets,
    )


def join_sounds(parts: Sequence[tuple[Sound, float]]) -> Sound:
    """Place several sounds on one time line; the spaces between them become gaps.

    The line starts with the earliest part; the others move to the nearest sample of its grid, at
    most half a sample (0.031 ms at 16 kHz).

    Parameters
    ----------
    parts
        Pairs of a sound and the time its container's zero has on the common time line, s. All
        sounds have the same rate. Where two overlap, the earlier one in time is kept.

    Raises
    ------
    InputError
        If there is no part, the rates differ, or the parts span more than a day.
    """
    if not parts:
        raise InputError("There is no sound to join; at least one part is needed.")
    sounds = [sound for sound, _ in parts]
    rate_hz = sounds[0].rate_hz
    if any(sound.rate_hz != rate_hz for sound in sounds):
        raise InputError(
            f"The parts have different sample rates: {[sound.rate_hz for sound in sounds]} Hz.",
            fix="Read all of them with the same rate_hz.",
        )
    starts_s = [sound.start_s + zero_s for sound, zero_s in parts]
    ends_s = [start_s + sound.duration_s for start_s, sound in zip(starts_s, sounds, strict=True)]
    span_s = np.max(ends_s) - np.min(starts_s)
    if not span_s <= _LONGEST_S:  # not-a-number counts, too
        raise InputError(
            f"The parts span {span_s / 3600:.1f} h; at most {_LONGEST_S / 3600:.0f} h are joined.",
            fix="Check the start times of the parts.",
        )
    laid = lay_out([(s, sound.samples) for s, sound in zip(starts_s, sounds, strict=True)], rate_hz)
    holes = list(laid.holes)
    for sound, position, kept in zip(sounds, laid.positions, laid.kept, strict=True):
        holes += _inner_holes(sound, position, kept)
    recorded = [sound.recorded_count for sound in sounds]
    return Sound(
        samples=laid.samples,
        rate_hz=rate_hz,
        start_s=laid.start_s,
        gaps_s=_on_time_line(_merged(holes), laid, rate_hz),
        clipped_share=_mean([sound.clipped_share for sound in sounds], recorded) or 0.0,
        truncated=any(sound.truncated for sound in sounds),
        paths=tuple(path for sound in sounds for path in sound.paths),
        clock_ppm=_mean([sound.clock_ppm for sound in sounds], recorded),
        dropped_s=laid.dropped_count / rate_hz + sum(sound.dropped_s for sound in sounds),
        damaged_packets=sum(sound.damaged_packets for sound in sounds),
    )


def _divide(samples: NDArray[np.float32], by: int) -> None:
    """Divide samples where they are, piece by piece."""
    if by == 1:
        return
    for first in range(0, len(samples), _PIECE):
        samples[first : first + _PIECE] /= by
        forget(samples)


def _inner_holes(sound: Sound, position: int, kept: tuple[int, int]) -> list[tuple[int, int]]:
    """Give the gaps of a part as ranges of samples of the line, as far as they are kept."""
    holes = []
    for gap_start_s, gap_end_s in sound.gaps_s:
        first = max(kept[0], position + round((gap_start_s - sound.start_s) * sound.rate_hz))
        end = min(kept[1], position + round((gap_end_s - sound.start_s) * sound.rate_hz))
        if first < end:
            holes.append((first, end))
    return holes


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort ranges that don't overlap, and make one of those that touch."""
    merged: list[tuple[int, int]] = []
    for first, end in sorted(ranges):
        if merged and merged[-1][1] == first:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((first, end))
    return merged


def _on_time_line(
    ranges: Sequence[tuple[int, int]], laid: Laid, rate_hz: int
) -> tuple[tuple[float, float], ...]:
    return tuple(
        (laid.start_s + first / rate_hz, laid.start_s + end / rate_hz) for first, end in ranges
    )


def _mean(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    """Weighted mean of the values that are known; None if none is."""
    known = [(value, n) for value, n in zip(values, weights, strict=True) if value is not None]
    total = sum(n for _, n in known)
    return sum(value * n for value, n in known) / total if total else None
