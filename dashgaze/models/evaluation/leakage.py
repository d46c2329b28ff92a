"""Whether a model has seen what it is tested on."""

from dataclasses import dataclass

from dashgaze.dataset.splits.split_session import named
from dashgaze.errors import InputError
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.contract.samples import Samples


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What of the test a model has seen while it was made.

    Attributes
    ----------
    sessions, drivers
        Names of those tested that its weights were learned or its best step was chosen from, sorted.
    notes
        What a reader has to know of it.
    """

    sessions: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_seen(
    samples: Samples, config: CheckpointConfig, *, name: str, split: str, allow_seen: bool
) -> Seen:
    """Compare what is tested with what a checkpoint says that it comes from.

    Parameters
    ----------
    samples
        What is tested.
    config
        Of the checkpoint.
    name
        What the model is called in messages.
    split
        What is tested: in ``train`` it is known that the model has seen it, so that it is told but not
        refused.
    allow_seen
        Tell of seen drivers instead of refusing them.

    Returns
    -------
    Seen
        What has been seen.

    Raises
    ------
    InputError
        If sessions, or drivers, overlap and that is not allowed.
    """
    known_sessions = {*config.train_sessions, *config.validation_sessions}
    known_drivers = {*config.train_drivers, *config.validation_drivers}
    sessions = tuple(sorted(known_sessions & set(samples.session_id.tolist())))
    drivers = tuple(sorted(known_drivers & set(samples.driver_id.tolist()) - {""}))
    if split == "train":
        diagnosis = (
            (
                f"{name} is tested on {len(sessions)} sessions that it was made from: this is a diagnosis, "
                "it says nothing of new drives."
            ),
        )
        return Seen(sessions=sessions, drivers=drivers, notes=diagnosis if sessions else ())
    if sessions:
        raise InputError(
            f"{name} has seen sessions that it would be tested on: {named(sessions)}. Its error on them says "
            "nothing of new drives.",
            fix="Test on a split that it was not made from, or train it on the train split of this data set: "
            "`dashgaze train`. To look at what it has learned by heart, `--split train` shows it, marked.",
        )
    if drivers and not allow_seen:
        raise InputError(
            f"{name} has seen drivers that it would be tested on, in other sessions: {named(drivers)}.",
            fix="Type `--allow-seen` to report them as a group of their own, or train it on a split by driver.",
        )
    notes: tuple[str, ...] = ()
    if drivers:
        notes = (
            f"{name} has seen {len(drivers)} of the tested drivers in other sessions: {named(drivers)}.",
        )
    return Seen(drivers=drivers, notes=notes)


def check_data(config: CheckpointConfig, *, name: str, digest: str) -> tuple[str, ...]:
    """Tell of a model that was trained on another data set than it is tested on."""
    if config.data_digest == digest:
        return ()
    return (
        (
            f"{name} was trained on another data set ({config.data_title}, {config.data_digest[:12]}…) than this "
            f"one ({digest[:12]}…). Names of its sessions and drivers need not mean the same here: whether it has "
            "seen some of the test can't be told from names alone."
        ),
    )
