"""``dashgaze offset``: the sync engine on any two recordings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.alignment.sync import SyncOptions, SyncResult, sync_sounds
from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint
from dashgaze.media import Sound, read_sound
from dashgaze.progress import Progress, part_of, silent

SOUND_RATE_HZ = 16000
"""Rate that sound is compared at: twice the rate of the correlation, for bands up to 6 kHz."""


@dataclass(frozen=True, kw_only=True)
class OffsetResult:
    """How the clocks of two recordings lie to each other: ``t_a = offset_s + (1 + drift) · t_b``.

    Attributes
    ----------
    verdict
        ok, doubtful or failed.
    offset_s
        Time in A of B's container zero, s; None if failed.
    drift_ppm
        By how much A's clock runs faster, parts per million; None if failed.
    offset_se_ms
        Standard error of a mapped time at the middle of the common stretch, ms; None if failed.
    drift_se_ppm
        Standard error of the drift; None if failed.
    reasons
        Why, in sentences.
    result
        All that was found.
    """

    verdict: str
    offset_s: float | None
    drift_ppm: float | None
    offset_se_ms: float | None
    drift_se_ppm: float | None
    reasons: tuple[str, ...]
    result: SyncResult

    def to_json(self) -> dict[str, Any]:
        """Give the result as plain values."""
        found, witness = self.result, self.result.witness
        return {
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "offset_s": self.offset_s,
            "drift_ppm": self.drift_ppm,
            "offset_se_ms": self.offset_se_ms,
            "drift_se_ppm": self.drift_se_ppm,
            "segments": [
                {
                    "b_start_s": line.phone_start_s,
                    "b_end_s": line.phone_end_s,
                    "offset_s": line.offset_s,
                    "drift_ppm": line.drift_ppm,
                    "offset_se_ms": line.offset_se_ms,
                    "drift_se_ppm": line.drift_se_ppm,
                }
                for line in found.lines
            ],
            "windows_total": found.windows_total,
            "windows_used": found.windows_used,
            "inlier_share": found.inlier_share,
            "peak_ratio": found.peak_ratio,
            "residual_mad_ms": found.residual_mad_ms,
            "overlap_s": found.overlap_s,
            "second_witness": None
            if witness is None
            else {
                "method": witness.method,
                "disagreement_ms": witness.disagreement_ms,
                "strength": witness.strength,
                "agrees": witness.agrees,
            },
        }


def offset(
    path_a: Path,
    path_b: Path,
    *,
    options: SyncOptions | None = None,
    progress: Progress = silent,
) -> OffsetResult:
    """Find the offset and drift between any two recordings of one scene by their sound.

    Parameters
    ----------
    path_a, path_b
        Sound or video files.
    options
        What to search for.
    progress
        Where to report to.

    Returns
    -------
    OffsetResult
        In container time of both files.

    Raises
    ------
    InputError
        If a file can't be read, has no sound, or both are one and the same recording.
    """
    refuse_twice(path_a, path_b)
    a, b = read_both(path_a, path_b, part_of(progress, 0.0, 0.4))
    result = sync_sounds(a, b, options=options, progress=part_of(progress, 0.4, 1.0))
    time_map = result.time_map
    if time_map is None:
        return OffsetResult(
            verdict=result.verdict,
            offset_s=None,
            drift_ppm=None,
            offset_se_ms=None,
            drift_se_ppm=None,
            reasons=result.reasons,
            result=result,
        )
    longest = max(result.lines, key=lambda line: line.phone_end_s - line.phone_start_s)
    return OffsetResult(
        verdict=result.verdict,
        offset_s=float(time_map.tracker_s(0.0)),
        drift_ppm=longest.drift_ppm,
        offset_se_ms=longest.offset_se_ms,
        drift_se_ppm=longest.drift_se_ppm,
        reasons=result.reasons,
        result=result,
    )


def refuse_twice(path_a: Path, path_b: Path) -> None:
    """Refuse a recording that is given twice, under one name or as a copy.

    Raises
    ------
    InputError
        If both files hold the same.
    """
    if path_a.is_file() and path_b.is_file() and fingerprint(path_a) == fingerprint(path_b):
        raise InputError(
            f"{path_a} and {path_b} are the same recording.",
            fix="Give two recordings of one scene, made by two devices.",
            path=path_b,
        )


def read_both(path_a: Path, path_b: Path, progress: Progress) -> tuple[Sound, Sound]:
    """Decode two files, one after the other: both at once would need half a gigabyte more."""
    first = read_sound(path_a, rate_hz=SOUND_RATE_HZ, progress=part_of(progress, 0.0, 0.5))
    second = read_sound(path_b, rate_hz=SOUND_RATE_HZ, progress=part_of(progress, 0.5, 1.0))
    return first, second
