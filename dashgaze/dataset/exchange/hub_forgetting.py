"""Removing from the Hub what a driver who withdrew has in older states."""

from typing import TYPE_CHECKING

from .hub_plan import HubPlan
from .packed import PackedDataset

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def forget_history(api: "HfApi", plan: HubPlan) -> str:
    """Make the newest state the only one that the branch and versions lead to.

    Returns
    -------
    str
        The commit that holds it.
    """
    api.super_squash_history(plan.repo_id, repo_type="dataset", commit_message="Start of history")
    gone = plan.older if plan.tagged == "no" else (*plan.older, plan.tag)
    for tag in gone:
        api.delete_tag(plan.repo_id, tag=tag, repo_type="dataset")
    return str(api.repo_info(plan.repo_id, repo_type="dataset").sha)


def erase_old_files(api: "HfApi", dataset: PackedDataset, repo_id: str) -> str:
    """Erase stored files that the newest state does not have: a commit may go, its files stay.

    Nothing is erased unless all stored files of the newest state are recognised: better too much is
    left, and said, than the data set lost.

    Returns
    -------
    str
        What was done, in a sentence.
    """
    entries = api.list_repo_tree(repo_id, recursive=True, repo_type="dataset")
    in_use = {lfs.sha256 for entry in entries if (lfs := getattr(entry, "lfs", None)) is not None}
    stored = list(api.list_lfs_files(repo_id, repo_type="dataset"))
    known = {name for file in stored for name in (file.oid, file.file_oid)}
    if not in_use <= known:
        return (
            "Files of older states could not be told from those of this one: erase them under "
            f"'Settings, Storage' of {api.endpoint}/datasets/{repo_id}."
        )
    needed = in_use | {file.sha256 for file in dataset.manifest.files}
    old = [file for file in stored if file.oid not in needed and file.file_oid not in needed]
    if old:
        api.permanently_delete_lfs_files(repo_id, old, repo_type="dataset")
    return (
        f"History, older versions and {len(old)} of their files were erased; copies that others made "
        "stay."
    )
