"""How near splits come to their targets, beside drivers laid out at random, and how long they take.

    .venv/bin/python scripts/bench_splits.py [--studies 20]

A study is the simulator's population of 33 sessions and 28 drivers, one of them with six; sessions have 18,000 to
36,000 frames, and each is driven in one of five cars. Deviations are in points of the whole; those of strata are
over all levels of lighting, camera position, eyewear and car that hold a tenth of the frames or more. A random
split lays drivers along a line in random order and cuts it at the targets: as near in frames as one can come
without looking at anything else.
"""

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from itertools import pairwise

from dashgaze.collection.simulation.story.population import draw_population
from dashgaze.dataset.splits import Holding, SplitSession, assign_splits, measure_balance
from dashgaze.schemas.dataset_manifest import Split

RANDOM_SPLITS = 50


def draw_study(session_count: int, driver_count: int | None, seed: int) -> list[SplitSession]:
    dice = random.Random(seed)
    return [
        SplitSession(
            session_id=planned.session_id,
            driver_id=planned.conditions.driver.driver_id,
            frame_count=dice.randrange(18_000, 36_000),
            lighting=planned.conditions.lighting,
            camera_position=planned.conditions.camera_position,
            eyewear=planned.conditions.eyewear,
            car=dice.choice("ABCDE"),
        )
        for planned in draw_population(session_count, driver_count, seed)
    ]


def deviations(balance: Sequence[Holding]) -> tuple[float, float, float]:
    """Worst of frames, worst of strata, root mean square of strata."""
    frames = [abs(h.deviation or 0.0) for h in balance if h.measure == "frames"]
    total = next(h.total for h in balance if h.measure == "frames")
    strata = [abs(h.deviation or 0.0) for h in balance if h.level and h.total >= total / 10]
    return max(frames), max(strata), (sum(d * d for d in strata) / len(strata)) ** 0.5


def at_random(
    sessions: Sequence[SplitSession], targets: dict[Split, float], lead: str, dice: random.Random
) -> dict[str, Split]:
    size: dict[str, int] = {}
    for session in sessions:
        size[session.driver_id] = size.get(session.driver_id, 0) + (
            session.frame_count if lead == "frames" else 1
        )
    order = sorted(size)
    dice.shuffle(order)
    ends = [0.0]
    for target in targets.values():
        ends.append(ends[-1] + target * sum(size.values()))
    ends[-1] += 1
    where: dict[str, Split] = {}
    laid = 0.0
    for driver in order:
        middle = laid + size[driver] / 2
        laid += size[driver]
        where[driver] = next(
            split
            for split, (start, end) in zip(targets, pairwise(ends), strict=True)
            if start <= middle < end
        )
    return {session.session_id: where[session.driver_id] for session in sessions}


def compare(protocol: str, lead: str, study_count: int) -> None:
    ours, chance, seconds = [], [], []
    for seed in range(study_count):
        sessions = draw_study(33, None, seed)
        began = time.process_time()
        plan = assign_splits(sessions, protocol)
        seconds.append(time.process_time() - began)
        ours.append(deviations(plan.balance))
        targets = {h.split: h.target or 0.0 for h in plan.balance if h.measure == "frames"}
        for turn in range(RANDOM_SPLITS):
            dice = random.Random(f"{seed} {turn}")
            splits = at_random(sessions, targets, lead, dice)
            chance.append(deviations(measure_balance(sessions, splits, targets)))
    for name, rows in (("assign_splits", ours), ("at random", chance)):
        frames, worst, typical = zip(*rows, strict=True)
        print(
            f"{protocol:12} {name:14} frames {_both(frames)}   worst stratum {_both(worst)}   "
            f"strata, rms {100 * statistics.mean(typical):5.2f}"
        )
    print(f"{protocol:12} {max(seconds):.2f} s of processor time at most")


def _both(values: Sequence[float]) -> str:
    return f"{100 * statistics.median(values):5.2f} median {100 * max(values):5.2f} worst"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=20)
    study_count = parser.parse_args().studies
    compare("82-10-8", "frames", study_count)
    compare("thesis-25-8", "sessions", study_count)
    for session_count, driver_count in ((330, 280), (10_000, 3_000), (10_000, 10_000)):
        sessions = draw_study(session_count, driver_count, 0)
        for protocol in ("82-10-8", "thesis-25-8", "leave-drivers-out-5"):
            began = time.process_time()
            plan = assign_splits(sessions, protocol)
            took = time.process_time() - began
            frames, worst, _ = deviations(plan.balance)
            print(
                f"{session_count:6} sessions {driver_count:6} drivers {protocol:20} {took:5.2f} s   "
                f"frames {100 * frames:.3f}   worst stratum {100 * worst:.3f}"
            )


if __name__ == "__main__":
    main()
