"""What the check says of the phone's files."""

import shutil
from datetime import timedelta

import numpy as np
import pytest

from dashgaze.checks import check
from dashgaze.collection.simulation.media_writer import (
    FileOptions,
    cut_file,
    drop_index,
    write_sound,
)
from dashgaze.media import Sound


def test_a_missing_road_video_is_an_error_that_names_a_near_one(session, only):
    road = session / "phone" / "road.mp4"
    road.rename(road.with_name("Road.MP4"))
    finding = only(check(session), "FILE-MISSING")
    assert finding.severity == "error"
    assert finding.path == "phone/road.mp4"
    assert "does not exist" in finding.message


def test_a_near_name_is_told(session, only):
    road = session / "phone" / "road.mp4"
    road.rename(road.with_name("raod.mp4"))
    assert "there is 'raod.mp4'" in only(check(session), "FILE-MISSING").message


def test_a_folder_in_the_place_of_the_video(session, only):
    road = session / "phone" / "road.mp4"
    road.unlink()
    road.mkdir()
    assert only(check(session), "FILE-MISSING").message == "The road video is not a file."


def test_an_empty_video(session, only):
    (session / "phone" / "road.mp4").write_bytes(b"")
    finding = only(check(session), "FILE-EMPTY")
    assert (finding.severity, finding.path) == ("error", "phone/road.mp4")


def test_an_unfinished_video(session, only):
    road = session / "phone" / "road.mp4"
    whole = road.rename(road.with_name("whole.bin"))
    drop_index(whole, road)
    finding = only(check(session), "VIDEO-UNFINISHED")
    assert finding.severity == "error"
    assert "untrunc" in finding.fix


def test_what_is_no_video(session, only):
    (session / "phone" / "driver.mp4").write_bytes(b"\x00\x01\x02\x03" * 500)
    finding = only(check(session), "VIDEO-UNREADABLE")
    assert (finding.severity, finding.path) == ("error", "phone/driver.mp4")


def test_a_video_that_was_cut_short(session, tiny, only):
    road = session / "phone" / "road.mp4"
    tiny.write_road(session / "whole.mp4", options=FileOptions(index_first=True))
    cut_file(session / "whole.mp4", road, share=0.6)
    finding = only(check(session), "VIDEO-CUT")
    assert finding.severity == "warning"


def test_sound_only(session, tiny, only):
    write_sound(session / "phone" / "road.mp4", tiny.make_noise())
    assert only(check(session), "VIDEO-WITHOUT-PICTURES").severity == "error"


def test_a_road_video_without_sound(session, tiny, only):
    tiny.write_road(session / "phone" / "road.mp4", sound=None)
    report = check(session)
    assert only(report, "ROAD-NO-SOUND").severity == "error"
    assert "ROAD-IS-DRIVER" not in {finding.code for finding in report.findings}


def test_exchanged_videos(session, only):
    road, driver = session / "phone" / "road.mp4", session / "phone" / "driver.mp4"
    road.rename(session / "spare.mp4")
    driver.rename(road)
    (session / "spare.mp4").rename(driver)
    report = check(session)
    finding = only(report, "ROAD-IS-DRIVER")
    assert finding.severity == "error"
    assert "phone/driver.mp4 has" in finding.message
    assert "ROAD-NO-SOUND" not in {finding.code for finding in report.findings}


def test_the_world_video_as_road_video(session, tiny, only):
    tiny.write_road(
        session / "phone" / "road.mp4",
        times_s=tiny.times_of(1.0),
        size_px=(1088, 1080),
        images=np.zeros((1080, 1088, 3), np.uint8),
    )
    finding = only(check(session), "ROAD-IS-WORLD")
    assert finding.severity == "error"
    assert "1088×1080" in finding.message


@pytest.mark.parametrize(
    ("size_px", "rotation_deg", "is_upright"),
    [((96, 64), 0, False), ((64, 96), 0, True), ((96, 64), 90, True), ((64, 96), 270, False)],
)
def test_an_upright_road_video(session, tiny, size_px, rotation_deg, is_upright):
    tiny.write_road(
        session / "phone" / "road.mp4",
        size_px=size_px,
        options=FileOptions(rotation_deg=rotation_deg),
    )
    codes = {finding.code for finding in check(session).findings}
    assert ("VIDEO-ROTATED" in codes) == is_upright


def test_a_mirrored_driver_video(session, tiny, only):
    tiny.write_driver(session / "phone" / "driver.mp4", options=FileOptions(mirrored=True))
    assert only(check(session), "VIDEO-MIRRORED").path == "phone/driver.mp4"


def test_lost_frames_are_counted(session, tiny, only):
    times_s = tiny.times_of()
    kept = np.ones(len(times_s), bool)
    kept[100] = False  # one frame
    kept[400:410] = False  # ten, 0.44 s from the last to the next
    tiny.write_road(session / "phone" / "road.mp4", times_s=times_s[kept])
    finding = only(check(session), "FRAMES-DROPPED")
    assert finding.severity == "warning"
    assert finding.message == (
        "The road video lacks 11 frames (1.4%) in 2 gaps; the longest is 440 ms at 16.0 s, where "
        "40 ms are usual."
    )


def test_a_single_lost_frame_is_no_warning(session, tiny, only):
    times_s = np.delete(tiny.times_of(), 100)
    tiny.write_road(session / "phone" / "road.mp4", times_s=times_s)
    finding = only(check(session), "FRAMES-DROPPED")
    assert finding.severity == "info"
    assert "lacks 1 frame (0.1%) in 1 gap" in finding.message


def test_a_low_frame_rate(session, tiny, only):
    tiny.write_road(session / "phone" / "road.mp4", times_s=tiny.times_of(rate_hz=12.0))
    finding = only(check(session), "FRAME-RATE-LOW")
    assert "12.0 frames per second" in finding.message


def test_a_short_drive(session, tiny, only):
    tiny.write_road(
        session / "phone" / "road.mp4", times_s=tiny.times_of(29.0), sound=tiny.make_noise(29.0)
    )
    assert only(check(session), "RECORDING-SHORT").path == "phone/road.mp4"


def test_videos_of_different_length(session, tiny, only):
    tiny.write_driver(session / "phone" / "driver.mp4", times_s=tiny.times_of(25.0, rate_hz=20.0))
    finding = only(check(session), "DRIVER-LENGTH")
    assert finding.severity == "warning"
    assert "driver_offset_s" in finding.fix


def test_the_same_file_twice(session, only):
    shutil.copy(session / "phone" / "road.mp4", session / "phone" / "driver.mp4")
    finding = only(check(session), "SAME-FILE-TWICE")
    assert finding.severity == "error"
    assert finding.message == "The road video and the driver video are the same file."


def test_a_file_that_the_manifest_does_not_name(session, change_manifest, only):
    change_manifest(session, "  driver: phone/driver.mp4\n", "")
    report = check(session)
    finding = only(report, "FILE-NOT-NAMED")
    assert "driver: phone/driver.mp4" in finding.fix
    assert only(report, "MISSING-DRIVER-VIDEO").severity == "info"


def test_another_part_of_the_road_video(session, only):
    road = session / "phone" / "road.mp4"
    shutil.copy(road, road.with_name("road_2.mp4"))
    assert "'road_2.mp4'" in only(check(session), "ROAD-PARTS").message


def test_a_track_that_can_t_be_read(session, only):
    (session / "phone" / "location.csv").write_text("colour,taste\nred,sweet\n", encoding="utf-8")
    finding = only(check(session), "LOCATION-UNREADABLE")
    assert (finding.severity, finding.path) == ("error", "phone/location.csv")


def test_a_track_of_another_day(session, tiny, only):
    tiny.write_location(session / "phone" / "location.csv", start_ns=tiny.START_NS + 86_400 * 10**9)
    assert "86400 s" in only(check(session), "LOCATION-APART").message


class TestDeep:
    def test_overdriven_sound(self, session, tiny, only):
        hum = 2 * np.sin(2 * np.pi * 110 / tiny.RATE_HZ * np.arange(32 * tiny.RATE_HZ))
        loud = Sound(
            samples=np.clip(hum, -0.995, 0.995).astype(np.float32),
            rate_hz=tiny.RATE_HZ,
            start_s=0.0,
        )
        tiny.write_road(
            session / "phone" / "road.mp4", sound=loud, options=FileOptions(audio_codec="alac")
        )
        finding = only(check(session, deep=True), "SOUND-CLIPPED")
        assert (finding.severity, finding.path) == ("warning", "phone/road.mp4")
        # |2 sin| ≥ 0.99 for all but 2/π · asin(0.495) = 33.0 % of the time
        assert finding.message == "67.1% of the road video's sound is overdriven."

    def test_a_silent_microphone(self, session, tiny, only):
        tiny.write_road(session / "phone" / "road.mp4", sound=tiny.make_noise(level=0.0))
        assert only(check(session, deep=True), "SOUND-SILENT").severity == "error"
        assert check(session).ok

    def test_lost_sound(self, session, tiny, only):
        noise = tiny.make_noise()
        gappy = Sound(
            samples=noise.samples, rate_hz=noise.rate_hz, start_s=0.0, gaps_s=((10.0, 12.0),)
        )
        tiny.write_road(session / "phone" / "road.mp4", sound=gappy)
        finding = only(check(session, deep=True), "SOUND-GAPS")
        assert "in 1 place, first at 10." in finding.message

    def test_good_sound_has_no_finding(self, session):
        report = check(session, deep=True)
        assert report.listened
        assert not [finding for finding in report.findings if finding.code.startswith("SOUND")]


class TestClocks:
    def write_road(self, session, tiny, created_at):
        tiny.write_road(session / "phone" / "road.mp4", options=FileOptions(created_at=created_at))

    @pytest.mark.parametrize("after_s", [0, 32, 100, -100, 150])
    def test_a_stamp_at_the_start_or_the_end_agrees(self, session, tiny, after_s):
        self.write_road(session, tiny, tiny.START + timedelta(seconds=after_s))
        assert "CREATION-TIME-DIFFERS" not in {f.code for f in check(session).findings}

    @pytest.mark.parametrize("after_s", [-121, 153])
    def test_a_stamp_two_minutes_off_does_not(self, session, tiny, only, after_s):
        self.write_road(session, tiny, tiny.START + timedelta(seconds=after_s))
        finding = only(check(session), "CREATION-TIME-DIFFERS")
        assert finding.severity == "warning"
        assert "2026-05-12 07:30:00 UTC" in finding.message
        assert "offset from UTC" not in finding.message

    def test_a_wrong_time_zone_is_recognised(self, session, tiny, only):
        self.write_road(session, tiny, tiny.START + timedelta(hours=2, seconds=35))
        message = only(check(session), "CREATION-TIME-DIFFERS").message
        assert "A wrong offset from UTC (+2 h) would explain it." in message
