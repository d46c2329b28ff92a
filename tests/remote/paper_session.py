"""A session of a few small files; its results are made up, but their records are true.

Run as a program it works on a remote session and sends what it made; see `test_remote_killed`.
"""

import json
import sys
from pathlib import Path

from dashgaze.fingerprint import fingerprints
from dashgaze.remote import remote_session
from dashgaze.stages.record import plan_stage, write_record

MANIFEST = "schema: dashgaze/session/1\nsession_id: paper\n"


def inputs() -> dict[str, bytes]:
    return {
        "session.yaml": MANIFEST.encode(),
        "phone/road.mp4": bytes(range(256)) * 512,
        "phone/location.csv": b"timestamp [ns]\n",
        "eye_tracker/gaze ps1.raw": b"\0" * 200_000,
    }


def work(root: Path, content: str, *, names: tuple[str, ...] = ("frames", "gaze")) -> None:
    """Do what two stages do: outputs, then their record."""
    derived = root / "derived"
    (derived / "time_map.json").write_text(
        json.dumps({"inputs": {}, "versions": {}, "said": content}), encoding="utf-8"
    )
    paths = [derived / f"{name}.parquet" for name in names]
    for path in paths:
        path.write_text(f"{path.stem} {content}", encoding="utf-8")
    wanted = plan_stage("frames", version=1, options={}, inputs=[root / "phone"], root=root)
    write_record(derived / "frames.json", wanted.finished(paths, root=root))


def false_records(files: dict[str, bytes], folder: Path) -> list[str]:
    """Name the records among remote files whose outputs are not there as they say."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    false = []
    for name, data in files.items():
        outputs = json.loads(data).get("outputs", {}) if name.endswith(".json") else {}
        there = {each for each in outputs if (folder / each).is_file()}
        if fingerprints([folder / each for each in there], root=folder) != outputs:
            false.append(name)
    return false


if __name__ == "__main__":
    url, cache, options, content = sys.argv[1:]
    with remote_session(url, Path(cache), storage_options=json.loads(options)) as view:
        work(view, content)
