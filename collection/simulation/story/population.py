"""Who takes part in a simulated study, and under what conditions: one row a session."""

from dataclasses import dataclass

import numpy as np

from .conditions import Conditions, draw_conditions, draw_driver
from .streams import Stream, stream

_AGAIN = 5
"""How often the first driver comes again."""
_NIGHTS = 2
"""How many of these drives are at night."""
_BLOCK, _AGAIN_EACH = 33, 6
"""Without a number of drivers: of so many sessions the 7th, 13th … are the first driver's again."""


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

    Its 33 sessions had 28 drivers: 27 with one session, and one with six. Without a number of drivers each
    33 sessions are like that. With one, each driver has a session, then the first one has five more, and
    then all have further ones in turn. Two of the first driver's are at night whatever is drawn.

    Parameters
    ----------
    sessions, drivers
        How many; not more drivers than sessions.
    seed
        Same seed, same population; that of the first sessions does not depend on how many follow.
    """
    if drivers is not None and not 1 <= drivers <= sessions:
        raise ValueError(f"{drivers} drivers for {sessions} sessions; expected 1 to {sessions}.")
    turns = [
        _turn(number) if drivers is None else _turn_of(number, drivers)
        for number in range(sessions)
    ]
    rng = stream(seed, Stream.POPULATION)
    people_count = 1 + max(person for person, _ in turns)
    people = [draw_driver(rng, f"D{number + 1:03d}") for number in range(people_count)]
    planned = []
    for number, (person, again) in enumerate(turns):
        own = np.random.default_rng([seed, int(Stream.SESSION), number])
        planned.append(
            PlannedSession(
                session_id=f"session_{number + 1:03d}",
                seed=int(own.integers(2**31)),
                conditions=draw_conditions(
                    own, people[person], lighting="night" if 1 <= again <= _NIGHTS else None
                ),
            )
        )
    return tuple(planned)


def _turn(number: int) -> tuple[int, int]:
    """Give who drives a session, and how often the first driver has come again by it; 0 for others."""
    block, place = divmod(number, _BLOCK)
    before, rest = divmod(place, _AGAIN_EACH)
    first = block * (_BLOCK - _AGAIN)
    if place and not rest:
        return first, before
    return first + place - before, 0


def _turn_of(number: int, drivers: int) -> tuple[int, int]:
    """Give the same where the number of drivers is given."""
    if number < drivers:
        return number, 0
    again = number - drivers + 1
    return (0, again) if again <= _AGAIN else ((number - _AGAIN) % drivers, 0)
