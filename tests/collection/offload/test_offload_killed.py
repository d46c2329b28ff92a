"""An offload that is killed at any moment goes on, and ends with equal copies."""

import asyncio
import json
import os
import random
import subprocess
import sys

import pytest

from dashgaze.collection.offload import offload, verify

KILLS = 20

# Says that it is ready, then for each time, s, that it is told: offloads, is killed after that time, and
# says so. Each offload is a process of its own; that of the script has imported all, once.
SCRIPT = """
import asyncio, os, signal, sys, time
from pathlib import Path
from dashgaze.collection.offload import offload, resumable_copy
resumable_copy.CHECKPOINT_BYTES = 1 << 20
session, phone, tracker, second = map(Path, sys.argv[1:])
print("ready", flush=True)
for line in sys.stdin:
    process = os.fork()
    if process == 0:
        asyncio.run(offload(session, phone=phone, tracker=tracker, second_copy=second))
        os._exit(0)
    time.sleep(float(line))
    os.kill(process, signal.SIGKILL)  # one that has ended is not waited for yet: it is no other's number
    _, status = os.waitpid(process, 0)
    print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_killed_at_random_moments_it_goes_on_and_ends_with_equal_copies(field):
    for name, size in (("rear_1.mp4", 40_000_000), ("front_1.mp4", 25_000_000)):
        field.add_video(name, size=size)
    chance = random.Random(7)
    arguments = [field.session, field.phone, field.export, field.root / "second"]
    resumed, killed = 0, 0
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as offloads:
        assert offloads.stdout.readline() == "ready\n"
        for number in range(1, KILLS + 1):
            print(chance.uniform(0.01, 0.5), file=offloads.stdin, flush=True)
            said = offloads.stdout.readline()
            assert said in ("killed\n", "ended 0\n")
            killed += said == "killed\n"
            _nothing_half_has_a_name(field)
            resumed += any(field.session.rglob("*.part.json"))
            if number % 4 == 0:  # begin anew, so that kills fall on each phase
                _begin_anew(field)
        offloads.stdin.close()
    assert killed >= KILLS / 2
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


def _begin_anew(field):
    for path in [*field.session.glob("phone/*"), *field.session.glob("field/offload.json")]:
        path.unlink()
    for path in sorted((field.root / "second").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


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
