"""What has to be settled by people before a data set is published."""

from __future__ import annotations

from pathlib import Path

from dashgaze.schemas.dataset_manifest import DATASET_MANIFEST_NAME, DatasetManifest

from .validate_report import DatasetFindings

REASON = "as_recorded_reason"
"""The option in which it is written why pictures of others were packed as recorded."""

_PAPERS = ("DATASHEET.md", "README.md", "DUA.md", "LICENSE", "CITATION.cff")
_REQUIRED = ("DATASHEET.md", "README.md", "LICENSE")


def check_release(folder: Path, manifest: DatasetManifest, findings: DatasetFindings) -> None:
    """Check that no question is open in the papers, and that somebody answers for what is shown."""
    for name in _PAPERS:
        path = folder / name
        if not path.is_file():
            if name in _REQUIRED:
                findings.add(
                    "RELEASE_PAPER_MISSING",
                    "It is not there.",
                    file=name,
                    fix="Pack the data set again.",
                )
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        open_ = [(number, line) for number, line in enumerate(lines, 1) if "TODO" in line]
        if open_:
            number, line = open_[0]
            findings.add(
                "RELEASE_TODO",
                f"{len(open_)} lines hold an open question, the first is line {number}: {line.strip()[:80]}",
                file=name,
                fix="Answer them in about.yaml and pack again with `--about about.yaml`.",
            )
    shown = [s.session_id for s in manifest.sessions if s.outward_pictures == "as_recorded"]
    reason = manifest.options.get(REASON)
    if shown and not (isinstance(reason, str) and reason.strip()):
        findings.add(
            "RELEASE_AS_RECORDED",
            f"Ego and road pictures of {len(shown)} sessions show others as recorded, and it is not "
            "said why that may be.",
            file=DATASET_MANIFEST_NAME,
            fix="Type `dashgaze anonymize` on the drives and pack without --as-recorded.",
        )
