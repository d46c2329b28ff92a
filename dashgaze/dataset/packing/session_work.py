"""One session written: its shards and videos, into a folder of its own."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.dataset.consent import Release
from dashgaze.dataset.tables.drive_tables import DriveTables, drive_tables
from dashgaze.dataset.tables.shard import write_shard
from dashgaze.errors import InputError
from dashgaze.files import sync_folder
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.dataset_manifest import (
    DatasetFile,
    DatasetSession,
    DriverPictures,
    Outward,
    Split,
)
from dashgaze.schemas.dataset_tables import VIEWS
from dashgaze.schemas.image_table import PICTURES
from dashgaze.schemas.manifest import ConsentScope
from dashgaze.session import Session, open_session

from .admission import Admitted
from .digests import sha256_of, source_digest
from .layout import TABLES, VIDEOS, shard_path, video_path
from .options import Content
from .staging import cannot_write


@dataclass(frozen=True, kw_only=True)
class SessionTask:
    """What a process needs to know to write one session.

    Attributes
    ----------
    session
        The session.
    session_id, driver_id
        Its name, and its driver's pseudonym.
    release
        What of it may be packed.
    content
        What is in the data set.
    digest
        What identifies its source.
    folder
        A new folder to write to; the one above it is there.
    """

    session: Session
    session_id: str
    driver_id: str
    release: Release
    content: Content
    digest: str
    folder: Path


@dataclass(frozen=True, kw_only=True)
class SessionFile:
    """A shard or video of one session, wherever its split will put it.

    Attributes
    ----------
    config
        Configuration that it belongs to.
    view
        The view, of a video; empty for a table.
    size_bytes, sha256, rows
        As in the data set's manifest.
    source
        Where the file lies now.
    """

    config: str
    view: str = ""
    size_bytes: int
    sha256: str
    rows: int | None
    source: Path

    def placed(self, session_id: str, split: Split) -> DatasetFile:
        """Give the file's entry in the manifest."""
        return DatasetFile(
            path=video_path(session_id, self.view)
            if self.view
            else shard_path(self.config, split, session_id),
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            config=self.config,
            # Videos lie in no split's folder: they stay where they are if their session moves.
            split=None if self.view else split,
            session_id=session_id,
            rows=self.rows,
        )


@dataclass(frozen=True, kw_only=True)
class PackedSession:
    """One session as the data set has it, but for its split.

    Attributes
    ----------
    session_id, driver_id
        Its name, and its driver's pseudonym.
    digest
        What identifies its source.
    scope
        The narrowest consent of all of its driver's sessions.
    row
        Its row of the sessions table, but for the split.
    files
        Its shards and videos.
    notes
        What is to be said of it.
    """

    session_id: str
    driver_id: str
    digest: str
    scope: ConsentScope
    row: Mapping[str, Any]
    files: tuple[SessionFile, ...]
    notes: tuple[str, ...]

    def entry(self, split: Split) -> DatasetSession:
        """Give the session's entry in the manifest."""
        return DatasetSession(
            session_id=self.session_id,
            driver_id=self.driver_id,
            split=split,
            source_digest=self.digest,
            consent_scope=self.scope,
            outward_pictures=self.row["outward_pictures"],
            driver_pictures=self.row["driver_pictures"],
            notes=self.notes,
        )


def write_session(task: SessionTask, progress: Progress = silent) -> PackedSession:
    """Write the shards and videos of one session; every file is on the disk when it returns.

    Raises
    ------
    InputError
        If its tables or pictures can't be used.
    OutputError
        If the files can't be written.
    """
    # What is read of its recording is dropped with the copy, not kept for the whole run.
    session = dataclasses.replace(task.session)
    tables = drive_tables(
        session, task.release, raw_gaze=task.content.raw_gaze, location=task.content.location
    )
    try:
        task.folder.mkdir()  # not what is above it: whoever wanted the session may be gone
        files = _write_tables(task, tables)
    except OSError as error:
        raise cannot_write(task.folder, error) from error
    files += _write_videos(task, session, part_of(progress, 0.05, 0.7))
    files += _write_images(task, session, tables, part_of(progress, 0.7, 1.0))
    _refuse_changes(task)
    sync_folder(task.folder)
    return PackedSession(
        session_id=task.session_id,
        driver_id=task.driver_id,
        digest=task.digest,
        scope=task.release.scope,
        row=_row(task, tables, files),
        files=tuple(files),
        notes=tables.notes,
    )


def _refuse_changes(task: SessionTask) -> None:
    """Refuse a session that was changed while it was packed: the files may be of the old and the new."""
    session = task.session
    admitted = Admitted(
        session=session, driver_id=task.driver_id, release=task.release, doubtful=False
    )
    same = source_digest(admitted, task.content) == task.digest
    if not same or open_session(session.root).manifest != session.manifest:
        raise InputError(
            f"{session.root} changed while it was packed; the data set is as it was.",
            fix="Leave the session alone for a while, then type the command again.",
            path=session.root,
        )


def _write_tables(task: SessionTask, tables: DriveTables) -> list[SessionFile]:
    files = []
    for config in ("frames", "fixations", "gaze", "location"):
        table = getattr(tables, config)
        if table is not None:
            path = task.folder / f"{config}.parquet"
            rows = write_shard(path, table, TABLES[config])
            files.append(_described(config, path, rows=rows))
    return files


def _write_videos(task: SessionTask, session: Session, progress: Progress) -> list[SessionFile]:
    if not task.content.videos:
        return []
    from dashgaze.dataset.pictures.videos import VideoOptions, write_videos

    options = VideoOptions(sound=task.content.sound)
    facts = write_videos(session, task.release, task.folder, options, progress=progress)
    return [
        _described(VIDEOS, task.folder / f"{view}.mp4", view=view)
        for view in VIEWS
        if view in facts
    ]


def _write_images(
    task: SessionTask, session: Session, tables: DriveTables, progress: Progress
) -> list[SessionFile]:
    if not task.content.images:
        return []
    from dashgaze.dataset.pictures.images import write_images

    path = task.folder / "images.parquet"
    every = task.content.images_every
    rows = write_images(session, tables.frames, task.release, path, every=every, progress=progress)
    return [_described("images", path, rows=rows)] if rows else []


def _described(config: str, path: Path, *, rows: int | None = None, view: str = "") -> SessionFile:
    try:
        # Whoever wrote the file has it on the disk already.
        return SessionFile(
            config=config,
            view=view,
            size_bytes=path.stat().st_size,
            sha256=sha256_of(path),
            rows=rows,
            source=path,
        )
    except OSError as error:
        raise cannot_write(path, error) from error


def _row(task: SessionTask, tables: DriveTables, files: Sequence[SessionFile]) -> dict[str, Any]:
    """Give the session's row, with what of its pictures really is there."""
    shown = {file.view for file in files if file.view}
    for file in files:
        if file.config == "images":
            shown |= _views_shown(file.source)
    outward: Outward = task.release.outward if shown & {"ego", "road"} else "none"
    driver: DriverPictures = task.release.driver if "driver" in shown else "none"
    videos = {
        f"{file.view}_video": {"bytes": None, "path": video_path(task.session_id, file.view)}
        for file in files
        if file.view
    }
    return {
        **tables.session,
        "session_id": task.session_id,
        "driver_id": task.driver_id,
        "consent_scope": task.release.scope,
        "outward_pictures": outward,
        "driver_pictures": driver,
        **{f"{view}_video": videos.get(f"{view}_video") for view in VIEWS},
    }


def _views_shown(path: Path) -> set[str]:
    """Give the views that a shard of crops has any picture of, by its statistics alone."""
    import pyarrow.parquet as pq

    shown = set()
    metadata = pq.read_metadata(path)
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            name, _, part = column.path_in_schema.partition(".")
            if part != "bytes" or name not in PICTURES:
                continue
            statistics = column.statistics
            empty = statistics is not None and statistics.null_count == column.num_values
            if not empty:
                shown.add("road" if name.startswith("road") else "driver")
    return shown
