"""Keeping what is known of each frame in a temporary file: memory then does not grow with the number of sessions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, Self, TypeVar, overload

import numpy as np

from dashgaze.scratch import Shelf

from ..contract.study import SessionData

_FRAMES_AT_ONCE = 100_000
"""After so many frames of 220 bytes and more their pages are let go."""

_BYTES_AT_ONCE = 16 << 20
"""The same for what is asked for by name, whose frames are not counted."""

_SESSIONS_AT_ONCE = 16
"""After so many they are let go even if they are short: the system maps up to 2 MB around each byte that is looked at."""

Item = TypeVar("Item")
Other = TypeVar("Other")


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
        frames = sessions = 0
        for session in super().__iter__():
            yield session
            frames += len(session)
            sessions += 1
            if frames >= _FRAMES_AT_ONCE or sessions >= _SESSIONS_AT_ONCE:
                self._shelf.forget()
                frames = sessions = 0

    def only(self, sessions: Iterable[SessionData]) -> "ShelvedSessions":
        """Give some of them, which are let go in the same way."""
        return ShelvedSessions(sessions, self._shelf)


class ShelvedMapping(dict[str, Item]):
    """Dataclasses by name whose arrays lie on a shelf; of those asked for one by one, what was passed is let go.

    Whoever goes through a plain list of sessions, and asks for what belongs to each, takes no memory for them either.

    Parameters
    ----------
    items
        What `shelved` gave, by name.
    shelf
        Where they lie.
    """

    def __init__(self, items: Mapping[str, Item], shelf: Shelf) -> None:
        super().__init__(items)
        self._shelf = shelf
        held = sum(each.nbytes for item in items.values() for each in _arrays(item))
        most = _BYTES_AT_ONCE * len(items) // max(held, 1)
        self._asked, self._most_asked = 0, min(max(most, 1), _SESSIONS_AT_ONCE)

    def __getitem__(self, name: str) -> Item:
        self._count()
        return super().__getitem__(name)

    @overload
    def get(self, name: str, default: None = None, /) -> Item | None: ...
    @overload
    def get(self, name: str, default: Item, /) -> Item: ...
    @overload
    def get(self, name: str, default: Other, /) -> Item | Other: ...
    def get(self, name: str, default: Any = None, /) -> Any:
        """Give what has a name, or something else."""
        self._count()
        return super().get(name, default)

    def _count(self) -> None:
        self._asked += 1
        if self._asked >= self._most_asked:
            self._shelf.forget()
            self._asked = 0


def _arrays(item: Any) -> list[np.ndarray[Any, Any]]:
    values = (getattr(item, each.name) for each in fields(item))
    return [each for each in values if isinstance(each, np.ndarray)]


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
