"""How exact, sure and fast the homography estimator is, beside OpenCV's and PoseLib's.

    python scripts/bench_homography.py            # 200 trials a cell: some 10 minutes
    python scripts/bench_homography.py --quick    # 20 trials, 300 matches
    python scripts/bench_homography.py --json FILE

Made-up matches between two images of 960 × 540 px: cameras of different focal lengths, turned by some
degrees, before a tilted plane; noise of 0.7 px per coordinate in each view. Wrong matches are uniform,
or 60 % of them follow a second motion. All methods see the same matches and none knows the image.
Errors are means over the image's corners. NEES is the squared error of mapped points, up to 240 px
outside of the image, over the estimate's own covariance: ideally 2. Times are CPU times of one process,
OpenCV set to one thread. The least that can be reached is shown by OpenCV's least
squares over the right matches alone. PoseLib takes part if it is installed (pip install poselib).

Random matches, uniform or in clusters, say how often a homography is seen where none is.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from dashgaze.alignment.homography import (
    HomographyEstimate,
    MlesacOptions,
    estimate_homography,
)

WIDTH_PX, HEIGHT_PX = 960, 540
NOISE_PX = 0.7
MARGIN_PX = 240
FAILED_PX = 5.0
THRESHOLD_PX = 3.0  # of the others
MOST_ITERATIONS, CONFIDENCE = 10_000, 0.999
SECOND_MOTION = 0.6
SHARES = (0.1, 0.2, 0.3, 0.5, 0.9)
COUNTS = (100, 300, 1000)
NULL_COUNTS = (30, 100, 300, 1000)
CORNERS_PX = np.array(
    [[0, 0], [WIDTH_PX - 1, 0], [WIDTH_PX - 1, HEIGHT_PX - 1], [0, HEIGHT_PX - 1]], dtype=float
)

Points = NDArray[np.float64]
Found = HomographyEstimate | Points | None
Method = Callable[["Scene", int], Found]


@dataclass
class Scene:
    """Matches, of which the first ones follow the truth."""

    truth: Points
    source: Points
    target: Points
    inliers: int


@dataclass
class Cell:
    """What a method did with matches of one kind."""

    method: str
    outliers: str
    share: float
    count: int
    median_error_px: float
    failed: int
    refused: int
    trials: int
    median_ms: float
    mean_nees: float | None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20 trials a cell, 300 matches only")
    parser.add_argument("--trials", type=int, help="trials a cell (200)")
    parser.add_argument("--nulls", type=int, help="trials with random matches (1000)")
    parser.add_argument("--only", help="methods whose name begins like this")
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args()
    trials = given.trials or (20 if given.quick else 200)
    nulls = given.nulls if given.nulls is not None else (100 if given.quick else 1000)
    cv2.setNumThreads(1)
    console = Console()
    methods = {
        name: method
        for name, method in find_methods(console).items()
        if name.startswith(given.only or "")
    }

    jobs = [
        (outliers, count, share)
        for outliers in ("uniform", "second motion")
        for count in ((300,) if given.quick else COUNTS)
        for share in SHARES
    ]
    cells = [
        cell
        for job in track(jobs, "matches", console=console, transient=True)
        for cell in run_cell(*job, methods, trials)
    ]
    accepted = {
        kind: {
            count: count_accepted(kind, count, nulls)
            for count in track(NULL_COUNTS, kind, console=console, transient=True)
        }
        for kind in ("uniform", "clusters")
        if nulls
    }
    show(console, cells, accepted, nulls)
    if given.json:
        figures = {"cells": [asdict(cell) for cell in cells], "accepted": accepted, "nulls": nulls}
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def find_methods(console: Console) -> dict[str, Method]:
    def ours(options: MlesacOptions) -> Method:
        def method(scene: Scene, seed: int) -> Found:
            found = estimate_homography(scene.source, scene.target, options=options, seed=seed)
            return found if isinstance(found, HomographyEstimate) else None

        return method

    def opencv(kind: int) -> Method:
        def method(scene: Scene, seed: int) -> Found:
            cv2.setRNGSeed(seed)
            homography, _ = cv2.findHomography(
                scene.source,
                scene.target,
                kind,
                THRESHOLD_PX,
                maxIters=MOST_ITERATIONS,
                confidence=CONFIDENCE,
            )
            return homography

        return method

    def told(scene: Scene, _: int) -> Found:
        homography, _ = cv2.findHomography(
            scene.source[: scene.inliers], scene.target[: scene.inliers], 0
        )
        return homography

    methods = {
        "dashgaze": ours(MlesacOptions()),
        "dashgaze 1000+": ours(MlesacOptions(min_iterations=1000)),
        "cv2 RANSAC": opencv(cv2.RANSAC),
        "cv2 MAGSAC": opencv(cv2.USAC_MAGSAC),
        "inliers only": told,
    }
    try:
        import poselib
    except ImportError:
        console.print("PoseLib is not installed and left out (pip install poselib)")
        return methods

    def by_poselib(scene: Scene, seed: int) -> Found:
        settings = {
            "max_reproj_error": THRESHOLD_PX,
            "max_iterations": MOST_ITERATIONS,
            "success_prob": CONFIDENCE,
            "seed": seed,
        }
        homography, _ = poselib.estimate_homography(scene.source, scene.target, settings, {})
        return np.asarray(homography)

    return methods | {"PoseLib": by_poselib}


def run_cell(
    outliers: str, count: int, share: float, methods: dict[str, Method], trials: int
) -> Iterator[Cell]:
    rng = np.random.default_rng([count, int(100 * share), len(outliers)])
    scenes = [make_matches(rng, count, share, outliers) for _ in range(trials)]
    places = rng.uniform(-MARGIN_PX, [WIDTH_PX + MARGIN_PX, HEIGHT_PX + MARGIN_PX], (trials, 2))
    for name, method in methods.items():
        method(scenes[0], 0)  # compiled, loaded, in the cache
        errors, times, nees, refused = [], [], [], 0
        for seed, scene in enumerate(scenes):
            start = time.process_time()
            found = method(scene, seed)
            times.append(time.process_time() - start)
            if found is None:
                refused += 1
                errors.append(float("inf"))
                continue
            matrix = found.target_from_source if isinstance(found, HomographyEstimate) else found
            gap = mapped(matrix, CORNERS_PX) - mapped(scene.truth, CORNERS_PX)
            errors.append(float(np.hypot(*gap.T).mean()))
            if isinstance(found, HomographyEstimate) and errors[-1] <= FAILED_PX:
                place = places[seed : seed + 1]
                miss = (found.map_points(place) - mapped(scene.truth, place))[0]
                nees.append(float(miss @ np.linalg.solve(found.covariance_px2(place)[0], miss)))
        yield Cell(
            method=name,
            outliers=outliers,
            share=share,
            count=count,
            median_error_px=statistics.median(errors),
            failed=sum(error > FAILED_PX for error in errors) - refused,
            refused=refused,
            trials=trials,
            median_ms=1e3 * statistics.median(times),
            mean_nees=statistics.fmean(nees) if nees else None,
        )


def make_matches(rng: np.random.Generator, count: int, share: float, outliers: str) -> Scene:
    """Draw a homography and matches."""
    inside = np.array([WIDTH_PX - 1.0, HEIGHT_PX - 1.0])
    truth = make_homography(rng)
    source = rng.uniform(0, inside, (count, 2))
    target = rng.uniform(0, inside, (count, 2))
    inliers = round(share * count)
    source[:inliers], target[:inliers] = seen_twice(rng, truth, inliers)
    if outliers == "second motion":
        stop = inliers + round(SECOND_MOTION * (count - inliers))
        source[inliers:stop], target[inliers:stop] = seen_twice(
            rng, make_homography(rng), stop - inliers
        )
    source += rng.normal(0, NOISE_PX, source.shape)
    target += rng.normal(0, NOISE_PX, target.shape)
    return Scene(truth, source, target, inliers)


def make_homography(rng: np.random.Generator) -> Points:
    """Draw how one camera sees what another one sees of a plane."""
    rotation, _ = cv2.Rodrigues(np.radians(rng.normal(0, 3, 3)))
    shift = rng.normal(0, 0.03, 3)  # in units of the plane's distance
    normal = np.append(rng.normal(0, 0.3, 2), 1.0)
    cameras = [
        np.array([[focal, 0, WIDTH_PX / 2], [0, focal, HEIGHT_PX / 2], [0, 0, 1]])
        for focal in rng.uniform(700, 1000, 2)
    ]
    plane = rotation + np.outer(shift, normal)
    matrix = cameras[1] @ plane @ np.linalg.inv(cameras[0])
    return np.asarray(matrix / matrix[2, 2])


def seen_twice(rng: np.random.Generator, matrix: Points, count: int) -> tuple[Points, Points]:
    """Draw points that lie in both images."""
    inside = np.array([WIDTH_PX - 1.0, HEIGHT_PX - 1.0])
    source = rng.uniform(0, inside, (50 * count + 50, 2))
    target = mapped(matrix, source)
    seen = ((target >= 0) & (target <= inside)).all(axis=1)
    return source[seen][:count], target[seen][:count]


def mapped(matrix: Points, points: Points) -> Points:
    image = points @ matrix[:, :2].T + matrix[:, 2]
    return image[:, :2] / image[:, 2:]


def count_accepted(kind: str, count: int, trials: int) -> int:
    """Count the homographies seen in random matches."""
    rng = np.random.default_rng([count, len(kind)])
    accepted = 0
    for seed in range(trials):
        source, target = (random_points(rng, kind, count) for _ in range(2))
        found = estimate_homography(source, target, seed=seed)
        accepted += isinstance(found, HomographyEstimate)
    return accepted


def random_points(rng: np.random.Generator, kind: str, count: int) -> Points:
    points = rng.uniform(0, [WIDTH_PX, HEIGHT_PX], (count, 2))
    if kind == "clusters":  # two thirds of the keypoints on four spots of some 30 px
        spots = rng.uniform(0, [WIDTH_PX, HEIGHT_PX], (4, 2))
        near = rng.random(count) < 2 / 3
        chosen = spots[rng.integers(0, 4, count)] + rng.normal(0, 15, (count, 2))
        points[near] = chosen[near]
    return points


def show(
    console: Console, cells: list[Cell], accepted: dict[str, dict[int, int]], nulls: int
) -> None:
    for outliers in dict.fromkeys(cell.outliers for cell in cells):
        table = Table(title=f"wrong matches: {outliers}", title_justify="left")
        for heading in (
            "method",
            "matches",
            "inliers",
            "error px",
            "> 5 px",
            "refused",
            "ms",
            "NEES",
        ):
            table.add_column(heading, justify="left" if heading == "method" else "right")
        chosen = [cell for cell in cells if cell.outliers == outliers]
        for i, cell in enumerate(chosen):
            last = i + 1 == len(chosen) or chosen[i + 1].share != cell.share
            table.add_row(
                cell.method,
                str(cell.count),
                f"{cell.share:.0%}",
                f"{cell.median_error_px:.2f}",
                f"{cell.failed}/{cell.trials}",
                f"{cell.refused}/{cell.trials}",
                f"{cell.median_ms:.2f}",
                "" if cell.mean_nees is None else f"{cell.mean_nees:.2f}",
                end_section=last,
            )
        console.print(table)
    for kind, by_count in accepted.items():
        shown = ", ".join(f"{number} of {nulls} × {count}" for count, number in by_count.items())
        console.print(f"homographies seen in random matches, {kind}: {shown}")


if __name__ == "__main__":
    sys.exit(main())
