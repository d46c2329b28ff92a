"""Reading the shards of a data set, only the columns that are asked for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DatasetFile

_BATCH_ROWS = 65_536


def read_batches(folder: Path, file: DatasetFile, columns: Sequence[str]) -> Iterator[Any]:
    """Read a shard in record batches of bounded size.

    Parameters
    ----------
    folder
        The data set's folder.
    file
        The shard, as the manifest lists it.
    columns
        Names of the columns.

    Yields
    ------
    pyarrow.RecordBatch
        Rows in their order.

    Raises
    ------
    InputError
        If the shard is missing, no parquet file, or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / file.path
    try:
        with pq.ParquetFile(path, pre_buffer=False) as parquet:
            missing = sorted(set(columns) - set(parquet.schema_arrow.names))
            if missing:
                raise InputError(
                    f"{path} has no column {', '.join(missing)}.",
                    fix="Pack the data set again with this version of dashgaze.",
                    path=path,
                )
            yield from parquet.iter_batches(
                batch_size=_BATCH_ROWS, columns=list(columns), use_threads=False
            )
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{path} can't be read: {' '.join(str(error).split())}.",
            fix="Pack the data set again.",
            path=path,
        ) from error
