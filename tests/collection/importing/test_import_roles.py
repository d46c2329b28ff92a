"""Which file is which: told where it is clear, asked where it is not."""

import shutil
from pathlib import Path

import pytest

from dashgaze.collection.importing import import_session, part_number
from dashgaze.collection.importing.formats import moment_in_name
from dashgaze.errors import InputError

SOUND, SILENT = "sound", "silent"
WIDE, UPRIGHT = (96, 64), (48, 64)


@pytest.fixture
def import_videos(tiny, made, tmp_path):
    """Import a recording and videos of given names; give the names of road and driver video."""

    def run(videos, **named):
        folder = tmp_path / "card"
        shutil.copytree(made / "eye_tracker", folder / "eye_tracker")
        for number, (name, (sound, size_px)) in enumerate(videos.items()):
            tiny.write_road(
                folder / name,
                times_s=tiny.times_of(1.0 + number / 10),
                size_px=size_px,
                sound=tiny.make_noise(1.0, seed=number) if sound == SOUND else None,
            )
        named = {role: folder / name for role, name in named.items()}
        done = import_session([folder], tmp_path / "s07", **named)
        sources = {str(each.target): each.source.name for each in done.copied}
        roles = {Path(target).stem: name for target, name in sources.items() if "phone" in target}
        return roles | {"left_out": [path.name for path in done.left_out]}

    return run


CLEAR = {
    "by sound": (
        {"a.mp4": (SILENT, WIDE), "b.mp4": (SOUND, WIDE)},
        {"road": "b.mp4", "driver": "a.mp4"},
    ),
    "by shape": (
        {"a.mp4": (SOUND, UPRIGHT), "b.mp4": (SOUND, WIDE)},
        {"road": "b.mp4", "driver": "a.mp4"},
    ),
    "by name": (
        {"my-driver.mp4": (SOUND, WIDE), "the road.mp4": (SOUND, WIDE)},
        {"road": "the road.mp4", "driver": "my-driver.mp4"},
    ),
    "by number and sound": (
        {"cam_0.mp4": (SOUND, WIDE), "cam_1.mp4": (SILENT, UPRIGHT)},
        {"road": "cam_0.mp4", "driver": "cam_1.mp4"},
    ),
    "by time stamps in the names, which are no parts": (
        {"VID_20260512_093012.mp4": (SOUND, WIDE), "VID_20260512_093013.mp4": (SILENT, WIDE)},
        {"road": "VID_20260512_093012.mp4", "driver": "VID_20260512_093013.mp4"},
    ),
    "one video with sound": ({"x.mp4": (SOUND, WIDE)}, {"road": "x.mp4"}),
}


@pytest.mark.parametrize(("videos", "roles"), CLEAR.values(), ids=CLEAR.keys())
def test_clear(import_videos, videos, roles):
    assert import_videos(videos) == roles | {"left_out": []}


AMBIGUOUS = {
    "two alike": ({"a.mp4": (SOUND, WIDE), "b.mp4": (SOUND, WIDE)}, "road"),
    "two without sound": ({"a.mp4": (SILENT, WIDE), "b.mp4": (SILENT, WIDE)}, "road"),
    "sound and shape contradict": ({"a.mp4": (SOUND, UPRIGHT), "b.mp4": (SILENT, WIDE)}, "road"),
    "name and sound contradict": (
        {"road.mp4": (SILENT, WIDE), "driver.mp4": (SOUND, WIDE)},
        "road",
    ),
    "one without sound": ({"a.mp4": (SILENT, WIDE)}, "road"),
    "front and rear mean both": ({"front.mp4": (SOUND, WIDE), "rear.mp4": (SOUND, WIDE)}, "road"),
    "two drivers": (
        {"a.mp4": (SOUND, WIDE), "b.mp4": (SILENT, WIDE), "c.mp4": (SILENT, WIDE)},
        "driver",
    ),
    "a road and something": ({"road.mp4": (SOUND, WIDE), "b.mp4": (SOUND, WIDE)}, "driver"),
}


@pytest.mark.parametrize(("videos", "role"), AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_ambiguous(import_videos, tmp_path, videos, role):
    with pytest.raises(InputError, match=f"not clear which is the {role} video") as caught:
        import_videos(videos)
    assert "--road FILE" in caught.value.fix
    assert not (tmp_path / "s07").exists()


def test_no_video(import_videos):
    with pytest.raises(InputError, match="None of the given files can be the road video"):
        import_videos({})


def test_named_videos_need_no_evidence(import_videos):
    videos = {"a.mp4": (SILENT, UPRIGHT), "b.mp4": (SOUND, WIDE)}
    roles = import_videos(videos, road="a.mp4", driver="b.mp4")
    assert (roles["road"], roles["driver"]) == ("a.mp4", "b.mp4")


def test_one_named_video_tells_the_other(import_videos):
    videos = {"a.mp4": (SOUND, WIDE), "b.mp4": (SOUND, WIDE)}
    roles = import_videos(videos, driver="b.mp4")
    assert roles == {"road": "a.mp4", "driver": "b.mp4", "left_out": []}


def test_what_may_be_neither_is_left_out_and_told(import_videos):
    videos = {"a.mp4": (SOUND, WIDE), "b.mp4": (SOUND, WIDE)}
    assert import_videos(videos, road="b.mp4") == {"road": "b.mp4", "left_out": ["a.mp4"]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("road_1.mp4", "road_2.mp4"),
        ("road.mp4", "road (1).mp4"),
        ("VID_20260512_093012.mp4", "VID_20260512_093012_1.mp4"),
        ("drive part1.mp4", "drive part2.mp4"),
        ("Road-001.mp4", "road-002.mp4"),
    ],
)
class TestParts:
    def test_are_refused_by_name(self, import_videos, first, second):
        with pytest.raises(InputError, match="parts of one recording") as caught:
            import_videos({first: (SOUND, WIDE), second: (SOUND, WIDE)})
        assert f"'{first}'" in str(caught.value)
        assert f"'{second}'" in str(caught.value)

    def test_are_refused_even_if_one_is_named(self, import_videos, first, second):
        with pytest.raises(InputError, match="parts of one recording"):
            import_videos({first: (SOUND, WIDE), second: (SOUND, WIDE)}, road=first)

    def test_are_not_if_both_are_named(self, import_videos, first, second):
        roles = import_videos(
            {first: (SOUND, WIDE), second: (SOUND, WIDE)}, road=first, driver=second
        )
        assert (roles["road"], roles["driver"]) == (first, second)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("road_2.mp4", ("road", 2)),
        ("road.mp4", ("road", None)),
        ("road2.mp4", ("road", 2)),
        ("Road (2).mp4", ("road", 2)),
        ("road part 02.mp4", ("road", 2)),
        ("VID_20260512_093012.mp4", ("vid_20260512_093012", None)),
        ("VID_20260512_093012_003.mp4", ("vid_20260512_093012", 3)),
        ("IMG_0123.mp4", ("img_0123", None)),
        ("1.mp4", ("1", None)),
    ],
)
def test_part_numbers(name, expected):
    assert part_number(Path(name)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VID_20260512_093012.mp4", "2026-05-12 09:30:12"),
        ("PXL_20260512_073012123.mp4", "2026-05-12 07:30:12"),
        ("2026-05-12 09.30.12.mp4", "2026-05-12 09:30:12"),
        ("2026-05-12T09-30-12.mp4", "2026-05-12 09:30:12"),
        ("20260512_093012_1.mp4", "2026-05-12 09:30:12"),
        ("road.mp4", "None"),
        ("VID_20261312_093012.mp4", "None"),
        ("120260512_093012.mp4", "None"),
        ("20260512.mp4", "None"),
    ],
)
def test_moments_in_names(name, expected):
    assert str(moment_in_name(Path(name))) == expected


class TestSameFile:
    def test_in_two_roles(self, card, tmp_path):
        with pytest.raises(InputError, match="given twice: as --road and as --driver"):
            import_session(
                [card], tmp_path / "s", road=card / "road.mp4", driver=card / "." / "road.mp4"
            )

    def test_under_two_names(self, card, tmp_path):
        shutil.copy(card / "road.mp4", card / "zcopy.mp4")
        with pytest.raises(InputError, match=r"zcopy\.mp4 and .*road\.mp4 are the same file"):
            import_session([card], tmp_path / "s")

    def test_in_two_sources(self, card, tmp_path):
        with pytest.raises(InputError, match="are the same file"):
            import_session([card, card / "road.mp4"], tmp_path / "s")
