"""A data set put together in a folder, from sessions that lie ready elsewhere."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.dataset.papers.papers import write_papers
from dashgaze.dataset.tables.shard import check_shard, write_shard
from dashgaze.progress import Progress, part_of
from dashgaze.schemas.about import About
from dashgaze.schemas.dataset_manifest import (
    CHECKSUMS_NAME,
    DATASET_MANIFEST_NAME,
    DATASET_SCHEMA,
    SPLITS,
    DatasetFile,
    DatasetManifest,
    LeftOut,
    Split,
    Withdrawn,
    build_digest,
)

from .digests import sha256_of
from .layout import (
    SCHEMAS_NAME,
    SESSIONS,
    TABLES,
    VIDEO_METADATA_PATH,
    VIDEOS,
    sessions_path,
)
from .options import Content
from .session_work import PackedSession
from .staging import link_or_copy, write_file
from .versions import installed_versions, next_version

# Columns of the sessions table that stand beside the videos, for who reads nothing else.
_VIDEO_COLUMNS = ("driver_id", "split", "car", "camera_position", "weather", "lighting", "eyewear")
_ABOUT, _DRIVERS_LEFT_OUT = "about", "drivers_left_out"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a data set will be, but for its sessions' files.

    Attributes
    ----------
    name
        Its name; that of its folder.
    content
        What is in it.
    protocol
        Name of the split protocol.
    splits
        Split of each session.
    folds
        Further splits, as the manifest has them.
    about
        What is said of it.
    left_out
        Sessions that are not in it; those of drivers who withdrew are not named.
    drivers_left_out
        Digest of the driver of each of `left_out`, by session, so that withdrawing finds them.
    withdrawn
        Who withdrew.
    version
        Its version; empty: found from what changed.
    """

    name: str
    content: Content
    protocol: str
    splits: Mapping[str, Split]
    folds: dict[str, dict[str, list[str]]]
    about: About
    left_out: tuple[LeftOut, ...] = ()
    drivers_left_out: Mapping[str, str] = dataclasses.field(default_factory=dict)
    withdrawn: tuple[Withdrawn, ...] = ()
    version: str = ""

    def options(self) -> dict[str, Any]:
        """Give what the manifest keeps of it, so that the data set can be packed again alike."""
        return dataclasses.asdict(self.content) | {
            _ABOUT: self.about.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            _DRIVERS_LEFT_OUT: dict(sorted(self.drivers_left_out.items())),
        }


def about_of(manifest: DatasetManifest) -> About:
    """Give what is said of a data set, as its manifest keeps it."""
    return About.model_validate_json(json.dumps(manifest.options.get(_ABOUT, {})))


def drivers_left_out_of(manifest: DatasetManifest) -> dict[str, str]:
    """Give the digest of the driver of each session that was left out."""
    return dict(manifest.options.get(_DRIVERS_LEFT_OUT, {}))


def assemble(
    folder: Path,
    sessions: Sequence[PackedSession],
    plan: Plan,
    *,
    old: DatasetManifest | None,
    progress: Progress,
) -> DatasetManifest:
    """Put a data set together; every file is on the disk when it returns.

    Parameters
    ----------
    folder
        An empty folder, but for files that sessions lie in.
    sessions
        Its sessions. Files of theirs that lie in `folder` are moved, others are linked.
    plan
        What it will be.
    old
        The data set that it takes the place of; None if there is none.
    progress
        Where to report to.

    Returns
    -------
    DatasetManifest
        As written.

    Raises
    ------
    InputError
        If a shard is not what its schema says.
    OSError
        If something can't be written.
    """
    sessions = sorted(sessions, key=lambda each: each.session_id)
    files = _place(folder, sessions, plan, part_of(progress, 0.0, 0.2))
    files += _write_sessions_table(folder, sessions, plan)
    files += _write_video_metadata(folder, sessions, plan)
    _check(folder, files, part_of(progress, 0.2, 0.4))
    tables = {
        config: table.id
        for config, table in TABLES.items()
        if any(file.config == config for file in files)
    }
    files += _write_schemas(folder, tables)
    build = build_digest(files)
    version = plan.version or next_version(old, splits=plan.splits, tables=tables, build=build)

    def manifest_of(listed: Sequence[DatasetFile]) -> DatasetManifest:
        return DatasetManifest(
            schema_id=DATASET_SCHEMA,
            name=plan.name,
            version=version,
            build=build,
            versions=installed_versions(),
            options=plan.options(),
            protocol=plan.protocol,
            folds=plan.folds,
            tables=tables,
            sessions=tuple(each.entry(plan.splits[each.session_id]) for each in sessions),
            left_out=plan.left_out,
            withdrawn=plan.withdrawn,
            files=tuple(sorted(listed, key=lambda file: file.path)),
        )

    draft = manifest_of(files)
    papers = write_papers(folder, draft, plan.about, progress=part_of(progress, 0.4, 1.0))
    manifest = manifest_of([*files, *(_described(folder, path) for path in papers)])
    write_file(folder / DATASET_MANIFEST_NAME, manifest.to_json().encode())
    _write_checksums(folder, manifest)
    return manifest


def _place(
    folder: Path, sessions: Sequence[PackedSession], plan: Plan, progress: Progress
) -> list[DatasetFile]:
    files = []
    for done, session in enumerate(sessions, start=1):
        for each in session.files:
            file = each.placed(session.session_id, plan.splits[session.session_id])
            target = folder / file.path
            if folder in each.source.parents:
                target.parent.mkdir(parents=True, exist_ok=True)
                each.source.rename(target)
            else:
                link_or_copy(each.source, target)
            files.append(file)
        progress("placing files", done / len(sessions))
    return files


def _write_sessions_table(
    folder: Path, sessions: Sequence[PackedSession], plan: Plan
) -> list[DatasetFile]:
    import pyarrow as pa

    table = TABLES[SESSIONS]
    files = []
    for split in SPLITS:
        rows = [
            {**session.row, "split": split}
            for session in sessions
            if plan.splits[session.session_id] == split
        ]
        if rows:
            content = pa.Table.from_pylist(rows, schema=table.to_arrow())
            path = folder / sessions_path(split)
            path.parent.mkdir(exist_ok=True)
            count = write_shard(path, content, table)
            files.append(_described(folder, path, config=SESSIONS, split=split, rows=count))
    return files


def _write_video_metadata(
    folder: Path, sessions: Sequence[PackedSession], plan: Plan
) -> list[DatasetFile]:
    shown = [each for each in sessions if any(file.view for file in each.files)]
    if not shown:
        return []
    from dashgaze.dataset.pictures.video_metadata import write_video_metadata

    rows = []
    for session in shown:
        row = {**session.row, "split": plan.splits[session.session_id]}
        rows.append(
            {"session_id": session.session_id} | {name: row[name] for name in _VIDEO_COLUMNS}
        )
    path = write_video_metadata(folder / VIDEOS, rows)
    if path != folder / VIDEO_METADATA_PATH:
        raise ValueError(f"the list of videos is {path}, not {VIDEO_METADATA_PATH}")
    return [_described(folder, path, config=VIDEOS, rows=len(rows))]


def _check(folder: Path, files: Sequence[DatasetFile], progress: Progress) -> None:
    """Hold every shard against its schema: a column that is missing in one becomes null unseen."""
    shards = [file for file in files if file.config in TABLES]
    for done, file in enumerate(shards, start=1):
        check_shard(folder / file.path, TABLES[file.config or ""])
        progress("checking shards", done / len(shards))


def _write_schemas(folder: Path, tables: Mapping[str, str]) -> list[DatasetFile]:
    files = []
    for config in tables:
        table = TABLES[config]
        text = json.dumps(table.to_json_schema(), indent=2, ensure_ascii=False) + "\n"
        name = f"{table.name}_v{table.version}.schema.json"
        path = write_file(folder / SCHEMAS_NAME / name, text.encode())
        files.append(_described(folder, path))
    return files


def _write_checksums(folder: Path, manifest: DatasetManifest) -> None:
    sums = {file.path: file.sha256 for file in manifest.files}
    sums[DATASET_MANIFEST_NAME] = sha256_of(folder / DATASET_MANIFEST_NAME)
    lines = [f"{sha256}  {path}\n" for path, sha256 in sorted(sums.items())]
    write_file(folder / CHECKSUMS_NAME, "".join(lines).encode())


def _described(
    folder: Path,
    path: Path,
    *,
    config: str | None = None,
    split: Split | None = None,
    rows: int | None = None,
) -> DatasetFile:
    # Whoever wrote the file has it on the disk already.
    return DatasetFile(
        path=path.relative_to(folder).as_posix(),
        size_bytes=path.stat().st_size,
        sha256=sha256_of(path),
        config=config,
        split=split,
        rows=rows,
    )
