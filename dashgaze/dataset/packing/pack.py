"""Packing: from session folders to a data set folder."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.dataset_manifest import DatasetManifest, LeftOut

from .assembly import Plan, assemble, drivers_left_out_of
from .gathering import gather
from .lock import locked
from .old_dataset import OldDataset, damage_of
from .options import PackOptions
from .outlook import Outlook, look_ahead
from .pack_result import PackResult
from .session_pool import write_sessions
from .session_work import PackedSession, SessionTask
from .splitting import split_sessions
from .staging import Staging, recover, staging
from .versions import installed_versions

_DEFAULT = PackOptions()
_WORK_PREFIX = ".sessions-"


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
        return _foretold(look_ahead(sessions, target, options))
    with locked(target):
        recover(target)
        outlook = look_ahead(sessions, target, options)
        with staging(target) as stage:
            return _pack(outlook, stage, workers=workers, progress=progress)


def _pack(outlook: Outlook, stage: Staging, *, workers: int, progress: Progress) -> PackResult:
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
    notes += _misread(outlook, packed)
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


def _plan(outlook: Outlook, packed: Sequence[PackedSession]) -> tuple[Plan, tuple[str, ...]]:
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


def _misread(outlook: Outlook, packed: Sequence[PackedSession]) -> tuple[str, ...]:
    """Warn of names by which ``load_dataset`` of the folder of videos goes astray."""
    if not outlook.content.videos:
        return ()
    from dashgaze.dataset.pictures.video_metadata import misread_names

    names = misread_names([each.session_id for each in packed])
    if not names:
        return ()
    warning = (
        f'`load_dataset("{outlook.out.name}/videos")` takes these sessions for splits: '
        f'{", ".join(names)}. `dashgaze.load_dataset("videos")` does not.'
    )
    return (warning,)


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


def _foretold(outlook: Outlook) -> PackResult:
    return _result(outlook, None, changed=False, notes=())


def _result(
    outlook: Outlook,
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
