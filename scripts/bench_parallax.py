"""What parallax does to mapped gaze, and whether the stated error knows of it.

    python scripts/bench_parallax.py [--trials N] [--json FILE]

Scenes of points in space (motorway, street, open land; a lead car in some) are seen by the phone and by
a head beside and behind it. The matches of each trial, with noise and 20 % outliers, are put through the
estimator and the error model of `align`; then points of interest at known depths are mapped. Printed are
the error in degrees of the road view, the stated one (1σ per axis), and how often the true point lies in
the stated 95 % ellipse. No picture is rendered: this is about geometry, not about features.

It is the error model of single frames that is measured, which holds where a drive's matches show no baseline.
Where they do, `align` finds nearness over the whole drive: see `scripts/compare_alignment.py` on drives of
`dashgaze simulate`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dashgaze.alignment.direct import DirectMatch
from dashgaze.alignment.homography import HomographyEstimate, estimate_homography
from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.residuals import model_spread_px
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.solution import FLOOR_DEG, NOISE_FACTOR

EGO = np.array([[766.0, 0, 544], [0, 766.0, 540], [0, 0, 1]])
ROAD = np.array([[1108.0, 0, 639.5], [0, 1108.0, 359.5], [0, 0, 1]])
ROAD_SIZE = (1280, 720)
HEAD_M = np.array([-0.4, 0.05, -0.55])
"""Position of the head from the phone: x right, y down, z forward, m."""

NOISE_PX, MATCHES, OUTLIERS = 0.7, 250, 0.2
TARGETS = {
    "far, 500 m": (0.0, -2.0, 500.0), "lead car, 40 m": (0.5, 0.6, 40.0),
    "lead car, 20 m": (0.5, 0.6, 20.0), "lead car, 10 m": (0.3, 0.6, 10.0),
    "next lane, 12 m": (-3.2, 0.5, 12.0), "road surface, 30 m": (0.5, 1.3, 30.0),
    "sign, 20 m": (5.0, -2.0, 20.0), "pedestrian, 12 m": (3.0, 0.4, 12.0),
}  # fmt: skip


def scene(kind: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Give points of a scene in the road camera's axes, shape (n, 3), m."""
    n = 4000
    ground = np.column_stack(
        [rng.uniform(-12, 12, n), np.full(n, 1.3), 4 / rng.uniform(0.02, 0.9, n)]
    )
    hills = np.column_stack(
        [rng.uniform(-300, 300, n), rng.uniform(-40, -2, n), rng.uniform(200, 600, n)]
    )
    walls = np.column_stack(
        [
            rng.choice([-1, 1], n) * rng.uniform(6, 14, n),
            rng.uniform(-6, 1.3, n),
            6 / rng.uniform(0.05, 0.8, n),
        ]
    )
    shares = {"motorway": (0.35, 0.55, 0.1), "street": (0.2, 0.15, 0.65), "open": (0.5, 0.45, 0.05)}
    chosen = [
        points[rng.random(n) < share]
        for points, share in zip((ground, hills, walls), shares[kind], strict=True)
    ]
    return np.concatenate(chosen)


def car_points(target: tuple[float, float, float], rng: np.random.Generator) -> NDArray[np.float64]:
    """Give points on the back of something 1.8 m wide and 1.4 m high around a target, shape (n, 3)."""
    x, y, z = target
    n = 400
    return np.column_stack(
        [x + rng.uniform(-0.9, 0.9, n), y + rng.uniform(-0.9, 0.5, n), np.full(n, z)]
    )


def see(points: NDArray[np.float64], turn: NDArray[np.float64]) -> tuple[NDArray[Any], ...]:
    """Project points into both views; give ego px, road px and which both see."""
    head = (points - HEAD_M) @ turn.T
    ego, road = head @ EGO.T, points @ ROAD.T
    ego_px, road_px = ego[:, :2] / ego[:, 2:], road[:, :2] / road[:, 2:]
    seen = (head[:, 2] > 0.5) & (points[:, 2] > 0.5)
    seen &= ((road_px > 0) & (road_px < ROAD_SIZE)).all(axis=1)
    seen &= ((ego_px > 0) & (ego_px < (1088, 1080))).all(axis=1)
    return ego_px, road_px, seen


def trial(
    kind: str, target: tuple[float, float, float], solid: bool, rng: np.random.Generator
) -> tuple[float, float, float] | None:
    """Give error and stated error in degrees, and the normalised square, of one trial."""
    turn = rotation_matrix(rng.normal(0, np.radians([3, 5, 1.5])))
    points = scene(kind, rng)
    if solid:
        body = car_points(target, rng)
        points = np.concatenate([points, body[rng.random(len(body)) < 0.25]])
    ego_px, road_px, seen = see(points, turn)
    chosen = rng.permutation(np.flatnonzero(seen))[:MATCHES]
    ego_px = ego_px[chosen] + rng.normal(0, NOISE_PX, (len(chosen), 2))
    road_px = road_px[chosen] + rng.normal(0, NOISE_PX, (len(chosen), 2))
    wrong = rng.random(len(chosen)) < OUTLIERS
    road_px[wrong] = rng.uniform((0, 0), ROAD_SIZE, (int(wrong.sum()), 2))
    found = estimate_homography(ego_px, road_px, seed=int(rng.integers(1 << 30)))
    if not isinstance(found, HomographyEstimate):
        return None
    frame = MapFrame(ego_matrix=EGO, road_size_px=ROAD_SIZE)
    mapping = Mapping.from_estimate(found, frame)
    match = DirectMatch(
        mapping=mapping, inlier_probability=found.inlier_probability, sigma_px=found.sigma_px,
        ego_px=ego_px, road_px=road_px, ego_shown_px=ego_px, road_shown_px=road_px,
        noise_scale=np.ones(len(ego_px)), velocity_px_s=np.full_like(ego_px, np.nan),
        deviation_px=float("nan"),
    )  # fmt: skip
    gaze, true, visible = see(np.array([target]), turn)
    if not visible[0]:
        return None
    apart = mapping.map_points(gaze)[0] - true[0]
    spread = model_spread_px(match, gaze[0])
    floor = np.radians(FLOOR_DEG) * ROAD[0, 0]
    covariance = NOISE_FACTOR * mapping.covariance_px2(gaze)[0] + np.eye(2) * (floor**2 + spread**2)
    degree = np.radians(1) * ROAD[0, 0]
    stated = float(np.sqrt(np.trace(covariance) / 2)) / degree
    return (
        float(np.hypot(*apart)) / degree,
        stated,
        float(apart @ np.linalg.solve(covariance, apart)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    table = Table("scene", "target", "error °: median, 95 %", "stated ° (1σ)", "in 95 % ellipse")
    for kind in ("motorway", "street", "open"):
        for name, target in TARGETS.items():
            rng = np.random.default_rng(7)
            solid = "car" in name or "lane" in name
            found = [trial(kind, target, solid, rng) for _ in range(args.trials)]
            values = np.array([each for each in found if each is not None]).reshape(-1, 3)
            row = {
                "scene": kind, "target": name, "trials": len(values),
                "error_deg": np.quantile(values[:, 0], [0.5, 0.95]).tolist(),
                "stated_deg": float(np.median(values[:, 1])),
                "in_95": float((values[:, 2] < 5.991).mean()),
            }  # fmt: skip
            rows.append(row)
            table.add_row(
                kind, name, ", ".join(f"{each:.2f}" for each in row["error_deg"]),
                f"{row['stated_deg']:.2f}", f"{row['in_95']:.0%}",
            )  # fmt: skip
    Console(width=120).print(table)
    if args.json is not None:
        args.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
