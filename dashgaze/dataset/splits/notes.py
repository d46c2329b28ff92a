"""What a user should know of a split."""

from collections.abc import Mapping, Sequence

from dashgaze.schemas.dataset_manifest import Split

from .balance import Holding
from .protocols import Lead
from .split_session import CONDITIONS, SplitSession, named

# Of a share of what leads, in points of the whole.
_FAR = 0.02
_FEW_DRIVERS = 3


def notes_on(
    sessions: Sequence[SplitSession],
    splits: Mapping[str, Split],
    balance: Sequence[Holding],
    lead: Lead,
) -> list[str]:
    """Say what is unusual: people, empty splits, sizes, strata; nothing if all is well."""
    drivers = sorted({session.driver_id for session in sessions})
    return [
        *_twins(drivers),
        *_large(sessions, balance),
        *_sizes(balance, lead, len(drivers)),
        *_people(sessions, splits, len(drivers)),
        *_absent(balance),
    ]


def _twins(drivers: Sequence[str]) -> list[str]:
    spelled: dict[str, list[str]] = {}
    for driver in drivers:
        spelled.setdefault(driver.casefold(), []).append(driver)
    return [
        f"Drivers {' and '.join(names)} differ only in capitals: if they are one person, this split "
        "leaks. Mend driver_id in session.yaml."
        for names in spelled.values()
        if len(names) > 1
    ]


def _large(sessions: Sequence[SplitSession], balance: Sequence[Holding]) -> list[str]:
    targets = [holding.target for holding in balance if holding.target is not None]
    total = sum(session.frame_count for session in sessions)
    if not targets or not total:
        return []
    frames: dict[str, int] = {}
    for session in sessions:
        frames[session.driver_id] = frames.get(session.driver_id, 0) + session.frame_count
    driver = max(sorted(frames), key=lambda name: frames[name])
    share = frames[driver] / total
    if share <= max(targets):
        return []
    note = (
        f"Driver {driver} has {share:.0%} of the frames, more than any split should hold "
        f"({max(targets):.0%} at most): no split without leakage comes near its targets."
    )
    return [note]


def _sizes(balance: Sequence[Holding], lead: Lead, driver_count: int) -> list[str]:
    notes = []
    splits = [holding.split for holding in balance if holding.measure == "sessions"]
    empty = [
        holding.split for holding in balance if holding.measure == "sessions" and not holding.count
    ]
    if empty:
        why = (
            f": {driver_count} driver{'s' * (driver_count != 1)} can't be in {len(splits)} splits"
            if driver_count < len(splits)
            else ""
        )
        notes.append(f"Nothing is in {' and '.join(empty)}{why}.")
    for holding in balance:
        share, deviation = holding.share, holding.deviation
        if holding.measure != lead or holding.split in empty:
            continue
        if share is not None and deviation is not None and abs(deviation) > _FAR:
            notes.append(
                f"The split {holding.split} holds {share:.1%} of the {lead}; its target is "
                f"{holding.target:.1%}."
            )
    return notes


def _people(
    sessions: Sequence[SplitSession], splits: Mapping[str, Split], driver_count: int
) -> list[str]:
    # With as few people as this nothing else can be had.
    if driver_count < _FEW_DRIVERS:
        return []
    people: dict[Split, set[str]] = {}
    for session in sessions:
        people.setdefault(splits[session.session_id], set()).add(session.driver_id)
    return [
        f"The split {split} has {len(people[split])} driver{'s' * (len(people[split]) != 1)}: what is "
        "measured on it says little about other people."
        for split in ("validation", "test")
        if split in people and len(people[split]) < _FEW_DRIVERS
    ]


def _absent(balance: Sequence[Holding]) -> list[str]:
    occupied = {
        holding.split for holding in balance if holding.measure == "sessions" and holding.count
    }
    absent: dict[Split, list[str]] = {}
    for holding in balance:
        if holding.measure not in CONDITIONS or holding.split not in occupied:
            continue
        if holding.total and not holding.count:
            what = f"{holding.measure.replace('_', ' ')} {holding.level}"
            absent.setdefault(holding.split, []).append(
                f"{what} ({holding.total} frames elsewhere)"
            )
    return [
        f"The split {split} has no frames with {named(levels)}." for split, levels in absent.items()
    ]
