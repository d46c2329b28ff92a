"""Arrays in temporary files have the values of those in memory, and do not count as memory."""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from dashgaze import scratch
from dashgaze.scratch import LEAST_BYTES, Shelf, Strip, forget, zeros

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
LARGE = LEAST_BYTES // 4 + 1000


def own_mb(kind: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(kind)).split()[1]) / 1024


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def no_room(monkeypatch):
    """A folder for temporary files that is not there."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")


def blocks(count=30, size=100_000):
    rng = np.random.default_rng(3)
    return [rng.standard_normal(size).astype(np.float32) for _ in range(count)]


@pytest.mark.parametrize("count", [10, LARGE])
def test_zeros_are_zeros_that_can_be_written(count):
    made = zeros((count, 1), np.float32)
    assert made.shape == (count, 1)
    assert not made.any()
    made[3] = 2.5
    forget(made[2:5])
    assert made.sum() == 2.5


@LINUX
def test_what_is_forgotten_is_no_memory_of_the_process():
    made = zeros(64 << 18, np.float32)  # 64 MB
    before = own_mb("RssAnon"), own_mb("RssFile")
    made[:] = 1
    assert own_mb("RssAnon") - before[0] < 16
    assert own_mb("RssFile") - before[1] > 48
    forget(made)
    assert own_mb("RssFile") - before[1] < 16
    assert made[-1] == 1


def test_forgetting_an_array_in_memory_or_of_another_file_does_nothing(tmp_path):
    mapped = np.memmap(tmp_path / "other", dtype=np.uint8, mode="w+", shape=(4096,))
    mapped[:] = 7
    forget(mapped)
    forget(np.ones(3))
    assert (mapped == 7).all()


@pytest.mark.parametrize("count", [0, 2, 30])
def test_a_strip_gives_its_blocks_one_after_the_other(count):
    strip, given = Strip(np.float32), blocks(count)
    for each in given:
        strip.append(each)
    found = strip.finish()
    assert np.array_equal(found, np.concatenate([np.zeros(0, np.float32), *given]))
    found /= 2
    assert not len(strip.finish())


def test_a_strip_takes_blocks_of_nothing():
    strip, given = Strip(np.float32), blocks()
    for each in given:
        strip.append(each[:0])
        strip.append(each)
    strip.append(given[0][:0])
    assert np.array_equal(strip.finish(), np.concatenate(given))
    assert strip.finish().shape == (0,)


def test_a_strip_goes_on_in_memory_when_the_disk_is_full(monkeypatch):
    strip, given = Strip(np.float32), blocks()
    for each in given[:20]:
        strip.append(each)

    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            self.file.write(bytes(data)[: len(data) // 2])
            raise OSError(28, "No space left on device")

        def __getattr__(self, name):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *rest):
            self.file.close()

    strip._file = Full(strip._file)
    for each in given[20:]:
        strip.append(each)
    assert np.array_equal(strip.finish(), np.concatenate(given))


def test_a_strip_that_nobody_finishes_leaves_no_open_file():
    strip = Strip(np.float32)
    for each in blocks():
        strip.append(each)
    assert strip._file is not None
    del strip  # a warning of an unclosed file would fail the test


def test_without_room_everything_is_in_memory(no_room):
    made = zeros(LARGE, np.float32)
    made += 1
    strip, given = Strip(np.float32), blocks()
    for each in given:
        strip.append(each)
    assert np.array_equal(strip.finish(), np.concatenate(given))
    shelf = Shelf()
    assert shelf.keep(given[0]) is given[0]
    shelf.forget()


def test_a_shelf_keeps_arrays_of_all_kinds_and_nobody_can_change_them():
    shelf = Shelf()
    given = [
        np.arange(7, dtype=np.int64),
        np.array([True, False]),
        np.array(["direct", "none", ""]),
        np.full((3, 2), np.nan),
        np.zeros((0, 2)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.float32(np.random.default_rng(1).standard_normal(5_000_000)),
        *blocks(60),
    ]
    kept = [shelf.keep(each) for each in given]
    shelf.forget()
    for each, there in zip(kept, given, strict=True):
        assert each.dtype == there.dtype
        assert np.array_equal(each, there, equal_nan=each.dtype.kind == "f")
    with pytest.raises(ValueError, match="read-only"):
        kept[0][0] = 1


def test_python_objects_stay_where_they_are():
    given = np.array([{}, None], dtype=object)
    assert Shelf().keep(given) is given


@LINUX
def test_its_files_have_no_name_and_end_with_the_arrays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = open_files()
    shelf = Shelf()
    kept = [shelf.keep(each) for each in blocks()]
    made = zeros(LARGE, np.float32)
    assert not list(tmp_path.iterdir())
    assert open_files() > before
    del kept, shelf, made
    assert open_files() == before


def test_where_the_system_reserves_no_room_it_is_written(monkeypatch):
    monkeypatch.delattr(scratch.os, "posix_fallocate", raising=False)
    made = zeros(LARGE, np.float32)
    assert not made.any()
