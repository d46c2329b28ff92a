"""One short drive with gaze in the road view by the true homographies, and ways to look at overlays."""

import shutil

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.session import open_session
from dashgaze.stages.frames import frames


def fill(root, truth_root, *, names=None):
    """Write the road columns of the frame table from the truth, as `align` would."""
    path = root / "derived" / "frames.parquet"
    table = pq.read_table(path)
    truth = pq.read_table(truth_root / "truth" / "frames.parquet")
    stamps = table["timestamp_ns"].to_numpy()
    recording = open_session(root).recording()
    true_s = truth["t_tracker_s"].to_numpy()
    seconds = (stamps - recording.first_frame_ns) / 1e9 + true_s[0]
    rows = np.abs(true_s[None] - seconds[:, None]).argmin(axis=1)
    homography = np.stack(truth["H"].to_pylist())[rows]
    count = len(rows)
    here = table["road_frame_index"].is_valid().to_numpy()
    road = on_road(recording, homography, table)
    width, height = 640, 360
    inside = (road >= 0).all(axis=1) & (road <= (width - 1, height - 1)).all(axis=1)
    columns = {
        "homography_source": pa.array(["direct" if each else "none" for each in here]),
        "homography_error_px": pa.array(np.full(count, 0.4, np.float32), mask=~here),
        "gaze_road_x_px": pa.array(road[:, 0], mask=~(here & np.isfinite(road[:, 0]))),
        "gaze_road_y_px": pa.array(road[:, 1], mask=~(here & np.isfinite(road[:, 1]))),
        "gaze_road_in_view": pa.array(inside, mask=~here),
        "gaze_road_cov_xx_px2": pa.array(np.full(count, 0.2, np.float32), mask=~here),
        "gaze_road_cov_xy_px2": pa.array(np.full(count, 0.0, np.float32), mask=~here),
        "gaze_road_cov_yy_px2": pa.array(np.full(count, 0.2, np.float32), mask=~here),
        "road_from_ego": pa.FixedSizeListArray.from_arrays(
            pa.array(homography.ravel()),
            type=table.schema.field("road_from_ego").type,
            mask=pa.array(~here),
        ),
    }
    write_columns(root, columns)
    return homography


def on_road(recording, homography, table):
    from dashgaze.alignment.ego_camera import EgoCamera

    scene = recording.scene_camera
    camera = EgoCamera(scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px))
    ego = np.column_stack([table[f"gaze_ego_{axis}_px"].to_numpy() for axis in "xy"])
    rays = np.column_stack([camera.undistort(ego), np.ones(len(ego))])
    image = np.einsum("nij,nj->ni", homography.reshape(-1, 3, 3), rays)
    return image[:, :2] / image[:, 2:]


def write_columns(root, columns):
    """Put columns into the frame table of a session."""
    path = root / "derived" / "frames.parquet"
    table = pq.read_table(path)
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        table = table.set_column(place, field, pa.array(values, type=field.type))
    pq.write_table(table, path)


def movie(path):
    """All pictures of a video as RGB, shape (n, h, w, 3), and their times, s."""
    with av.open(str(path)) as container:
        pictures = [
            (each.time, each.to_ndarray(format="rgb24")) for each in container.decode(video=0)
        ]
    return np.stack([picture for _, picture in pictures]), np.array([time for time, _ in pictures])


@pytest.fixture(scope="session")
def framed(short_drive, made_drive, tmp_path_factory):
    """The drive with clocks and frames, and no gaze in the road view; not to be changed."""
    root = short_drive.copy_of(made_drive, tmp_path_factory.mktemp("framed") / "short")
    frames(short_drive.set_clocks(root))
    return root


@pytest.fixture(scope="session")
def filled(framed, tmp_path_factory):
    """The drive with gaze in the road view as well; not to be changed."""
    root = tmp_path_factory.mktemp("filled") / "short"
    shutil.copytree(framed, root)
    fill(root, root)
    (root / "derived" / "gaze.parquet").unlink()  # no trail over what is measured
    return root


@pytest.fixture
def copy(tmp_path):
    """Give a copy of a session that may be changed."""

    def copied(root, name="short"):
        return shutil.copytree(root, tmp_path / name)

    return copied


@pytest.fixture(name="movie")
def movie_fixture():
    return movie


@pytest.fixture(name="write_columns")
def write_columns_fixture():
    return write_columns
