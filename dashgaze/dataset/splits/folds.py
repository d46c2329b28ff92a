"""Folds in which each driver is left out once."""

from collections.abc import Mapping, Sequence

from dashgaze.errors import InputError

from .leakage import check_fold_leakage
from .objective import build_objective
from .partition import divide
from .protocols import Protocol
from .split_session import SplitSession

Folds = dict[str, dict[str, list[str]]]


def leave_drivers_out(
    sessions: Sequence[SplitSession],
    protocol: Protocol,
    previous: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> tuple[Folds, list[str]]:
    """Make folds: each driver is in the test of exactly one.

    The tests are of about the same size and alike in all that is stratified. What remains of a fold
    is divided into train and validation as the protocol divides them (82 : 10).

    Parameters
    ----------
    sessions
        All of them, sorted.
    protocol
        How many folds.
    previous
        Folds of an earlier plan: who was tested in a fold stays there, and so does who validated.

    Returns
    -------
    folds, notes
        By name, and what a user should know.

    Raises
    ------
    InputError
        If the earlier folds leak, or test a driver in two of them.
    """
    by_driver: dict[str, list[SplitSession]] = {}
    for session in sessions:
        by_driver.setdefault(session.driver_id, []).append(session)
    drivers = list(by_driver)
    wanted, notes = protocol.fold_count, []
    if len(drivers) < 2:
        return {}, [f"{protocol.name} has no folds: there is one driver, {drivers[0]}."]
    if len(drivers) < wanted:
        notes.append(
            f"{protocol.name} has {len(drivers)} folds: there are no more drivers than that."
        )
    names = [f"fold_{number + 1:0{len(str(wanted))}d}" for number in range(wanted)]
    driver_of = {session.session_id: session.driver_id for session in sessions}
    if previous and not _same_folds(previous, names, driver_of):
        notes.append(f"The folds are drawn anew: before there were {len(previous)} of them.")
        previous = None
    before = _before(driver_of, names, previous or {})
    places, tested = _tests(sessions, drivers, before)
    if len(set(tested.values())) < len(places):
        notes.append("The folds are drawn anew: nobody is left to be tested in one of them.")
        before = _before(driver_of, names, {})
        places, tested = _tests(sessions, drivers, before)
    folds: Folds = {}
    for place in places:
        test = [driver for driver in drivers if tested[driver] == place]
        rest = [driver for driver in drivers if tested[driver] != place]
        validating = _validating(by_driver, rest, protocol, before[place])
        who = {
            "train": [driver for driver in rest if driver not in validating],
            "validation": [driver for driver in rest if driver in validating],
            "test": test,
        }
        folds[names[place]] = {
            split: sorted(session.session_id for driver in listed for session in by_driver[driver])
            for split, listed in who.items()
            if listed
        }
    return folds, notes


def _tests(
    sessions: Sequence[SplitSession],
    drivers: Sequence[str],
    before: Sequence[Mapping[str, set[str]]],
) -> tuple[list[int], dict[str, int]]:
    """Give the folds that there are drivers for, and the one in which each driver is tested."""
    # Those with somebody in them, then the first ones.
    by_need = sorted(range(len(before)), key=lambda place: (not before[place]["test"], place))
    places = sorted(by_need[: len(drivers)])
    parts = divide(
        build_objective(sessions, drivers, "frames"),
        [1 / len(places)] * len(places),
        {driver: part for part, place in enumerate(places) for driver in before[place]["test"]},
    )
    return places, {driver: places[part] for driver, part in parts.items()}


def _validating(
    by_driver: Mapping[str, list[SplitSession]],
    rest: list[str],
    protocol: Protocol,
    before: Mapping[str, set[str]],
) -> set[str]:
    if len(rest) < 2:
        return set()
    sessions = [session for driver in rest for session in by_driver[driver]]
    train, validation = protocol.targets["train"], protocol.targets["validation"]
    fixed = {driver: 0 for driver in rest if driver in before["train"]} | {
        driver: 1 for driver in rest if driver in before["validation"]
    }
    found = divide(
        build_objective(sessions, rest, "frames"),
        [train / (train + validation), validation / (train + validation)],
        fixed,
    )
    return {driver for driver in rest if found[driver] == 1}


def _before(
    driver_of: Mapping[str, str],
    names: Sequence[str],
    previous: Mapping[str, Mapping[str, Sequence[str]]],
) -> list[dict[str, set[str]]]:
    """Give who was in which split of each fold."""
    there = {
        name: {
            split: [session for session in listed if session in driver_of]
            for split, listed in parts.items()
        }
        for name, parts in previous.items()
    }
    problems = check_fold_leakage(there, driver_of)
    people = [
        {
            split: {driver_of[session] for session in there.get(name, {}).get(split, [])}
            for split in ("train", "validation", "test")
        }
        for name in names
    ]
    seen: set[str] = set()
    for fold in people:
        problems += [f"Driver {driver} is tested twice." for driver in sorted(seen & fold["test"])]
        seen |= fold["test"]
    if problems:
        raise InputError(
            f"The folds so far can't be kept. {' '.join(problems)}",
            fix="Make the folds anew: pack into a new folder.",
        )
    return people


def _same_folds(
    previous: Mapping[str, Mapping[str, Sequence[str]]],
    names: Sequence[str],
    driver_of: Mapping[str, str],
) -> bool:
    """Say whether earlier folds are of the same number, or fewer only for want of drivers."""
    if not set(previous) <= set(names):
        return False
    alone = all(
        len({driver_of.get(session) for session in parts.get("test", ())} - {None}) <= 1
        for parts in previous.values()
    )
    return alone or len(previous) == len(names)
