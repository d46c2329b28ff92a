"""How widely gaze is spread by day, in twilight and at night."""

from collections.abc import Sequence

import numpy as np

from ..contract.finding import Estimate, Finding
from ..statistics.between import between_sessions
from ..statistics.comparison import Comparison, refused
from ..study.condition_tracks import LIGHTINGS
from .naive_frames import NaiveFrames
from .session_values import cell_table, is_log
from .spread_cells import SpreadCell
from .spread_contrasts import HEADLINE, BothCells, at_equal_speed, spread_finding, unit_of

_POWER = (
    "Between sessions only large effects can be found: with 20 sessions by day and 6 at night a spread that is "
    "1.2 times as wide is found about once in four studies (Welch's test, SD between sessions 0.25)."
)


def lighting_findings(
    whole: BothCells, groups: BothCells, naive: NaiveFrames, *, caveats: Sequence[str]
) -> tuple[Finding, ...]:
    """Compare night and twilight with day, as it was driven and at equal speeds.

    Parameters
    ----------
    whole, groups
        Cells of whole sessions, and of their speed groups.
    naive
        For the tests that are shown as a warning.
    caveats
        What else is to be said of each.
    """
    found = []
    for a, b in (("day", "night"), ("day", "twilight")):
        p = naive.p("lighting", (LIGHTINGS.index(a), LIGHTINGS.index(b)))

        def plain(some: Sequence[SpreadCell], measure: str, a: str = a, b: str = b) -> Comparison:
            return between_sessions(
                cell_table(some, measure, by="lighting"),
                a,
                b,
                log=is_log(measure),
                unit=unit_of(measure),
                least_minutes=0.0,
            )

        def same_speed(
            some: Sequence[SpreadCell], measure: str, a: str = a, b: str = b
        ) -> Comparison:
            table = at_equal_speed(some, measure)
            if table is None:
                return refused(
                    "No session has gaze at two speeds, so that speeds can't be made equal."
                )
            return between_sessions(
                table, a, b, log=is_log(measure), unit=unit_of(measure), least_minutes=0.0
            )

        said = (
            _POWER,
            *caveats,
            "Routes, traffic and drivers differ between sessions too: a difference is not the light's alone.",
        )
        found.append(
            spread_finding(
                f"spread.lighting.{b}_at_equal_speed",
                f"Is horizontal spread different at {b} and by {a}, at the same speeds?",
                groups,
                same_speed,
                naive_p=p,
                details=_within_driver(groups.all_frames, a, b),
                caveats=said,
            )
        )
        found.append(
            spread_finding(
                f"spread.lighting.{b}",
                f"Is horizontal spread different at {b} and by {a}, as it was driven?",
                whole,
                plain,
                naive_p=p,
                caveats=(*said, "Speeds differ with the light, and through them the spread."),
            )
        )
    return tuple(found)


def _within_driver(cells: Sequence[SpreadCell], a: str, b: str) -> tuple[tuple[str, Estimate], ...]:
    """Give the ratio for each driver who drove in both lights: numbers of single people, no inference."""
    table = at_equal_speed(cells, HEADLINE)
    found: list[tuple[str, Estimate]] = []
    if table is None:
        return ()
    for driver in sorted({str(name) for name in table.driver_id}):
        own = table.where(np.asarray(table.driver_id == driver, dtype=np.bool_))
        arms = [own.under(name).by_session() for name in (a, b)]
        if all(len(arm) for arm in arms):
            value = float(np.exp(arms[1].value.mean() - arms[0].value.mean()))
            count = len(arms[0]) + len(arms[1])
            found.append(
                (
                    f"driver {driver}, {b} against {a}",
                    Estimate(
                        value=value,
                        unit="ratio",
                        method=f"means of {len(arms[0])} and {len(arms[1])} sessions of one driver",
                        sessions=count,
                        drivers=1,
                        descriptive_only=True,
                    ),
                )
            )
    return tuple(found)
