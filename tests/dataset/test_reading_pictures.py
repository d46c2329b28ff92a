"""`open_video`: every frame exactly, in any order, from threads and worker processes."""

import multiprocessing
import os
import shutil
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.reading import frame_pictures, place
from dashgaze.dataset.reading.frame_pictures import open_video
from dashgaze.dataset.reading.open_decoders import OpenDecoders
from dashgaze.dataset.reading.video_pictures import VideoPictures
from dashgaze.errors import InputError, MediaError

SESSION = "session_001"
PATH = f"videos/{SESSION}/road.mp4"


@pytest.fixture(scope="module")
def rows(made_dataset) -> list[dict]:
    return pq.read_table(
        made_dataset / f"frames/train/{SESSION}.parquet",
        columns=["session_id", "road_frame_index", "road_pts", "ego_pts", "driver_pts"],
    ).to_pylist()


@pytest.fixture
def numbered(small_dataset, tmp_path):
    """Write a video whose pictures show their number; give it and its times."""

    def make(ticks, name="numbered.mp4") -> Path:
        return small_dataset.write_numbered_video(tmp_path / name, ticks)

    return make


def shown_in(picture: np.ndarray, small_dataset) -> int:
    return small_dataset.number_in(picture)


def test_every_frame_of_a_video_of_varying_rate_in_random_order(numbered, small_dataset):
    rng = np.random.default_rng(1)
    ticks = np.cumsum(rng.integers(1, 9000, 400)) - 1
    pictures = VideoPictures(numbered(ticks))
    for number in rng.permutation(400):
        assert shown_in(pictures.read(int(ticks[number])), small_dataset) == number


def test_ascending_descending_and_repeated_frames(numbered, small_dataset):
    ticks = np.arange(0, 90) * 3003
    pictures = VideoPictures(numbered(ticks))
    order = [*range(90), *range(89, -1, -1), 5, 5, 6, 5, 20, 21, 36, 35]
    for number in order:
        assert shown_in(pictures.read(int(ticks[number])), small_dataset) == number


def test_a_video_that_does_not_start_at_zero(numbered, small_dataset):
    """As the ego view's, where the first frames of the tracker are padding."""
    ticks = 270_000 + np.arange(40) * 2999
    pictures = VideoPictures(numbered(ticks))
    for number in (39, 0, 17, 16, 1):
        assert shown_in(pictures.read(int(ticks[number])), small_dataset) == number
    with pytest.raises(InputError, match="no picture at 0 ticks"):
        pictures.read(0)


def test_a_time_between_two_frames_is_refused_and_what_follows_is_still_exact(
    numbered, small_dataset
):
    ticks = np.arange(60) * 3000
    pictures = VideoPictures(numbered(ticks))
    for wrong in (1, 2999, 90_001, 59 * 3000 + 1, 10**9, -3000):
        with pytest.raises(InputError, match=f"no picture at {wrong} ticks"):
            pictures.read(wrong)
        assert shown_in(pictures.read(33_000), small_dataset) == 11


def test_the_rows_of_a_data_set_give_their_own_pictures(made_dataset, rows, small_dataset):
    rng = np.random.default_rng(2)
    for number in rng.permutation(len(rows))[:120]:
        row = rows[number]
        picture = open_video(row, "road", root=made_dataset)
        assert picture.shape == (64, 96, 3)
        assert picture.dtype == np.uint8
        assert shown_in(picture, small_dataset) == row["road_frame_index"]


def test_a_row_of_each_library_gives_the_same_picture(made_dataset, rows, hub_cache):
    datasets = pytest.importorskip("datasets")
    table = pq.read_table(made_dataset / f"frames/train/{SESSION}.parquet")
    loaded = datasets.load_dataset(str(made_dataset), split="train")
    wanted = open_video(rows[50], "road", root=made_dataset)
    for row in (
        loaded[50],
        loaded.with_format("numpy")[50],
        table.to_pandas().iloc[50],
        table.slice(50, 1),
    ):
        assert np.array_equal(open_video(row, "road", root=made_dataset), wanted)


def test_the_root_may_come_from_the_variable(made_dataset, rows, monkeypatch):
    monkeypatch.setenv("DASHGAZE_ROOT", str(made_dataset))
    assert open_video(rows[0], "ego").shape == (64, 96, 3)


def test_a_row_without_a_frame_says_so(made_dataset, rows):
    with pytest.raises(InputError, match=f"row of {SESSION} has no driver picture.*driver_pts"):
        open_video(rows[0], "driver", root=made_dataset)


def test_an_unknown_view_says_which_there_are(made_dataset, rows):
    with pytest.raises(InputError, match="no view 'world'; the views are ego, road, driver"):
        open_video(rows[0], "world", root=made_dataset)


def test_missing_videos_are_told_apart(dataset_copy, rows, small_dataset):
    row = rows[0]
    (dataset_copy / PATH).unlink()
    with pytest.raises(InputError, match=f"although it belongs to the data set.*{PATH}"):
        open_video(row, "road", root=dataset_copy)
    with pytest.raises(InputError, match="no road video of session_002: the driver's consent"):
        open_video(row | {"session_id": "session_002"}, "road", root=dataset_copy)
    with pytest.raises(InputError, match="no session 'session_999': the row is of another"):
        open_video(row | {"session_id": "session_999"}, "road", root=dataset_copy)
    small_dataset.seal(dataset_copy)
    with pytest.raises(InputError, match=f"no road video of {SESSION}.*--videos"):
        open_video(row, "road", root=dataset_copy)


def test_a_video_that_is_replaced_is_opened_anew(dataset_copy, rows, small_dataset):
    assert shown_in(open_video(rows[20], "road", root=dataset_copy), small_dataset) == 20
    ticks = [row["road_pts"] for row in rows]
    small_dataset.write_numbered_video(dataset_copy / PATH, ticks[10:])
    assert shown_in(open_video(rows[20], "road", root=dataset_copy), small_dataset) == 10


def test_from_the_hub_a_video_is_fetched(made_dataset, rows, monkeypatch):
    asked = []

    def fetch(where: place.Place, name: str) -> Path:
        asked.append((where.hub_id, name))
        return made_dataset / name

    monkeypatch.setattr(frame_pictures, "fetch", fetch)
    monkeypatch.setattr(frame_pictures, "refuse_unreachable", lambda where: None)
    picture = open_video(rows[3], "road", root="lab/drives")
    assert asked == [("lab/drives", PATH)]
    assert np.array_equal(picture, open_video(rows[3], "road", root=made_dataset))


@pytest.mark.parametrize("old", [False, True], ids=["high definition", "standard definition"])
@pytest.mark.parametrize("full", [False, True], ids=["levels of video", "full levels"])
def test_colours_are_right_for_every_matrix_and_range(tmp_path, old, full):
    """Red, green and blue come back, whichever way the file keeps them."""
    from av.video.reformatter import ColorRange, Colorspace

    path = tmp_path / "colours.mp4"
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :32, 0] = picture[:, 32:64, 1] = picture[:, 64:, 2] = 200
    matrix = Colorspace.ITU601 if old else Colorspace.ITU709
    level = ColorRange.JPEG if full else ColorRange.MPEG
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.colorspace = 6 if old else 1
        stream.codec_context.color_range = level
        stream.options = {"crf": "1"}
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=matrix, dst_color_range=level
        )
        frame.colorspace, frame.color_range = (6 if old else 1), level
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    shown = VideoPictures(path).read(0).astype(int)
    for column in (16, 48, 80):
        assert np.abs(shown[32, column] - picture[32, column]).max() <= 4


def test_what_is_no_video_is_bad_media(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"no video at all" * 100)
    with pytest.raises(MediaError, match=r"x\.mp4"):
        VideoPictures(tmp_path / "x.mp4")


def test_a_damaged_video_is_told_as_such_or_decoded(made_dataset, tmp_path, rows):
    path = tmp_path / "road.mp4"
    content = bytearray((made_dataset / PATH).read_bytes())
    half = len(content) // 2
    content[half : half + 2000] = os.urandom(2000)
    path.write_bytes(content)
    pictures = VideoPictures(path)
    for row in rows:
        try:
            pictures.read(row["road_pts"])
        except (MediaError, InputError) as error:
            assert error.path == path  # noqa: PT017  # some frames are still whole


def test_few_videos_stay_open_and_the_one_unused_for_longest_is_closed(numbered):
    opened = []

    class Counted(VideoPictures):
        def __init__(self, path):
            super().__init__(path)
            opened.append(self)

    paths = [numbered([0, 3000], f"{number}.mp4") for number in range(4)]
    decoders = OpenDecoders(2, Counted)
    for number in (0, 1, 0, 2, 3):
        with decoders.borrow(paths[number]) as pictures:
            pictures.read(3000)
    assert [(each.path.name, each.closed) for each in opened] == [
        ("0.mp4", True),
        ("1.mp4", True),
        ("2.mp4", False),
        ("3.mp4", False),
    ]
    assert len(decoders) == 2
    decoders.close()
    assert all(each.closed for each in opened)


def test_threads_share_few_decoders_without_mixing_up_pictures(numbered, small_dataset):
    ticks = np.arange(120) * 3003
    paths = [numbered(ticks, f"{number}.mp4") for number in range(3)]
    decoders = OpenDecoders(2)

    def read(task):
        path, number = task
        with decoders.borrow(path) as pictures:
            return shown_in(pictures.read(int(ticks[number])), small_dataset) == number

    rng = np.random.default_rng(4)
    tasks = [(paths[rng.integers(3)], int(rng.integers(120))) for _ in range(400)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, tasks))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forked_workers_read_on_their_own(made_dataset, rows, small_dataset):
    """Two processes that shared an open file would move each other's position."""
    open_video(rows[7], "road", root=made_dataset)

    pairs = [multiprocessing.Pipe(duplex=False) for _ in range(2)]
    children = []
    for seed, (_, sender) in enumerate(pairs):
        child = os.fork()
        if child == 0:
            fine = False
            signal.alarm(30)  # a child that waits for ever would keep the test from failing
            try:
                order = np.random.default_rng(seed).permutation(len(rows))[:150]
                fine = all(
                    shown_in(open_video(rows[n], "road", root=made_dataset), small_dataset)
                    == rows[n]["road_frame_index"]
                    for n in order
                )
            finally:
                sender.send(fine)
                os._exit(0)
        children.append(child)
    results = [receiver.recv() for receiver, _ in pairs]
    for child in children:
        os.waitpid(child, 0)
    assert results == [True, True]
    assert shown_in(open_video(rows[8], "road", root=made_dataset), small_dataset) == 8


def test_spawned_workers_read_too(made_dataset, rows):
    import functools

    wanted = [open_video(rows[number], "road", root=made_dataset).sum() for number in (3, 40)]
    context = multiprocessing.get_context("spawn")
    work = functools.partial(open_video, view="road", root=made_dataset)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        found = [picture.sum() for picture in pool.map(work, [rows[3], rows[40]])]
    assert found == wanted


def test_a_copy_of_the_folder_can_be_removed_while_its_videos_are_open(
    made_dataset, rows, tmp_path
):
    folder = Path(shutil.copytree(made_dataset, tmp_path / "dashgaze"))
    open_video(rows[0], "road", root=folder)
    shutil.rmtree(folder)
    with pytest.raises(InputError):
        open_video(rows[0], "road", root=folder)
