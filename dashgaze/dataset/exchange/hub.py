"""A packed data set on the Hugging Face Hub."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashgaze.errors import InputError
from dashgaze.progress import Progress, part_of, silent

from .hub_errors import no_token, plain_words
from .hub_forgetting import erase_old_files, forget_history
from .hub_plan import HubPlan, check_repo_id, plan_export
from .hub_privacy import refuse_public_people
from .packed import PackedDataset, open_packed, verify_packed

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

# Sent between two reports of progress.
_BYTES_AT_ONCE = 256 << 20
_FILES_AT_ONCE = 256
# The Hub takes more in one commit, but not much more.
_FILES_A_COMMIT = 10_000


@dataclass(frozen=True, kw_only=True)
class HubExport:
    """What was published.

    Attributes
    ----------
    url
        Page of the data set.
    commit
        The commit that holds it.
    tag
        Its version: ``load_dataset("org/name", revision="v1.0.0")``.
    plan
        What was changed.
    notes
        What a user should know.
    """

    url: str
    commit: str
    tag: str
    plan: HubPlan
    notes: tuple[str, ...]


def plan_hub_export(
    dataset: Path,
    repo_id: str,
    *,
    token: str | None = None,
    endpoint: str | None = None,
    progress: Progress = silent,
) -> HubPlan:
    """Say what an export to the Hub would change there, and change nothing.

    Parameters and errors are those of `export_hub`.
    """
    check_repo_id(repo_id)
    packed = open_packed(dataset)
    verify_packed(packed, progress=progress)
    with _hub(repo_id, token, endpoint) as api:
        return plan_export(api, packed, repo_id)


def export_hub(
    dataset: Path,
    repo_id: str,
    *,
    private: bool = True,
    gated: bool = False,
    people_public: bool = False,
    forget: bool = False,
    token: str | None = None,
    endpoint: str | None = None,
    check: Callable[[Path], None] | None = None,
    progress: Progress = silent,
) -> HubExport:
    """Publish a packed data set on the Hub, as one commit and with its version as a tag.

    Sent is what the manifest lists, and nothing else in the folder. What is on the Hub and no longer
    part of the data set is deleted in the same commit, so that withdrawn sessions vanish from the
    newest state. A new repository is private until all is there.

    Parameters
    ----------
    dataset
        Folder that `dashgaze pack` wrote.
    repo_id
        ``organisation/name``.
    private
        Whether only the organisation sees it. False makes it public at the end.
    gated
        Whether somebody has to let in each user by hand (manual approval).
    people_public
        Whether somebody decided that drivers' faces, or streets as recorded, may be seen by all.
    forget
        Whether history, older versions and their files are erased on the Hub: for withdrawals. It
        can't be undone, and copies that others made stay theirs.
    token
        That may write; by default the one of `hf auth login` or HF_TOKEN.
    endpoint
        Where the Hub is; by default HF_ENDPOINT, or https://huggingface.co.
    check
        Called with `dataset` first; it raises if the data set is not fit to be published. Checksums
        are always verified.

    Returns
    -------
    HubExport
        Where it is, and what was changed.

    Raises
    ------
    InputError
        If the data set is damaged, its name or the token is wrong, it would show people to all, or
        the version is on the Hub with other content.
    OutputError
        If the Hub can't be reached or does not take it.
    """
    check_repo_id(repo_id)
    packed = open_packed(dataset)
    verify_packed(packed, progress=part_of(progress, 0.0, 0.1))
    if check is not None:
        check(dataset)
    with _hub(repo_id, token, endpoint) as api:
        progress("looking at the Hub", 0.1)
        plan = plan_export(api, packed, repo_id)
        _refuse(packed, plan, private=private, gated=gated, people_public=people_public)
        if not plan.exists:
            api.create_repo(repo_id, repo_type="dataset", private=True)
        if gated and not plan.gated:
            # Before anything is sent: nobody may slip in between.
            api.update_repo_settings(repo_id, repo_type="dataset", gated="manual")
        commit = _send(api, packed, plan, part_of(progress, 0.1, 0.95))
        progress("version", 0.95)
        notes = list(plan.notes)
        if forget:
            commit = forget_history(api, plan)
            notes.append(erase_old_files(api, packed, repo_id))
        else:
            notes += [plan.history] if plan.history else []
            if plan.tagged == "same" and plan.send:
                notes.append(f"Papers were renewed; {plan.tag} keeps those that it came with.")
        if plan.tagged == "no" or forget:
            api.create_tag(repo_id, tag=plan.tag, revision=commit, repo_type="dataset")
        if not private and not plan.public:
            api.update_repo_settings(repo_id, repo_type="dataset", private=False)
    progress("published", 1.0)
    return HubExport(url=plan.url, commit=commit, tag=plan.tag, plan=plan, notes=tuple(notes))


@contextmanager
def _hub(repo_id: str, token: str | None, endpoint: str | None) -> "Iterator[HfApi]":
    """Give the Hub, with somebody logged in who it knows; silent, errors in plain words."""
    from huggingface_hub import HfApi, constants, get_token
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    token = token or get_token()
    if not token:
        raise no_token()
    place = endpoint or constants.ENDPOINT
    talkative = not are_progress_bars_disabled()
    if talkative:
        disable_progress_bars()  # a library does not print; progress is reported to the caller
    try:
        with plain_words(repo_id, place):
            api = HfApi(endpoint=place, token=token)
            api.whoami()
            yield api
    finally:
        if talkative:
            enable_progress_bars()


def _refuse(
    packed: PackedDataset, plan: HubPlan, *, private: bool, gated: bool, people_public: bool
) -> None:
    if private and plan.public:
        raise InputError(
            f"{plan.repo_id} is on the Hub already, and public.",
            fix="Add --public if that is meant, or choose another name.",
        )
    refuse_public_people(
        packed.manifest,
        public=not private,
        gated=gated or bool(plan.gated),
        people_public=people_public,
    )
    if plan.tagged == "other":
        raise InputError(
            f"Version {plan.tag} is on the Hub already, with other content.",
            fix="Pack with a higher version: others may rely on what that version holds.",
            path=packed.folder,
        )


def _send(api: "HfApi", packed: PackedDataset, plan: HubPlan, progress: Progress) -> str:
    """Send files, then make the commits: one, unless there are very many files."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    if not plan.send and not plan.remove:
        return plan.head or ""
    # Papers last: until then the card does not name what is not there.
    names = sorted(plan.send, key=lambda name: ("/" not in name, name))
    additions = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=packed.folder / name)
        for name in names
    ]
    sent = 0
    for batch in _batches(additions):
        progress("sending", sent / max(1, plan.send_bytes))
        api.preupload_lfs_files(plan.repo_id, additions=batch, repo_type="dataset")
        sent += sum(addition.upload_info.size for addition in batch)
    progress("sending", 1.0)
    message = f"{packed.manifest.name} {packed.manifest.version}, build {packed.manifest.build}"
    deletions = [CommitOperationDelete(path_in_repo=name) for name in plan.remove]
    parent = plan.head
    while True:
        last = len(additions) <= _FILES_A_COMMIT
        now, additions = additions[:_FILES_A_COMMIT], additions[_FILES_A_COMMIT:]
        info = api.create_commit(
            plan.repo_id,
            operations=[*now, *deletions] if last else now,
            commit_message=message if last else f"{message} (part)",
            repo_type="dataset",
            parent_commit=parent,
        )
        parent = info.oid
        if last:
            return str(info.oid)


def _batches(additions: "list[CommitOperationAdd]") -> "Iterator[list[CommitOperationAdd]]":
    batch: list[CommitOperationAdd] = []
    size = 0
    for addition in additions:
        batch.append(addition)
        size += addition.upload_info.size
        if size >= _BYTES_AT_ONCE or len(batch) >= _FILES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
