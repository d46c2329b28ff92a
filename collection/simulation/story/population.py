"""Who takes part in a simulated study, and under what conditions: one row a session."""

from dataclasses import dataclass

import numpy as np

from .conditions import Conditions, draw_conditions, draw_driver
from .streams import Stream, stream

_FIRST_DRIVER_SESSIONS, _FIRST_DRIVER_NIGHTS = 6, 2


@dataclass(frozen=True, kw_only=True)
class PlannedSession:
    """One session of a population.

    Attributes
    ----------
    session_id
        Name.
    seed
        Of its story.
    conditions
        Under what it is driven.
    """

    session_id: str
    seed: int
    conditions: Conditions


def draw_population(sessions: int, drivers: int | None, seed: int) -> tuple[PlannedSession, ...]:
    """Draw the sessions of a study as DashGaze had them.

    The first driver has six sessions if there are as many more sessions than drivers, and two of these
    are at night whatever is drawn; all other drivers have one each, and further ones in turn. With 33
    sessions and 28 drivers that is 27 drivers with one session and one with six.

    Parameters
    ----------
    sessions, drivers
        How many; not more drivers than sessions. If None, 28 of 33, in the same proportion of others.
    seed
        Same seed, same population; that of the first sessions does not depend on how many follow.
    """
    people_count = max(1, round(sessions * 28 / 33)) if drivers is None else drivers
    if not 1 <= people_count <= sessions:
        raise ValueError(
            f"{people_count} drivers for {sessions} sessions; expected 1 to {sessions}."
        )
    rng = stream(seed, Stream.POPULATION)
    people = [draw_driver(rng, f"D{number + 1:03d}") for number in range(people_count)]
    extra = min(_FIRST_DRIVER_SESSIONS - 1, sessions - people_count)
    order = [0] * extra + [number % people_count for number in range(sessions - extra)]
    digits = max(3, len(str(sessions)))
    planned = []
    for number, person in enumerate(order):
        own = np.random.default_rng([seed, int(Stream.SESSION), number])
        night = number < _FIRST_DRIVER_NIGHTS and extra == _FIRST_DRIVER_SESSIONS - 1
        planned.append(
            PlannedSession(
                session_id=f"session_{number + 1:0{digits}d}",
                seed=int(own.integers(2**31)),
                conditions=draw_conditions(
                    own, people[person], lighting="night" if night else None
                ),
            )
        )
    return tuple(planned)
