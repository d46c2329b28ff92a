"""How well `dashgaze sync` finds clocks by sound, on simulated drives and on unrelated recordings.

    python scripts/bench_sync.py                     # 200 pairs, 1000 unrelated: about 40 minutes
    python scripts/bench_sync.py --pairs 24 --nulls 40
    python scripts/bench_sync.py --aof PYTHON        # beside audio-offset-finder, if PYTHON has it

Each pair is a drive of 2 … 60 minutes heard by two devices (see dashgaze.collection.simulation.
sound), with drawn speech, noise, engine, filters, drift, offset, handling noise, known gaps and
sound lost without a trace. Unrelated recordings share nothing: other drives, equal steady engines,
silence. Everything follows from --seed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import fft

from dashgaze.alignment.sync import sync_sounds
from dashgaze.collection.simulation.sound import CarSound, Device, simulate_pair
from dashgaze.media import Sound

RATE_HZ = 16000
POOL = 48
LOST_SHARE = 0.12
PLAIN_MINUTES = 20  # one cross-correlation of whole files takes gigabytes beyond


@dataclass
class Case:
    """One pair and what became of it."""

    seed: int
    kind: str
    minutes: float
    overlap_s: float
    offset_s: float
    drift_ppm: float
    scene: dict[str, Any]
    lost: bool = False
    gaps: bool = False
    verdict: str = ""
    error_ms: float | None = None
    worst_ms: float | None = None
    drift_error_ppm: float | None = None
    se_ms: float | None = None
    drift_se_ppm: float | None = None
    share: float | None = None
    windows: int = 0
    peak_ratio: float | None = None
    witness_ms: float | None = None
    witness_strength: float | None = None
    seconds: float = 0.0
    reasons: tuple[str, ...] = ()
    plain_error_ms: float | None = None
    aof_error_ms: float | None = None
    others: dict[str, float] = field(default_factory=dict)

    @property
    def solvable(self) -> bool:
        """Whether the issue asks for an answer: some speech, an ordinary drift, nothing lost."""
        return self.scene["speech_share"] >= 0.05 and abs(self.drift_ppm) <= 100 and not self.lost


def draw_pair(seed: int, lost_share: float = LOST_SHARE) -> tuple[Case, Sound, Sound]:
    """Draw and simulate one drive."""
    rng = np.random.default_rng(seed)
    phone_s = 60 * 2 * 30 ** rng.uniform(0, 1)
    tracker_s = max(110.0, phone_s * rng.uniform(0.5, 1.0))
    while True:
        offset_s = float(rng.uniform(-600, 600))
        start, end = max(0.0, -offset_s), min(phone_s, tracker_s - offset_s)
        if end - start >= max(90.0, 0.4 * min(phone_s, tracker_s)):
            break
    drift_ppm = float(
        rng.choice([-1, 1])
        * rng.choice([rng.uniform(0, 100), rng.uniform(100, 300)], p=[0.75, 0.25])
    )
    steady = rng.random() < 0.3
    idle = rng.uniform(25, 60)
    scene = CarSound(
        microphone_distance_m=float(rng.uniform(0.5, 0.9)),
        independent_share=float(rng.uniform(0, 0.5)),
        engine_rms=float(0.05 * rng.uniform(0, 1.5)),
        engine_hz=(idle, idle) if steady else (28.0, 75.0),
        speech_share=float(rng.choice([0.0, 0.05, 0.2], p=[0.2, 0.4, 0.4])),
        speech_snr_db=float(rng.uniform(-3, 9)),
        seats=int(rng.integers(1, 4)),
    )
    tracker = _draw_device(rng, tracker_s, (0.0, 120.0))
    phone = _draw_device(rng, phone_s, (0.0, 80.0, 150.0, 300.0))
    lost = rng.random() < lost_share
    if lost:
        at_s = rng.uniform(start + 0.2 * (end - start), start + 0.8 * (end - start))
        length_s = 0.03 * 60 ** rng.uniform(0, 1)
        phone = Device(**{**_fields(phone), "lost_s": [(at_s, at_s + length_s)]})
    case = Case(
        seed=seed,
        kind="pair",
        minutes=phone_s / 60,
        overlap_s=end - start,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        scene=asdict(scene),
        lost=lost,
        gaps=bool(phone.gaps_s or tracker.gaps_s),
    )
    sounds = simulate_pair(
        scene, tracker, phone, offset_s=offset_s, drift_ppm=drift_ppm, rate_hz=RATE_HZ, seed=seed
    )
    return case, *sounds


def _draw_device(
    rng: np.random.Generator, duration_s: float, corners_hz: tuple[float, ...]
) -> Device:
    handling = []
    if rng.random() < 0.5:
        for _ in range(rng.poisson(duration_s / 120) + 1):
            at_s = rng.uniform(0, duration_s)
            handling.append((at_s, min(duration_s, at_s + rng.uniform(0.2, 4))))
    if rng.random() < 0.2:
        handling.append((0.0, min(40.0, 0.2 * duration_s)))
    gaps = []
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 5))):
            at_s = rng.uniform(0, duration_s - 6)
            gaps.append((at_s, at_s + rng.uniform(0.05, 5)))
    return Device(
        duration_s=duration_s,
        highpass_hz=float(rng.choice(corners_hz)),
        own_noise_rms=float(0.001 * 10 ** rng.uniform(-0.5, 0.7)),
        gain=float(rng.choice([1.0, 0.3, 12.0], p=[0.6, 0.25, 0.15])),
        handling_s=handling,
        gaps_s=gaps,
    )


def _fields(device: Device) -> dict[str, Any]:
    return {name: getattr(device, name) for name in device.__dataclass_fields__}


def run_pair(seed: int, plain: bool, aof: str, lost_share: float = LOST_SHARE) -> Case:
    """Simulate one drive and sync it."""
    case, tracker, phone = draw_pair(seed, lost_share)
    started = time.perf_counter()
    result = sync_sounds(tracker, phone)
    case.seconds = time.perf_counter() - started
    _note(case, result)
    if result.time_map is not None:
        start_s = max(0.0, -case.offset_s)
        t = np.linspace(start_s, start_s + case.overlap_s, 21)
        # Where sound was lost, the pictures' clock goes on: truth is the line before and after.
        error_ms = (
            result.time_map.tracker_s(t) - case.offset_s - (1 + case.drift_ppm * 1e-6) * t
        ) * 1e3
        case.error_ms = float(error_ms[10])
        case.worst_ms = float(np.abs(error_ms).max())
        line = result.lines[np.argmax([x.phone_end_s - x.phone_start_s for x in result.lines])]
        case.drift_error_ppm = line.drift_ppm - case.drift_ppm
        case.se_ms = float(result.time_map.standard_error_ms(t)[10])
        case.drift_se_ppm = line.drift_se_ppm
    middle_s = max(0.0, -case.offset_s) + case.overlap_s / 2
    truth_s = case.offset_s + case.drift_ppm * 1e-6 * middle_s
    if plain and case.minutes <= PLAIN_MINUTES:
        case.plain_error_ms = (plain_offset_s(tracker, phone) - truth_s) * 1e3
    if aof:
        found = aof_offset_s(tracker, phone, aof)
        case.aof_error_ms = None if found is None else (found - truth_s) * 1e3
    return case


def _note(case: Case, result: Any) -> None:
    case.verdict = result.verdict
    case.share = result.inlier_share
    case.windows = result.windows_total
    case.peak_ratio = result.peak_ratio
    case.reasons = result.reasons
    if result.witness is not None:
        case.witness_ms = result.witness.disagreement_ms
        case.witness_strength = result.witness.strength


def plain_offset_s(tracker: Sound, phone: Sound) -> float:
    """Offset by one cross-correlation of the whole files, as simple tools do."""
    size = fft.next_fast_len(len(tracker.samples) + len(phone.samples), real=True)
    cross = fft.rfft(tracker.samples, size)
    cross *= np.conj(fft.rfft(phone.samples, size))
    curve = fft.irfft(cross, size, overwrite_x=True)
    lag = int(np.argmax(curve))
    return (lag if lag < len(tracker.samples) else lag - size) / RATE_HZ


def aof_offset_s(tracker: Sound, phone: Sound, python: str) -> float | None:
    """Offset by audio-offset-finder, in the environment that `python` belongs to."""
    code = (
        "import sys, json; from audio_offset_finder.audio_offset_finder import find_offset_between_"
        "files as f; r = f(sys.argv[1], sys.argv[2]); print(json.dumps(r['time_offset']))"
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("tracker.wav", "phone.wav")]
        for path, sound in zip(paths, (tracker, phone), strict=True):
            soundfile.write(path, sound.samples, RATE_HZ)
        done = subprocess.run(
            [python, "-c", code, *paths], capture_output=True, text=True, check=False
        )
    return float(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else None


NULL_KINDS = ("other drive", "steady engine", "silence", "noise only")


@lru_cache(maxsize=4)
def _pool_sound(kind: str, number: int, seed: int) -> Sound:
    """One recording of a pool, as one device made it."""
    rng = np.random.default_rng([seed, number, NULL_KINDS.index(kind)])
    length_s = 60 * float(rng.uniform(2, 5))
    silent_device = Device(duration_s=length_s, highpass_hz=0.0, own_noise_rms=3e-5)
    match kind:
        case "steady engine":
            scene = CarSound(
                speech_share=0, noise_rms=0.004, engine_rms=0.06, engine_hz=(30.0, 30.0)
            )
        case "noise only":
            scene = CarSound(speech_share=0, engine_rms=0)
        case "silence":
            scene = CarSound(speech_share=0, engine_rms=0, noise_rms=0)
        case _:
            scene = CarSound(
                speech_share=float(rng.choice([0.05, 0.2, 0.4])),
                speech_snr_db=float(rng.uniform(0, 15)),
                engine_rms=float(0.05 * rng.uniform(0, 1.5)),
            )
    device = silent_device if kind == "silence" else _draw_device(rng, length_s, (0.0, 120.0))
    if kind == "silence" and number % 2:
        return Sound(
            samples=np.zeros(round(length_s * RATE_HZ), np.float32), rate_hz=RATE_HZ, start_s=0.0
        )
    _, sound = simulate_pair(
        scene,
        Device(duration_s=1.0),
        device,
        offset_s=0.0,
        drift_ppm=0.0,
        rate_hz=RATE_HZ,
        seed=int(rng.integers(1 << 31)),
    )
    return sound


def run_null(number: int, seed: int) -> Case:
    """Sync two recordings that share nothing."""
    rng = np.random.default_rng([seed, number])
    kind = str(rng.choice(NULL_KINDS, p=[0.6, 0.2, 0.05, 0.15]))
    first, second = sorted(rng.choice(POOL, 2, replace=False).tolist())
    a, b = _pool_sound(kind, first, seed), _pool_sound(kind, second, seed)
    case = Case(
        seed=number,
        kind=kind,
        minutes=b.duration_s / 60,
        overlap_s=0.0,
        offset_s=0.0,
        drift_ppm=0.0,
        scene={},
    )
    started = time.perf_counter()
    result = sync_sounds(a, b)
    case.seconds = time.perf_counter() - started
    _note(case, result)
    return case


def report(pairs: list[Case], nulls: list[Case], console: Console) -> bool:
    """Print the figures; give whether all that is asked for holds."""
    table = Table(title="Simulated drives", title_justify="left")
    columns = (
        "pairs",
        "ok",
        "doubtful",
        "failed",
        "median |error| ms",
        "99 % ms",
        "worst ms",
        "drift |error| ppm, ≥ 10 min: median, worst",
        "|error| ≤ 2 se",
    )
    for column in ("", *columns):
        table.add_column(column, justify="left" if not column else "right")
    groups: dict[str, list[Case]] = {
        "all": pairs,
        "solvable": [c for c in pairs if c.solvable],
        "no speech": [c for c in pairs if c.scene["speech_share"] == 0],
        "over 100 ppm": [c for c in pairs if abs(c.drift_ppm) > 100],
        "known gaps": [c for c in pairs if c.gaps],
        "sound lost": [c for c in pairs if c.lost],
    }
    for name, cases in groups.items():
        table.add_row(name, *_row(cases))
    console.print(table)
    ok = [c for c in pairs if c.verdict == "ok"]
    kept = [c for c in ok if c.error_ms is not None]
    errors = np.abs([c.error_ms for c in kept if c.error_ms is not None])
    drifts = np.abs([c.drift_error_ppm or 0.0 for c in ok if c.overlap_s >= 600])
    wrong = [c for c in ok if c.error_ms is None or abs(c.error_ms) > 20]
    anywhere = [c for c in ok if c.worst_ms is None or c.worst_ms > 20]
    solvable = groups["solvable"]
    refused = [c for c in solvable if c.verdict != "ok"]
    accepted = [c for c in nulls if c.verdict == "ok"]
    doubtful = [c for c in nulls if c.verdict == "doubtful"]
    checks = [
        (
            "median |error| at mid-drive ≤ 1.5 ms",
            float(np.median(errors)) <= 1.5,
            f"{np.median(errors):.2f} ms",
        ),
        (
            "99 % of |error| ≤ 5 ms",
            float(np.quantile(errors, 0.99)) <= 5,
            f"{np.quantile(errors, 0.99):.2f} ms",
        ),
        (
            "drift |error| ≤ 1 ppm from 10 min up",
            not len(drifts) or float(drifts.max()) <= 1,
            f"worst of {len(drifts)}: {max(drifts, default=0):.2f} ppm",
        ),
        ("ok but wrong by more than 20 ms at mid-drive: none", not wrong, str(len(wrong))),
        ("ok but wrong by more than 20 ms anywhere: none", not anywhere, str(len(anywhere))),
        (
            "refused although solvable ≤ 2 %",
            len(refused) <= 0.02 * len(solvable),
            f"{len(refused)} of {len(solvable)}",
        ),
        (
            "unrelated recordings accepted: none",
            not accepted,
            f"{len(accepted)} ok, {len(doubtful)} doubtful of {len(nulls)}",
        ),
    ]
    for text, holds, figure in checks:
        console.print(f"{'holds' if holds else 'FAILS':6} {text}: {figure}")
    _compare_peers(pairs, console)
    for case in [*wrong, *anywhere, *refused, *accepted][:30]:
        console.print(
            f"  {case.kind} {case.seed}: {case.verdict}, {case.error_ms} ms, {case.reasons}"
        )
    return all(holds for _, holds, _ in checks)


def _row(cases: list[Case]) -> list[str]:
    ok = [c for c in cases if c.verdict == "ok" and c.error_ms is not None]
    errors = np.abs([c.error_ms for c in ok if c.error_ms is not None])
    long = np.abs([c.drift_error_ppm or 0.0 for c in ok if c.overlap_s >= 600])
    within = [abs(c.error_ms or 0) <= 2 * (c.se_ms or 0) for c in ok]
    verdicts = [str(sum(c.verdict == v for c in cases)) for v in ("ok", "doubtful", "failed")]
    if not len(errors):
        return [str(len(cases)), *verdicts, "", "", "", "", ""]
    drift = f"{np.median(long):.2f}, {long.max():.2f}" if len(long) else ""
    return [
        str(len(cases)),
        *verdicts,
        f"{np.median(errors):.2f}",
        f"{np.quantile(errors, 0.99):.2f}",
        f"{errors.max():.2f}",
        drift,
        f"{np.mean(within):.0%}",
    ]


def _compare_peers(pairs: list[Case], console: Console) -> None:
    ours = [c.error_ms if c.verdict == "ok" else None for c in pairs]
    rows = [("dashgaze, verdict ok", ours, len(pairs))]
    for name, values in (
        ("plain cross-correlation", [c.plain_error_ms for c in pairs]),
        ("audio-offset-finder", [c.aof_error_ms for c in pairs]),
    ):
        if any(value is not None for value in values):
            rows.append((name, values, sum(v is not None for v in values)))
    table = Table(title="Side by side: offset at mid-drive, same pairs", title_justify="left")
    for column in ("", "answers", "within 5 ms", "within 20 ms", "wrong by > 20 ms", "median ms"):
        table.add_column(column, justify="left" if not column else "right")
    for name, values, count in rows:
        errors = np.abs([value for value in values if value is not None])
        if not len(errors):
            continue
        table.add_row(
            name,
            f"{len(errors)} of {count}",
            str(int((errors <= 5).sum())),
            str(int((errors <= 20).sum())),
            str(int((errors > 20).sum())),
            f"{np.median(errors):.2f}",
        )
    console.print(table)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--nulls", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--lost-share", type=float, default=LOST_SHARE, help="share of drives with sound lost"
    )
    parser.add_argument("--no-plain", action="store_true", help="leave out plain cross-correlation")
    parser.add_argument("--aof", default="", help="Python that has audio-offset-finder")
    parser.add_argument("--json", type=Path, help="write all cases to a file")
    args = parser.parse_args()
    console = Console(width=150)
    with ProcessPoolExecutor(args.jobs) as pool:
        waiting = [
            pool.submit(
                run_pair, args.seed * 100_000 + i, not args.no_plain, args.aof, args.lost_share
            )
            for i in range(args.pairs)
        ]
        pairs = [job.result() for job in track(waiting, "drives", console=Console(stderr=True))]
        waiting = [pool.submit(run_null, i, args.seed) for i in range(args.nulls)]
        nulls = [job.result() for job in track(waiting, "unrelated", console=Console(stderr=True))]
    if args.json:
        args.json.write_text(json.dumps([asdict(c) for c in [*pairs, *nulls]], indent=1))
    sys.exit(0 if report(pairs, nulls, console) else 1)


if __name__ == "__main__":
    main()
