"""What packing will do, known before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.schemas.about import About, read_about
from dashgaze.schemas.dataset_manifest import DatasetManifest, DatasetSession
from dashgaze.session import Session

from .admission import Admitted, LeftOutDrive, admit
from .assembly import about_of
from .digests import source_digest
from .drivers import driver_digest, withdrawn_from_drives
from .old_dataset import OldDataset, find_old_dataset
from .options import Content, PackOptions
from .picture_readiness import refuse_unready


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What will be done, before anything is written.

    Attributes
    ----------
    out
        The data set's folder.
    options, content, about
        What is asked for, what follows for the content, and what is said of the data set.
    old
        The data set as it is; None for a new one.
    admitted
        The sessions among the drives that are packed.
    digests
        What identifies the source of each of them.
    fresh
        Those of them that are written.
    unchanged
        Those whose files are kept.
    not_at_hand
        Sessions that stay in the data set though their drives are not given.
    left_out
        The sessions among the drives that are not packed.
    notes
        What a user should know so far.
    """

    out: Path
    options: PackOptions
    content: Content
    about: About
    old: OldDataset | None
    admitted: tuple[Admitted, ...]
    digests: dict[str, str]
    fresh: tuple[Admitted, ...]
    unchanged: tuple[DatasetSession, ...]
    not_at_hand: tuple[DatasetSession, ...]
    left_out: tuple[LeftOutDrive, ...]
    notes: tuple[str, ...]


def look_ahead(sessions: Sequence[Session], out: Path, options: PackOptions) -> Outlook:
    """Find out what will be done, and refuse what must not be.

    Parameters
    ----------
    sessions
        All sessions among the drives.
    out
        The data set's folder.
    options
        What is asked for.

    Raises
    ------
    InputError
        If something must not be packed so.
    OutputError
        If `out` is something else than a data set.
    """
    old = find_old_dataset(out)
    manifest = None if old is None else old.manifest
    content = options.content(manifest)
    withdrawn = withdrawn_from_drives(session.root for session in sessions)
    if manifest is not None:
        withdrawn |= {each.driver_digest for each in manifest.withdrawn}
    here = {session.manifest.session_id for session in sessions}
    not_at_hand = _not_at_hand(old, here, withdrawn, content, options)
    admitted, left_out = admit(
        sessions,
        withdrawn=withdrawn,
        kept=not_at_hand,
        as_recorded=content.as_recorded,
        doubtful=options.doubtful,
    )
    if not admitted and not not_at_hand:
        reasons = "; ".join(f"{each.session_id}: {each.reason}" for each in left_out)
        raise InputError(
            f"No session is left to be packed. {reasons}.",
            fix=" ".join(sorted({each.advice for each in left_out if each.advice})),
        )
    digests = {each.session_id: source_digest(each, content) for each in admitted}
    notes: list[str] = []
    unchanged: dict[str, DatasetSession] = {}
    for each in admitted:
        entry = None if old is None else old.entry(each.session_id)
        if old is None or entry is None or options.force:
            continue
        if entry.source_digest == digests[each.session_id]:
            damage = old.damage(each.session_id, verify=options.verify)
            if damage:
                notes.append(f"{each.session_id} is written again: {damage}.")
            else:
                unchanged[each.session_id] = entry
    fresh = tuple(each for each in admitted if each.session_id not in unchanged)
    refuse_unready(fresh, content)
    return Outlook(
        out=out,
        options=options,
        content=content,
        about=_about(options, manifest),
        old=old,
        admitted=tuple(admitted),
        digests=digests,
        fresh=fresh,
        unchanged=tuple(unchanged.values()),
        not_at_hand=tuple(not_at_hand),
        left_out=tuple(left_out),
        notes=tuple(notes),
    )


def _about(options: PackOptions, manifest: DatasetManifest | None) -> About:
    if options.about is not None:
        return read_about(options.about)
    return About() if manifest is None else about_of(manifest)


def _not_at_hand(
    old: OldDataset | None,
    here: set[str],
    withdrawn: set[str],
    content: Content,
    options: PackOptions,
) -> list[DatasetSession]:
    """List the sessions that stay in the data set though their drives are not given."""
    if old is None or options.prune:
        return []
    entries = [
        entry
        for entry in old.manifest.sessions
        if entry.session_id not in here and driver_digest(entry.driver_id) not in withdrawn
    ]
    if not entries:
        return []
    names = ", ".join(entry.session_id for entry in entries)
    fix = "Give their drives as well, or remove them with --prune."
    before = PackOptions().content(old.manifest)
    if content != before:
        raise InputError(
            f"All sessions of a data set hold the same, and it is asked for something else than "
            f"{old.folder} holds, while the drives of {names} are not given.",
            fix=fix,
            path=old.folder,
        )
    folded = {name.casefold() for name in here}
    for entry in entries:
        if entry.session_id.casefold() in folded:
            raise InputError(
                f"{entry.session_id} in {old.folder} and a session among the drives differ in case only.",
                fix="Give one of them another session_id.",
            )
        damage = old.damage(entry.session_id, verify=options.verify)
        if damage:
            raise InputError(f"The data set is damaged: {damage}.", fix=fix, path=old.folder)
    return entries
