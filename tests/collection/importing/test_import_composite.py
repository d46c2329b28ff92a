"""One video of two cameras becomes two: the very pixels, the very times, the very sound."""

import hashlib
import json
from itertools import pairwise

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from dashgaze.cli.application import app
from dashgaze.collection.importing import (
    Conditions,
    import_session,
    parse_layout,
    part_composite,
)
from dashgaze.collection.importing.layouts import as_coded
from dashgaze.collection.simulation.media_writer import FileOptions, cut_file, write_video
from dashgaze.errors import InputError, MediaError
from dashgaze.media import Sound, probe, read_frame_times, read_sound
from dashgaze.media.colour import ColourReader

SIZE_PX = (128, 96)
COUNT = 60
# What coding anew may change of the brightness of this pattern, the hardest there is.
NEAR = 10


def times():
    return 0.1 + np.cumsum(np.random.default_rng(2).uniform(0.02, 0.06, COUNT))


@pytest.fixture(scope="module")
def noise():
    samples = np.random.default_rng(1).normal(0, 0.1, 48_000 * 3).astype(np.float32)
    return Sound(samples=samples, rate_hz=48_000, start_s=0.05)


def pattern(index):
    """Blocks of 8 px, all of different brightness, that move on with the time."""
    columns, rows = SIZE_PX[0] // 8, SIZE_PX[1] // 8
    levels = 20 + (np.arange(columns * rows) * 37 + index * 9) % 200
    image = np.repeat(np.repeat(levels.reshape(rows, columns), 8, 0), 8, 1)
    return np.repeat(image[:, :, None], 3, 2).astype(np.uint8)


@pytest.fixture(scope="module")
def composite(tmp_path_factory, noise):
    """Write a composite that is turned like this."""
    folder = tmp_path_factory.mktemp("composite")

    def write(rotation_deg=0, *, mirrored=False, suffix=".mp4"):
        path = folder / f"composite_{rotation_deg}{mirrored}{suffix}"
        if not path.exists():
            write_video(
                path,
                times_s=times(),
                size_px=SIZE_PX,
                images=pattern,
                sound=noise,
                options=FileOptions(
                    rotation_deg=rotation_deg,
                    mirrored=mirrored,
                    b_frames=2,
                    video_options={"crf": "4"},
                ),
            )
        return path

    return write


def brightness(path, index):
    times_of = read_frame_times(path)
    with ColourReader(path, times_of) as reader:
        return np.array(reader.read(index).y, dtype=int)


def assert_same_place(path, source, box):
    """Whether a video shows a place of another, in every way of looking."""
    x, y, width, height = box
    for index in (0, 17, COUNT - 1):
        expected = brightness(source, index)[y : y + height, x : x + width]
        found = brightness(path, index)
        assert found.shape == (height, width)
        assert np.abs(found - expected).max() <= NEAR
        shifted = np.roll(expected, 8, axis=1)
        assert np.abs(found - shifted).max() > 3 * NEAR  # the pattern would tell
    found, expected = read_frame_times(path), read_frame_times(source)
    assert np.array_equal(found.time_s, expected.time_s)


@pytest.fixture
def card_with(tiny, made, tmp_path):
    """A card whose only video is this one."""

    def place(source, name="VID_1.mp4"):
        card = tiny.copy_of(made, tmp_path / "card")
        (card / "road.mp4").unlink()
        (card / "driver.mp4").unlink()
        (card / name).write_bytes(source.read_bytes())
        return card

    return place


HALVES = {
    ("lr", "left"): ((0, 0, 64, 96), (64, 0, 64, 96)),
    ("lr", "right"): ((64, 0, 64, 96), (0, 0, 64, 96)),
    ("tb", "top"): ((0, 0, 128, 48), (0, 48, 128, 48)),
    ("tb", "bottom"): ((0, 48, 128, 48), (0, 0, 128, 48)),
}


class TestImport:
    @pytest.mark.parametrize(("kind", "side"), HALVES)
    def test_halves(self, composite, card_with, tmp_path, kind, side):
        source = composite()
        card = card_with(source)
        layout = parse_layout(kind, side)
        done = import_session([card], tmp_path / "s07", layout=layout)
        phone = tmp_path / "s07" / "phone"
        road_box, driver_box = HALVES[kind, side]
        assert_same_place(phone / "road.mp4", source, road_box)
        assert_same_place(phone / "driver.mp4", source, driver_box)
        assert probe(phone / "driver.mp4").audio is None
        expected, found = (
            read_sound(path, rate_hz=48_000) for path in (source, phone / "road.mp4")
        )
        assert found.start_s == expected.start_s
        assert np.array_equal(found.samples, expected.samples)
        assert (phone / "original" / "VID_1.mp4").read_bytes() == source.read_bytes()
        assert (card / "VID_1.mp4").read_bytes() == source.read_bytes()
        record = json.loads((phone / "import.json").read_text())
        assert record["road"]["road_box_px"] == list(road_box)
        assert record["driver"]["driver_box_px"] == list(driver_box)
        assert (done.manifest.phone.road, done.manifest.phone.driver) == (
            "phone/road.mp4",
            "phone/driver.mp4",
        )
        sums = dict(
            line.split("  ", 1)[::-1]
            for line in (tmp_path / "s07" / "manifest-sha256.txt").read_text().splitlines()
        )
        for name in ("road.mp4", "driver.mp4", "import.json", "original/VID_1.mp4"):
            content = (phone / name).read_bytes()
            assert sums[f"phone/{name}"] == hashlib.sha256(content).hexdigest()

    def test_a_window_leaves_the_road_as_it_is(self, composite, card_with, tmp_path):
        source = composite()
        layout = parse_layout("pip:64,8,32,48", None)
        done = import_session([card_with(source)], tmp_path / "s07", layout=layout)
        phone = tmp_path / "s07" / "phone"
        assert (phone / "road.mp4").read_bytes() == source.read_bytes()
        assert not (phone / "original").exists()  # it is the road
        assert_same_place(phone / "driver.mp4", source, (64, 8, 32, 48))
        assert any("64,8,32,48 px) the road can't be seen" in note for note in done.notes)
        record = json.loads((phone / "import.json").read_text())
        assert record["road"]["inset_px"] == [64, 8, 32, 48]

    def test_a_window_with_odd_edges_shrinks(self, composite, tmp_path):
        source = composite()
        layout = parse_layout("pip: 63, 7, 34, 50", "main")
        parted = part_composite(source, layout, road=None, driver=tmp_path / "driver.mp4")
        assert parted.driver_box == (64, 8, 32, 48)
        assert_same_place(tmp_path / "driver.mp4", source, (64, 8, 32, 48))

    @pytest.mark.parametrize("mirrored", [False, True])
    @pytest.mark.parametrize("rotation_deg", [90, 180, 270])
    def test_turned(self, composite, tmp_path, rotation_deg, mirrored):
        source = composite(rotation_deg, mirrored=mirrored)
        road, driver = tmp_path / "road.mp4", tmp_path / "driver.mp4"
        parted = part_composite(source, parse_layout("tb", "bottom"), road=road, driver=driver)
        assert probe(road).video.rotation_deg == rotation_deg
        assert probe(road).video.mirrored == mirrored
        assert_same_place(road, source, parted.road_box)
        assert_same_place(driver, source, parted.driver_box)

    def test_matroska(self, composite, card_with, tmp_path):
        source = composite(suffix=".mkv")
        layout = parse_layout("lr", "left")
        import_session([card_with(source, "a.mkv")], tmp_path / "s07", layout=layout)
        road = tmp_path / "s07" / "phone" / "road.mkv"
        assert_same_place(road, source, (0, 0, 64, 96))
        expected, found = (read_sound(path, rate_hz=48_000) for path in (source, road))
        assert np.array_equal(found.samples, expected.samples)

    def test_in_parts(self, composite, card_with, tiny, tmp_path):
        """The composite was split by the phone: joined first, then parted."""
        source = composite()
        card = card_with(source)
        (card / "VID_1.mp4").unlink()
        cut_s = float(read_frame_times(source).time_s[30])
        for number, (start_s, end_s) in enumerate(pairwise((0.0, cut_s, 99.0))):
            part = card / f"VID_{number + 1}.mp4"
            keep = (times() >= start_s - 1e-4) & (times() < end_s - 1e-4)
            first = int(np.flatnonzero(keep)[0])
            write_video(
                part,
                times_s=times()[keep] - start_s,
                size_px=SIZE_PX,
                images=lambda index, first=first: pattern(first + index),
                options=FileOptions(video_options={"crf": "4"}),
            )
        layout = parse_layout("lr", "right")
        done = import_session([card], tmp_path / "s07", layout=layout, trust_names=True)
        phone = tmp_path / "s07" / "phone"
        assert sorted(path.name for path in phone.rglob("*.mp4")) == [
            "VID_1.mp4",
            "VID_2.mp4",
            "driver.mp4",
            "road.mp4",
        ]
        assert len(read_frame_times(phone / "road.mp4").pts) == COUNT
        assert np.abs(brightness(phone / "road.mp4", 45) - pattern(45)[:, 64:, 0]).max() < 40
        record = json.loads((phone / "import.json").read_text())
        assert len(record["composite"]["parts"]) == 2
        assert any("in this order" in note for note in done.notes)

    def test_originals_may_be_left_out(self, composite, card_with, tmp_path):
        layout = parse_layout("lr", "left")
        import_session(
            [card_with(composite())], tmp_path / "s07", layout=layout, keep_originals=False
        )
        phone = tmp_path / "s07" / "phone"
        assert sorted(path.name for path in phone.glob("*.mp4")) == ["driver.mp4", "road.mp4"]
        assert not (phone / "original").exists()

    def test_the_file_s_words_stay(self, composite, card_with, tmp_path):
        source = tmp_path / "tagged.mp4"
        with (
            av.open(str(composite())) as old,
            av.open(str(source), "w", options={"movflags": "use_metadata_tags"}) as new,
        ):
            new.metadata.update(
                {"com.android.model": "Pixel 7", "creation_time": "2026-05-12T07:31:00.000000Z"}
            )
            streams = [new.add_stream_from_template(stream) for stream in old.streams]
            for packet in old.demux():
                if packet.size:
                    packet.stream = streams[packet.stream.index]
                    new.mux(packet)
        layout = parse_layout("lr", "left")
        done = import_session([card_with(source)], tmp_path / "s07", layout=layout)
        assert done.manifest.phone.model == "Pixel 7"
        road = probe(tmp_path / "s07" / "phone" / "road.mp4")
        assert road.created_at == probe(source).created_at

    def test_a_cut_off_composite_gives_what_is_whole(self, composite, tmp_path):
        fronted, cut = tmp_path / "fronted.mp4", tmp_path / "cut.mp4"
        with (
            av.open(str(composite())) as old,
            av.open(str(fronted), "w", options={"movflags": "faststart"}) as new,
        ):
            streams = [new.add_stream_from_template(stream) for stream in old.streams]
            for packet in old.demux():
                if packet.size:
                    packet.stream = streams[packet.stream.index]
                    new.mux(packet)
        cut_file(fronted, cut, share=0.6)
        layout = parse_layout("lr", "left")
        parted = part_composite(
            cut, layout, road=tmp_path / "road.mp4", driver=tmp_path / "driver.mp4"
        )
        assert 10 < parted.frame_count < COUNT
        found = read_frame_times(tmp_path / "road.mp4").time_s
        assert np.array_equal(found, read_frame_times(fronted).time_s[: len(found)])
        assert parted.lost_frames == 0
        assert any("'cut.mp4' is cut off" in note for note in parted.notes)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "side", "message"),
        [
            ("diagonal", None, "The layout 'diagonal' is not known"),
            ("pip", None, "is not known"),
            ("lr:3", "left", "is not known"),
            ("lr", None, "does not tell which half shows the road"),
            ("lr", "top", "has no side 'top'"),
            ("pip:1,2,3", None, "is no place in a picture"),
            ("pip:1,2,0,4", None, "is no place in a picture"),
            ("pip:-1,2,3,4", None, "is no place in a picture"),
        ],
    )
    def test_layouts(self, text, side, message):
        with pytest.raises(InputError, match=message):
            parse_layout(text, side)

    def test_a_window_outside(self, composite, card_with, tmp_path):
        layout = parse_layout("pip:100,8,32,48", None)
        with pytest.raises(InputError, match="does not lie in the picture, which has 128 × 96"):
            import_session([card_with(composite())], tmp_path / "s07", layout=layout)
        assert not (tmp_path / "s07").exists()

    def test_a_driver_video_beside(self, composite, card_with, tmp_path):
        card = card_with(composite())
        (card / "driver.mp4").write_bytes(composite(90).read_bytes())
        layout = parse_layout("lr", "left")
        with pytest.raises(InputError, match="but a driver video was named"):
            import_session([card], tmp_path / "s07", driver=card / "driver.mp4", layout=layout)
        with pytest.raises(InputError, match="not clear which"):
            import_session([card], tmp_path / "s07", layout=layout)
        done = import_session([card], tmp_path / "s07", road=card / "VID_1.mp4", layout=layout)
        assert [path.name for path in done.left_out] == ["driver.mp4"]

    def test_a_file_without_pictures_that_can_be_decoded(self, tmp_path):
        with pytest.raises(MediaError):
            part_composite(
                tmp_path / "no.mp4",
                parse_layout("lr", "left"),
                road=None,
                driver=tmp_path / "driver.mp4",
            )
        assert not (tmp_path / "driver.mp4").exists()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_a_place_is_found_in_the_coded_picture(rotation_deg, mirrored):
    coded = np.arange(6 * 4).reshape(4, 6)
    shown = np.rot90(coded, rotation_deg // 90)
    if mirrored:
        shown = shown[:, ::-1]
    x, y, width, height = 1, 2, 2, 1
    cx, cy, cw, ch = as_coded(
        (x, y, width, height), shown.shape[::-1], rotation_deg, mirrored=mirrored
    )
    place = coded[cy : cy + ch, cx : cx + cw]
    assert set(place.ravel()) == set(shown[y : y + height, x : x + width].ravel())


def test_halves_of_odd_width_lose_the_middle():
    layout = parse_layout("lr", "left")
    assert layout.boxes((1366, 768)) == ((0, 0, 682, 768), (684, 0, 682, 768))
    assert parse_layout("tb", "top").boxes((720, 1282)) == ((0, 0, 720, 640), (0, 642, 720, 640))
    with pytest.raises(InputError, match="can't be parted"):
        layout.boxes((20, 20))


class TestCommand:
    def test_parts_a_composite(self, composite, card_with, tmp_path):
        arguments = ["import", str(card_with(composite())), "--session", str(tmp_path / "s07")]
        done = CliRunner().invoke(
            app, [*arguments, "--layout", "lr", "--road-side", "left", "--no-originals", "-q"]
        )
        assert done.exit_code == 0, done.output
        assert "made: phone/road.mp4" in done.output
        assert "Road and driver are cut out of 'VID_1.mp4'" in done.output

    def test_tells_as_json(self, composite, card_with, tmp_path):
        arguments = ["import", str(card_with(composite())), "--session", str(tmp_path / "s07")]
        done = CliRunner().invoke(app, [*arguments, "--layout", "pip:64,8,32,48", "--json", "-q"])
        assert done.exit_code == 0
        told = json.loads(done.stdout)
        assert {each["target"] for each in told["made"]} == {
            "phone/driver.mp4",
            "phone/import.json",
        }

    def test_a_side_without_a_layout(self, card_with, composite, tmp_path):
        arguments = ["import", str(card_with(composite())), "--session", str(tmp_path / "s07")]
        done = CliRunner().invoke(app, [*arguments, "--road-side", "left", "-q"])
        assert done.exit_code == 1
        assert "--layout" in done.output


def test_a_plain_import_makes_nothing(card_with, composite, tmp_path):
    done = import_session(
        [card_with(composite())], tmp_path / "s07", conditions=Conditions(driver_id="D01")
    )
    assert done.made == ()
    assert not (tmp_path / "s07" / "phone" / "import.json").exists()
