"""Faces of a stretch of a video: damage, colours, what is kept of unfinished work, and real footage."""

from pathlib import Path

import numpy as np
import pytest

from dashgaze.face_detection import VideoFaces, choose_driver, head_poses, video_scan
from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.head_pose import camera_matrix
from dashgaze.face_detection.tracks import size_of
from dashgaze.face_detection.video_scan import FoundFaces, Stretch, bgr_of, scan_stretch
from dashgaze.media import LumaGap, read_frame_times
from dashgaze.media.colour import ColourPicture, ColourReader


def flat(index: int, size_px=(64, 48), *, y=81, u=90, v=240) -> ColourPicture:
    width, height = size_px
    half = ((height + 1) // 2, (width + 1) // 2)
    return ColourPicture(
        index=index,
        y=np.full((height, width), y, np.uint8),
        u=np.full(half, u, np.uint8),
        v=np.full(half, v, np.uint8),
    )


@pytest.mark.parametrize("size_px", [(64, 48), (33, 21)])
def test_colours_are_about_right_whatever_the_size(size_px):
    picture = bgr_of(flat(0, size_px))  # full red of BT.601
    assert picture.shape == (size_px[1], size_px[0], 3)
    assert np.abs(picture.reshape(-1, 3).astype(int) - [0, 0, 255]).max() < 6


class OneFace:
    name, facts, notes = "one", {}, ()

    def detect(self, picture, *, least_face_px=0.0) -> Faces:
        if picture.shape[0] < 40:
            return Faces.none()
        return Faces(
            boxes=np.array([[10.0, 10, 20, 25]]),
            confidence=np.array([0.9]),
            landmarks=np.zeros((1, 5, 2)),
        )


def test_pictures_that_cannot_be_decoded_have_no_face_and_are_counted(monkeypatch):
    class Reader:
        def __init__(self, path, times, **given):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def read(self, index):
            return LumaGap(index=index, reason="undecodable") if index == 4 else flat(index)

    monkeypatch.setattr(video_scan, "ColourReader", Reader)
    told = []
    found = scan_stretch(
        Stretch(path=Path("a.mp4"), times=None, index=np.array([2, 4, 6])),
        OneFace(),
        whole_every=1,
        report=told.append,
    )
    assert found.decoded.tolist() == [True, False, True]
    assert found.picture.tolist() == [0, 2]
    assert sum(told) == 3


def test_what_is_kept_comes_back_and_damage_is_noticed(planted, tmp_path):
    found = FoundFaces.of([planted((1, 2, 30, 40)), None, Faces.none()])
    path = tmp_path / "part.npz"
    found.save(path)
    again = FoundFaces.load(path, count=3)
    assert again.picture.tolist() == [0]
    assert again.faces.landmarks == pytest.approx(found.faces.landmarks)
    assert FoundFaces.load(path, count=4) is None
    assert FoundFaces.load(tmp_path / "none.npz", count=3) is None
    for length in (0, 40, path.stat().st_size - 30):
        path.write_bytes(path.read_bytes()[:length])
        assert FoundFaces.load(path, count=3) is None
    joined = FoundFaces.join([found, FoundFaces.of([planted((5, 5, 9, 9), (50, 5, 9, 9))])])
    assert joined.picture.tolist() == [0, 3, 3]
    assert joined.decoded.tolist() == [True, False, True, True]
    assert len(FoundFaces.join([]).faces) == 0


def test_real_footage_of_a_man_who_turns_his_head(mtcnn, shared_data):
    """Sixteen seconds by a phone held upright; at times the face is half out of the picture."""
    path = shared_data / "driver_view" / "man_indoors.mp4"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    times = read_frame_times(path)
    index = np.arange(0, len(times.pts), 10)
    found = scan_stretch(Stretch(path=path, times=times, index=index), mtcnn, whole_every=15)
    time_s = times.time_s[index]
    choice = choose_driver(VideoFaces(row=found.picture, boxes=found.faces.boxes, time_s=time_s))
    assert choice.verdict == "ok"
    seen = choice.face >= 0
    assert seen.mean() > 0.85
    faces = found.faces.select(choice.face[seen])
    assert (faces.landmarks[:, 0, 0] > faces.landmarks[:, 1, 0]).all()
    size_px = ColourReader(path, times).size_px
    poses = head_poses(faces.landmarks, size_of(faces.boxes), time_s[seen], camera_matrix(size_px))
    yaw, _, roll = poses.angles_deg.T
    assert np.isfinite(yaw).mean() > 0.9
    assert np.nanmin(yaw) < -20  # he looks to both sides
    assert np.nanmax(yaw) > 15
    assert np.nanmax(np.abs(roll)) < 20
