"""The ways of targets."""

import numpy as np
import pytest

from dashgaze.collection.targets import make_targets, read_targets, write_targets
from dashgaze.errors import InputError

SIZE_PX = (320, 180)


def read(tmp_path, text):
    path = tmp_path / "targets.csv"
    path.write_text("target_id,time_s,x_px,y_px\n" + text)
    return read_targets(path, size_px=SIZE_PX)


def test_between_its_points_a_target_goes_straight(tmp_path):
    car, sign = read(
        tmp_path, "sign,4,10,10\nsign,5,10,10\ncar,1,0,100\ncar,2,100,100\ncar,3,100,0\n"
    )
    assert (car.target_id, sign.target_id) == ("car", "sign")
    points = car.at(np.array([0.9, 1.0, 1.25, 2.0, 2.5, 3.0, 3.1]))
    assert np.isnan(points[[0, -1]]).all()
    assert points[1:-1].tolist() == [[0, 100], [25, 100], [100, 100], [100, 50], [100, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,1,10,10\n", "has 1 points"),
        ("a,1,10,10\na,1,20,10\n", "different times"),
        ("a,1,10,10\na,2,400,10\n", r"outside of the film's 320×180"),
        ("a,1,10,ten\na,2,20,10\n", "no number"),
        ("a,-1,10,10\na,2,20,10\n", "negative time"),
        ("a,nan,10,10\na,2,20,10\n", "no number"),
        (",1,10,10\n", "target_id ''"),
        ("a,1,1,1\na,3,1,1\nb,2,1,1\nb,4,1,1\n", "before 'a' ends"),
        ("", "no rows"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


def test_a_table_without_a_column_is_told_which(tmp_path):
    path = tmp_path / "targets.csv"
    path.write_text("target_id,time_s,x_px\na,1,2\n")
    with pytest.raises(InputError, match="no column y_px"):
        read_targets(path, size_px=SIZE_PX)


@pytest.mark.parametrize("count", [1, 2, 9, 20, 40])
def test_made_targets_can_be_read_again_and_cover_the_film(tmp_path, count):
    made = make_targets(count, duration_s=60, size_px=SIZE_PX)
    again = read_targets(write_targets(tmp_path / "t.csv", made), size_px=SIZE_PX)
    assert [each.target_id for each in again] == [each.target_id for each in made]
    assert all(np.allclose(a.points_px, b.points_px) for a, b in zip(again, made, strict=True))
    assert all(each.time_s[-1] - each.time_s[0] >= 0.79 for each in made)
    if count >= 9:
        middle = np.array([each.points_px.mean(axis=0) for each in made])
        assert (np.ptp(middle, axis=0) > np.array(SIZE_PX) * 0.5).all()


def test_more_targets_than_time_are_refused_with_the_most_there_can_be():
    with pytest.raises(InputError, match="At most 7"):
        make_targets(8, duration_s=10, size_px=SIZE_PX)
