"""Compare gaze in the road view with the exact truth of simulated sessions.

    python scripts/compare_alignment.py SESSION [SESSION …] [--method tracks chain paper] [--json]

Runs `sync`, `frames` and `align` on sessions that have a truth/ folder (they are not changed: each
method works on a copy without the videos' bytes) and prints one row a session and method. Errors are
given in pixels of a road picture 1280 px wide. "clear" are frames outside of planned blackouts whose
true gaze lies in the road picture. Where the truth tells fixations, frames between them are left out: a
gaze that jumps looks at nothing, and its truth lies somewhere between two things, which may be inside of
the car (`--jumps` keeps them).
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dashgaze.session import open_session
from dashgaze.stages.align import AlignOptions, align
from dashgaze.stages.sync import sync

ELLIPSE_95 = 5.991
SURE_PX, WRONG_PX = 5.0, 30.0
SCALE_WIDTH_PX = 1280


def linked_copy(folder: Path, place: Path) -> Path:
    """Make a session beside another one: links to its files, results of its own."""
    copy = place / folder.name
    copy.mkdir()
    for entry in folder.iterdir():
        if entry.name != "derived":
            (copy / entry.name).symlink_to(entry.resolve())
    return copy


def compare_existing(folder: Path, *, jumps: bool = False) -> dict[str, Any]:
    """Compare what stands in a session with its truth."""
    method = json.loads((folder / "derived" / "align.json").read_text())["options"]["method"]
    return {"session": folder.name, "method": method, "seconds": 0.0} | compare_tables(
        folder, folder / "derived", jumps=jumps
    )


def compare(folder: Path, method: str, workers: int = 1, *, jumps: bool = False) -> dict[str, Any]:
    """Align a session and compare with its truth."""
    with tempfile.TemporaryDirectory() as place:
        session = open_session(linked_copy(folder, Path(place)))
        if session.truth is None:
            raise SystemExit(f"{folder} has no truth/ folder.")
        sync(session)
        started = time.perf_counter()
        options = AlignOptions(method=method)  # type: ignore[arg-type]
        align(session, options, workers=workers)
        seconds = time.perf_counter() - started
        row = {"session": folder.name, "method": method, "seconds": seconds}
        return row | compare_tables(folder, session.derived, jumps=jumps)


def compare_tables(folder: Path, derived: Path, *, jumps: bool = False) -> dict[str, Any]:
    """Compare the tables in `derived` with a session's truth."""
    truth_folder = folder / "truth"
    width = json.loads((truth_folder / "truth.json").read_text())["road_camera"]["size"][0]
    scale = SCALE_WIDTH_PX / width
    frames = pd.read_parquet(derived / "frames.parquet")
    samples = pd.read_parquet(derived / "gaze.parquet")
    truth = pd.read_parquet(truth_folder / "frames.parquet")
    if "fixation_id" in truth and not jumps:
        truth["padding"] |= truth["fixation_id"].isna()
    return compare_frames(frames, truth, scale) | compare_samples(
        samples, pd.read_parquet(truth_folder / "gaze.parquet"), scale
    )


def compare_frames(frames: pd.DataFrame, truth: pd.DataFrame, scale: float) -> dict[str, Any]:
    """Compare the frame table."""
    # Our mean gaze and the truth's differ near blinks, whose samples are told apart differently.
    same = np.isclose(frames["gaze_ego_x_px"], truth["gaze_ego_x"], atol=0.01) & np.isclose(
        frames["gaze_ego_y_px"], truth["gaze_ego_y"], atol=0.01
    )
    paired = same & frames["road_frame_index"].notna() & ~truth["padding"]
    table = pd.DataFrame(
        {
            "dx": (frames["gaze_road_x_px"] - truth["gaze_road_x"]) * scale,
            "dy": (frames["gaze_road_y_px"] - truth["gaze_road_y"]) * scale,
            "xx": frames["gaze_road_cov_xx_px2"] * scale**2,
            "xy": frames["gaze_road_cov_xy_px2"] * scale**2,
            "yy": frames["gaze_road_cov_yy_px2"] * scale**2,
            "stated": frames["homography_error_px"] * scale,
            "source": frames["homography_source"],
            "black": truth["blackout"],
            "view": truth["gaze_in_road_view"],
        }
    )[paired]
    table["error"] = np.hypot(table["dx"], table["dy"])
    table["nees"] = normalised_square(table)
    table["answered"] = table["error"].notna()
    view = table[table["view"]]
    clear, black = view[~view["black"]], view[view["black"]]
    row: dict[str, Any] = {
        "frames": len(table),
        "clear": quantiles(clear["error"]),
        "blackout": quantiles(black["error"]),
        "coverage_clear": share(clear["answered"]),
        "coverage_all": share(view["answered"]),
        "stated_median": float(view["stated"].median()),
        "sure_and_wrong": int(((table["stated"] < SURE_PX) & (table["error"] > WRONG_PX)).sum()),
    }
    for source in ("direct", "propagated"):
        chosen = table[(table["source"] == source) & table["answered"]]
        seen = chosen[chosen["view"]]
        row[f"{source}_frames"] = len(seen)
        row[f"{source}_in_95"] = share(seen["nees"] <= ELLIPSE_95)
        row[f"{source}_in_95_outside"] = share(chosen.loc[~chosen["view"], "nees"] <= ELLIPSE_95)
    return row


def compare_samples(samples: pd.DataFrame, truth: pd.DataFrame, scale: float) -> dict[str, Any]:
    """Compare the raw gaze samples, each at its own time."""
    both = samples.merge(truth, on="timestamp_ns")
    inside = both["gaze_road_x"].notna() & both["gaze_road_in_view"].eq(True)
    error = np.hypot(
        both["gaze_road_x_px"] - both["gaze_road_x"], both["gaze_road_y_px"] - both["gaze_road_y"]
    )[inside]
    covered = error <= np.sqrt(ELLIPSE_95) * both["gaze_road_error_px"][inside]
    return {"samples": quantiles(error * scale), "samples_in_95": share(covered)}


def normalised_square(table: pd.DataFrame) -> NDArray[np.float64]:
    """Squared error in units of the stated covariance, shape (n,)."""
    dx, dy, xx, xy, yy = (table[name].to_numpy(float) for name in ("dx", "dy", "xx", "xy", "yy"))
    return (yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / (xx * yy - xy * xy)


def quantiles(errors: pd.Series) -> list[float]:
    """Median, 95 %, 99 % and largest."""
    return [float(errors.quantile(q)) for q in (0.5, 0.95, 0.99, 1.0)]


def share(flags: pd.Series) -> float:
    """Share of true ones; NaN of none."""
    return float(flags.mean()) if len(flags) else float("nan")


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    table = Table(
        "session", "method", "clear px: median, 95 %, 99 %, max", "blackout px", "coverage clear, all",
        "stated px", "in 95 % ellipse: direct", "propagated", "outside view", "sure & wrong",
        "samples px", "s",
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row["session"], row["method"],
            *(", ".join(f"{each:.2f}" for each in row[name]) for name in ("clear", "blackout")),
            f"{row['coverage_clear']:.2%}, {row['coverage_all']:.2%}",
            f"{row['stated_median']:.2f}",
            f"{row['direct_in_95']:.1%} of {row['direct_frames']}",
            f"{row['propagated_in_95']:.1%} of {row['propagated_frames']}",
            f"{row['direct_in_95_outside']:.0%}, {row['propagated_in_95_outside']:.0%}",
            str(row["sure_and_wrong"]),
            ", ".join(f"{each:.2f}" for each in row["samples"][:2])
            + f" ({row['samples_in_95']:.0%})",
            f"{row['seconds']:.0f}",
        )  # fmt: skip
    Console(width=230).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sessions", type=Path, nargs="+")
    parser.add_argument("--method", nargs="+", default=["tracks"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--existing", action="store_true", help="compare what stands in the sessions already"
    )
    parser.add_argument(
        "--jumps", action="store_true", help="count frames between fixations as well"
    )
    parser.add_argument("--json", type=Path, help="write all figures here as well")
    args = parser.parse_args()
    if args.existing:
        rows = [compare_existing(folder, jumps=args.jumps) for folder in args.sessions]
    else:
        rows = [
            compare(folder, method, args.workers, jumps=args.jumps)
            for folder in args.sessions
            for method in args.method
        ]
    show(rows)
    if args.json is not None:
        args.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
