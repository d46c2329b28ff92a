"""Places of pictures in parquet files, against pyarrow."""

import copy

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.errors import InputError
from dashgaze.models.feeding.image_shard import ImageShard
from dashgaze.models.feeding.parquet_pages import UnknownLayoutError, find_places

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def _values(count: int, seed: int = 0) -> list[bytes | None]:
    random = np.random.default_rng(seed)
    return [
        None if random.random() < 0.3 else random.bytes(int(random.integers(0, 3000)))
        for _ in range(count)
    ]


def _write(path, values, **options):
    column = [None if each is None else {"bytes": each, "path": "a.jpg"} for each in values]
    table = pa.table({"number": range(len(values)), "driver": pa.array(column, type=IMAGE)})
    given = {"compression": "none", "use_dictionary": False} | options
    pq.write_table(table, path, **given)
    return path


def _places(path):
    content = path.read_bytes()
    places = find_places(content, pq.read_metadata(path), "driver.bytes")
    return [content[start : start + size] for start, size in places.tolist()]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"row_group_size": 37},
        {"data_page_size": 2000, "write_page_index": True, "write_page_checksum": True},
        {"data_page_version": "2.0", "data_page_size": 5000},
        {"use_content_defined_chunking": True},
    ],
    ids=["one page", "row groups", "small pages", "pages of version 2", "content-defined pages"],
)
def test_places_are_those_that_pyarrow_reads(tmp_path, options):
    values = _values(200)
    found = _places(_write(tmp_path / "a.parquet", values, **options))
    assert found == [value or b"" for value in values]


def test_a_column_of_nulls_only_or_of_values_only_is_placed(tmp_path):
    assert _places(_write(tmp_path / "a.parquet", [None] * 9)) == [b""] * 9
    values = [bytes([number]) * 5 for number in range(70)]
    assert _places(_write(tmp_path / "b.parquet", values)) == values


@pytest.mark.parametrize(
    "options", [{"compression": "zstd"}, {"use_dictionary": True}], ids=["compressed", "dictionary"]
)
def test_a_file_that_is_written_otherwise_is_read_by_pyarrow(tmp_path, options):
    values = [None, b"abc", b"abc", b"defg"] * 30
    path = _write(tmp_path / "a.parquet", values, row_group_size=50, **options)
    with pytest.raises(UnknownLayoutError):
        _places(path)
    shard = ImageShard(path)
    assert not shard.is_indexed("driver")
    order = np.random.default_rng(1).permutation(120).tolist()
    assert [shard.read(row, "driver") for row in order] == [values[row] for row in order]


def test_a_damaged_length_is_noticed(tmp_path):
    path = _write(tmp_path / "a.parquet", [b"x" * 500, b"y" * 500])
    content = bytearray(path.read_bytes())
    at = content.index(b"x" * 500) - 4
    content[at : at + 4] = (600).to_bytes(4, "little")
    with pytest.raises(UnknownLayoutError):
        find_places(bytes(content), pq.read_metadata(path), "driver.bytes")


def test_a_shard_opens_again_in_another_process(tmp_path):
    shard = ImageShard(_write(tmp_path / "a.parquet", [b"one", None, b"three"]))
    assert shard.read(2, "driver") == b"three"
    # What deepcopy copies is what would be sent to another process.
    again = copy.deepcopy(shard)
    assert again.read(0, "driver") == b"one"
    assert again.read(1, "driver") is None
    assert again.row_count == 3


def test_a_missing_column_and_a_broken_file_are_told(tmp_path):
    shard = ImageShard(_write(tmp_path / "a.parquet", [b"one"]))
    with pytest.raises(InputError, match="has no pictures 'face'"):
        shard.read(0, "face")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match=r"b\.parquet can't be read"):
        ImageShard(tmp_path / "b.parquet").read(0, "driver")
