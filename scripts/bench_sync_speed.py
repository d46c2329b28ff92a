"""How long `dashgaze offset` takes on files, decoding included, and how much memory.

    python scripts/bench_sync_speed.py            # 10 and 60 minutes

Makes pairs of MP4 files (48 kHz AAC, a small video track) out of simulated drives and runs the
command on each in a process of its own. What is asked for: 10 minutes in 5 s, 60 minutes in 40 s
and 2 GB, on two cores.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr
from rich.console import Console
from rich.table import Table

from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.collection.simulation.sound import CarSound, Device, simulate_pair
from dashgaze.media import Sound

OFFSET_S, DRIFT_PPM = -63.21, 27.0
LIMITS = {10: (5.0, 2000.0), 60: (40.0, 2000.0)}


def make_pair(folder: Path, minutes: float) -> tuple[Path, Path]:
    """Write two recordings of a drive."""
    seconds = 60 * minutes
    sounds = simulate_pair(
        CarSound(speech_share=0.1),
        Device(duration_s=seconds - 70, highpass_hz=120),
        Device(duration_s=seconds),
        offset_s=OFFSET_S,
        drift_ppm=DRIFT_PPM,
        rate_hz=16000,
        seed=1,
    )
    paths = (folder / "tracker.mp4", folder / "phone.mp4")
    for path, sound in zip(paths, sounds, strict=True):
        write_video(path, times_s=np.arange(0, sound.duration_s, 1 / 30), sound=_at_48_khz(sound))
    return paths


def _at_48_khz(sound: Sound) -> Sound:
    return replace(sound, samples=soxr.resample(sound.samples, 16000, 48000), rate_hz=48000)


def main() -> None:
    """Run the benchmark; exit with 1 if a limit is passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, nargs="*", default=[10.0, 60.0])
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    columns = (
        "minutes",
        "seconds: best, median",
        "CPU s",
        "peak MB",
        "error ms",
        "drift error ppm",
    )
    table = Table(*columns)
    good = True
    for minutes in args.minutes:
        with tempfile.TemporaryDirectory() as folder:
            # In a process of its own: a child's peak is never under that of whoever starts it.
            with ProcessPoolExecutor(1) as pool:
                paths = pool.submit(make_pair, Path(folder), minutes).result()
            command = [sys.executable, "-m", "dashgaze", "offset", *map(str, paths), "--json"]
            walls, cpu_s, peak_mb = [], 0.0, 0.0
            for _ in range(args.runs):
                started = time.perf_counter()
                process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                output = process.stdout.read() if process.stdout else ""
                _, _, usage = os.wait4(process.pid, 0)
                walls.append(time.perf_counter() - started)
                cpu_s += (usage.ru_utime + usage.ru_stime) / args.runs
                peak_mb = max(peak_mb, usage.ru_maxrss / 1024)
        found = json.loads(output)
        middle_s = (60 * minutes + 63.21) / 2
        error_s = found["offset_s"] - OFFSET_S + (found["drift_ppm"] - DRIFT_PPM) * 1e-6 * middle_s
        table.add_row(
            f"{minutes:g}",
            f"{min(walls):.1f}, {np.median(walls):.1f}",
            f"{cpu_s:.1f}",
            f"{peak_mb:.0f}",
            f"{error_s * 1e3:+.2f}",
            f"{found['drift_ppm'] - DRIFT_PPM:+.3f}",
        )
        limit_s, limit_mb = LIMITS.get(round(minutes), (np.inf, np.inf))
        good &= float(np.median(walls)) <= limit_s and peak_mb <= limit_mb
    Console().print(table)
    print(f"{os.cpu_count()} cores")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
