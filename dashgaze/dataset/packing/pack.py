"""Packing: from session folders to a data set folder."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.about import About, read_about
from dashgaze.schemas.dataset_manifest import DatasetManifest, DatasetSession, LeftOut
from dashgaze.session import Session

from .admission import Admitted, LeftOutDrive, admit
from .assembly import Plan, about_of, assemble, drivers_left_out_of
from .digests import source_digest
from .drivers import driver_digest, withdrawn_from_drives
from .gathering import gather
from .lock import locked
from .old_dataset import OldDataset, damage_of, find_old_dataset
from .options import Content, PackOptions
from .pack_result import PackResult
from .picture_readiness import refuse_unready
from .session_pool import write_sessions
from .session_work import PackedSession, SessionTask
from .splitting import split_sessions
from .staging import Staging, recover, staging
from .versions import installed_versions

_DEFAULT = PackOptions()
_WORK_PREFIX = ".sessions-"


@dataclass(frozen=True, kw_only=True)
class _Outlook:
    """What will be done, before anything is written."""

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


def pack(
    drives: Path | Sequence[Path],
    out: Path,
    options: PackOptions = _DEFAULT,
    *,
    workers: int = 1,
    dry_run: bool = False,
    progress: Progress = silent,
) -> PackResult:
    """Make a data set of sessions, or bring one up to date.

    Only sessions that changed are written; files of the others are linked. The new data set is put
    together beside the old one and takes its place in one step, so that whoever looks sees the whole
    old or the whole new one. Sessions that are in the data set and not among the drives stay, unless
    `PackOptions.prune` is set. The same drives give the same bytes, whatever the number of workers.

    Parameters
    ----------
    drives
        Session folders, or folders of sessions at any depth.
    out
        The data set's folder.
    options
        What can be chosen.
    workers
        Sessions at a time, each in a process of its own.
    dry_run
        Only say what would be done; nothing is written.
    progress
        Where to report to.

    Returns
    -------
    PackResult
        What was done.

    Raises
    ------
    InputError
        If there is nothing to pack, or something that must not be packed so; the message says what to
        do. Nothing is written then.
    OutputError
        If the data set can't be written; then the old one stands.
    WorkerError
        If a process was killed; then the old one stands.
    """
    listed = [drives] if isinstance(drives, Path) else [Path(each) for each in drives]
    # A link to a data set stays one: what it leads to is replaced.
    target = Path(out).resolve()
    sessions = gather(listed, target)
    if dry_run:
        return _foretold(_look_ahead(sessions, target, options))
    with locked(target):
        recover(target)
        outlook = _look_ahead(sessions, target, options)
        with staging(target) as stage:
            return _pack(outlook, stage, workers=workers, progress=progress)


def _look_ahead(sessions: Sequence[Session], out: Path, options: PackOptions) -> _Outlook:
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
    return _Outlook(
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


def _pack(outlook: _Outlook, stage: Staging, *, workers: int, progress: Progress) -> PackResult:
    # A name of its own: processes of a run that was killed a moment ago don't find their place again.
    work = Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=stage.folder))
    tasks = [
        SessionTask(
            session=each.session,
            session_id=each.session_id,
            driver_id=each.driver_id,
            release=each.release,
            content=outlook.content,
            digest=outlook.digests[each.session_id],
            folder=work / each.session_id,
        )
        for each in outlook.fresh
    ]
    share = 0.9 if tasks else 0.0
    packed = write_sessions(tasks, workers=workers, progress=part_of(progress, 0.0, share))
    old = outlook.old
    if old is not None:
        packed += [old.packed(each) for each in (*outlook.unchanged, *outlook.not_at_hand)]
    plan, notes = _plan(outlook, packed)
    if old is not None and not tasks and _is_same(old, packed, plan, outlook.options):
        return _result(outlook, old.manifest, changed=False, notes=notes)
    manifest = assemble(
        stage.folder,
        packed,
        plan,
        old=None if old is None else old.manifest,
        progress=part_of(progress, share, 1.0),
    )
    _remove_empty(work)
    stage.publish()
    progress("packed", 1.0)
    return _result(outlook, manifest, changed=True, notes=notes)


def _plan(outlook: _Outlook, packed: Sequence[PackedSession]) -> tuple[Plan, tuple[str, ...]]:
    old = None if outlook.old is None else outlook.old.manifest
    protocol, splits, folds, notes = split_sessions(packed, outlook.options.split_protocol, old)
    # Whoever withdrew is not named again.
    left_out = {each.session_id: each for each in outlook.left_out if not each.withdrawn}
    public = {name: LeftOut(session_id=name, reason=each.reason) for name, each in left_out.items()}
    drivers = {name: each.driver_digest for name, each in left_out.items()}
    if old is not None and not outlook.options.prune:
        seen = {each.session_id for each in outlook.admitted}
        seen |= {each.session_id for each in outlook.left_out}
        gone = {each.driver_digest for each in outlook.left_out if each.withdrawn}
        earlier = drivers_left_out_of(old)
        for entry in old.left_out:
            name = entry.session_id
            if name not in seen and name in earlier and earlier[name] not in gone:
                public[name], drivers[name] = entry, earlier[name]
    return Plan(
        name=outlook.out.name,
        content=outlook.content,
        protocol=protocol,
        splits=splits,
        folds=folds,
        about=outlook.about,
        left_out=tuple(public[name] for name in sorted(public)),
        drivers_left_out=drivers,
        withdrawn=() if old is None else old.withdrawn,
        version=outlook.options.version or "",
    ), notes


def _is_same(
    old: OldDataset, packed: Sequence[PackedSession], plan: Plan, options: PackOptions
) -> bool:
    """Whether putting the data set together again would give what is there."""
    manifest = old.manifest
    return (
        not options.force
        and {each.session_id for each in packed} == set(old.splits)
        and manifest.name == plan.name
        and manifest.options == plan.options()
        and manifest.protocol == plan.protocol
        and old.splits == dict(plan.splits)
        and manifest.folds == plan.folds
        and manifest.left_out == plan.left_out
        and manifest.version == (plan.version or manifest.version)
        and manifest.versions == installed_versions()
        and not any(damage_of(old.folder, file, verify=options.verify) for file in manifest.files)
    )


def _remove_empty(work: Path) -> None:
    for folder in work.iterdir():
        folder.rmdir()
    work.rmdir()


def _foretold(outlook: _Outlook) -> PackResult:
    return _result(outlook, None, changed=False, notes=())


def _result(
    outlook: _Outlook,
    manifest: DatasetManifest | None,
    *,
    changed: bool,
    notes: tuple[str, ...],
) -> PackResult:
    old = outlook.old
    staying = {each.session_id for each in outlook.admitted}
    staying |= {each.session_id for each in outlook.not_at_hand}
    return PackResult(
        path=outlook.out,
        manifest=manifest,
        changed=changed,
        written=tuple(each.session_id for each in outlook.fresh),
        unchanged=tuple(sorted(each.session_id for each in outlook.unchanged)),
        not_at_hand=tuple(sorted(each.session_id for each in outlook.not_at_hand)),
        removed=() if old is None else tuple(sorted(set(old.splits) - staying)),
        left_out=outlook.left_out,
        doubtful=tuple(each.session_id for each in outlook.admitted if each.doubtful),
        notes=(*outlook.notes, *notes),
    )
