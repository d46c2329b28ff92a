"""Which files of which folder are the drive's."""

import asyncio

import pytest

from dashgaze.collection.offload import UnclearError, offload, read_drive_times
from dashgaze.errors import InputError


def bring(field, **options):
    return asyncio.run(offload(field.session, **options))


def test_the_journal_tells_what_the_devices_recorded_and_its_torn_end_is_left_out(field):
    times = read_drive_times(field.session)
    assert times.tracker.recording_id.endswith("0007")
    start_ns, stop_ns = times.phone.interval_ns
    assert stop_ns - start_ns == 1801 * 10**9
    assert start_ns == times.phone.start_ns + 4_000_000_000
    assert times.may_record == ()


def test_a_session_without_a_journal_tells_nothing(tmp_path):
    times = read_drive_times(tmp_path)
    assert times.phone.interval_ns is None
    assert times.phone.recording_id == ""


def test_of_several_recordings_that_with_the_journals_id_comes_home(field):
    field.add_recording("morning", recording_id="aaaa0000-1", after_start_s=-7200)
    field.add_recording("again", recording_id="bbbb0000-1", after_start_s=900, length_s=60)
    result = bring(field, tracker=field.export)
    assert "eye_tracker/info.json" in result.copied
    assert (field.session / "eye_tracker" / "gaze ps1.raw").read_bytes() == (
        field.export / "2026-05-28_20-26-40" / "gaze ps1.raw"
    ).read_bytes()
    assert any("'again'" in note and "not taken" in note for note in result.notes)
    assert not any("morning" in note for note in result.notes)


def test_without_an_id_the_recording_that_covers_the_drive_comes_home(field):
    field.write_journal(tracker_id="")
    field.add_recording("morning", recording_id="aaaa0000-1", after_start_s=-7200)
    field.add_recording("evening", recording_id="cccc0000-1", after_start_s=1790)
    result = bring(field, tracker=field.export)
    assert (field.session / "eye_tracker" / "gaze ps1.raw").read_bytes() == (
        field.export / "2026-05-28_20-26-40" / "gaze ps1.raw"
    ).read_bytes()
    assert any("'evening'" in note for note in result.notes)


def test_two_recordings_that_both_cover_half_the_drive_are_asked_about(field):
    field.write_journal(tracker_id="")
    field.add_recording("second", recording_id="bbbb0000-1", after_start_s=600)
    with pytest.raises(UnclearError, match="--take") as caught:
        bring(field, tracker=field.export)
    assert set(caught.value.choices) == {"2026-05-28_20-26-40", "second"}
    assert not (field.session / "eye_tracker").exists()
    assert bring(field, tracker=field.export, take=["second"]).complete
    assert bring(field, tracker=field.export, take=["bbbb0000"]).there_already


def test_a_folder_without_the_drives_recording_is_asked_about_not_guessed(field):
    field.write_journal(tracker_id="ffff0000-1")
    (folder,) = field.export.iterdir()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    field.add_recording("yesterday", recording_id="aaaa0000-1", after_start_s=-86_400)
    with pytest.raises(UnclearError, match="yesterday"):
        bring(field, tracker=field.export)


def test_a_folder_without_recordings_is_told(field):
    with pytest.raises(InputError, match=r"info\.json"):
        bring(field, tracker=field.phone)


def test_videos_are_found_by_the_journals_names_among_others(field):
    field.add_video("rear_0.mp4", after_start_s=-5000)
    field.add_video("holiday.mp4", after_start_s=90_000)
    result = bring(field, phone=field.phone)
    assert sorted(result.copied) == ["phone/driver.mp4", "phone/road.mp4"]
    assert (field.session / "phone" / "road.mp4").read_bytes() == (
        field.phone / "rear_1.mp4"
    ).read_bytes()


def test_later_parts_of_the_drive_come_home_too_in_their_order(field):
    field.add_video("rear_1.mp4", after_start_s=900)
    field.add_video("rear_2.mp4", after_start_s=1800)
    field.add_video("rear_10.mp4", after_start_s=1800, seed=3)
    field.add_video("front_2.mp4", after_start_s=1801)
    result = bring(field, phone=field.phone)
    road = [(field.session / "phone" / f"road_{n}.mp4").read_bytes() for n in (1, 2, 3)]
    names = ("rear_1.mp4", "rear_2.mp4", "rear_10.mp4")
    assert road == [(field.phone / name).read_bytes() for name in names]
    assert len(result.copied) == 5


def test_without_names_the_videos_that_ended_with_the_drive_are_taken(field):
    field.write_journal(phone_id="")
    field.add_video("rear_0.mp4", after_start_s=-5000)
    result = bring(field, phone=field.phone)
    assert sorted(result.copied) == ["phone/driver.mp4", "phone/road.mp4"]
    assert any("by their times" in note for note in result.notes)


def test_many_videos_without_names_or_times_are_asked_about(field):
    (field.session / "field" / "journal.jsonl").unlink()
    field.add_video("rear_0.mp4")
    with pytest.raises(UnclearError) as caught:
        bring(field, phone=field.phone)
    assert set(caught.value.choices) == {"rear_0.mp4", "rear_1.mp4", "front_1.mp4"}
    result = bring(field, phone=field.phone, take=["rear_0.mp4", "front_1.mp4"])
    assert sorted(result.copied) == ["phone/driver.mp4", "phone/road.mp4"]


def test_videos_whose_names_do_not_tell_keep_a_neutral_name_and_say_so(field):
    field.write_journal(phone_id="/sdcard/DCIM/a.mp4|/sdcard/DCIM/b.mp4")
    field.add_video("a.mp4")
    field.add_video("b.mp4", size=100)
    for name in ("rear_1.mp4", "front_1.mp4"):
        (field.phone / name).unlink()
    result = bring(field, phone=field.phone)
    assert sorted(result.copied) == ["phone/video_1.mp4", "phone/video_2.mp4"]
    assert any("session.yaml" in note for note in result.notes)


def test_a_track_beside_the_videos_comes_home(field):
    (field.phone / "drive.gpx").write_text("<gpx/>")
    assert "phone/location.gpx" in bring(field, phone=field.phone).copied


def test_a_device_that_may_still_record_is_told(field):
    field.write_journal(stopped=False)
    result = bring(field, phone=field.phone)
    assert sum("never stopped" in note for note in result.notes) == 2


def test_the_session_itself_is_no_source(field):
    bring(field, tracker=field.export)
    with pytest.raises(InputError, match="session itself"):
        bring(field, tracker=field.session / "eye_tracker")
