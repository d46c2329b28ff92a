"""Anonymized views: everything found is covered, and what can't be judged does not leave."""

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dashgaze.dataset.privacy import (
    AnonymizeOptions,
    Region,
    anonymize,
    anonymized_view,
    read_anonymized_record,
)
from dashgaze.dataset.privacy.covering import LEVEL_STEP
from dashgaze.dataset.privacy.options import MARGIN_PX, MARGIN_SHARE
from dashgaze.dataset.video.view_source import open_view
from dashgaze.errors import InputError, MediaError
from dashgaze.media import probe

WAIVED = {"face": "there is nobody", "plate": "there is no car"}


@pytest.fixture(scope="module")
def drives() -> ModuleType:
    path = Path(__file__).with_name("privacy_session.py")
    spec = importlib.util.spec_from_file_location("privacy_session_for_views", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(drives, tmp_path_factory) -> Path:
    return drives.make(tmp_path_factory.mktemp("made") / "drive")


@pytest.fixture(scope="module")
def made_other(drives, tmp_path_factory) -> Path:
    """The same drive past another face and another plate."""
    return drives.make(tmp_path_factory.mktemp("made") / "other", identity=3, text="ZX98")


@pytest.fixture
def session(drives, made, tmp_path):
    return drives.copy_of(made, tmp_path / "drive")


@pytest.fixture
def boxes(drives, tmp_path):
    """Boxes of everything, but for what a test leaves out."""
    return lambda **given: drives.write_boxes(tmp_path / "boxes.csv", drives.box_rows(**given))


class Fake:
    """Finds the face and the plate of the road view, as its test wants it to."""

    def __init__(self, answer, classes=("face", "plate")) -> None:
        self.answer, self.classes, self.asked = answer, frozenset(classes), 0
        self.name, self.facts = "fake", {"version": "1"}

    def detect(self, picture: np.ndarray) -> Sequence[Region]:
        self.asked += 1
        return self.answer(self.asked - 1, picture)

    def close(self) -> None:
        pass


def pictures(session, view, path=None) -> dict[int, np.ndarray]:
    return {
        each.frame_index: each.picture.y.astype(float)
        for each in open_view(session, view, path=path).pictures()
    }


def face_area(drives, index: int) -> tuple[slice, slice]:
    x, y = map(int, drives.face_place(index))
    return np.s_[y : y + 30, x : x + 24]


def test_road_and_ego_are_made_and_the_driver_is_left_alone(session, boxes):
    record = anonymize(session, AnonymizeOptions(boxes=boxes()))
    assert record == session.derived / "anonymized.json"
    assert anonymized_view(session, "road") == session.derived / "anonymized" / "road.mp4"
    assert anonymized_view(session, "ego") == session.derived / "anonymized" / "ego.mp4"
    assert anonymized_view(session, "driver") is None
    for view in ("road", "ego"):
        source = open_view(session, view)
        copy = open_view(session, view, path=anonymized_view(session, view))
        assert copy.ticks.tolist() == source.ticks.tolist()
    assert probe(anonymized_view(session, "road")).audio is None


def test_consent_that_says_blurred_adds_the_driver(drives, made, tmp_path, boxes):
    session = drives.copy_of(made, tmp_path / "drive", scope="blurred")
    anonymize(session, AnonymizeOptions(boxes=boxes()))
    before = pictures(session, "driver")
    after = pictures(session, "driver", anonymized_view(session, "driver"))
    for index in before:
        assert after[index][40:100, 20:68].std() < 0.5 * before[index][40:100, 20:68].std()


def test_two_people_and_two_plates_can_not_be_told_apart_and_the_rest_is_as_it_was(
    drives, made, made_other, tmp_path, boxes
):
    options = AnonymizeOptions(boxes=boxes(), views=("road",))
    views = []
    for root in (made, made_other):
        session = drives.copy_of(root, tmp_path / root.name)
        anonymize(session, options)
        views.append(
            (pictures(session, "road"), pictures(session, "road", anonymized_view(session, "road")))
        )
    (one, one_covered), (other, other_covered) = views
    errors = []
    for index in one:
        inside = np.zeros(one[index].shape, bool)
        for place, size in (
            (drives.face_place(index), drives.FACE_PX),
            (drives.plate_place(index), drives.PLATE_PX),
        ):
            x, y = map(int, place)
            inside[y : y + size[1], x : x + size[0]] = True
            area = np.s_[y : y + size[1], x : x + size[0]]
            assert np.abs(one[index][area] - other[index][area]).mean() > 10
            left = np.abs(one_covered[index][area] - other_covered[index][area])
            # One step of a mean, and coding; the features themselves differ by up to 100.
            assert left.max() <= LEVEL_STEP + 5
            margin = max(MARGIN_SHARE * max(size), MARGIN_PX) + 2
            reach = int(np.ceil(margin))
            inside[
                max(0, y - reach) : y + size[1] + reach, max(0, x - reach) : x + size[0] + reach
            ] = True
        errors.append(((one[index] - one_covered[index])[~inside] ** 2).mean())
    psnr_db = 10 * np.log10(255**2 / np.mean(errors))
    assert psnr_db > 45


def test_frames_in_which_the_detector_was_blind_are_covered_where_the_face_is(
    drives, session, boxes
):
    lost = [*range(10, 18), 39]
    anonymize(session, AnonymizeOptions(boxes=boxes(lost=lost), views=("road",)))
    before = pictures(session, "road")
    after = pictures(session, "road", anonymized_view(session, "road"))
    for index in lost:
        area = face_area(drives, index)
        assert after[index][area].std() < 0.5 * before[index][area].std()
    faces = read_anonymized_record(session).views["road"].account.classes["face"]
    assert (faces.found, faces.added, faces.frames) == (31, 9, 40)


def test_the_record_says_what_looked_for_what_and_what_was_not_covered(session, boxes):
    detector = Fake(lambda number, picture: [], classes=("face",))
    options = AnonymizeOptions(boxes=boxes(), waivers={"plate": "no cars"}, method="fill")
    anonymize(session, options, detectors=[detector])
    content = json.loads((session.derived / "anonymized.json").read_text())
    road = content["views"]["road"]
    assert content["schema"] == "dashgaze/anonymized/1"
    assert road["account"]["frames"] == 40
    assert road["account"]["classes"]["face"]["searched_by"] == ["fake", "boxes.csv"]
    assert road["account"]["classes"]["plate"]["searched_by"] == ["boxes.csv"]
    options = road["record"]["options"]
    assert (options["method"], options["margin_share"]) == ("fill", MARGIN_SHARE)
    assert options["detectors"] == [
        {"name": "fake", "classes": ["face"], "facts": {"version": "1"}}
    ]
    assert len(options["boxes"]["sha256"]) == 64
    assert list(road["record"]["inputs"]) == ["phone/road.mp4"]
    assert str(session.root.parent) not in json.dumps(content)
    assert any("house numbers" in each for each in road["account"]["not_covered"])


def test_a_waiver_is_used_only_where_nothing_looks_and_is_written_down(session, boxes):
    path = boxes(ego=())
    anonymize(session, AnonymizeOptions(boxes=path, waivers=WAIVED))
    views = read_anonymized_record(session).views
    assert views["road"].account.classes["plate"].waived is None
    assert views["ego"].account.classes["plate"].waived == "there is no car"
    assert "Faces were not looked for, because: there is nobody" in views["ego"].account.not_covered


def test_nothing_is_done_again_unless_something_changed(session, boxes, made, drives):
    path = boxes()
    options = AnonymizeOptions(boxes=path, views=("road",))
    anonymize(session, options)
    made_at = anonymized_view(session, "road").stat().st_mtime_ns
    anonymize(session, options)
    assert anonymized_view(session, "road").stat().st_mtime_ns == made_at
    first = anonymized_view(session, "road").read_bytes()
    anonymize(session, options, force=True)
    assert anonymized_view(session, "road").stat().st_mtime_ns > made_at
    assert anonymized_view(session, "road").read_bytes() == first  # the same input, the same bytes
    drives.write_boxes(path, drives.box_rows(lost=[3]))
    anonymize(session, options)
    assert read_anonymized_record(session).views["road"].account.classes["face"].added == 1


def test_views_may_be_made_at_different_times_and_at_once(session, boxes):
    path = boxes()
    anonymize(session, AnonymizeOptions(boxes=path, views=("ego",)))
    anonymize(session, AnonymizeOptions(boxes=path, views=("driver", "road")), workers=2)
    assert set(read_anonymized_record(session).views) == {"ego", "road", "driver"}
    alone = anonymized_view(session, "road").read_bytes()
    anonymize(session, AnonymizeOptions(boxes=path, views=("road",)), force=True)
    assert anonymized_view(session, "road").read_bytes() == alone


# What is refused.


@pytest.mark.parametrize(
    ("given", "said", "fix"),
    [
        ({}, "Nothing looks for faces in the ego video", "--faces installed"),
        ({"waivers": {"face": "nobody"}}, "licence plates in the ego video", "--no-plates REASON"),
        ({"views": ("driver",)}, "faces in the driver video", "--boxes FILE.csv"),
        ({"views": ("driver",), "waivers": WAIVED}, "this can't be waived", "--faces installed"),
    ],
)
def test_a_class_that_nothing_looks_for_is_refused_before_any_work(session, given, said, fix):
    with pytest.raises(InputError, match=said) as error:
        anonymize(session, AnonymizeOptions(**given))
    assert fix in error.value.fix
    assert not (session.derived / "anonymized").exists()


def test_boxes_that_say_nothing_of_a_view_are_no_search(session, boxes):
    with pytest.raises(InputError, match=r"ego video, and boxes\.csv has no row on them"):
        anonymize(session, AnonymizeOptions(boxes=boxes(ego=())))


def test_a_detector_of_one_class_does_not_stand_for_the_other(session):
    detector = Fake(lambda number, picture: [], classes=("face",))
    with pytest.raises(InputError, match="licence plates in the ego video"):
        anonymize(session, detectors=[detector])
    assert detector.asked == 0


@pytest.mark.parametrize(
    ("road", "said"),
    [
        (range(39), "for 1 of 40 frames of the road video, the first of them 39"),
        ([*range(7), *range(9, 40)], "for 2 of 40 frames of the road video, the first of them 7"),
        (range(45), "has a frame 44 of the road video, which has 40 frames"),
    ],
)
def test_boxes_that_are_cut_short_or_of_another_video_are_refused(session, boxes, road, said):
    with pytest.raises(InputError, match=said):
        anonymize(session, AnonymizeOptions(boxes=boxes(road=road), views=("road",)))
    assert anonymized_view(session, "road") is None
    assert not (session.derived / "anonymized" / "road.mp4").exists()


def test_frames_searched_for_faces_only_have_no_verdict_on_plates(drives, session, tmp_path):
    rows = [row for row in drives.box_rows() if not row.startswith("road,5,") or "face" in row]
    path = drives.write_boxes(tmp_path / "boxes.csv", rows)
    with pytest.raises(InputError, match=r"verdict on faces and licence plates for 1 of 40 .* 5:"):
        anonymize(session, AnonymizeOptions(boxes=path, views=("road",)))


def test_pictures_without_a_verdict_can_be_covered_whole(drives, session, boxes):
    path = boxes(road=[*range(7), *range(9, 40)])
    anonymize(session, AnonymizeOptions(boxes=path, views=("road",), unjudged="cover"))
    after = pictures(session, "road", anonymized_view(session, "road"))
    before = pictures(session, "road")
    assert len(after) == 40
    for index in (7, 8):
        assert after[index].std() < 0.4 * before[index].std()
        assert np.abs(np.diff(after[index], axis=1)).max() < 12
    account = read_anonymized_record(session).views["road"].account
    assert account.frames_without_verdict == 2


def test_a_detector_that_fails_leaves_nothing_of_that_view(session):
    def answer(number, picture):
        if number == 60:
            raise InputError("The detector has no verdict.")
        return []

    with pytest.raises(InputError, match="no verdict"):
        anonymize(session, detectors=[Fake(answer)])
    views = read_anonymized_record(session).views
    assert "road" not in views
    assert anonymized_view(session, "road") is None
    left = {each.name for each in (session.derived / "anonymized").iterdir()}
    assert left == {"ego.mp4"} == {f"{view}.mp4" for view in views}  # the first was whole


def test_nothing_is_written_to_temporary_files_before_it_is_covered(session, tmp_path, monkeypatch):
    """While the detector works, no file beside the recording holds any picture."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    before = {each for each in tmp_path.rglob("*") if each.is_file()}
    seen = set()

    def answer(number, picture):
        seen.update(each for each in tmp_path.rglob("*") if each.is_file())
        return []

    anonymize(session, AnonymizeOptions(views=("road",)), detectors=[Fake(answer)])
    assert seen == before


def test_a_driver_who_is_not_found_is_covered_with_the_whole_picture(session, boxes):
    anonymize(session, AnonymizeOptions(boxes=_driver_boxes(boxes, range(6)), views=("driver",)))
    account = read_anonymized_record(session).views["driver"].account
    assert account.driver_not_found == 30 - 6 - 5  # found, and kept for some frames
    after = pictures(session, "driver", anonymized_view(session, "driver"))
    before = pictures(session, "driver")
    assert after[29].std() < 0.5 * before[29].std()
    # Far from the face only the late picture is covered.
    corner = np.s_[110:, 76:]
    assert after[3][corner].std() > 0.9 * before[3][corner].std()
    assert after[29][corner].std() < 0.4 * before[29][corner].std()


def _driver_boxes(boxes, found) -> Path:
    path = boxes(driver=found)
    rows = [f"driver,{index},,,,,face," for index in range(30) if index not in found]
    path.write_text(path.read_text() + "\n".join(rows) + "\n")
    return path


def test_a_driver_who_is_never_found_is_refused(session, boxes):
    with pytest.raises(InputError, match="No face was found in any of the 30 pictures"):
        anonymize(session, AnonymizeOptions(boxes=_driver_boxes(boxes, ()), views=("driver",)))
    assert anonymized_view(session, "driver") is None


def test_a_view_that_is_not_there_or_can_not_be_read_is_refused(session, boxes):
    path = boxes()
    session.road_path.write_bytes(b"nothing of a video")
    with pytest.raises(MediaError):
        anonymize(session, AnonymizeOptions(boxes=path, views=("road",)))
    session.driver_path.unlink()
    with pytest.raises(InputError):
        anonymize(session, AnonymizeOptions(boxes=path, views=("driver",)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"views": ("rear",)}, "The view rear"),
        ({"views": ()}, "The view"),
        ({"method": "smear"}, "The method 'smear'"),
        ({"unjudged": "keep"}, "'keep'"),
        ({"waivers": {"face": "  "}}, "No reason"),
        ({"margin_share": -0.1}, "The margin"),
        ({"margin_px": float("nan")}, "The margin"),
        ({"bridge_frames": -1}, "frames to bridge"),
        ({"crf": 60}, "The quality 60"),
    ],
)
def test_options_out_of_range_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        AnonymizeOptions(**given)
