"""Boxes from files: what is read, what is refused, where they are placed."""

import json

import numpy as np
import pytest

from dashgaze.analysis.objects.box_coco import read_box_coco
from dashgaze.analysis.objects.box_csv import read_box_csv, write_box_csv
from dashgaze.analysis.objects.box_traffic import traffic_of_boxes
from dashgaze.analysis.objects.boxes import ObjectBoxes
from dashgaze.analysis.objects.iou_tracks import with_tracks
from dashgaze.analysis.objects.placing import boxes_of_dataset, place_boxes, read_boxes
from dashgaze.analysis.objects.visible_parts import visible_parts
from dashgaze.analysis.study.opening import open_dataset
from dashgaze.errors import InputError

HEAD = "session_id,road_frame_index,x_px,y_px,width_px,height_px,class,score,track_id\n"


def boxes_of(corners, picture=None, *, clock="frame_index", pictures=None, **changes):
    corners = np.array(corners, dtype=np.float64).reshape(-1, 4)
    picture = np.zeros(len(corners)) if picture is None else np.array(picture)
    count = pictures or int(picture.max(initial=0)) + 1
    given = {
        "session_id": "session_001",
        "clock": clock,
        "moment": np.arange(count, dtype=np.float64),
        "picture": picture.astype(np.int64),
        "corners_px": corners,
        "kind": np.full(len(corners), "car"),
        "score": np.ones(len(corners)),
        "track_id": np.full(len(corners), -1),
    }
    return ObjectBoxes(**(given | changes))


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_file_gives_boxes_and_searched_pictures(tmp_path):
    path = written(
        tmp_path / "b.csv",
        HEAD
        + "session_001,5,10,20,30,40,car,0.5,7\nsession_001,7,,,,,,,\nsession_002,5,1,2,3,4,bus,,\n",
    )
    found = read_box_csv(path)
    assert sorted(found) == ["session_001", "session_002"]
    first = found["session_001"]
    assert first.moment.tolist() == [5, 7]
    assert first.corners_px.tolist() == [[10, 20, 40, 60]]
    assert (first.kind[0], first.score[0], first.track_id[0]) == ("car", 0.5, 7)
    assert found["session_002"].score[0] == 1.0


def test_pictures_between_boxes_count_as_searched_and_it_is_said_where_no_row_is_empty(tmp_path):
    path = written(
        tmp_path / "b.csv",
        HEAD + "".join(f"s,{index},1,1,5,5,car,,\n" for index in (0, 2, 4, 10)),
    )
    found = read_box_csv(path)["s"]
    assert found.moment.tolist() == [0, 2, 4, 6, 8, 10]
    assert found.picture.tolist() == [0, 1, 2, 5]
    assert "no rows for pictures without boxes" in found.notes[0]


def test_boxes_survive_being_written_and_read(tmp_path):
    boxes = boxes_of(
        [[1, 2, 30, 40], [5, 6, 70, 80]],
        [0, 2],
        kind=np.array(["car", 'a "b", c']),
        size_px=(96, 64),
    )
    again = read_box_csv(write_box_csv(tmp_path / "b.csv", {"session_001": boxes}))["session_001"]
    assert again.corners_px.tolist() == boxes.corners_px.tolist()
    assert again.kind.tolist() == boxes.kind.tolist()
    assert again.moment.tolist() == [0, 1, 2]
    assert again.size_px == (96, 64)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("s,1,1,1,0,5,car,,\n", "without an area"),
        ("s,1,1,,5,5,car,,\n", "half a box"),
        ("s,-1,1,1,5,5,car,,\n", "before the first"),
        ("s,1,1,1,5,5,car,1.5,\n", "score"),
        ("s,1,1,1,5,5,,,\n", "without a class"),
        (",1,1,1,5,5,car,,\n", "names no session"),
        ("s,1,one,1,5,5,car,,\n", "not as expected"),
    ],
)
def test_a_bad_row_is_refused_and_named(tmp_path, row, says):
    with pytest.raises(InputError, match=says):
        read_box_csv(written(tmp_path / "b.csv", HEAD + row))


def test_a_file_without_the_columns_says_which_are_missing(tmp_path):
    with pytest.raises(InputError, match="lacks the columns session_id"):
        read_box_csv(
            written(tmp_path / "b.csv", "x_px,y_px,width_px,height_px,class\n1,1,1,1,car\n")
        )
    with pytest.raises(InputError, match="has no rows"):
        read_box_csv(written(tmp_path / "b.csv", HEAD))


def coco(tmp_path, **changes):
    content = {
        "images": [
            {"id": 1, "file_name": "session_001/000240.jpg", "width": 640, "height": 360},
            {"id": 2, "file_name": "session_001/000242.jpg", "width": 640, "height": 360},
        ],
        "annotations": [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 30, 40]}],
        "categories": [{"id": 3, "name": "car"}],
    }
    return written(tmp_path / "b.json", json.dumps(content | changes))


def test_coco_says_by_file_names_where_boxes_belong(tmp_path):
    found = read_box_coco(coco(tmp_path))["session_001"]
    assert (found.clock, found.moment.tolist()) == ("road_frame_index", [240, 242])
    assert found.corners_px.tolist() == [[1, 2, 31, 42]]
    assert found.size_px == (640, 360)


def test_coco_takes_the_names_of_packed_pictures_for_ego_frames(tmp_path):
    images = [{"id": 1, "file_name": "session_001_000120_road.jpg"}]
    found = read_box_coco(coco(tmp_path, images=images))["session_001"]
    assert (found.clock, found.moment.tolist()) == ("frame_index", [120])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"annotations": [{"image_id": 9, "category_id": 3, "bbox": [1, 2, 3, 4]}]}, "picture 9"),
        ({"images": [{"id": 1, "file_name": "photo.jpg"}]}, "does not say"),
        ({"images": []}, "no pictures"),
        ({"categories": None}, "not COCO"),
    ],
)
def test_bad_coco_is_refused(tmp_path, changes, says):
    with pytest.raises(InputError, match=says):
        read_box_coco(coco(tmp_path, **changes))


def test_what_is_no_json_is_refused(tmp_path):
    with pytest.raises(InputError, match="not JSON"):
        read_box_coco(written(tmp_path / "b.json", "{"))


def test_boxes_of_another_size_are_scaled_if_they_say_so_and_else_refused(made_study):
    session = made_study.plain_session(100)
    scaled = place_boxes(boxes_of([[10, 20, 30, 40]], size_px=(640, 360)), session)
    assert scaled.boxes.corners_px.tolist() == [[20, 40, 60, 80]]
    with pytest.raises(InputError, match="another shape"):
        place_boxes(boxes_of([[10, 20, 30, 40]], size_px=(640, 480)), session)
    with pytest.raises(InputError, match="another size"):
        place_boxes(boxes_of([[10, 20, 1900, 1000]]), session)
    with pytest.raises(InputError, match="another size"):
        place_boxes(boxes_of([[10, 20, 600, 350]] * 60), session)


def test_boxes_beyond_the_picture_are_cut_and_those_outside_left_out_with_a_note(made_study):
    corners = [[-20, 10, 30, 40], [-30, 0, -10, 9], *([[600, 300, 1280, 700]] * 5)]
    placed = place_boxes(boxes_of(corners), made_study.plain_session(100))
    assert placed.boxes.corners_px[0].tolist() == [0, 10, 30, 40]
    assert len(placed.boxes) == 6
    assert "1 boxes" in placed.notes[0]


def test_pictures_beyond_the_session_are_refused(made_study):
    boxes = boxes_of([[1, 1, 1000, 600]] * 2, [0, 1], moment=np.array([5.0, 400.0]))
    with pytest.raises(InputError, match="beyond its frames"):
        place_boxes(boxes, made_study.plain_session(100))


def test_frames_get_the_nearest_searched_picture_within_a_tenth_of_a_second(made_study):
    boxes = boxes_of([[1, 1, 1000, 600]], moment=np.array([10.0, 40.0]), clock="road_frame_index")
    session = made_study.plain_session(60)
    placed = place_boxes(boxes, session, road_frame_index=np.arange(60) + 0.0)
    near = np.flatnonzero(placed.picture_of_row >= 0)
    assert near.tolist() == [*range(7, 14), *range(37, 44)]
    assert placed.picture_of_row[10] == 0
    assert placed.picture_of_row[40] == 1


def test_a_session_that_the_data_set_has_not_is_refused(packed_labels):
    opened = open_dataset(packed_labels)
    with pytest.raises(InputError, match="has not"):
        boxes_of_dataset(opened, {"session_999": boxes_of([[1, 1, 1000, 600]])})
    with pytest.raises(InputError, match="no boxes of any"):
        boxes_of_dataset(opened, {})


def test_a_csv_of_boxes_is_placed_at_the_frames_of_a_data_set(packed_labels, tmp_path):
    opened = open_dataset(packed_labels)
    name = next(iter(opened.rows))
    index = opened.table("frames", name, ["road_frame_index"]).column(0).to_pylist()
    rows = "".join(f"{name},{each},600,300,200,100,car,,\n" for each in index if each is not None)
    placed = boxes_of_dataset(opened, read_boxes([written(tmp_path / "b.csv", HEAD + rows)]))[name]
    given = np.array([each is not None for each in index])
    assert (placed.picture_of_row[given] >= 0).all()
    assert (placed.boxes.track_id == 0).all()


def test_overlap_makes_tracks_of_the_same_class():
    corners = [
        [0, 0, 100, 100],
        [500, 0, 600, 100],
        [10, 0, 110, 100],
        [505, 0, 605, 100],
        [20, 0, 120, 100],
    ]
    kind = np.array(["car", "car", "car", "bus", "car"])
    tracks = with_tracks(boxes_of(corners, [0, 0, 1, 1, 2], kind=kind)).track_id
    assert tracks[0] == tracks[2] == tracks[4]
    assert len({tracks[0], tracks[1], tracks[3]}) == 3
    given = boxes_of(corners, [0, 0, 1, 1, 2], track_id=np.array([9, 8, 9, 8, 9]))
    assert with_tracks(given) is given


def test_visible_parts_cover_the_union_once_and_nearer_boxes_hide_others():
    rng = np.random.default_rng(2)
    low = rng.integers(0, 60, (40, 2))
    corners = np.concatenate([low, low + rng.integers(1, 40, (40, 2))], axis=1)
    boxes = boxes_of(corners, np.repeat(np.arange(4), 10))
    parts = visible_parts(boxes)
    for picture in range(4):
        owner = np.full((100, 100), -1)
        mine = np.flatnonzero(boxes.picture == picture)
        for box in mine[np.argsort(boxes.corners_px[mine, 3], kind="stable")]:
            left, top, right, bottom = boxes.corners_px[box].astype(int)
            owner[top:bottom, left:right] = box
        seen = np.zeros((100, 100), dtype=int)
        for part in range(parts.first[picture], parts.first[picture + 1]):
            left, top, right, bottom = parts.corners_px[part].astype(int)
            seen[top:bottom, left:right] += 1
        np.testing.assert_array_equal(seen, owner >= 0)


def test_traffic_is_told_by_near_vehicles_only(made_study):
    session = made_study.plain_session(900)
    corners = [[600, 340, 700, 420]] * 3 + [[600, 300, 610, 310]] * 9 + [[100, 300, 160, 500]] * 9
    kind = np.array(["car"] * 12 + ["pedestrian"] * 9)
    every = np.tile(np.array(corners), (900, 1))
    boxes = boxes_of(every, np.repeat(np.arange(900), 21), kind=np.tile(kind, 900))
    traffic = traffic_of_boxes(place_boxes(boxes, session), session)
    assert traffic.source == "boxes"
    assert set(traffic.level.tolist()) == {1}


def test_a_picture_number_far_beyond_any_drive_is_named(tmp_path):
    path = tmp_path / "boxes.csv"
    heading = "session_id,road_frame_index,x_px,y_px,width_px,height_px,class"
    rows = [f"s1,{number},1,2,30,40,car" for number in (0, 1, 2, 2**32)]
    path.write_text("\n".join([heading, *rows]) + "\n")
    with pytest.raises(InputError, match="no drive is that long"):
        read_box_csv(path)
