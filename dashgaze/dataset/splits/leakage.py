"""Drivers that stand in more than one split: what a split must never do."""

from collections.abc import Mapping, Sequence

from .split_session import named


def check_leakage(assignment: Mapping[str, str], drivers: Mapping[str, str]) -> list[str]:
    """Find drivers whose sessions are in more than one split.

    Parameters
    ----------
    assignment
        Split of each session.
    drivers
        Driver of each session; there may be more sessions in it.

    Returns
    -------
    list of str
        One sentence for each driver in several splits and for each session whose driver is not
        known, sorted; empty if nothing leaks.
    """
    return _check([(session, split) for session, split in assignment.items()], drivers)


def check_fold_leakage(
    folds: Mapping[str, Mapping[str, Sequence[str]]], drivers: Mapping[str, str]
) -> list[str]:
    """Find drivers, and sessions, that are in more than one split of the same fold.

    Parameters
    ----------
    folds
        By the fold's name, the sessions of each split.
    drivers
        Driver of each session.

    Returns
    -------
    list of str
        As `check_leakage`, each sentence after its fold's name.
    """
    return [
        f"{name}: {problem}"
        for name, parts in sorted(folds.items())
        for problem in _check(
            [(session, split) for split, listed in parts.items() for session in listed], drivers
        )
    ]


def _check(places: list[tuple[str, str]], drivers: Mapping[str, str]) -> list[str]:
    splits_of_session: dict[str, set[str]] = {}
    splits_of_driver: dict[str, dict[str, list[str]]] = {}
    for session, split in sorted(set(places)):
        splits_of_session.setdefault(session, set()).add(split)
        driver = drivers.get(session)
        if driver:
            splits_of_driver.setdefault(driver, {}).setdefault(split, []).append(session)
    problems = [
        f"Session {session} has no known driver: nobody can say whether it leaks."
        for session in splits_of_session
        if not drivers.get(session)
    ]
    problems += [
        f"Session {session} is in {' and '.join(sorted(splits))}."
        for session, splits in splits_of_session.items()
        if len(splits) > 1
    ]
    problems += [
        f"Driver {driver} is in "
        + " and ".join(f"{split} ({named(listed)})" for split, listed in sorted(splits.items()))
        + "."
        for driver, splits in splits_of_driver.items()
        if len(splits) > 1
    ]
    return sorted(problems)
