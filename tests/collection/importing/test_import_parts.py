"""Split recordings are joined as they are coded, every time where it belongs, or refused."""

import json
import shutil
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from dashgaze.checks import check
from dashgaze.collection.importing import CHECKSUMS_NAME, import_session, join_parts
from dashgaze.collection.importing.joints import pauses_by_creation
from dashgaze.collection.importing.part_names import moment_key, part_key, part_keys
from dashgaze.collection.simulation.media_writer import (
    FileOptions,
    cut_file,
    drop_index,
    write_video,
)
from dashgaze.errors import InputError, MediaError
from dashgaze.media import Sound, probe, read_frame_times, read_sound

RATE_HZ = 48_000
LENGTH_S = 12.0
CUTS_S = (0.0, 4.0, 8.0, 99.0)


def split(whole, targets, cuts_s=CUTS_S, *, created_at=None, rezero=True):
    """Split a video as a phone does: at a keyframe, no packet lost, each part from zero on."""
    paths = []
    for number, (target, (start_s, end_s)) in enumerate(
        zip(targets, pairwise(cuts_s), strict=True)
    ):
        with (
            av.open(str(whole)) as source,
            av.open(str(target), "w", options={"movie_timescale": "720000"}) as part,
        ):
            streams = {}
            for stream in source.streams:
                streams[stream.index] = part.add_stream_from_template(stream)
                streams[stream.index].time_base = stream.time_base
            if created_at is not None:
                moment = created_at[number].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                part.metadata["creation_time"] = moment
            for packet in source.demux():
                if not packet.size or packet.pts is None:
                    continue
                tick = packet.stream.time_base
                time_s = packet.pts * tick
                if (number and time_s < start_s) or time_s >= end_s:
                    continue
                if number and rezero:
                    shift = round(Fraction(start_s) / tick)
                    packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = streams[packet.stream.index]
                part.mux(packet)
        paths.append(Path(target))
    return paths


def uneven_times():
    """Frame times of a phone: about 25 Hz, with a keyframe at each cut."""
    times_s = np.arange(300) / 25 + np.random.default_rng(3).uniform(0, 0.012, 300)
    times_s[::100] = np.arange(3) * 4.0
    return times_s


@pytest.fixture(scope="module")
def noise():
    samples = np.random.default_rng(1).normal(0, 0.1, round(LENGTH_S * RATE_HZ))
    return Sound(samples=samples.astype(np.float32), rate_hz=RATE_HZ, start_s=0.0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, noise):
    """A recording before it was split."""
    path = tmp_path_factory.mktemp("whole") / "whole.mp4"
    write_video(
        path,
        times_s=uneven_times(),
        size_px=(96, 64),
        sound=noise,
        options=FileOptions(key_interval=100),
    )
    return path


def created(tiny, lengths_s=(4, 4, 4), pause_s=0.0):
    """Stamps at the end of each part, with a second of closing it."""
    moments, end = [], tiny.START
    for number, length_s in enumerate(lengths_s):
        end += timedelta(seconds=length_s + (pause_s if number else 0))
        moments.append(end + timedelta(seconds=1))
    return moments


@pytest.fixture
def parts_on_card(tiny, made, whole, tmp_path):
    """A card with a road video in three parts, and everything else of the drive."""
    card = tiny.copy_of(made, tmp_path / "card")
    (card / "road.mp4").unlink()

    def place(names=("VID_7.mp4", "VID_7_1.mp4", "VID_7_2.mp4"), **given):
        given = {"created_at": created(tiny)} | given
        split(whole, [card / name for name in names], **given)
        return card

    return place


def check_codes(session):
    return sorted((finding.severity, finding.code) for finding in check(session).findings)


class TestJoined:
    def test_every_frame_and_sample_is_where_it_was(self, parts_on_card, whole, tmp_path):
        card = parts_on_card()
        before = {path: path.read_bytes() for path in card.rglob("*") if path.is_file()}
        done = import_session([card], tmp_path / "s07")
        assert {path: path.read_bytes() for path in card.rglob("*") if path.is_file()} == before
        road = tmp_path / "s07" / "phone" / "road.mp4"
        expected, found = read_frame_times(whole), read_frame_times(road)
        assert len(found.pts) == len(expected.pts)
        tick_s = found.time_base[0] / found.time_base[1]
        assert np.abs(found.time_s - expected.time_s).max() <= tick_s
        assert np.array_equal(np.flatnonzero(found.keyframe), [0, 100, 200])
        sound, joined = (read_sound(path, rate_hz=RATE_HZ) for path in (whole, road))
        assert joined.gaps_s == ()
        assert joined.start_s == sound.start_s
        assert np.array_equal(joined.samples, sound.samples)
        assert done.manifest.phone.road == "phone/road.mp4"
        assert any("'VID_7.mp4', 'VID_7_1.mp4', 'VID_7_2.mp4'" in note for note in done.notes)

    def test_originals_are_kept_and_all_is_summed_up(self, parts_on_card, tmp_path):
        card = parts_on_card()
        done = import_session([card], tmp_path / "s07")
        for name in ("VID_7.mp4", "VID_7_1.mp4", "VID_7_2.mp4"):
            copy = tmp_path / "s07" / "phone" / "original" / name
            assert copy.read_bytes() == (card / name).read_bytes()
        record = json.loads((tmp_path / "s07" / "phone" / "import.json").read_text())
        assert record["schema"] == "dashgaze/import/1"
        assert [part["name"] for part in record["road"]["parts"]] == [
            "VID_7.mp4",
            "VID_7_1.mp4",
            "VID_7_2.mp4",
        ]
        assert [part["zero_s"] for part in record["road"]["parts"]] == [0.0, 4.0, 8.0]
        assert record["originals"] == [f"phone/original/VID_7{end}.mp4" for end in ("", "_1", "_2")]
        sums = (tmp_path / "s07" / CHECKSUMS_NAME).read_text()
        assert "phone/road.mp4" in sums
        assert "phone/import.json" in sums
        assert {str(each.target) for each in done.made} == {"phone/road.mp4", "phone/import.json"}
        assert done.left_out == ()
        assert done.to_json()["made"][0]["sources"][0].endswith("VID_7.mp4")

    def test_originals_may_be_left_out(self, parts_on_card, tmp_path):
        card = parts_on_card()
        import_session([card], tmp_path / "s07", keep_originals=False)
        assert not (tmp_path / "s07" / "phone" / "original").exists()
        assert len(read_frame_times(tmp_path / "s07" / "phone" / "road.mp4").pts) == 300

    def test_the_check_says_the_same_as_of_the_whole(self, parts_on_card, whole, tiny, tmp_path):
        card = parts_on_card()
        import_session([card], tmp_path / "joined")
        for name in ("VID_7.mp4", "VID_7_1.mp4", "VID_7_2.mp4"):
            (card / name).unlink()
        split(whole, [card / "VID_7.mp4"], (0.0, 99.0), created_at=created(tiny, (12,)))
        import_session([card], tmp_path / "single")
        assert check_codes(tmp_path / "joined") == check_codes(tmp_path / "single")
        starts = [
            import_session([card], tmp_path / "again").manifest.recorded_at,
            json.dumps(probe(tmp_path / "joined" / "phone" / "road.mp4").created_at, default=str),
            json.dumps(probe(tmp_path / "single" / "phone" / "road.mp4").created_at, default=str),
        ]
        assert starts[1] == starts[2]

    @pytest.mark.parametrize(
        "names",
        [
            ("road_1.mp4", "road_2.mp4", "road_3.mp4"),
            ("VID_001.mp4", "VID_001_2.mp4", "VID_001_3.mp4"),
            ("VID_20260512_093000.mp4", "VID_20260512_093004.mp4", "VID_20260512_093008.mp4"),
            ("GX010123.MP4", "GX020123.MP4", "GX030123.MP4"),
            ("GOPR0123.MP4", "GP010123.MP4", "GP020123.MP4"),
        ],
    )
    def test_names_of_many_makers(self, parts_on_card, tmp_path, names):
        needs_times = not names[0].startswith(("G", "VID_2026"))
        card = parts_on_card(names, **({} if needs_times else {"created_at": None}))
        import_session([card], tmp_path / "s07")
        record = json.loads((tmp_path / "s07" / "phone" / "import.json").read_text())
        assert tuple(part["name"] for part in record["road"]["parts"]) == names
        road = next((tmp_path / "s07" / "phone").glob("road.*"))
        assert len(read_frame_times(road).pts) == 300

    def test_both_cameras_in_parts(self, parts_on_card, tiny, tmp_path):
        card = parts_on_card(("road_1.mp4", "road_2.mp4", "road_3.mp4"))
        (card / "driver.mp4").rename(tmp_path / "driver.mp4")
        silent = tmp_path / "silent.mp4"
        write_video(
            silent,
            times_s=uneven_times(),
            size_px=(48, 64),
            options=FileOptions(key_interval=100, rotation_deg=90),
        )
        names = [card / f"driver_{number}.mp4" for number in (1, 2, 3)]
        split(silent, names, created_at=created(tiny))
        import_session([card], tmp_path / "s07")
        driver = tmp_path / "s07" / "phone" / "driver.mp4"
        found, expected = read_frame_times(driver), read_frame_times(silent)
        assert probe(driver).video.rotation_deg == 90
        assert len(found.pts) == 300
        # Without sound, pictures are taken to follow at their usual distance.
        assert np.abs(found.time_s - expected.time_s).max() < 0.03

    def test_by_their_names_if_the_user_says_so(self, parts_on_card, tmp_path):
        card = parts_on_card(created_at=None)
        with pytest.raises(InputError, match="nothing but their names") as caught:
            import_session([card], tmp_path / "s07")
        assert "--join-parts" in caught.value.fix
        import_session([card], tmp_path / "s07", trust_names=True)
        assert len(read_frame_times(tmp_path / "s07" / "phone" / "road.mp4").pts) == 300

    def test_one_named_part_brings_the_others(self, parts_on_card, tmp_path):
        card = parts_on_card()
        done = import_session([card / "eye_tracker"], tmp_path / "s07", road=card / "VID_7_1.mp4")
        assert len(read_frame_times(tmp_path / "s07" / "phone" / "road.mp4").pts) == 300
        assert any("in this order: 'VID_7.mp4'" in note for note in done.notes)

    def test_progress_never_falls(self, parts_on_card, tmp_path):
        seen = []
        import_session(
            [parts_on_card()], tmp_path / "s", progress=lambda phase, share: seen.append(share)
        )
        assert seen == sorted(seen)
        assert seen[-1] == 1.0


class TestPauses:
    def test_a_pause_by_creation_times(self, whole, tiny, tmp_path):
        names = [tmp_path / f"a_{number}.mp4" for number in (1, 2, 3)]
        split(whole, names, created_at=created(tiny, pause_s=7.0))
        joined = join_parts(names, tmp_path / "road.mp4")
        for joint in joined.joints:
            assert joint.origin == "creation_times"
            assert joint.pause_s == pytest.approx(7.0, abs=0.1)
            assert "7 s are missing" in joint.note
        found, expected = read_frame_times(joined.path).time_s, read_frame_times(whole).time_s
        shift_s = found - expected
        assert np.ptp(shift_s[:100]) < 1e-4
        assert shift_s[100:200] == pytest.approx(np.full(100, 7.0), abs=0.1)
        assert shift_s[200:] == pytest.approx(np.full(100, 14.0), abs=0.2)
        sound = read_sound(joined.path, rate_hz=RATE_HZ)
        assert len(sound.gaps_s) == 2

    def test_parts_that_overlap_by_their_sound(self, whole, noise, tiny, tmp_path):
        """Many dash cams have the second around the joint in both files."""
        keyed = tmp_path / "keyed.mp4"
        write_video(
            keyed,
            times_s=uneven_times(),
            size_px=(96, 64),
            sound=noise,
            options=FileOptions(key_interval=20),
        )
        keys_s = read_frame_times(keyed).time_s[::20]
        names = [tmp_path / "a_1.mp4", tmp_path / "a_2.mp4"]
        split(keyed, names[:1], (0.0, float(keys_s[8])))
        split(keyed, [tmp_path / "x.mp4", names[1]], (0.0, float(keys_s[7]), 99.0))
        common_s = keys_s[8] - keys_s[7]
        joined = join_parts(names, tmp_path / "road.mp4")
        (joint,) = joined.joints
        assert joint.origin == "sound_overlap"
        assert joint.pause_s == pytest.approx(-common_s, abs=0.02)
        assert "s in common, by their sound" in joint.note
        found, expected = read_frame_times(joined.path), read_frame_times(keyed)
        assert joined.frame_count == len(found.pts) == len(expected.pts) == 300
        # By one sample, to which the part's own zero was rounded.
        assert np.abs(found.time_s - expected.time_s).max() <= 1 / RATE_HZ + 1 / 90_000
        sound, whole_sound = (read_sound(path, rate_hz=RATE_HZ) for path in (joined.path, keyed))
        assert sound.gaps_s == ()
        assert sound.duration_s == pytest.approx(whole_sound.duration_s, abs=1e-4)
        late = slice(round(9 * RATE_HZ), round(11 * RATE_HZ))
        near = [
            np.abs(np.roll(sound.samples, shift)[late] - whole_sound.samples[late]).max()
            for shift in (-1, 0, 1)
        ]
        assert min(near) < 1e-3

    @pytest.mark.parametrize("kind", ["silence", "hum", "other"])
    def test_what_only_seems_to_overlap(self, kind):
        from dashgaze.collection.importing.sound_overlap import _find

        times_s = np.arange(5 * 8000) / 8000
        rng = np.random.default_rng(4)
        area, piece = {
            "silence": (np.zeros(40_000), np.zeros(4000)),
            "hum": (np.sin(300 * times_s), np.sin(300 * times_s[:4000] + 1)),
            "other": (rng.normal(size=40_000), rng.normal(size=4000)),
        }[kind]
        assert _find(area, piece, rate_hz=8000) is None

    def test_time_stamps_that_go_on(self, whole, tmp_path):
        names = [tmp_path / f"a_{number}.mp4" for number in (1, 2, 3)]
        split(whole, names, rezero=False)
        joined = join_parts(names, tmp_path / "road.mp4")
        assert {joint.origin for joint in joined.joints} == {"time_stamps"}
        found, expected = read_frame_times(joined.path), read_frame_times(whole)
        assert np.array_equal(found.pts, expected.pts)

    def test_a_pause_that_can_t_be_measured_is_told(self, whole, noise, tmp_path):
        """The pictures of the first part end a second before its sound."""
        options = FileOptions(key_interval=100)
        times_s = uneven_times()
        short = tmp_path / "a_1.mp4"
        write_video(short, times_s=times_s[:275], size_px=(96, 64), sound=noise, options=options)
        shutil.copy(whole, tmp_path / "a_2.mp4")
        joined = join_parts([short, tmp_path / "a_2.mp4"], tmp_path / "road.mp4")
        (joint,) = joined.joints
        assert (joint.origin, joint.uncertainty_s) == ("assumed", None)
        assert "can't be measured" in joint.note
        assert "the pictures stop 0.99 s earlier" in joint.note
        assert float(joint.zero_s) == pytest.approx(LENGTH_S, abs=0.03)

    def test_creation_times_at_the_start_or_the_end(self, tiny):
        ends = created(tiny, (4, 4, 2))
        starts = [tiny.START + timedelta(seconds=offset) for offset in (0, 4, 8)]
        for moments in (ends, starts):
            assert pauses_by_creation(moments, [4.0, 4.0, 2.0]) == [0.0, 0.0]
        assert pauses_by_creation([ends[0], None], [4.0, 4.0]) is None
        assert pauses_by_creation([ends[0], ends[0]], [4.0, 4.0]) is None


class TestTurned:
    @pytest.mark.parametrize("rotation_deg", [90, 180, 270])
    def test_parts_stay_turned(self, tmp_path, noise, rotation_deg):
        whole = tmp_path / "whole.mp4"
        write_video(
            whole,
            times_s=uneven_times(),
            sound=noise,
            options=FileOptions(key_interval=100, rotation_deg=rotation_deg, b_frames=2),
        )
        names = [tmp_path / f"a_{number}.mp4" for number in (1, 2, 3)]
        split(whole, names)
        joined = join_parts(names, tmp_path / "road.mp4")
        assert probe(joined.path).video.rotation_deg == rotation_deg
        found, expected = read_frame_times(joined.path), read_frame_times(whole)
        assert np.abs(found.time_s - expected.time_s).max() <= 1 / 90_000

    def test_matroska(self, tmp_path, noise):
        whole = tmp_path / "whole.mkv"
        write_video(
            whole, times_s=uneven_times(), sound=noise, options=FileOptions(key_interval=100)
        )
        names = [tmp_path / f"a_{number}.mkv" for number in (1, 2, 3)]
        split(whole, names)
        joined = join_parts(names, tmp_path / "road.mkv")
        found, expected = read_frame_times(joined.path), read_frame_times(whole)
        assert np.abs(found.time_s - expected.time_s).max() <= 0.0021  # ticks of 1 ms


class TestCutOff:
    def test_the_last_part_joins_what_is_whole(self, parts_on_card, whole, tmp_path):
        card = parts_on_card()
        fronted = tmp_path / "fronted.mp4"
        with (
            av.open(str(card / "VID_7_2.mp4")) as source,
            av.open(str(fronted), "w", options={"movflags": "faststart"}) as copy,
        ):
            copy.metadata["creation_time"] = source.metadata["creation_time"]
            streams = [copy.add_stream_from_template(stream) for stream in source.streams]
            for packet in source.demux():
                if packet.size:
                    packet.stream = streams[packet.stream.index]
                    copy.mux(packet)
        cut_file(fronted, card / "VID_7_2.mp4", share=0.6)
        done = import_session([card], tmp_path / "s07")
        road = tmp_path / "s07" / "phone" / "road.mp4"
        found, expected = read_frame_times(road).time_s, read_frame_times(whole).time_s
        assert 200 < len(found) < 300
        assert np.abs(found - expected[: len(found)]).max() <= 1 / 90_000
        assert any("'VID_7_2.mp4' is cut off" in note for note in done.notes)
        record = json.loads((tmp_path / "s07" / "phone" / "import.json").read_text())
        assert [part["truncated"] for part in record["road"]["parts"]] == [False, False, True]

    def test_a_last_part_without_index_is_kept_and_told(self, parts_on_card, tmp_path):
        card = parts_on_card()
        drop_index(card / "VID_7_2.mp4", card / "VID_7_2.mp4")
        done = import_session([card], tmp_path / "s07")
        assert len(read_frame_times(tmp_path / "s07" / "phone" / "road.mp4").pts) == 200
        kept = tmp_path / "s07" / "phone" / "original" / "VID_7_2.mp4"
        assert kept.read_bytes() == (card / "VID_7_2.mp4").read_bytes()
        assert any("'VID_7_2.mp4' is the last part" in note for note in done.notes)
        assert any("untrunc" in note for note in done.notes)

    def test_one_in_the_middle_is_refused(self, parts_on_card, tmp_path):
        card = parts_on_card()
        drop_index(card / "VID_7_1.mp4", card / "VID_7_1.mp4")
        with pytest.raises(InputError, match=r"VID_7_1\.mp4|one between them is missing"):
            import_session([card], tmp_path / "s07")
        assert not (tmp_path / "s07").exists()

    def test_any_other_unreadable_video_is_refused(self, parts_on_card, tmp_path):
        card = parts_on_card()
        (card / "other.mp4").write_bytes(b"\0\1\2" * 100)
        with pytest.raises(MediaError, match=r"other\.mp4"):
            import_session([card], tmp_path / "s07")


class TestRefused:
    @pytest.fixture
    def mixed(self, parts_on_card, tiny, noise):
        """Write another second part."""

        def run(**changes):
            card = parts_on_card(("road_1.mp4", "road_2.mp4", "road_3.mp4"))
            given = {"times_s": np.arange(100) / 25, "size_px": (96, 64), "sound": noise}
            options = {"key_interval": 100, "created_at": created(tiny)[1]}
            for name in list(changes):
                if name in ("rotation_deg", "audio_codec", "channel_gains"):
                    options[name] = changes.pop(name)
            samples = noise.samples[: 4 * RATE_HZ]
            given["sound"] = Sound(samples=samples, rate_hz=RATE_HZ, start_s=0.0)
            write_video(card / "road_2.mp4", **(given | changes), options=FileOptions(**options))
            return card

        return run

    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"size_px": (64, 48)}, "size"),
            ({"rotation_deg": 90}, "rotation"),
            ({"audio_codec": "libmp3lame"}, "sound"),
            ({"channel_gains": (1.0, 1.0)}, "sound"),
        ],
    )
    def test_parts_of_different_formats(self, mixed, tmp_path, changes, what):
        with pytest.raises(InputError, match=f"their {what} differs"):
            import_session([mixed(**changes)], tmp_path / "s07")
        assert not (tmp_path / "s07").exists()

    def test_an_hour_between_them(self, parts_on_card, tiny, tmp_path):
        card = parts_on_card(created_at=created(tiny, pause_s=3600.0))
        for trust_names in (False, True):
            with pytest.raises(InputError, match="3600 s lie between them"):
                import_session([card], tmp_path / "s07", trust_names=trust_names)

    def test_a_part_that_is_missing(self, parts_on_card, tmp_path):
        card = parts_on_card(("road_1.mp4", "road_2.mp4", "road_3.mp4"))
        (card / "road_2.mp4").unlink()
        with pytest.raises(InputError, match="one between them is missing"):
            import_session([card], tmp_path / "s07")

    def test_files_at_other_times_are_no_parts(self, parts_on_card, tmp_path):
        names = "VID_20260512_093000.mp4", "VID_20260512_093004.mp4", "VID_20260512_101500.mp4"
        card = parts_on_card(names, created_at=None)
        with pytest.raises(InputError, match="not clear which is the road video"):
            import_session([card], tmp_path / "s07")

    def test_a_middle_part_that_is_cut_off(self, whole, tmp_path):
        names = [tmp_path / f"a_{number}.mp4" for number in (1, 2, 3)]
        split(whole, names)
        with names[1].open("ab") as file:
            file.write((1000).to_bytes(4, "big") + b"free")  # a box that is not there
        with pytest.raises(InputError, match="cut off, and it is not the last part"):
            join_parts(names, tmp_path / "road.mp4")
        assert not (tmp_path / "road.mp4").exists()

    def test_formats_without_times_of_their_own(self, tmp_path):
        with av.open(str(tmp_path / "a_1.avi"), "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height = 64, 48
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        shutil.copy(tmp_path / "a_1.avi", tmp_path / "a_2.avi")
        with pytest.raises(MediaError, match="can't be joined here"):
            join_parts([tmp_path / "a_1.avi", tmp_path / "a_2.avi"], tmp_path / "road.mp4")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GX010123.MP4", ("gx 0123", 1)),
        ("GH120123.mp4", ("gh 0123", 12)),
        ("GOPR0123.MP4", ("gopr 0123", 0)),
        ("GP020123.MP4", ("gopr 0123", 2)),
        ("road_2.mp4", ("road", 2)),
        ("VID_20260512_093012_1.mp4", ("vid_20260512_093012", 1)),
    ],
)
def test_names_of_parts(name, expected):
    assert part_key(Path(name)) == expected


def test_a_name_that_others_number_on():
    names = [Path("VID_001.mp4"), Path("VID_001_2.mp4")]
    assert list(part_keys(names).values()) == [("vid_001", None), ("vid_001", 2)]
    assert moment_key(Path("VID_20260512_093012.mp4"))[0] == "vid_*"
    assert moment_key(Path("VID_20260512_093012_1.mp4")) is None
