"""What happens when in a simulated drive."""

from dataclasses import dataclass

import numpy as np

GLANCES_PER_MINUTE = 2.5
BLUR_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Glance:
    """A quick turn of the head to a mirror and back.

    Attributes
    ----------
    start_s, end_s
        On the phone's clock.
    yaw_deg, pitch_deg
        How far to the right, and up.
    """

    start_s: float
    end_s: float
    yaw_deg: float
    pitch_deg: float


@dataclass(frozen=True, kw_only=True)
class Blur:
    """A stretch in which the scene camera is so out of focus that nothing can be matched.

    Attributes
    ----------
    start_s, end_s
        On the phone's clock.
    """

    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class DrivePlan:
    """Glances and blurs of a drive, none of them at the same time."""

    glances: tuple[Glance, ...]
    blurs: tuple[Blur, ...]


def plan_drive(seed: int, *, start_s: float, end_s: float, blurs: int) -> DrivePlan:
    """Spread glances and blurs over a drive.

    Parameters
    ----------
    seed
        Same seed, same plan.
    start_s, end_s
        When both devices record, on the phone's clock.
    blurs
        How many blurs.
    """
    rng = np.random.default_rng([seed, 5])
    glances = round(GLANCES_PER_MINUTE * max(end_s - start_s, 0.0) / 60)
    kinds = rng.permutation(["glance"] * glances + ["blur"] * blurs)
    slot_s = (end_s - start_s) / max(len(kinds), 1)
    found_glances, found_blurs = [], []
    for number, kind in enumerate(kinds.tolist()):
        middle_s = start_s + slot_s * (number + rng.uniform(0.4, 0.6))
        if kind == "blur":
            found_blurs.append(Blur(start_s=middle_s - BLUR_S / 2, end_s=middle_s + BLUR_S / 2))
            continue
        half_s = rng.uniform(0.6, 0.8)
        found_glances.append(
            Glance(
                start_s=middle_s - half_s,
                end_s=middle_s + half_s,
                yaw_deg=float(rng.choice([-1, 1]) * rng.uniform(25, 35)),
                pitch_deg=float(rng.uniform(-4, 1)),
            )
        )
    return DrivePlan(glances=tuple(found_glances), blurs=tuple(found_blurs))
