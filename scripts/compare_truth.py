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

from dashgaze.media import read_frame_times
from dashgaze.session import open_session
from dashgaze.stages.frames import frames
from dashgaze.stages.session_clock import read_session_clock
from dashgaze.stages.sync import sync

COLUMNS = (
    "session", "verdict", "offset s", "drift ppm", "error ms: start, middle, end", "± ms",
    "drift error ppm", "road time error: |ours - truth| ms, worst", "same road frame",
    "gaze mean error px, worst", "sync s", "frames s",
)  # fmt: skip


def compare(folder: Path) -> dict[str, Any]:
    """Run both stages on a session and compare."""
    session = open_session(folder)
    if session.truth is None:
        raise SystemExit(f"{folder} has no truth/ folder.")
    truth = json.loads((session.truth / "truth.json").read_text(encoding="utf-8"))
    clocks = truth["clocks"]
    started = time.perf_counter()
    sync(session, force=True)
    synced = time.perf_counter()
    table = pd.read_parquet(frames(session, force=True))
    done = time.perf_counter()
    clock = read_session_clock(session.derived)
    row: dict[str, Any] = {
        "session": session.manifest.session_id,
        "verdict": "" if clock.document is None else clock.document.verdict,
        "offset_s": clocks["offset_s"],
        "drift_ppm": clocks["drift_ppm"],
        "sync_s": synced - started,
        "frames_s": done - synced,
    }
    if clock.time_map is None:
        return row
    road_s = read_frame_times(session.road_path).time_s
    t_tracker_s = (table["timestamp_ns"] - table["timestamp_ns"][0]).to_numpy() / 1e9
    rate = 1 + clocks["drift_ppm"] * 1e-6
    t_phone_s = (t_tracker_s - clocks["offset_s"]) / rate
    inside = (t_phone_s >= road_s[0]) & (t_phone_s <= road_s[-1])
    edge_s = t_phone_s[inside]
    at_s = np.array([edge_s[0], (edge_s[0] + edge_s[-1]) / 2, edge_s[-1]])
    row["error_ms"] = (
        (clock.time_map.tracker_s(at_s) - clocks["offset_s"] - rate * at_s) * 1e3
    ).tolist()
    row["se_ms"] = float(clock.time_map.standard_error_ms(at_s)[1])
    row["drift_error_ppm"] = clock.drift_ppm - clocks["drift_ppm"]
    known = inside & table["road_frame_index"].notna().to_numpy()
    index = table["road_frame_index"][known].astype(int).to_numpy()
    ours_ms = table["road_time_error_ms"][known].to_numpy()
    # The truth of the very frame that was chosen: its time minus the ego frame's true time.
    truly_ms = (road_s[index] - t_phone_s[known]) * 1e3
    row["road_error_ms"] = float(np.abs(ours_ms - truly_ms).max())
    nearest = np.searchsorted((road_s[1:] + road_s[:-1]) / 2, t_phone_s[known])
    row["same_frame"] = float(np.mean(nearest == index))
    row["gaze_px"] = _gaze_error_px(session.truth / "frames.parquet", table)
    return row


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


def main() -> None:
    """Print the table; exit with 1 if a verdict is not ok or an error exceeds 3 ms."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sessions", type=Path, nargs="+")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = [compare(folder) for folder in args.sessions]
    if args.json:
        print(json.dumps(rows, indent=1))
    else:
        table = Table(*COLUMNS)
        for row in rows:
            errors = ", ".join(f"{value:+.3f}" for value in row.get("error_ms", ()))
            gaze = row.get("gaze_px")
            table.add_row(
                row["session"],
                row["verdict"],
                f"{row['offset_s']:.3f}",
                f"{row['drift_ppm']:.0f}",
                errors,
                f"{row.get('se_ms', np.nan):.2f}",
                f"{row.get('drift_error_ppm', np.nan):+.2f}",
                f"{row.get('road_error_ms', np.nan):.3f}",
                f"{row.get('same_frame', np.nan):.2%}",
                "" if gaze is None else f"{gaze:.4f}",
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
