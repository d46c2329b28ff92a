"""Whether a packed data set is whole, agrees with itself, and gives away nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgaze.errors import InputError
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.dataset_manifest import (
    DATASET_MANIFEST_NAME,
    DatasetFile,
    DatasetManifest,
    DatasetSession,
    read_dataset_manifest,
)
from dashgaze.schemas.dataset_tables import VIEWS
from dashgaze.schemas.field import Table

from .validate_card import check_card
from .validate_files import check_files
from .validate_images import check_images
from .validate_privacy import (
    check_columns,
    check_consent,
    check_face_numbers,
    check_location,
    check_session_row,
    check_times,
)
from .validate_relations import RelationCheck, Rows
from .validate_release import check_release
from .validate_report import DatasetFindings, ValidationReport
from .validate_shards import check_schema_files, check_shard, tables_of
from .validate_splits import check_splits
from .validate_values import check_values
from .validate_videos import check_video

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_PACK_AGAIN = "Pack the data set again."


def validate(
    folder: Path | str,
    *,
    deep: bool = False,
    release: bool = False,
    progress: Progress = silent,
) -> ValidationReport:
    """Check a packed data set.

    Looked at are: the list of files, their size and SHA-256; the card; the schema and length of every
    shard; that no session or driver is in two splits; every value of every table; what consent and the rules
    of the house keep in the lab. Nothing is written, and nothing is downloaded.

    Parameters
    ----------
    folder
        The data set's folder.
    deep
        Also read what is large: SHA-256 of pictures and videos, the head of every picture, and the time
        of every frame of every video. Else their size, the first pictures, and the head of each video.
    release
        Also check what has to be settled before it is published: no open question in the papers, and no
        pictures of others as recorded without a reason.
    progress
        Where to report to.

    Returns
    -------
    ValidationReport
        All findings; ``ok`` if none of them is an error.

    Raises
    ------
    InputError
        If there is no such folder, or it is no data set at all.
    """
    folder = Path(folder).expanduser()
    findings = DatasetFindings()
    if not folder.is_dir() or not (folder / DATASET_MANIFEST_NAME).is_file():
        read_dataset_manifest(folder)  # says what is wrong
    try:
        manifest = read_dataset_manifest(folder)
    except InputError as error:
        findings.add("MANIFEST_UNREADABLE", error.what, file=DATASET_MANIFEST_NAME, fix=error.fix)
        return ValidationReport(
            folder=folder, deep=deep, release=release, findings=findings.sorted()
        )
    usable = check_files(
        folder, manifest, findings, deep=deep, progress=part_of(progress, 0.0, 0.2)
    )
    card = check_card(folder, manifest, findings)
    check_splits(folder, manifest, card, findings)
    check_consent(manifest, findings)
    work = _Validation(folder, manifest, usable, findings, deep=deep)
    check_schema_files(folder, work.tables, findings)
    work.run(part_of(progress, 0.2, 1.0))
    if release:
        check_release(folder, manifest, findings)
    return ValidationReport(
        folder=folder,
        deep=deep,
        release=release,
        build=manifest.build,
        session_count=len(manifest.sessions),
        file_count=len(manifest.files),
        rows=work.rows,
        findings=findings.sorted(),
    )


class _Validation:
    """Goes through the tables, session by session, and reads each file once."""

    def __init__(
        self,
        folder: Path,
        manifest: DatasetManifest,
        usable: set[str],
        findings: DatasetFindings,
        *,
        deep: bool,
    ) -> None:
        self.folder, self.manifest, self.findings, self.deep = folder, manifest, findings, deep
        self.tables = tables_of(manifest, findings)
        self.rows: dict[str, int] = {}
        self._usable = usable
        self._of_session: dict[str, list[DatasetFile]] = {}
        for file in manifest.files:
            if file.session_id is not None:
                self._of_session.setdefault(file.session_id, []).append(file)

    def run(self, progress: Progress) -> None:
        """Check everything."""
        rows = self._session_rows()
        for number, session in enumerate(self.manifest.sessions):
            files = {file.path: file for file in self._of_session.get(session.session_id, [])}
            self._check_session(session, rows.get(session.session_id, {}), files)
            progress("tables", (number + 1) / len(self.manifest.sessions))

    def _session_rows(self) -> dict[str, dict[str, Any]]:
        """Check the sessions table; give its rows by session."""
        found: dict[str, dict[str, Any]] = {}
        known = {session.session_id: session for session in self.manifest.sessions}
        for file in self.manifest.shards("sessions"):
            table, columns = self._read(file)
            if table is None:
                continue
            check_values(table, self.tables["sessions"], columns, file.path, self.findings)
            for row in table.to_pylist():
                name = row.get("session_id")
                if name in found or name not in known:
                    self._wrong(
                        "SESSION_ROWS",
                        file.path,
                        f"Session {name} is there twice, or not in the manifest.",
                    )
                    continue
                found[name] = row
                check_session_row(known[name], row, file.path, self.findings)
                if file.split is not None and row.get("split") != file.split:
                    self._wrong("SPLIT_OF_FILE", file.path, f"{name} is of another split.")
        for name in sorted(known.keys() - found.keys()):
            self._wrong("SESSION_ROWS", "sessions", f"Session {name} has no row.")
        return found

    def _check_session(
        self, session: DatasetSession, row: dict[str, Any], files: dict[str, DatasetFile]
    ) -> None:
        shards = {
            file.config: file
            for file in files.values()
            if file.config is not None and file.config in self.tables
        }
        tables: dict[str, pa.Table] = {}
        for config, file in shards.items():
            if config in ("sessions", "images"):
                continue
            table, columns = self._read(file)
            if table is not None:
                tables[config] = table
                check_values(table, self.tables[config], columns, file.path, self.findings)
                check_times(table, file.path, self.findings)
                self._check_session_id(session, table, file)
        self._check_relations(session, row, tables, shards)
        if (images := shards.get("images")) is not None:
            self._check_images(session, images, tables.get("frames"))
        for path in files:
            if path.endswith(".mp4") and path in self._usable:
                check_video(
                    self.folder / path,
                    path,
                    row,
                    self._wanted_ticks(path, tables.get("frames")) if self.deep else None,
                    self.findings,
                    sound_asked=self.manifest.options.get("sound") is True,
                )

    def _check_relations(
        self,
        session: DatasetSession,
        row: dict[str, Any],
        tables: dict[str, pa.Table],
        shards: dict[str, DatasetFile],
    ) -> None:
        frames = tables.get("frames")
        if frames is None:
            if "frames" not in shards:
                self._wrong("SESSION_FILES", "", f"{session.session_id} has no frame table.")
            return
        check = RelationCheck(row, self.findings)
        check_face_numbers(session, frames, shards["frames"].path, self.findings)
        check.check_frames(Rows(frames), shards["frames"].path)
        fixations = Rows(tables["fixations"]) if "fixations" in tables else None
        if fixations is not None:
            check.check_fixations(fixations, Rows(frames), shards["fixations"].path)
        if "gaze" in tables:
            check.check_gaze(Rows(tables["gaze"]), Rows(frames), fixations, shards["gaze"].path)
        if "location" in tables:
            file = shards["location"].path
            check_location(self.manifest, tables["location"], file, self.findings)

    def _check_images(
        self, session: DatasetSession, file: DatasetFile, frames: pa.Table | None
    ) -> None:
        columns = self._columns(file)
        if columns is not None:
            # Its length was compared with the manifest's just now.
            self.rows["images"] = self.rows.get("images", 0) + (file.rows or 0)
            check_images(
                self.folder / file.path,
                file.path,
                session,
                self.tables["images"],
                columns,
                frames,
                self.findings,
                deep=self.deep,
            )

    def _columns(self, file: DatasetFile) -> list[str] | None:
        """Check a shard's schema; give its good columns, or None if it can't be read."""
        if file.path not in self._usable or file.config not in self.tables:
            return None
        table: Table = self.tables[file.config]
        path = self.folder / file.path
        columns = check_shard(path, file, table, self.findings)
        if columns is not None:
            import pyarrow.parquet as pq

            check_columns(pq.read_schema(path).names, file.config, file.path, self.findings)
        return columns

    def _read(self, file: DatasetFile) -> tuple[pa.Table | None, list[str]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = self._columns(file)
        if columns is None:
            return None, []
        try:
            table = pq.read_table(self.folder / file.path, columns=columns)
        except (pa.ArrowException, OSError, ValueError) as error:
            self._wrong("SHARD_UNREADABLE", file.path, f"It can't be read: {error}.")
            return None, []
        config = str(file.config)
        self.rows[config] = self.rows.get(config, 0) + table.num_rows
        return table, columns

    def _check_session_id(
        self, session: DatasetSession, table: pa.Table, file: DatasetFile
    ) -> None:
        import pyarrow.compute as pc

        if "session_id" in table.column_names:
            names = pc.unique(table["session_id"]).to_pylist()
            if any(name != session.session_id for name in names):
                self._wrong(
                    "SESSION_OF_ROWS",
                    file.path,
                    f"It has rows of {', '.join(map(str, names))}, not {session.session_id}.",
                )

    def _wanted_ticks(self, path: str, frames: pa.Table | None) -> NDArray[np.int64]:
        import numpy as np
        import pyarrow.compute as pc

        name = f"{Path(path).stem}_pts"
        if frames is None or Path(path).stem not in VIEWS or name not in frames.column_names:
            return np.empty(0, dtype=np.int64)
        return np.asarray(pc.unique(frames[name].drop_null()), dtype=np.int64)

    def _wrong(self, code: str, file: str, message: str) -> None:
        self.findings.add(code, message, file=file, fix=_PACK_AGAIN)
