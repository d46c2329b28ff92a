"""Small drives to pack, and ways to change them."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from dashgaze.collection.simulation.session.simulate import SimulateOptions, simulate
from dashgaze.dataset.packing import assembly
from dashgaze.dataset.packing.options import PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.dataset.packing.pack_result import PackResult
from dashgaze.schemas.dataset_manifest import DatasetManifest

_TIME_MAP = {
    "schema": "dashgaze/time-map/1",
    "segments": [
        {
            "phone_start_s": 0.0,
            "phone_end_s": 24.0,
            "offset_s": 1.0,
            "drift_ppm": 0.0,
            "offset_se_ms": 1.0,
            "drift_se_ppm": 1.0,
        }
    ],
    "evidence": {
        "method": "sound",
        "windows_total": 8,
        "windows_used": 8,
        "inlier_share": 1.0,
        "peak_ratio": 2.0,
        "residual_mad_ms": 0.1,
        "overlap_s": 24.0,
        "second_witness": None,
        "driver_disagreement_ms": None,
        "wall_clock_disagreement_s": None,
    },
    "inputs": {},
    "options": {},
    "versions": {},
}


class Drives:
    """A folder of drives that a test may change: six drives, the first and the last of one driver."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def edit(self, name: str, **changes: Any) -> None:
        """Change keys of a session's manifest; None removes one."""
        path = self.folder / name / "session.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
        content = {key: value for key, value in content.items() if value is not None}
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def scope(self, name: str, scope: str) -> None:
        self.edit(name, consent={"version": "1.0", "scope": scope})

    def change_values(self, name: str) -> None:
        """Change a value of a session's frame table."""
        path = self.folder / name / "derived" / "frames.parquet"
        table = pq.read_table(path)
        column = table.schema.get_field_index("gaze_spread_px")
        field = table.schema.field(column)
        values = [7.25, *table.column(column).to_pylist()[1:]]
        pq.write_table(table.set_column(column, field, pa.array(values, field.type)), path)

    def verdict(self, name: str, verdict: str) -> None:
        """Let the sync stage have come to a verdict."""
        content = _TIME_MAP | {"verdict": verdict, "reasons": ["The sound was too weak."]}
        if verdict == "failed":
            content["segments"] = []
        path = self.folder / name / "derived" / "time_map.json"
        path.write_text(json.dumps(content), encoding="utf-8")

    def without(self, *names: str) -> list[Path]:
        """Give the folders of all other sessions."""
        return [each for each in sorted(self.folder.iterdir()) if each.name not in names]


@pytest.fixture(scope="session")
def made_labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels") / "drives"
    options = SimulateOptions(sessions=6, drivers=5, minutes=0.4, labels_only=True, seed=3)
    for path in simulate(folder, options).glob("*/session.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        del content["phone"][
            "intrinsics"
        ]  # a third of a test's time, if YAML is all there is to do
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


@pytest.fixture
def drives(made_labels: Path, tmp_path: Path) -> Drives:
    return Drives(Path(shutil.copytree(made_labels, tmp_path / "drives")))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "dashgaze"


@pytest.fixture
def short_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card of two lines in the place of papers, which take longer than the rest."""

    def write(folder: Path, manifest: DatasetManifest, about: object, **_: object) -> list[Path]:
        path = folder / "README.md"
        names = " ".join(entry.session_id for entry in manifest.sessions)
        path.write_text(f"{manifest.build}\n{names}\n{about!r}\n", encoding="utf-8")
        return [path]

    monkeypatch.setattr(assembly, "write_papers", write)


@pytest.fixture
def packed(drives: Drives, out: Path, short_papers: None) -> Callable[..., PackResult]:
    """Pack the drives, or others, into the data set of the test."""

    def run(where: Any = None, *, workers: int = 1, dry_run: bool = False, **options: Any) -> Any:
        chosen = PackOptions(**options)
        return pack(where or drives.folder, out, chosen, workers=workers, dry_run=dry_run)

    return run


@pytest.fixture
def tree() -> Callable[[Path], dict[str, str]]:
    """Give the digest of every file in a folder, by path."""

    def digests(folder: Path) -> dict[str, str]:
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return digests
