"""Pictures cut out of a new video are those of a packed data set."""

import importlib.util
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.consent import release_under
from dashgaze.dataset.pictures.images import write_images
from dashgaze.media import read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.models.contract.pictures import PICTURE_SIZES_PX
from dashgaze.models.feeding.decoding import decode
from dashgaze.models.prediction.driver_tracking import TrackedFace
from dashgaze.models.prediction.head_turns import HeadTurns
from dashgaze.models.prediction.seen_frames import HeldPictures, SeenFrame, cut_out, samples_of
from dashgaze.schemas.face_table import LANDMARKS

EVERY = 6
HALF_PX = {name: (width // 2, height // 2) for name, (width, height) in PICTURE_SIZES_PX.items()}


@pytest.fixture(scope="module")
def packed(drive, tmp_path_factory):
    """A session whose driver video is turned by 90°, of variable frame rate and full of detail; its shard."""
    path = Path(__file__).parents[2] / "dataset" / "pictures_session.py"
    spec = importlib.util.spec_from_file_location("pictures_session_for_prediction", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    detail = drive.noise((256, 256), 5, 2)

    def shown(size_px, y):
        width, height = size_px
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        # Each frame shows another part of it.
        part = np.roll(detail, 7 * y, axis=0)[:height, :width] if width <= 256 else y - 100.0
        picture[:height] = np.clip(120 + 35 * part, 16, 235)
        return picture

    made.shown = shown
    folder = tmp_path_factory.mktemp("packed")
    session = made.make_session(folder / "tiny")
    frames = made.frame_table(session)
    shard = folder / "images.parquet"
    write_images(session, frames, release_under("raw", as_recorded=True), shard, every=EVERY)
    return made, session, pq.read_table(shard).to_pylist()


def face_of(row) -> TrackedFace:
    points = [[row[f"{name}_{axis}_px"] or np.nan for axis in "xy"] for name in LANDMARKS]
    sides = ("x", "y", "width", "height")
    return TrackedFace(
        box=np.array([row[f"face_{side}_px"] for side in sides]),
        landmarks=np.array(points, dtype=float),
        confidence=0.9,
        age_frames=0,
    )


@pytest.mark.parametrize("sizes_px", [PICTURE_SIZES_PX, HALF_PX], ids=["whole", "half"])
def test_crops_of_a_video_equal_those_of_the_packed_data_set(packed, sizes_px):
    made, session, rows = packed
    times = read_frame_times(session.driver_path)
    compared = 0
    with ColourReader(session.driver_path, times) as reader:
        for row in rows:
            index = made.driver_frame_of(row["frame_index"])
            if index is None:
                continue
            pictures = cut_out(reader.read(index), face_of(row), sizes_px)
            assert set(pictures) == set(PICTURE_SIZES_PX)
            for name, mine in pictures.items():
                theirs = decode(row[name]["bytes"], sizes_px[name], PICTURE_SIZES_PX[name])
                off = np.abs(mine.astype(float) - theirs)
                assert mine.shape == theirs.shape
                assert off.mean() < 3.0, (name, off.mean())
                # Half a pixel aside would be far more than what JPEG does.
                assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.99
                compared += 1
    assert compared >= 4 * 6


def test_another_frame_is_told_from_the_right_one(packed):
    made, session, rows = packed
    row = next(each for each in rows if made.driver_frame_of(each["frame_index"]) == 8)
    theirs = decode(row["face"]["bytes"], (224, 224), (224, 224))
    with ColourReader(session.driver_path, read_frame_times(session.driver_path)) as reader:
        wrong = cut_out(reader.read(9), face_of(row), {"face": (224, 224)})["face"]
    assert np.abs(wrong.astype(float) - theirs).mean() > 10


def seen(drive, index, pictures=None) -> SeenFrame:
    face = TrackedFace(
        box=drive.box(index), landmarks=drive.landmarks(index), confidence=0.9, age_frames=0
    )
    return SeenFrame(
        index=index,
        time_s=float(drive.TIMES_S[index]),
        face=face,
        pictures=pictures or {},
        head_pose_deg=np.full(3, np.nan),
    )


def test_pictures_in_memory_are_a_picture_source(drive):
    red = np.full((3, 4, 6), 7, np.uint8)
    source = HeldPictures([seen(drive, 0, {"face": red}), seen(drive, 1)])
    pictures, present = source.read(np.array([1, 0, 0]), "face", (6, 4))
    assert present.tolist() == [False, True, True]
    assert pictures[:, 0, 0, 0].tolist() == [0, 7, 7]
    assert source.take(np.array([1])).read(np.array([0]), "face")[1].tolist() == [False]


def test_samples_know_the_face_and_nothing_of_gaze(drive):
    samples = samples_of(
        [seen(drive, 3), seen(drive, 4)], road_size_px=(640, 360), driver_size_px=(320, 240)
    )
    assert samples.has_face.all()
    assert not samples.has_location.any()
    assert not samples.has_angle.any()
    assert samples.road_size_px.tolist() == [[640, 360]] * 2


def test_poses_in_blocks_are_those_of_the_whole_video(drive):
    frames = [seen(drive, index) for index in range(drive.COUNT)]

    def fitted(size):
        turns = HeadTurns((320, 240), fov_deg=None)
        parts = []
        for start in range(0, len(frames), size):
            some = frames[start : start + size]
            parts.append(
                turns.fit(
                    np.array([each.face.landmarks for each in some]),
                    np.array([each.face.box for each in some]),
                    np.array([each.time_s for each in some]),
                )
            )
        return np.concatenate(parts)

    whole = fitted(len(frames))
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(fitted(7), whole, atol=1e-6)
