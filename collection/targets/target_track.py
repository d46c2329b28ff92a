"""Targets that move over a film: where each is at each moment."""

import csv
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.files import write_text

COLUMNS = ("target_id", "time_s", "x_px", "y_px")
MOST_ROWS = 200_000

_ID_LENGTH = 40
_MARGIN = 0.12
_SHOWN_S, _PAUSE_S = 2.5, 0.5
_LEAST_SHOWN_S = 0.8


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target and its way, straight between its points.

    Attributes
    ----------
    target_id
        Its name.
    time_s
        Media time of each point, rising; it is shown from the first to the last. Shape (n,).
    points_px
        Where it is then, px of the film. Shape (n, 2).
    """

    target_id: str
    time_s: NDArray[np.float64]
    points_px: NDArray[np.float64]

    def at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give where it is at some moments, px; NaN where it is not shown. Shape (n, 2)."""
        times = np.asarray(time_s, dtype=np.float64)
        shown = (times >= self.time_s[0]) & (times <= self.time_s[-1])
        axes = [np.interp(times, self.time_s, self.points_px[:, axis]) for axis in (0, 1)]
        return np.where(shown[:, None], np.stack(axes, axis=1), np.nan)

    def to_json(self) -> dict[str, Any]:
        """Give it as the page takes it."""
        return {
            "id": self.target_id,
            "points": [
                [time, x, y]
                for time, (x, y) in zip(self.time_s.tolist(), self.points_px.tolist(), strict=True)
            ],
        }


def read_targets(path: Path, *, size_px: tuple[int, int]) -> list[Target]:
    """Read ``targets.csv``: target_id, time_s, x_px, y_px; the rows of a target are its way.

    Parameters
    ----------
    path
        The table.
    size_px
        Width and height of the film; targets lie in it.

    Returns
    -------
    list of Target
        In the order in which they are shown. Only one is shown at a time: one can look at one only.

    Raises
    ------
    InputError
        If it can't be read, or a row is not as it has to be.
    """
    rows: dict[str, list[tuple[float, float, float]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path} has no column {', '.join(missing)}.",
                    fix=f"Its first line has to be: {','.join(COLUMNS)}",
                    path=path,
                )
            for number, row in enumerate(table, 2):
                if number > MOST_ROWS:
                    raise InputError(
                        f"{path} has more than {MOST_ROWS} rows.", fix="Split the film.", path=path
                    )
                name, values = _row(row, number, path, size_px)
                rows.setdefault(name, []).append(values)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} can't be read: {error}.", fix="Save it as UTF-8 text.", path=path
        ) from error
    targets = [_target(name, points, path) for name, points in rows.items()]
    if not targets:
        raise InputError(f"{path} has no rows.", fix="Write one, or use --make-targets.", path=path)
    ordered = sorted(targets, key=lambda target: float(target.time_s[0]))
    for earlier, later in itertools.pairwise(ordered):
        if later.time_s[0] < earlier.time_s[-1]:
            raise InputError(
                f"{path}: '{later.target_id}' begins at {later.time_s[0]:g} s, before "
                f"'{earlier.target_id}' ends at {earlier.time_s[-1]:g} s.",
                fix="Show one target at a time: nobody looks at two.",
                path=path,
            )
    return ordered


def make_targets(
    count: int, *, duration_s: float, size_px: tuple[int, int], seed: int = 0
) -> list[Target]:
    """Make targets that cover the film's area and time: half stand still, half move slowly.

    Raises
    ------
    InputError
        If there is no room for so many.
    """
    step_s = duration_s / count if count > 0 else 0.0
    shown_s = min(_SHOWN_S, step_s - _PAUSE_S)
    if shown_s < _LEAST_SHOWN_S:
        most = int(duration_s / (_LEAST_SHOWN_S + _PAUSE_S))
        raise InputError(
            f"{count} targets don't fit into {duration_s:.1f} s.",
            fix=f"At most {most} do: each is shown for {_LEAST_SHOWN_S:g} s or more.",
        )
    rng = np.random.default_rng(seed)
    cells = max(1, math.ceil(math.sqrt(count)))
    order = rng.permutation(cells * cells)[:count]
    size, targets = np.array(size_px, dtype=np.float64), []
    for number, cell in enumerate(order):
        place = (np.array(divmod(int(cell), cells)) + rng.uniform(0.2, 0.8, 2)) / cells
        way = np.zeros(2) if number % 2 == 0 else rng.uniform(-0.12, 0.12, 2)
        share = np.clip(np.stack([place, place + way]), _MARGIN, 1 - _MARGIN)
        start_s = number * step_s + (step_s - shown_s) / 2
        targets.append(
            Target(
                target_id=f"t{number + 1:02d}",
                time_s=np.round([start_s, start_s + shown_s], 3),
                points_px=np.round(share * size, 1),
            )
        )
    return targets


def write_targets(path: Path, targets: Iterable[Target]) -> Path:
    """Write ``targets.csv``.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    lines = [",".join(COLUMNS)]
    for target in targets:
        for time_s, (x_px, y_px) in zip(target.time_s, target.points_px, strict=True):
            lines.append(f"{target.target_id},{time_s:.6g},{x_px:.6g},{y_px:.6g}")
    return write_text(path, "\n".join(lines) + "\n")


def _row(
    row: dict[str, Any], number: int, path: Path, size_px: tuple[int, int]
) -> tuple[str, tuple[float, float, float]]:
    name = (row["target_id"] or "").strip()
    try:
        time_s, x_px, y_px = (float(row[key]) for key in COLUMNS[1:])
    except (TypeError, ValueError):
        time_s = x_px = y_px = math.nan
    inside = -0.5 <= x_px <= size_px[0] - 0.5 and -0.5 <= y_px <= size_px[1] - 0.5
    if not name or not name.isprintable() or len(name) > _ID_LENGTH:
        what = f"has the target_id {name[:_ID_LENGTH]!r}"
    elif not (math.isfinite(time_s) and time_s >= 0):
        what = "has no number, or a negative time"
    elif not inside:
        what = f"lies at ({x_px:g}, {y_px:g}), outside of the film's {size_px[0]}×{size_px[1]} px"
    else:
        return name, (time_s, x_px, y_px)
    raise InputError(f"{path}, line {number} {what}.", fix="Mend that line.", path=path)


def _target(name: str, points: list[tuple[float, float, float]], path: Path) -> Target:
    table = np.array(sorted(points), dtype=np.float64)
    if len(table) < 2 or np.any(np.diff(table[:, 0]) <= 0):
        raise InputError(
            f"{path}: '{name}' has {len(table)} points; two or more at different times were expected.",
            fix="Give it a line for when it appears and one for when it goes, even if it stands still.",
            path=path,
        )
    return Target(target_id=name, time_s=table[:, 0], points_px=table[:, 1:])
