"""What an export to the Hub would change there."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DATASET_MANIFEST_NAME, read_dataset_manifest

from .packed import PackedDataset

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# Written by the Hub itself.
_OF_THE_HUB = frozenset({".gitattributes"})
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


@dataclass(frozen=True, kw_only=True)
class HubPlan:
    """What an export to the Hub would change there.

    Attributes
    ----------
    repo_id, url
        Where it goes.
    tag
        Name of the version: ``v1.2.0``.
    exists
        Whether the repository is there.
    public, gated
        How it is now; None where it is not there.
    head
        The commit that this was compared with.
    send, same, remove
        Files that are new or have changed; that are there already; that are there and no longer
        part of the data set.
    send_bytes
        Size of what is sent.
    tagged
        Whether the version is on the Hub: not, with the same build, or with another one.
    older
        Other versions there.
    notes
        What a user should know.
    history
        What still leads to files that are removed; empty if nothing is.
    """

    repo_id: str
    url: str
    tag: str
    exists: bool
    public: bool | None
    gated: bool | None
    head: str | None
    send: tuple[str, ...]
    same: tuple[str, ...]
    remove: tuple[str, ...]
    send_bytes: int
    tagged: Literal["no", "same", "other"]
    older: tuple[str, ...]
    notes: tuple[str, ...]
    history: str


def check_repo_id(repo_id: str) -> None:
    """Refuse a name that is not ORG/NAME.

    Raises
    ------
    InputError
        If so.
    """
    well_formed = re.fullmatch(f"{_PART}/{_PART}", repo_id) and len(repo_id) <= 96
    if not well_formed or "--" in repo_id or ".." in repo_id or repo_id.endswith(".git"):
        raise InputError(
            f"{repo_id!r} is no name on the Hub.",
            fix="Give ORGANISATION/NAME, of letters, digits, '-', '_' and '.': my-lab/dashgaze.",
        )


def plan_export(api: "HfApi", dataset: PackedDataset, repo_id: str) -> HubPlan:
    """Compare a data set with what is on the Hub."""
    from huggingface_hub.errors import RepositoryNotFoundError

    manifest = dataset.manifest
    tag = f"v{manifest.version}"
    try:
        info: Any = api.repo_info(repo_id, repo_type="dataset")
    except RepositoryNotFoundError:
        info = None
    there = {} if info is None else _files_there(api, repo_id, info.sha)
    tags: list[str] = []
    if info is not None:
        tags = [ref.name for ref in api.list_repo_refs(repo_id, repo_type="dataset").tags]
    tagged: Literal["no", "same", "other"] = "no"
    if tag in tags:
        build = _build_of(api, repo_id, tag)
        tagged = "same" if build == manifest.build else "other"
    names = dataset.file_names()
    sha256 = {file.path: file.sha256 for file in manifest.files}
    send = [
        name
        for name in names
        if name not in there or not _is_same(dataset.folder / name, sha256.get(name), there[name])
    ]
    remove = sorted(set(there) - set(names) - _OF_THE_HUB)
    older = tuple(sorted(name for name in tags if name != tag and name.startswith("v")))
    return HubPlan(
        repo_id=repo_id,
        url=f"{api.endpoint}/datasets/{repo_id}",
        tag=tag,
        exists=info is not None,
        public=None if info is None else not info.private,
        gated=None if info is None else bool(info.gated),
        head=None if info is None else info.sha,
        send=tuple(send),
        same=tuple(name for name in names if name not in set(send)),
        remove=tuple(remove),
        send_bytes=sum((dataset.folder / name).stat().st_size for name in send),
        tagged=tagged,
        older=older,
        notes=_notes(dataset),
        history=_history(remove, older),
    )


def _files_there(api: "HfApi", repo_id: str, head: str | None) -> dict[str, Any]:
    """Give the files at a commit by path; a repository just made has none."""
    if head is None:
        return {}
    entries: Iterable[Any] = api.list_repo_tree(
        repo_id, recursive=True, revision=head, repo_type="dataset"
    )
    return {entry.path: entry for entry in entries if hasattr(entry, "blob_id")}


def _is_same(path: Path, sha256: str | None, entry: Any) -> bool:
    if entry.lfs is not None:
        if sha256 is None:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return bool(entry.lfs.sha256 == sha256)
    if entry.size != path.stat().st_size:
        return False
    content = path.read_bytes()  # small: the Hub keeps large files as LFS
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return bool(entry.blob_id == blob.hexdigest())


def _build_of(api: "HfApi", repo_id: str, tag: str) -> str | None:
    """Give the build of a version on the Hub; None if it has no manifest that can be read."""
    from huggingface_hub.errors import EntryNotFoundError

    with TemporaryDirectory() as folder:
        try:
            api.hf_hub_download(
                repo_id, DATASET_MANIFEST_NAME, revision=tag, repo_type="dataset", local_dir=folder
            )
            return read_dataset_manifest(Path(folder)).build
        except (EntryNotFoundError, InputError):
            return None


def _notes(dataset: PackedDataset) -> tuple[str, ...]:
    stray = dataset.stray_files()
    if not stray:
        return ()
    first = ", ".join(stray[:3]) + ("" if len(stray) <= 3 else " …")
    counted = "1 file" if len(stray) == 1 else f"{len(stray)} files"
    return (f"{counted} in the folder that the manifest does not list: left here ({first})",)


def _history(remove: list[str], older: tuple[str, ...]) -> str:
    if not remove:
        return ""
    counted = "1 file is" if len(remove) == 1 else f"{len(remove)} files are"
    versions = f" and versions {', '.join(older)}" if older else ""
    return (
        f"{counted} not in the newest state any more, but its history{versions} still lead to them. "
        "If a driver withdrew, export with --forget, which squashes the history "
        "(super_squash_history), removes older versions and erases their files."
    )
