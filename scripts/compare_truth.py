"""Compare what dashgaze computed of simulated sessions with their exact truth.

    python scripts/compare_truth.py SESSION [SESSION …]

Runs `sync` and `frames` on each session that has a truth/ folder and prints one row a session:
errors of the clocks at the ends and the middle of the common time, and of the road frame that
stands beside each ego frame.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from dashgaze.comparison import compare_clocks
from dashgaze.errors import DashgazeError
from dashgaze.session import open_session
from dashgaze.stages.frames import frames
from dashgaze.stages.sync import sync

COLUMNS = (
    "session", "verdict", "offset s", "drift ppm", "error ms: start, middle, end", "± ms",
    "drift error ppm", "road time error: |ours - truth| ms, worst", "same road frame",
    "gaze mean error px, worst", "sync s", "frames s",
)  # fmt: skip


def compare(folder: Path) -> dict[str, Any]:
    """Run both stages on a session and compare."""
    session = open_session(folder)
    if session.truth is None:  # before anything is computed anew
        raise SystemExit(f"{folder} has no truth/ folder.")
    started = time.perf_counter()
    sync(session, force=True)
    synced = time.perf_counter()
    table = pd.read_parquet(frames(session, force=True))
    done = time.perf_counter()
    errors = compare_clocks(session)
    row: dict[str, Any] = {
        "session": session.manifest.session_id,
        "verdict": errors.verdict,
        "offset_s": errors.offset_s,
        "drift_ppm": errors.drift_ppm,
        "sync_s": synced - started,
        "frames_s": done - synced,
    }
    if errors.offset_error_ms is None:
        return row
    return row | {
        "error_ms": list(errors.offset_error_ms),
        "se_ms": errors.offset_se_ms,
        "drift_error_ppm": errors.drift_error_ppm,
        "road_error_ms": errors.road_time_error_ms,
        "same_frame": errors.same_road_frame_share,
        "gaze_px": _gaze_error_px(folder / "truth" / "frames.parquet", table),
    }


def _gaze_error_px(path: Path, table: pd.DataFrame) -> float | None:
    """Largest difference of the mean gaze, away from blinks; None without that truth."""
    if not path.exists():
        return None
    truth = pd.read_parquet(path)
    near_blink = truth["blink"].rolling(5, center=True, min_periods=1).max().astype(bool)
    both = ~near_blink & truth["gaze_ego_x"].notna() & table["gaze_ego_x_px"].notna()
    both &= truth["gaze_samples"] == table["gaze_sample_count"]
    apart = np.hypot(
        truth["gaze_ego_x"] - table["gaze_ego_x_px"], truth["gaze_ego_y"] - table["gaze_ego_y_px"]
    )
    return float(apart[both].max())


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def main() -> None:
    """Print the table; exit with 1 if a verdict is not ok or an error exceeds 3 ms."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sessions", type=Path, nargs="+")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        rows = [compare(folder) for folder in args.sessions]
    except DashgazeError as error:
        sys.exit(f"error: {error}")
    if args.json:
        print(json.dumps(rows, indent=1))
    else:
        table = Table(*COLUMNS)
        for row in rows:
            errors = ", ".join(f"{value:+.3f}" for value in row.get("error_ms", ()))
            table.add_row(
                row["session"],
                row["verdict"],
                f"{row['offset_s']:.3f}",
                f"{row['drift_ppm']:.0f}",
                errors,
                _text(row.get("se_ms"), ".2f"),
                _text(row.get("drift_error_ppm"), "+.2f"),
                _text(row.get("road_error_ms"), ".3f"),
                _text(row.get("same_frame"), ".2%"),
                _text(row.get("gaze_px"), ".4f"),
                f"{row['sync_s']:.1f}",
                f"{row['frames_s']:.1f}",
            )
        Console(width=200).print(table)
    good = all(
        row["verdict"] == "ok" and max(np.abs(row.get("error_ms", [np.inf]))) <= 3 for row in rows
    )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
