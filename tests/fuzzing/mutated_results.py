"""Damage to what the stages wrote: tables, records, reports."""

import io
import json
import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from fuzz_mutation import mutate
from mutated_files import Mutation, content_of, rewrite


def results() -> Iterable[Mutation]:
    for kind in ("frames", "table"):
        for number in range(6):
            yield Mutation(
                name=f"{kind} changed inside {number}",
                change=content_of(
                    kind, lambda content, rng: mutate(content, "x.parquet", rng), "changed inside"
                ),
            )
    yield Mutation(
        name="frames of another session",
        change=content_of("frames", _other_session, "of another session"),
    )
    yield Mutation(name="frames half the rows", change=content_of("frames", _half, "half the rows"))
    yield Mutation(name="frames no rows", change=content_of("frames", _no_rows, "no rows"))
    for kind in ("time map", "record", "report"):
        for number in range(5):
            yield Mutation(
                name=f"{kind} changed inside {number}",
                change=content_of(kind, _json_changed, "changed inside"),
            )
    yield Mutation(name="records of another version", change=_versions)
    maps: dict[str, dict[str, Any]] = {
        "time map huge offset": {"offset_s": 1e300},
        "time map huge drift": {"drift_ppm": 1e12},
        "time map clock stands": {"drift_ppm": -1e6},
        "time map backwards": {"phone_start_s": 9.0, "phone_end_s": -9.0},
        "time map without length": {"phone_start_s": 1.0, "phone_end_s": 1.0},
    }
    for name, change in maps.items():
        yield Mutation(name=name, change=content_of("time map", _segment(change), name))
    yield Mutation(name="derived a file", change=_derived_a_file)
    yield Mutation(name="derived a link away", change=_derived_a_link)
    yield Mutation(name="derived with rests of killed runs", change=_rests)


def _table(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def apply(content: bytes) -> bytes:
        import pyarrow.parquet as pq

        sink = io.BytesIO()
        pq.write_table(change(pq.read_table(io.BytesIO(content))), sink)
        return sink.getvalue()

    return apply


def _other_session(content: bytes, rng: random.Random) -> bytes:
    import pyarrow as pa

    def change(table: Any) -> Any:
        at = table.column_names.index("session_id")
        return table.set_column(at, "session_id", pa.array(["another"] * table.num_rows))

    return _table(change)(content)


def _half(content: bytes, rng: random.Random) -> bytes:
    return _table(lambda table: table.slice(0, table.num_rows // 2))(content)


def _no_rows(content: bytes, rng: random.Random) -> bytes:
    return _table(lambda table: table.slice(0, 0))(content)


def _json_changed(content: bytes, rng: random.Random) -> bytes:
    return mutate(content, "x.json", rng)


def _segment(values: dict[str, Any]) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        document = json.loads(content)
        document["segments"] = [segment | values for segment in document["segments"]]
        return json.dumps(document).encode()

    return change


def _versions(root: Path, rng: random.Random) -> str:
    for path in sorted((root / "derived").glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if isinstance(content, dict) and isinstance(content.get("versions"), dict):
            content["versions"] = dict.fromkeys(content["versions"], "99")
            rewrite(path, json.dumps(content).encode())
    return "derived: records of another version"


def _derived_a_file(root: Path, rng: random.Random) -> str:
    shutil.rmtree(root / "derived", ignore_errors=True)
    (root / "derived").write_bytes(b"x")
    return "derived: is a file"


def _derived_a_link(root: Path, rng: random.Random) -> str:
    shutil.rmtree(root / "derived", ignore_errors=True)
    (root / "derived").symlink_to("nowhere/at/all", target_is_directory=True)
    return "derived: links to nowhere"


def _rests(root: Path, rng: random.Random) -> str:
    derived = root / "derived"
    for name in ("frames.parquet", "align.json", "report.html"):
        (derived / f".{name}.abc123.part").write_bytes(rng.randbytes(500))
    (derived / "parts").mkdir(exist_ok=True)
    (derived / "parts" / "000.npz").write_bytes(b"PK\3\4" + rng.randbytes(200))
    return "derived: rests of killed runs"
