"""Which sessions are learned from, and by which the best step is chosen."""

from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DatasetManifest, read_dataset_manifest

from .options import TrainOptions


@dataclass(frozen=True, kw_only=True)
class Parties:
    """Sessions and drivers of a training, sorted.

    Attributes
    ----------
    train_sessions, train_drivers
        What weights are learned from.
    validation_sessions, validation_drivers
        What the best step is chosen by; may be empty.
    """

    train_sessions: tuple[str, ...]
    train_drivers: tuple[str, ...]
    validation_sessions: tuple[str, ...]
    validation_drivers: tuple[str, ...]


def choose_sessions(data: Path, options: TrainOptions) -> Parties:
    """Choose the sessions of a training.

    Raises
    ------
    InputError
        If a session or driver that was named is not there, if none is left to learn from, or if a driver is
        on both sides: what is chosen by a driver that was learned from is chosen for knowing that driver.
    """
    manifest = read_dataset_manifest(data)
    driver_of = {each.session_id: each.driver_id for each in manifest.sessions}
    drivers = set(driver_of.values())
    for driver in options.exclude_drivers:
        if driver not in drivers:
            raise InputError(
                f"{data} has no driver {driver!r}, who is to be kept out.",
                fix=f"It has {', '.join(sorted(drivers))}.",
            )
    train = _side(manifest, options.train_sessions, "train", options, data)
    validation = _side(manifest, options.validation_sessions, "validation", options, data)
    both = sorted(set(train) & set(validation))
    if both:
        raise InputError(
            f"{both[0]} is to be learned from and to choose by.", fix="Leave it out of one of them."
        )
    if not train:
        raise InputError(
            f"{data} has no session to learn from"
            f"{' once drivers are kept out' if options.exclude_drivers else ''}.",
            fix="Name some, or pack the data set with a split that has `train`.",
        )
    parties = Parties(
        train_sessions=train,
        train_drivers=_drivers(train, driver_of),
        validation_sessions=validation,
        validation_drivers=_drivers(validation, driver_of),
    )
    shared = sorted(set(parties.train_drivers) & set(parties.validation_drivers))
    if shared:
        raise InputError(
            f"Driver {shared[0]} is in sessions that are learned from and in sessions that are chosen by.",
            fix="Put all sessions of a driver on one side, or leave the driver out.",
        )
    return parties


def _side(
    manifest: DatasetManifest,
    named: tuple[str, ...] | None,
    split: str,
    options: TrainOptions,
    data: Path,
) -> tuple[str, ...]:
    known = {each.session_id: each for each in manifest.sessions}
    for name in named or ():
        if name not in known:
            raise InputError(
                f"{data} has no session {name!r}.", fix=f"It has {', '.join(sorted(known))}."
            )
    wanted = [name for name, each in known.items() if each.split == split]
    if named is not None:
        wanted = list(named)
    kept = {name for name in wanted if known[name].driver_id not in options.exclude_drivers}
    return tuple(sorted(kept))


def _drivers(sessions: tuple[str, ...], driver_of: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted({driver_of[name] for name in sessions}))
