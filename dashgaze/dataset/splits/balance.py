"""What each split holds, beside what it should hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashgaze.schemas.dataset_manifest import SPLITS, Split

from .split_session import CONDITIONS, SplitSession


@dataclass(frozen=True, kw_only=True)
class Holding:
    """How much of one thing one split holds.

    Attributes
    ----------
    measure
        ``frames``, ``sessions``, ``drivers``, or the condition that `level` is one of.
    level
        Level of the condition, ``unknown`` where nobody wrote it down; None for the first three.
    split
        The split.
    count
        Sessions or drivers; frames for all else.
    total
        The same over all splits.
    target
        Share that the protocol aims at; None if a file says what goes where.
    """

    measure: str
    level: str | None
    split: Split
    count: int
    total: int
    target: float | None

    @property
    def share(self) -> float | None:
        """Share of the total; None if there is nothing to share."""
        return self.count / self.total if self.total else None

    @property
    def deviation(self) -> float | None:
        """Share less target; None where one of them is missing."""
        share = self.share
        return None if share is None or self.target is None else share - self.target


def measure_balance(
    sessions: Sequence[SplitSession],
    splits: Mapping[str, Split],
    targets: Mapping[Split, float] | None = None,
) -> tuple[Holding, ...]:
    """Count what each split holds.

    Parameters
    ----------
    sessions
        All sessions.
    splits
        Split of each.
    targets
        Share of each split; splits that are not in it are left out if nothing is in them. None:
        there are no targets.

    Returns
    -------
    tuple of Holding
        Frames, sessions, drivers, then each level of each condition, each for all splits.
    """
    shown = [
        split
        for split in SPLITS
        if targets is None or split in targets or split in set(splits.values())
    ]
    holdings: list[Holding] = []

    def add(measure: str, level: str | None, counts: Mapping[Split, int]) -> None:
        holdings.extend(
            Holding(
                measure=measure,
                level=level,
                split=split,
                count=counts.get(split, 0),
                total=sum(counts.values()),
                target=None if targets is None else targets.get(split, 0.0),
            )
            for split in shown
        )

    add("frames", None, _frames(sessions, splits))
    inside = {
        split: [session for session in sessions if splits[session.session_id] == split]
        for split in shown
    }
    add("sessions", None, {split: len(listed) for split, listed in inside.items()})
    add(
        "drivers",
        None,
        {split: len({session.driver_id for session in listed}) for split, listed in inside.items()},
    )
    for condition in CONDITIONS:
        by_level: dict[str, list[SplitSession]] = {}
        for session in sessions:
            by_level.setdefault(session.level(condition), []).append(session)
        for level, listed in sorted(by_level.items()):
            add(condition, level, _frames(listed, splits))
    return tuple(holdings)


def _frames(sessions: Sequence[SplitSession], splits: Mapping[str, Split]) -> dict[Split, int]:
    counts: dict[Split, int] = {}
    for session in sessions:
        split = splits[session.session_id]
        counts[split] = counts.get(split, 0) + session.frame_count
    return counts
