"""Faces that were found elsewhere."""

import numpy as np
import pytest

from dashgaze.errors import InputError
from dashgaze.face_detection import read_face_file
from dashgaze.face_detection.face_file import BOX, CONFIDENCE, INDEX, POINTS

HEADER = ",".join((INDEX, *BOX, CONFIDENCE))


def write(tmp_path, *lines, header=HEADER, end="\n"):
    path = tmp_path / "faces.csv"
    path.write_text("\n".join([header, *lines]) + end, encoding="utf-8")
    return path


def test_a_frame_may_have_several_faces_or_none(tmp_path):
    file = read_face_file(write(tmp_path, "3,1,2,30,40,0.9", "3,100,2,30,40,.5", "7,,,,,"))
    assert sorted(file.faces) == [3, 7]
    assert file.faces[3].boxes.tolist() == [[1, 2, 30, 40], [100, 2, 30, 40]]
    assert np.isnan(file.faces[3].landmarks).all()
    assert len(file.faces[7]) == 0


def test_landmarks_are_read_by_their_names_in_any_order(tmp_path):
    header = ",".join(["session_id", *reversed(POINTS), INDEX, *BOX, CONFIDENCE])
    numbers = ",".join(str(number) for number in range(10))
    file = read_face_file(write(tmp_path, f"s,{numbers},5,1,2,3,4,1", header=header))
    assert file.faces[5].landmarks[0].ravel().tolist() == list(range(9, -1, -1))


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["x,1,2,3,4,1"], "line 2: driver_frame_index is 'x'"),
        (["-1,1,2,3,4,1"], "line 2: driver_frame_index is '-1'"),
        (["0,1,2,3,4,1", "1,1,2,3,4"], "line 3: 5 values, 6 were expected"),
        (["0,1,2,3,,1"], "line 2: a face needs all of"),
        (["0,1,2,0,4,1"], "line 2: the box has no area"),
        (["0,nan,2,3,4,1"], "line 2: nan is no place"),
        (["0,1,2,3,1e9,1"], "line 2: 1e9 is no place"),
        (["0,1,2,3,4,1.2"], "0 … 1 was expected"),
        (["0,a,2,3,4,1"], "line 2: could not convert"),
        (['0,"1,2,3,4,1'], "is not CSV"),
    ],
)
def test_a_row_that_is_not_as_it_should_be_is_named(tmp_path, lines, what):
    with pytest.raises(InputError, match=what):
        read_face_file(write(tmp_path, *lines))


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("a,b", "has no column driver_frame_index"),
        (HEADER + "," + INDEX, "has a column twice"),
        (HEADER + ",nose_x_px", "columns of landmarks, but none left_eye_x_px"),
    ],
)
def test_a_header_that_is_not_as_it_should_be_is_refused(tmp_path, header, what):
    with pytest.raises(InputError, match=what):
        read_face_file(write(tmp_path, header=header))


def test_a_file_that_was_cut_short_is_refused(tmp_path):
    with pytest.raises(InputError, match="cut short"):
        read_face_file(write(tmp_path, "0,1,2,3,4,1", end=""))
    with pytest.raises(InputError, match="can't be read"):
        read_face_file(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        read_face_file(tmp_path / "b.csv")
