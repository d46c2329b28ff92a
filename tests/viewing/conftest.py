"""A short drive with frames and made-up gaze in the road view."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.stages.frames import frames

SOURCES = ("direct", "propagated", "none")


@pytest.fixture(scope="session")
def seen_drive(short_drive, made_drive, tmp_path_factory):
    """Source by turns of ten frames; gaze at (100 + row, 50), error 2 px; not to be changed."""
    root = short_drive.copy_of(made_drive, tmp_path_factory.mktemp("seen") / "short")
    path = frames(short_drive.set_clocks(root))
    table = pq.read_table(path)
    count = table.num_rows
    source = [SOURCES[row // 10 % 3] for row in range(count)]
    lost = np.array([each == "none" for each in source])
    values = {
        "gaze_road_x_px": 100.0 + np.arange(count),
        "gaze_road_y_px": np.full(count, 50.0),
        "gaze_road_cov_xx_px2": np.full(count, 4.0),
        "gaze_road_cov_xy_px2": np.zeros(count),
        "gaze_road_cov_yy_px2": np.full(count, 1.0),
        "homography_error_px": np.full(count, 2.0),
    }
    columns = {name: pa.array(each, mask=lost) for name, each in values.items()}
    columns["homography_source"] = pa.array(source)
    for name, each in columns.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        table = table.set_column(place, field, each.cast(field.type))
    pq.write_table(table, path)
    return root


@pytest.fixture
def copy(tmp_path):
    def copied(root):
        return shutil.copytree(root, tmp_path / "short")

    return copied
