"""Sessions assigned to splits, by session and driver."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import SPLITS, Split

from .balance import measure_balance
from .folds import Folds, leave_drivers_out
from .leakage import check_leakage
from .notes import notes_on
from .objective import build_objective
from .partition import divide
from .protocols import DEFAULT_PROTOCOL, Protocol, find_protocol
from .split_file import read_split_file
from .split_plan import SplitPlan
from .split_session import SplitSession, in_order, named

# Who trains on nothing has no use for a test; who tests on nothing has no figure.
_FILL_ORDER: tuple[Split, ...] = ("train", "test", "validation")


def assign_splits(
    sessions: Sequence[SplitSession],
    protocol: str | Path = DEFAULT_PROTOCOL,
    *,
    previous: Mapping[str, Split] | None = None,
    previous_folds: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> SplitPlan:
    """Assign each session to a split, such that no driver is in two.

    ======================  ====================================================================
    protocol                splits
    ======================  ====================================================================
    ``82-10-8``             train, validation and test hold 82, 10 and 8 % of the frames
    ``thesis-25-8``         train and test hold 25 and 8 of 33 sessions, or the same proportion
    ``leave-drivers-out-K`` those of ``82-10-8``; beside them K folds (5 if no number is given),
                            each driver in the test of exactly one
    a file                  as the file says (`read_split_file`)
    ======================  ====================================================================

    The splits are alike in lighting, camera position, eyewear and car, each by itself and in pairs,
    as far as whole drivers allow: `build_objective` has the weights, `divide` the search. The result
    depends on nothing but the sessions, not on their order.

    Parameters
    ----------
    sessions
        All sessions of the data set, each once.
    protocol
        Name or file.
    previous
        Splits of an earlier plan. Those sessions keep their split, new sessions follow their driver,
        and only new drivers are assigned: to where they bring the shares nearest to their targets.
        Sessions that are no longer there don't matter. A file comes before it.
    previous_folds
        Folds of an earlier plan, for the same purpose.

    Raises
    ------
    InputError
        If there is no session, one stands twice, the protocol is unknown, its file is faulty, or the
        earlier plan leaks or has a split that the protocol has not.
    """
    ordered = in_order(sessions)
    chosen = find_protocol(protocol)
    if isinstance(chosen, Path):
        return _from_file(ordered, chosen, previous or {})
    fixed = _fixed(ordered, chosen, previous or {})
    names = list(chosen.targets)
    drivers = sorted({session.driver_id for session in ordered})
    parts = divide(
        build_objective(ordered, drivers, chosen.lead),
        list(chosen.targets.values()),
        {driver: names.index(split) for driver, split in fixed.items()},
        fill_order=[names.index(split) for split in _FILL_ORDER if split in names],
    )
    splits = {session.session_id: names[parts[session.driver_id]] for session in ordered}
    balance = measure_balance(ordered, splits, chosen.targets)
    notes = notes_on(ordered, splits, balance, chosen.lead)
    folds: Folds = {}
    if chosen.fold_count:
        folds, more = leave_drivers_out(ordered, chosen, previous_folds)
        notes += more
    return SplitPlan(
        protocol=chosen.name, splits=splits, folds=folds, notes=tuple(notes), balance=balance
    )


def _from_file(
    ordered: Sequence[SplitSession], path: Path, previous: Mapping[str, Split]
) -> SplitPlan:
    splits = read_split_file(path, ordered)
    balance = measure_balance(ordered, splits)
    notes = notes_on(ordered, splits, balance, "frames")
    moved = [name for name, split in splits.items() if previous.get(name, split) != split]
    if moved:
        notes.append(
            f"{path.name} moves sessions that had another split before: {named(moved)}. Models that "
            "were trained on the earlier split must not be tested on this one."
        )
    return SplitPlan(
        protocol=path.name, splits=splits, folds={}, notes=tuple(notes), balance=balance
    )


def _fixed(
    ordered: Sequence[SplitSession], protocol: Protocol, previous: Mapping[str, Split]
) -> dict[str, Split]:
    """Give the split of each driver who had one before."""
    driver_of = {session.session_id: session.driver_id for session in ordered}
    kept = {name: split for name, split in sorted(previous.items()) if name in driver_of}
    strange = [name for name, split in kept.items() if split not in SPLITS]
    if strange:
        raise InputError(
            f"The earlier plan has no valid split for {named(strange)}: expected "
            f"{', '.join(SPLITS)}.",
            fix="Assign anew: pack into a new folder.",
        )
    other = [name for name, split in kept.items() if split not in protocol.targets]
    if other:
        raise InputError(
            f"{protocol.name} has no {kept[other[0]]}, where the earlier plan put {named(other)}.",
            fix="Keep the earlier protocol, or pack into a new folder.",
        )
    leaks = check_leakage(kept, driver_of)
    if leaks:
        raise InputError(
            f"The earlier plan can't be kept: it has drivers in more than one split. "
            f"{' '.join(leaks)}",
            fix="Assign anew: pack into a new folder.",
        )
    return {driver_of[name]: split for name, split in kept.items()}
