"""Freed memory that is kept: where the C library can, and only there."""

import ctypes
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from dashgaze.heap import keep_freed_memory

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
MIB = 1 << 20

COUNT = """
import resource, sys
import numpy as np
if "keep" in sys.argv:
    from dashgaze.heap import keep_freed_memory
    assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for number in range(40):
    if number == 20:
        before = faults()
    [np.ones(3 * 2**20, dtype=np.uint8) for _ in range(3)]
print(faults() - before)
"""


@pytest.fixture
def library(monkeypatch):
    """Put another C library in the place of this one; give what is asked of it."""

    def put(answer):
        calls = []

        def mallopt(name, value):
            calls.append((name, value))
            return answer(name, value)

        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))
        return calls

    return put


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library can't be told")
def test_pictures_come_into_memory_that_is_mapped_already():
    def count(*arguments: str) -> int:
        result = subprocess.run(
            [sys.executable, "-c", COUNT, *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return int(result.stdout)

    # Twenty times three pictures of 768 pages each, anew each time.
    assert count("keep") < count() / 10


def test_tells_the_library_all_three(library):
    calls = library(lambda name, value: 1)
    assert keep_freed_memory() is True
    assert dict(calls) == {
        M_MMAP_THRESHOLD: 256 * MIB,
        M_TRIM_THRESHOLD: 512 * MIB,
        M_TOP_PAD: 64 * MIB,
    }


def test_an_old_library_maps_only_what_is_larger_than_it_takes(library):
    calls = library(lambda name, value: int(name != M_MMAP_THRESHOLD or value <= 32 * MIB))
    assert keep_freed_memory() is True
    assert dict(calls)[M_MMAP_THRESHOLD] == 32 * MIB


@pytest.mark.parametrize("deaf", [M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD])
def test_a_library_that_refuses_is_told_of(library, deaf):
    library(lambda name, value: int(name != deaf))
    assert keep_freed_memory() is False


def test_nothing_changes_elsewhere(library, monkeypatch):
    calls = library(lambda name, value: 1)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
    assert calls == []


@pytest.mark.parametrize("error", [OSError, None])
def test_a_library_without_such_settings(monkeypatch, error):
    def load(name):
        if error is not None:
            raise error("no library")
        return SimpleNamespace()

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert keep_freed_memory() is False
