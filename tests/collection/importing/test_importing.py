"""A session folder of files of any origin: whole and true, or not at all."""

import hashlib
import os
import shutil
import subprocess
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import av
import pytest

from dashgaze.collection.importing import CHECKSUMS_NAME, Conditions, import_session
from dashgaze.collection.simulation.media_writer import FileOptions
from dashgaze.errors import InputError, OutputError
from dashgaze.session import open_session


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class TestWhole:
    def test_files_are_where_they_belong(self, card, tmp_path):
        before = tree(card)
        done = import_session([card], tmp_path / "s07")
        after = tree(tmp_path / "s07")
        assert tree(card) == before
        assert after["phone/road.mp4"] == before["road.mp4"]  # content and time stamp
        assert after["phone/driver.mp4"] == before["driver.mp4"]
        assert after["phone/location.csv"] == before["location.csv"]
        for name, content in before.items():
            if name.startswith("eye_tracker/"):
                assert after[name] == content
        assert set(after) - {"session.yaml", CHECKSUMS_NAME} == {
            str(each.target) for each in done.copied
        }
        assert done.left_out == ()
        assert not (tmp_path / "s07.part").exists()

    def test_the_session_opens(self, card, tmp_path):
        done = import_session([card], tmp_path / "s07")
        session = open_session(tmp_path / "s07")
        assert session.manifest == done.manifest
        assert session.manifest.session_id == "s07"
        assert session.manifest.eye_tracker.kind == "pupil_invisible"
        assert session.recording().kind == "pupil_invisible"
        assert session.location_path is not None

    def test_what_is_not_known_is_left_out(self, card, tmp_path):
        import_session([card], tmp_path / "s07")
        text = (tmp_path / "s07" / "session.yaml").read_text(encoding="utf-8")
        assert text == (
            "schema: dashgaze/session/1\nsession_id: s07\nphone:\n  road: phone/road.mp4\n"
            "  driver: phone/driver.mp4\n  location: phone/location.csv\neye_tracker:\n"
            "  kind: pupil_invisible\n  path: eye_tracker\n"
        )

    def test_checksums_are_true(self, card, tmp_path):
        import_session([card], tmp_path / "s07")
        lines = (tmp_path / "s07" / CHECKSUMS_NAME).read_text(encoding="utf-8").splitlines()
        names = []
        for line in lines:
            sha256, name = line.split("  ", 1)
            content = (tmp_path / "s07" / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256
            names.append(name)
        assert names == sorted(names)
        assert "phone/road.mp4" in names
        assert "session.yaml" not in names  # it is going to be edited

    @pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
    def test_sha256sum_reads_them(self, card, tmp_path):
        import_session([card], tmp_path / "s07")
        done = subprocess.run(
            ["sha256sum", "--check", "--quiet", CHECKSUMS_NAME], cwd=tmp_path / "s07", check=False
        )
        assert done.returncode == 0

    def test_conditions_are_written(self, card, tmp_path):
        conditions = Conditions(
            session_id="S-7",
            driver_id="D01",
            recorded_at="2026-05-12T09:30:00+02:00",
            lighting="night",
            passengers=0,
            consent_version="1.0",
            consent_scope="blurred",
            phone_model="Pixel 7",
        )
        manifest = import_session([card], tmp_path / "x", conditions=conditions).manifest
        assert (manifest.session_id, manifest.driver_id) == ("S-7", "D01")
        assert (manifest.lighting, manifest.passengers) == ("night", 0)
        assert manifest.consent is not None
        assert manifest.consent.scope == "blurred"
        assert manifest.phone.model == "Pixel 7"
        assert manifest.phone_start_ns == 1_778_571_000 * 10**9

    def test_an_empty_folder_is_taken(self, card, tmp_path):
        (tmp_path / "s07").mkdir()
        import_session([card], tmp_path / "s07")
        assert open_session(tmp_path / "s07").manifest.session_id == "s07"

    def test_folders_around_it_are_made(self, card, tmp_path):
        import_session([card], tmp_path / "drives" / "may" / "s07")
        assert (tmp_path / "drives" / "may" / "s07" / "session.yaml").is_file()

    def test_progress_ends_at_one_and_never_falls(self, card, tmp_path):
        seen = []
        import_session(
            [card], tmp_path / "s07", progress=lambda phase, fraction: seen.append(fraction)
        )
        assert seen == sorted(seen)
        assert seen[-1] == 1.0

    def test_files_that_are_nothing_are_left_out_and_told(self, card, tmp_path):
        (card / "notes.txt").write_text("sunny", encoding="utf-8")
        (card / ".DS_Store").write_bytes(b"x")
        done = import_session([card], tmp_path / "s07")
        assert done.left_out == (card / "notes.txt",)

    def test_a_folder_name_that_is_no_id(self, card, tmp_path):
        done = import_session([card], tmp_path / "Fahrt Köln 1")
        assert done.manifest.session_id == "Fahrt_Koln_1"
        assert "session_id is 'Fahrt_Koln_1'" in done.notes[0]

    def test_a_folder_name_without_letters_needs_an_id(self, card, tmp_path):
        with pytest.raises(InputError, match="--session-id"):
            import_session([card], tmp_path / "道路")
        import_session([card], tmp_path / "道路", conditions=Conditions(session_id="s7"))

    def test_files_may_be_given_one_by_one(self, card, tmp_path):
        done = import_session(
            [],
            tmp_path / "s07",
            road=card / "driver.mp4",
            driver=card / "road.mp4",
            eye_tracker=card / "eye_tracker",
        )
        assert done.manifest.phone.location is None
        assert (tmp_path / "s07/phone/road.mp4").read_bytes() == (card / "driver.mp4").read_bytes()


class TestNotAtAll:
    def refused(self, error, match, *args, **kwargs):
        with pytest.raises(error, match=match) as caught:
            import_session(*args, **kwargs)
        return caught.value

    def test_a_folder_with_something_in_it(self, card, tmp_path):
        (tmp_path / "s07").mkdir()
        (tmp_path / "s07" / "x").write_bytes(b"precious")
        self.refused(OutputError, "exists and is not empty", [card], tmp_path / "s07")
        assert tree(tmp_path / "s07").keys() == {"x"}

    def test_a_file_in_its_place(self, card, tmp_path):
        (tmp_path / "s07").write_bytes(b"")
        self.refused(OutputError, "is a file", [card], tmp_path / "s07")

    def test_what_a_killed_import_left_is_told(self, card, tmp_path):
        (tmp_path / "s07.part").mkdir()
        self.refused(
            OutputError, "not known to be what a killed run left", [card], tmp_path / "s07"
        )
        assert (tmp_path / "s07.part").is_dir()

    @pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
    def test_an_interrupted_import_leaves_nothing(self, card, tmp_path, error):
        def interrupt(phase, fraction):
            if fraction > 0.5:
                raise error

        with pytest.raises(error):
            import_session([card], tmp_path / "s07", progress=interrupt)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["card"]

    def test_a_copy_that_differs(self, card, tmp_path, monkeypatch):
        def faulty(path):
            yield b"not what was written"

        monkeypatch.setattr("dashgaze.collection.importing.verified_copy._read_back", faulty)
        error = self.refused(OutputError, "differs", [card], tmp_path / "s07")
        assert "cable" in error.fix
        assert not (tmp_path / "s07").exists()
        assert not (tmp_path / "s07.part").exists()

    def test_a_source_that_still_grows(self, card, tmp_path):
        def grow(phase, fraction):
            if phase == "copying road.mp4":
                with (card / "road.mp4").open("ab") as file:
                    file.write(b"more")

        self.refused(
            InputError, "changed while it was copied", [card], tmp_path / "s07", progress=grow
        )
        assert not (tmp_path / "s07").exists()

    def test_a_full_disk_is_seen_before(self, card, tmp_path, monkeypatch):
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9, 0))
        self.refused(OutputError, r"has 0\.00 GB free", [card], tmp_path / "s07")

    def test_sources_that_do_not_exist(self, card, tmp_path):
        self.refused(InputError, "does not exist", [tmp_path / "x"], tmp_path / "s07")
        self.refused(
            InputError, "does not exist", [card], tmp_path / "s07", road=tmp_path / "x.mp4"
        )

    def test_a_session_as_source(self, card, tmp_path):
        import_session([card], tmp_path / "s07")
        self.refused(InputError, "is a session already", [tmp_path / "s07"], tmp_path / "s08")

    def test_no_recording(self, card, tmp_path):
        shutil.rmtree(card / "eye_tracker")
        self.refused(InputError, "eye tracker recording", [card], tmp_path / "s07")

    def test_two_recordings(self, card, tmp_path):
        shutil.copytree(card / "eye_tracker", card / "second")
        error = self.refused(InputError, "2 eye tracker recordings", [card], tmp_path / "s07")
        assert "--eye-tracker" in error.fix

    def test_two_tracks(self, card, tmp_path):
        shutil.copy(card / "location.csv", card / "track.gpx")
        self.refused(InputError, "2 tracks", [card], tmp_path / "s07")

    def test_a_recording_that_pupil_player_opened(self, card, tmp_path):
        (card / "eye_tracker" / "info.player.json").write_text("{}", encoding="utf-8")
        self.refused(InputError, "Pupil Player", [card], tmp_path / "s07")

    def test_a_video_that_can_t_be_read(self, card, tmp_path):
        (card / "other.mp4").write_bytes(b"\0\1\2" * 100)
        self.refused(InputError, r"other\.mp4", [card], tmp_path / "s07")

    def test_a_named_file_that_is_nothing(self, card, tmp_path):
        (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
        self.refused(
            InputError, "is no video, no track", [card, tmp_path / "notes.txt"], tmp_path / "s07"
        )

    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            ({"lighting": "noon"}, "'lighting' is 'noon', expected 'day', 'twilight' or 'night'"),
            ({"driver_id": "Jane Doe"}, "'driver_id'"),
            ({"recorded_at": "yesterday"}, "ISO 8601"),
            ({"recorded_at": "2026-05-12T09:30:00"}, "offset from UTC"),
            ({"passengers": -1}, "passengers"),
        ],
    )
    def test_conditions_that_can_t_be(self, card, tmp_path, condition, message):
        conditions = Conditions(**condition)
        self.refused(InputError, message, [card], tmp_path / "s07", conditions=conditions)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["card"]

    def test_half_a_consent(self):
        with pytest.raises(InputError, match="only one of them"):
            Conditions(consent_version="1.0")

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
    def test_a_source_that_may_not_be_read(self, card, tmp_path):
        (card / "eye_tracker" / "info.json").chmod(0)
        self.refused(InputError, "can't be read", [card], tmp_path / "s07")


class TestPhoneModel:
    @pytest.mark.parametrize(
        ("tags", "model"),
        [
            ({"com.android.model": "Pixel 7"}, "Pixel 7"),
            ({"com.apple.quicktime.model": " iPhone\t15 "}, "iPhone 15"),
            ({"com.android.version": "14"}, None),
        ],
    )
    def test_is_taken_from_the_road_video(self, card, tmp_path, tags, model):
        tagged = card / "tagged.mp4"
        with (
            av.open(str(card / "road.mp4")) as source,
            av.open(str(tagged), "w", options={"movflags": "use_metadata_tags"}) as copy,
        ):
            copy.metadata.update(tags)
            streams = [copy.add_stream_from_template(stream) for stream in source.streams]
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    copy.mux(packet)
        tagged.replace(card / "road.mp4")
        assert import_session([card], tmp_path / "s07").manifest.phone.model == model


class TestStartTime:
    @pytest.fixture
    def imported(self, card, tiny, tmp_path):
        """Import a road video of 2 s with a given name and creation time."""

        def run(name, created_at):
            (card / "road.mp4").unlink()
            tiny.write_road(
                card / name,
                times_s=tiny.times_of(2.0),
                sound=tiny.make_noise(2.0),
                options=FileOptions(created_at=created_at),
            )
            return import_session([card], tmp_path / "s07", road=card / name)

        return run

    def test_from_name_and_creation_time(self, imported, tiny, tmp_path):
        # 9:30 in Berlin, stamped after 2 s of sound and 3 s of closing the file
        done = imported("VID_20260512_093001.mp4", tiny.START + timedelta(seconds=6))
        assert done.manifest.recorded_at == "2026-05-12T09:30:01+02:00"
        text = (tmp_path / "s07" / "session.yaml").read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith("recorded_at"))
        assert line == (
            "recorded_at: '2026-05-12T09:30:01+02:00'   # estimated from the file's name and its "
            "creation_time minus its length"
        )
        assert open_session(tmp_path / "s07").manifest == done.manifest

    def test_a_name_in_utc(self, imported, tiny):
        done = imported("PXL_20260512_073001123.mp4", tiny.START + timedelta(seconds=3))
        assert done.manifest.recorded_at == "2026-05-12T07:30:01+00:00"

    def test_an_offset_of_quarters_of_an_hour(self, imported, tiny):
        done = imported("VID_20260512_131500.mp4", tiny.START + timedelta(seconds=2))
        assert done.manifest.recorded_at == "2026-05-12T13:15:00+05:45"

    def test_from_the_creation_time_alone(self, imported, tiny):
        done = imported("road.mp4", tiny.START + timedelta(seconds=2))
        assert done.manifest.recorded_at in (
            "2026-05-12T07:30:00+00:00",
            "2026-05-12T07:29:59+00:00",  # the coded sound is a little longer than 2 s
        )
        assert any("minus its length" in note for note in done.notes)

    def test_a_name_that_contradicts_is_not_used(self, imported, tiny):
        done = imported("VID_20250101_120733.mp4", tiny.START + timedelta(seconds=2))
        assert done.manifest.recorded_at.startswith("2026-05-12T07:")

    def test_from_the_name_alone_in_the_zone_of_the_computer(self, imported):
        done = imported("VID_20260512_093001.mp4", None)
        assert done.manifest.recorded_at.startswith("2026-05-12T09:30:01")
        assert any("time zone of the computer" in note for note in done.notes)

    def test_from_nothing(self, imported):
        assert imported("road.mp4", None).manifest.recorded_at is None

    def test_what_was_said_goes_first(self, card, tmp_path):
        said = "2026-05-12T10:00:00+02:00"
        done = import_session([card], tmp_path / "s", conditions=Conditions(recorded_at=said))
        assert done.manifest.recorded_at == said
        assert done.notes == ()
