"""Following a face whose motion is known, and which frames a detector is asked for."""

import numpy as np
import pytest

from dashgaze.errors import InputError
from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.face_file import read_face_file
from dashgaze.media import read_frame_times
from dashgaze.media.colour import ColourPicture, ColourReader
from dashgaze.models.prediction.driver_place import DriverPlace, drivers_face, find_place
from dashgaze.models.prediction.driver_tracking import DriverTracker, TrackedFace
from dashgaze.models.prediction.face_following import FaceFollower
from dashgaze.models.prediction.stopwatch import Stopwatch
from dashgaze.progress import silent


def picture(drive, index, *, face=True) -> ColourPicture:
    grey = np.full((drive.DRIVER_PX[1] // 2, drive.DRIVER_PX[0] // 2), 128, np.uint8)
    return ColourPicture(index=index, y=drive.luma(index, face=face), u=grey, v=grey)


def tracker(detector, *, place=None, every=5, follow=True, most_age_s=1.0):
    return DriverTracker(
        detector, place, every=every, follow=follow, most_age_s=most_age_s, watch=Stopwatch()
    )


def test_landmarks_move_with_the_face_within_a_pixel(drive):
    follower = FaceFollower()
    follower.start(drive.luma(0), drive.box(0), drive.landmarks(0))
    for index in range(1, 15):
        assert follower.follow(drive.luma(index))
        assert np.abs(follower.landmarks - drive.landmarks(index)).max() < 1.0
        assert np.abs(follower.box - drive.box(index)).max() < 2.0
    assert np.abs(drive.landmarks(14) - drive.landmarks(0)).max() > 15


def test_a_face_that_vanishes_is_lost(drive):
    follower = FaceFollower()
    follower.start(drive.luma(0), drive.box(0), drive.landmarks(0))
    assert not follower.follow(np.full_like(drive.luma(0), 90))
    assert not follower.follow(drive.luma(0))


@pytest.mark.parametrize("follow", [True, False])
def test_between_looks_the_face_ages_and_is_followed_or_stays(drive, follow):
    detector = drive.TrueDetector()
    track = tracker(detector, follow=follow)
    for index in range(12):
        detector.index = index
        face = track.step(picture(drive, index), index / 30)
        assert isinstance(face, TrackedFace)
        assert face.age_frames == index % 5
        found = index if follow else index - index % 5
        assert np.abs(face.landmarks - drive.landmarks(found)).max() < 1.0
    assert track.looks == 3


def test_a_gap_in_time_has_the_face_looked_for_at_once(drive):
    detector = drive.TrueDetector()
    track = tracker(detector, every=100)
    assert [track.step(picture(drive, 0), time).age_frames for time in (0.0, 0.3, 5.0, 5.1)] == [
        0,
        1,
        0,
        1,
    ]


def test_a_face_that_is_gone_is_looked_for_more_often_and_found_again(drive):
    class Leaves(drive.TrueDetector):
        def detect(self, picture, *, least_face_px=0.0):
            return Faces.none() if 6 <= self.index < 20 else super().detect(picture)

    detector = Leaves()
    track = tracker(detector, every=6)
    seen = []
    for index in range(24):
        detector.index = index
        face = track.step(picture(drive, index), index / 30)
        seen.append(face if isinstance(face, str) else face.age_frames)
    assert seen[:6] == [0, 1, 2, 3, 4, 5]
    assert seen[6:20] == ["no_face"] * 14
    assert seen[20:] == [0, 1, 2, 3]


def test_only_a_passenger_is_no_driver(drive):
    place = DriverPlace(centre=np.array([40.0, 200.0]), size=30.0)
    detector = drive.TrueDetector()
    assert tracker(detector, place=place).step(picture(drive, 0), 0.0) == "others_only"


def test_the_face_nearest_to_the_driver_before_is_taken():
    two = Faces(
        boxes=np.array([[100.0, 50, 40, 40], [150.0, 50, 42, 42]]),
        confidence=np.ones(2),
        landmarks=np.zeros((2, 5, 2)),
    )
    place = DriverPlace(centre=np.array([175.0, 70.0]), size=41.0)
    before = np.array([108.0, 52, 40, 40])
    assert drivers_face(two, place, None, np.inf) == 1
    assert drivers_face(two, place, before, 0.1) == 0
    assert drivers_face(two, place, before, 3.0) == 1  # that long ago it tells nothing
    assert drivers_face(two, None, None, np.inf) == 1  # the larger
    assert drivers_face(Faces.none(), place, before, 0.1) is None


def test_a_file_of_faces_is_followed_between_its_frames_and_its_age_is_told(drive, tmp_path):
    path = drive.write_faces(tmp_path / "faces.csv", [3, 8], seen=lambda index: index != 8)
    track = tracker(read_face_file(path))
    seen = [track.step(picture(drive, index), index / 30) for index in range(10)]
    assert seen[:3] == ["not_looked_at"] * 3
    assert [face.age_frames for face in seen[3:8]] == [0, 1, 2, 3, 4]
    assert seen[8:] == ["no_face", "no_face"]


def test_a_face_of_a_file_that_is_too_old_does_not_count(drive, tmp_path):
    track = tracker(read_face_file(drive.write_faces(tmp_path / "faces.csv", [0])), follow=False)
    seen = [track.step(picture(drive, index), index * 0.4) for index in range(4)]
    assert [isinstance(each, TrackedFace) for each in seen] == [True, True, True, False]
    assert seen[3] == "too_old"


def test_two_people_alike_are_refused_until_the_side_is_given(drive, driver_video):
    class Two(drive.TrueDetector):
        def detect(self, picture, *, least_face_px=0.0):
            boxes = np.array([[30.0, 90, 60, 60], [210.0, 90, 61, 61]])
            return Faces(boxes=boxes, confidence=np.ones(2), landmarks=np.zeros((2, 5, 2)))

    times = read_frame_times(driver_video)
    index = np.arange(drive.COUNT)

    def find(side):
        with ColourReader(driver_video, times) as reader:
            return find_place(reader, times, index, Two(), side=side, progress=silent)

    with pytest.raises(InputError, match="--side left"):
        find(None)
    place, doubts = find("right")
    assert place.centre.tolist() == [240.5, 120.5]
    assert doubts == ()
