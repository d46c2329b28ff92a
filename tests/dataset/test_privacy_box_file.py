"""Boxes from a file: silence is no verdict, and what is not as it should be is named."""

import pytest

from dashgaze.dataset.privacy.box_file import read_boxes
from dashgaze.errors import InputError

HEADER = "view,frame_index,x_px,y_px,width_px,height_px,class,confidence\n"


@pytest.fixture
def read(tmp_path):
    def write_and_read(text: str, *, header: str = HEADER):
        path = tmp_path / "boxes.csv"
        path.write_bytes((header + text).encode())
        return read_boxes(path)

    return write_and_read


def test_boxes_and_verdicts_by_view_and_class(read):
    boxes = read(
        "road,0,512.0,300.5,20,26,face,0.91\nroad,0,1,2,3,4,face,\nroad,0,,,,,plate,\nroad,2,,,,,,\n"
        "ego,7,5,6,7,8,plate,0.5\n"
    )
    road = boxes.views["road"]
    assert [(each.x_px, each.confidence) for each in road.regions[0]] == [(512.0, 0.91), (1.0, 1.0)]
    assert road.searched == {"face": {0, 2}, "plate": {0, 2}}
    assert boxes.views["ego"].searched == {"face": set(), "plate": {7}}
    assert "driver" not in boxes.views
    assert boxes.facts["name"] == "boxes.csv"


def test_spaces_a_byte_order_mark_and_windows_line_ends_do_no_harm(read):
    text = "\ufeff" + HEADER.replace("\n", "\r\n") + "road, 3 ,1,2,3,4, face ,0.5\r\n"
    assert read(text, header="").views["road"].searched["face"] == {3}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("road,1,1,2,3,4,face,0.5,7", "line 2: 9 values, 8 were expected"),
        ("road,1,1,2,3", "line 2: 5 values"),
        ("rear,1,1,2,3,4,face,0.5", "the view 'rear'; ego, road or driver was expected"),
        ("road,-1,1,2,3,4,face,0.5", "the frame index '-1'"),
        ("road,1.5,1,2,3,4,face,0.5", "the frame index '1.5'"),
        ("road,²,1,2,3,4,face,0.5", "the frame index '²'"),
        ("road,1,1,2,3,4,dog,0.5", "the class 'dog'; face or plate was expected"),
        ("road,1,1,2,,4,face,0.5", "a box needs"),
        ("road,1,1,2,3,4,,0.5", "a box needs"),
        ("road,1,a,2,3,4,face,0.5", "could not convert"),
        ("road,1,nan,2,3,4,face,0.5", "not finite"),
        ("road,1,1,2,0,4,face,0.5", "no area"),
        ('road,1,1,2,3,4,"face,0.5', "is not CSV"),
    ],
)
def test_a_wrong_row_is_named(read, row, said):
    with pytest.raises(InputError, match=said) as error:
        read(row + "\n")
    assert "boxes.csv" in error.value.what
    assert "view,frame_index" in error.value.fix


def test_a_file_that_is_cut_short_within_a_line_is_refused(read):
    with pytest.raises(InputError, match="cut short"):
        read("road,0,1,2,3,4,face,0.5\nroad,1,1,2,3,4,fa")


def test_other_columns_bytes_and_places_are_refused(read, tmp_path):
    with pytest.raises(InputError, match=r"has the columns frame, x"):
        read("", header="frame,x\n")
    with pytest.raises(InputError, match=r"has the columns \(none\)|cut short"):
        read("", header="")
    (tmp_path / "boxes.csv").write_bytes(HEADER.encode() + b"road,\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_boxes(tmp_path / "boxes.csv")
    with pytest.raises(InputError, match="can't be read"):
        read_boxes(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="can't be read"):
        read_boxes(tmp_path)
