"""What `calibrate_tests.py` counts, and how it shows it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from dashgaze.collection.simulation.story.effects import Effects

RATE_BOUNDS, COVERAGE_BOUNDS = (0.02, 0.08), (0.90, 0.98)
SECOND = " (second test)"
"""Ends the name of a test that a finding gives beside its own: it has no bounds."""
OWN_TURNS_SEEN = "following, own turns, road video"
_CARRIED = "resting eyes are carried against the turn: the true factor is −0.03"
NOT_NULL = {
    "vanishing_point.following": _CARRIED,
    OWN_TURNS_SEEN: _CARRIED,
    "spread.speed.slope": "points pass faster within a fixation",
}

_USUAL = Effects()
PLANTED = {
    "vanishing_point.offset_right": _USUAL.shift_azimuth_deg,
    "vanishing_point.offset_up": _USUAL.shift_elevation_deg,
    "vanishing_point.following": _USUAL.follow,
    "vanishing_point.following, road video": _USUAL.follow,
    "spread.level": _USUAL.spread_h_deg,
    "spread.speed.slope": math.exp(_USUAL.speed_log),
    "spread.stopped": math.exp(_USUAL.stopped_log),
    "spread.lighting.night": math.exp(_USUAL.night_log),
    "spread.lighting.twilight": math.exp(_USUAL.night_log * _USUAL.twilight_part),
}
TRUE = {
    "vanishing_point.offset_right": 1.547,
    "vanishing_point.offset_up": -1.536,
    "vanishing_point.following": 0.751,
    "vanishing_point.following, road video": 0.727,
    "spread.level": 5.83,
    "spread.speed.slope": 0.861,
    "spread.stopped": 1.894,
    "spread.lighting.night": 1.159,
    "spread.lighting.twilight": 1.076,
}
"""The same over frames of all gaze ahead, without errors: see `calibrate_truth.py`, which finds them."""
SAME = {
    "spread.lighting.night_at_equal_speed": "spread.lighting.night",
    "spread.lighting.twilight_at_equal_speed": "spread.lighting.twilight",
}
"""Findings that estimate the same as another one."""

console = Console(width=130)


def _interval(hits: int, count: int) -> tuple[float, float]:
    """Give the Wilson interval of 95 % of a rate."""
    z2 = 1.96**2
    middle = (hits + z2 / 2) / (count + z2)
    reach = 1.96 / (count + z2) * math.sqrt(hits * (count - hits) / count + z2 / 4)
    return middle - reach, middle + reach


def _row(
    group: str,
    name: str,
    hits: int,
    count: int,
    bounds: tuple[float, float] | None,
    beside: float | None,
) -> dict[str, Any]:
    low, high = _interval(hits, count)
    good = None if bounds is None else high >= bounds[0] and low <= bounds[1]
    if bounds is not None and count >= 200:
        good = bounds[0] <= hits / count <= bounds[1]
    return {
        "group": group,
        "name": name,
        "rate": hits / count,
        "low": low,
        "high": high,
        "count": count,
        "beside": beside,
        "good": good,
    }


def _by_name(rows: Sequence[Any]) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = {}
    for row in rows:
        named.setdefault(row[0], []).append(row[1:])
    return named


def rates(rows: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    said = []
    for group, shown in (
        ("fixations", "fixations, no effect"),
        ("measured", "measured, no effect"),
    ):
        for name, found in _by_name(rows.get(group, [])).items():
            p = [each[0] for each in found if each[0] is not None]
            naive = [each[1] for each in found if each[1] is not None]
            free = name in NOT_NULL or name.endswith(SECOND)
            bounds = None if group == "measured" and free else RATE_BOUNDS
            if p:
                hits = sum(each < 0.05 for each in p)
                beside = float(np.mean([each < 0.05 for each in naive])) if naive else None
                said.append(_row(shown, name, hits, len(p), bounds, beside))
    return said


def coverages(rows: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    said = []
    for name, found in _by_name(rows.get("coverage", [])).items():
        hits = int(sum(each[0] for each in found))
        bias = float(np.exp(np.mean([np.log(each[1]) for each in found if each[1] > 0])))
        said.append(
            _row(
                "fixations, usual effects: coverage", name, hits, len(found), COVERAGE_BOUNDS, bias
            )
        )
    return said


def recoveries(rows: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Count how often intervals of the whole way hold what is true, and what is planted in planned fixations."""
    said = []
    for group, wanted, bounds in (
        ("measured, usual effects: coverage", TRUE, COVERAGE_BOUNDS),
        ("measured, usual effects: coverage of what is planted in fixations", PLANTED, None),
    ):
        for name, found in _by_name(rows.get("estimates", [])).items():
            value = wanted.get(SAME.get(name, name))
            known = [each for each in found if None not in each]
            if value is not None and known:
                hits = sum(low <= value <= high for _, low, high in known)
                beside = float(np.mean([estimate for estimate, _, _ in known])) / value
                said.append(_row(group, name, hits, len(known), bounds, beside))
    return said


def means(rows: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    said = []
    for name, found in _by_name(rows.get("estimates", [])).items():
        values = np.array([each[0] for each in found if each[0] is not None])
        if len(values) > 1:
            error = float(values.std(ddof=1) / np.sqrt(len(values)))
            said.append(
                {
                    "group": "measured, usual effects: mean of estimates",
                    "name": name,
                    "rate": float(values.mean()),
                    "low": float(values.mean() - 1.96 * error),
                    "high": float(values.mean() + 1.96 * error),
                    "count": len(values),
                    "beside": None,
                    "good": None,
                }
            )
    return said


def show(said: Sequence[dict[str, Any]]) -> None:
    for group in dict.fromkeys(row["group"] for row in said):
        rate = "mean" not in group
        table = Table("", "rate" if rate else "mean", "± Monte Carlo", "n", "", "", title=group)
        table.columns[4].header = "recovered / planted" if "coverage" in group else "naive rate"
        for row in (row for row in said if row["group"] == group):
            number = (lambda value: f"{value:.1%}") if rate else (lambda value: f"{value:.3f}")
            beside = row["beside"]
            shown = (
                ""
                if beside is None
                else (f"{beside:.3f}" if "coverage" in group else f"{beside:.0%}")
            )
            mark = {
                None: NOT_NULL.get(row["name"], "") if "no effect" in group else "",
                True: "good",
                False: "[red]missed[/red]",
            }[row["good"]]
            table.add_row(
                row["name"],
                number(row["rate"]),
                f"{number(row['low'])} … {number(row['high'])}",
                str(row["count"]),
                shown,
                mark,
            )
        console.print(table)
