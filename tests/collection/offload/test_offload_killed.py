"""An offload that is killed at any moment goes on, and ends with equal copies."""

import asyncio
import json
import os
import random
import subprocess
import sys
import time

import pytest

from dashgaze.collection.offload import offload, verify

KILLS = 20

SCRIPT = """
import asyncio, sys
from pathlib import Path
from dashgaze.collection.offload import offload, resumable_copy
resumable_copy.CHECKPOINT_BYTES = 1 << 20
print("ready", flush=True)
asyncio.run(offload(Path(sys.argv[1]), phone=Path(sys.argv[2]), tracker=Path(sys.argv[3]),
                    second_copy=Path(sys.argv[4])))
print("done", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_killed_at_random_moments_it_goes_on_and_ends_with_equal_copies(field):
    for name, size in (("rear_1.mp4", 40_000_000), ("front_1.mp4", 25_000_000)):
        field.add_video(name, size=size)
    chance = random.Random(7)
    arguments = [field.session, field.phone, field.export, field.root / "second"]
    resumed, kills = 0, 0
    while kills < KILLS:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.01, 0.5))
            if process.poll() is None:
                process.kill()
        kills += 1
        _nothing_half_has_a_name(field)
        resumed += any(field.session.rglob("*.part.json"))
        if kills % 4 == 0:  # begin anew, so that kills fall on each phase
            for path in [*field.session.glob("phone/*"), *field.session.glob("field/offload.json")]:
                path.unlink()
            for path in sorted((field.root / "second").rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
    assert resumed
    result = asyncio.run(
        offload(
            field.session,
            phone=field.phone,
            tracker=field.export,
            second_copy=field.root / "second",
        )
    )
    assert result.complete
    assert all(check.ok for check in verify(field.session, second_copy=field.root / "second"))
    assert not list(field.session.rglob("*.part*"))


def _nothing_half_has_a_name(field):
    """What bears its name is whole, and what the record says is true."""
    for name, target in (("rear_1.mp4", "road.mp4"), ("front_1.mp4", "driver.mp4")):
        copy = field.session / "phone" / target
        if copy.exists():
            assert copy.read_bytes() == (field.phone / name).read_bytes()
    record = field.session / "field" / "offload.json"
    if record.exists():
        for each in json.loads(record.read_text())["files"]:
            assert (field.session / each["target"]).stat().st_size == each["size_bytes"]
