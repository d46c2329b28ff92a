"""Splits of a data set that may have had some before."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from dashgaze.dataset.splits.assign import assign_splits
from dashgaze.dataset.splits.protocols import DEFAULT_PROTOCOL, find_protocol
from dashgaze.dataset.splits.split_session import SplitSession
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DatasetManifest, Split

from .session_work import PackedSession

Folds = dict[str, dict[str, list[str]]]


def split_sessions(
    sessions: Sequence[PackedSession],
    asked: str | Path | None,
    old: DatasetManifest | None,
) -> tuple[str, Mapping[str, Split], Folds, tuple[str, ...]]:
    """Assign sessions to splits; those that have one keep it unless another protocol is asked for.

    Parameters
    ----------
    sessions
        All sessions of the data set.
    asked
        The protocol that is asked for; None: that of the data set, or the default.
    old
        The data set that is packed again; None for a new one.

    Returns
    -------
    tuple
        Name of the protocol, split of each session, folds, and what a user should know.

    Raises
    ------
    InputError
        If the protocol is unknown or faulty, or a file would be needed and none is given.
    """
    listed = [_split_session(each) for each in sessions]
    before = {} if old is None else {each.session_id: each.split for each in old.sessions}
    if old is None:
        plan = assign_splits(listed, asked or DEFAULT_PROTOCOL)
    elif asked is None and isinstance(find_protocol(old.protocol), Path):
        return old.protocol, _following(listed, before, old.protocol), {}, ()
    elif asked is None or _name(asked) == old.protocol:
        plan = assign_splits(
            listed,
            asked or old.protocol,
            previous=before,
            previous_folds=old.folds,
        )
    else:
        plan = assign_splits(listed, asked)
    moved = sorted(name for name, split in plan.splits.items() if before.get(name, split) != split)
    notes = plan.notes
    if moved:
        warning = (
            f"{len(moved)} sessions are in another split than before: models that were trained on the "
            "earlier splits must not be tested on these."
        )
        notes = (*notes, warning)
    folds = {
        name: {str(split): list(names) for split, names in fold.items()}
        for name, fold in plan.folds.items()
    }
    return plan.protocol, plan.splits, folds, notes


def _split_session(session: PackedSession) -> SplitSession:
    row = session.row
    return SplitSession(
        session_id=session.session_id,
        driver_id=session.driver_id,
        frame_count=row["frame_count"],
        lighting=row["lighting"],
        camera_position=row["camera_position"],
        eyewear=row["eyewear"],
        car=row["car"],
    )


def _name(protocol: str | Path) -> str:
    found = find_protocol(protocol)
    return found.name  # a path has a name, too


def _following(
    sessions: Sequence[SplitSession], before: Mapping[str, Split], protocol: str
) -> dict[str, Split]:
    """Let sessions keep their split, and new ones follow their driver."""
    of_driver = {
        session.driver_id: before[session.session_id]
        for session in sessions
        if session.session_id in before
    }
    splits = {}
    for session in sorted(sessions, key=lambda each: each.session_id):
        split = before.get(session.session_id) or of_driver.get(session.driver_id)
        if split is None:
            raise InputError(
                f"The data set was split by {protocol}, and nothing says where the new driver "
                f"{session.driver_id} belongs.",
                fix=f"Add the driver to that file and give it: --split-protocol {protocol}.",
            )
        splits[session.session_id] = split
    return splits
