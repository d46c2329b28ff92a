"""What came of packing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dashgaze.schemas.dataset_manifest import DatasetManifest, Split

from .admission import LeftOutDrive


@dataclass(frozen=True, kw_only=True)
class PackResult:
    """What came of packing; of a dry run, what would come of it.

    Attributes
    ----------
    path
        The data set's folder.
    manifest
        The data set as it is now; None for a dry run.
    changed
        Whether anything on the disk is other than before.
    written
        Sessions whose files were written, new or again.
    unchanged
        Sessions whose files were kept, because their drives are what they were.
    not_at_hand
        Sessions that stayed in the data set though their drives were not given.
    removed
        Sessions that were in the data set and are not any more.
    left_out
        Sessions among the drives that are not in the data set, and why.
    doubtful
        Sessions in it whose clocks are doubtful.
    notes
        What else a user should know.
    """

    path: Path
    manifest: DatasetManifest | None
    changed: bool
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    not_at_hand: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: tuple[LeftOutDrive, ...]
    doubtful: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> Mapping[str, Mapping[Split, int]]:
        """Rows of each table in each split."""
        if self.manifest is None:
            return {}
        return {config: self.manifest.rows(config) for config in self.manifest.tables}

    @property
    def size_bytes(self) -> int:
        """Size of all files of the data set but its manifest and checksums."""
        return 0 if self.manifest is None else sum(each.size_bytes for each in self.manifest.files)
