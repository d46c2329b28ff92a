"""Keeping what is known of each frame in a temporary file: memory then does not grow with the number of sessions."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any, Self, TypeVar

import numpy as np

from dashgaze.scratch import Shelf

from ..contract.study import SessionData

_FRAMES_AT_ONCE = 100_000
"""After so many frames of 220 bytes and more their pages are let go."""

Item = TypeVar("Item")


def shelved(item: Item, shelf: Shelf) -> Item:
    """Give a dataclass whose arrays, and those of its dictionaries, lie on a shelf: of the same values, read-only.

    Parameters
    ----------
    item
        An instance of a dataclass.
    shelf
        Where to put them.
    """
    kept: dict[str, Any] = {}
    for each in fields(item):  # type: ignore[arg-type]
        value = getattr(item, each.name)
        if isinstance(value, np.ndarray):
            kept[each.name] = shelf.keep(value)
        elif isinstance(value, dict):
            kept[each.name] = {
                name: shelf.keep(one) if isinstance(one, np.ndarray) else one
                for name, one in value.items()
            }
    return replace(item, **kept)  # type: ignore[type-var]


class ShelvedSessions(tuple[SessionData, ...]):
    """Sessions whose arrays lie on a shelf; going through them, what was passed is let go.

    Parameters
    ----------
    sessions
        What `shelved` gave.
    shelf
        Where they lie.
    """

    _shelf: Shelf

    def __new__(cls, sessions: Iterable[SessionData], shelf: Shelf) -> Self:
        """Take sessions, and remember their shelf."""
        made = super().__new__(cls, sessions)
        made._shelf = shelf
        return made

    def __iter__(self) -> Iterator[SessionData]:
        frames = 0
        for session in super().__iter__():
            yield session
            frames += len(session)
            if frames >= _FRAMES_AT_ONCE:
                self._shelf.forget()
                frames = 0

    def only(self, sessions: Iterable[SessionData]) -> "ShelvedSessions":
        """Give some of them, which are let go in the same way."""
        return ShelvedSessions(sessions, self._shelf)


def some_of(
    all_of_them: tuple[SessionData, ...], sessions: Iterable[SessionData]
) -> tuple[SessionData, ...]:
    """Give some sessions of a study, on its shelf if it has one.

    Parameters
    ----------
    all_of_them
        The study's.
    sessions
        Those wanted.
    """
    if isinstance(all_of_them, ShelvedSessions):
        return all_of_them.only(sessions)
    return tuple(sessions)
