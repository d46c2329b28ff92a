import cv2
import numpy as np
import pytest

from dashgaze.analysis.saliency.map_folder import find_maps, read_map
from dashgaze.densities.grid import Grid
from dashgaze.errors import InputError

GRID = Grid(columns=4, rows=2)
SIZE = (400, 200)


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, values)
    else:
        path.write_bytes(cv2.imencode(".png", values)[1].tobytes())
    return path


def test_maps_are_found_by_session_and_frame_with_or_without_zeros(tmp_path) -> None:
    for name in ("s1/000007.png", "s1/8.npy", "s1/notes.txt", "other/1.png", "s2/.1.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    found = find_maps(tmp_path, {"s1", "s2"})
    assert {name: sorted(frames) for name, frames in found.paths.items()} == {"s1": [7, 8]}
    assert found.unknown == ("other",)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["s1/frame_1.png"], "not named by a frame"),
        (["s1/1.png", "s1/01.npy"], "two maps"),
        (["elsewhere/1.png"], "no maps of the data set's sessions"),
        ([], "no maps"),
    ],
)
def test_names_that_mean_nothing_are_refused(tmp_path, names, words) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match=words):
        find_maps(tmp_path, {"s1"})


def test_a_missing_folder_is_told(tmp_path) -> None:
    with pytest.raises(InputError, match="no folder"):
        find_maps(tmp_path / "none", {"s1"})


@pytest.mark.parametrize("ending", ["png", "npy"])
def test_values_become_probabilities_of_cells(tmp_path, ending) -> None:
    values = np.zeros((200, 400), dtype=np.uint8)
    values[:100, :100] = 30  # the first cell
    values[100:, 300:] = 10  # the last one
    found = read_map(write(tmp_path / f"1.{ending}", values), SIZE, GRID)
    assert found == pytest.approx([0.75, 0, 0, 0, 0, 0, 0, 0.25])


def test_maps_of_any_size_and_depth_give_the_same(tmp_path) -> None:
    small = np.zeros((20, 40), dtype=np.uint16)
    small[:10, :10], small[10:, 30:] = 60_000, 20_000
    colour = np.repeat((small // 1000).astype(np.uint8)[..., None], 3, axis=2)
    for name, values in (("a.png", small), ("b.npy", small / 7.0), ("c.png", colour)):
        found = read_map(write(tmp_path / name, values), SIZE, GRID)
        assert found == pytest.approx([0.75, 0, 0, 0, 0, 0, 0, 0.25])


def test_a_map_of_nothing_says_nothing(tmp_path) -> None:
    assert np.isnan(read_map(write(tmp_path / "1.npy", np.zeros((20, 40))), SIZE, GRID)).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ones((40, 20)), "another shape"),
        (np.ones((30, 40)), "another shape"),
        (np.full((20, 40), -1.0), "below 0"),
        (np.full((20, 40), np.nan), "not finite"),
        (np.ones((20, 40, 3)), "no grey map"),
        (np.full((20, 40), "a"), "no grey map"),
    ],
)
def test_what_is_no_map_of_the_picture_is_refused(tmp_path, values, words) -> None:
    with pytest.raises(InputError, match=words):
        read_map(write(tmp_path / "1.npy", values), SIZE, GRID)


def test_broken_files_and_pickles_are_refused(tmp_path) -> None:
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="no picture"):
        read_map(tmp_path / "1.png", SIZE, GRID)
    np.save(tmp_path / "2.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="can't be read"):
        read_map(tmp_path / "2.npy", SIZE, GRID)


def test_colours_of_a_heat_map_are_no_map(tmp_path) -> None:
    colours = np.zeros((20, 40, 3), dtype=np.uint8)
    colours[..., 2] = 200
    with pytest.raises(InputError, match="not colours"):
        read_map(write(tmp_path / "1.png", colours), SIZE, GRID)
