"""Recording on the phone: only growing files count, and nothing is ever started twice."""

import asyncio
import hashlib
import http.server
import threading
import time

import pytest

from dashgaze.collection.field.device import DrivePlan
from dashgaze.collection.phone import AdbPhone, CameraAppHooks, CameraFiles
from dashgaze.collection.phone.pulling import BLOCK_BYTES
from dashgaze.collection.phone.recorded_files import FileWatch, FoundFile, as_remote, natural
from dashgaze.errors import DeviceError, InputError, OutputError

PLAN = DrivePlan(session_id="s07", minutes=30)
HOOKS = CameraAppHooks(start="am start -n org.example.cam/.Record", stop="input keyevent 24")
ROAD, DRIVER = "sdcard/DCIM/Camera/rear_1.mp4", "sdcard/DCIM/Camera/front_1.mp4"


def phone_with(**changes):
    return AdbPhone(**({"hooks": HOOKS, "start_timeout_s": 3.0, "stop_timeout_s": 3.0} | changes))


def record_by_hand(fake_adb, *names, rate=400_000):
    begun = [{"file": name, "begin_s": time.time(), "rate": rate} for name in names]
    fake_adb.set(recordings=fake_adb.state["recordings"] + begun)


def end_by_hand(fake_adb, *names):
    ended = fake_adb.state["recordings"]
    for recording in ended:
        if not names or recording["file"] in names:
            recording.setdefault("end_s", time.time())
    fake_adb.set(recordings=ended)


class TestStart:
    def test_waits_until_both_files_grow(self, fake_adb, quick):
        (fake_adb.camera / "rear_0.mp4").write_bytes(b"of yesterday")
        started = asyncio.run(phone_with().start(PLAN))
        assert started.recording_id == (
            "/sdcard/DCIM/Camera/front_1.mp4|/sdcard/DCIM/Camera/rear_1.mp4"
        )
        assert abs(started.host_ns - time.time_ns()) < 10e9
        assert abs(started.device_ns - started.host_ns) < 1e9
        assert fake_adb.state["start_count"] == 1

    def test_a_second_start_takes_over(self, fake_adb, quick):
        first = asyncio.run(phone_with().start(PLAN))
        again = asyncio.run(phone_with().start(PLAN))  # another run of the program
        assert again.recording_id == first.recording_id
        assert fake_adb.state["start_count"] == 1

    def test_by_hand(self, fake_adb, quick):
        phone = phone_with(hooks=None)

        async def start():
            waiting = asyncio.ensure_future(phone.start(PLAN))
            await asyncio.sleep(0.8)
            assert not waiting.done()
            record_by_hand(fake_adb, ROAD, DRIVER)
            return await waiting

        assert "rear_1.mp4" in asyncio.run(start()).recording_id
        assert fake_adb.state["start_count"] == 0

    def test_one_file_of_two_is_not_enough(self, fake_adb, quick):
        fake_adb.set(will_record=[ROAD])
        phone = phone_with(start_timeout_s=1.5)
        with pytest.raises(DeviceError, match="1 video file on the phone grow; 2 are") as caught:
            asyncio.run(phone.start(PLAN))
        assert caught.value.unknown
        with pytest.raises(DeviceError, match="1 video file"):
            asyncio.run(phone.start(PLAN))
        assert fake_adb.state["start_count"] == 1  # the second call only looked
        record_by_hand(fake_adb, DRIVER)
        asyncio.run(phone.start(PLAN))
        assert fake_adb.state["start_count"] == 1

    def test_three_files_are_too_many(self, fake_adb, quick):
        fake_adb.set(will_record=[ROAD, DRIVER, "sdcard/DCIM/Camera/other.mp4"])
        with pytest.raises(DeviceError, match="3 video files on the phone grow; 2 are expected"):
            asyncio.run(phone_with(start_timeout_s=1.5).start(PLAN))

    def test_files_that_stay_empty_do_not_count(self, fake_adb, quick):
        fake_adb.set(rate=0)
        with pytest.raises(DeviceError, match="no video file"):
            asyncio.run(phone_with(start_timeout_s=1.0).start(PLAN))

    def test_pictures_do_not_count(self, fake_adb, quick):
        fake_adb.set(will_record=[ROAD, "sdcard/DCIM/Camera/front.jpg"])
        with pytest.raises(DeviceError, match="1 video file"):
            asyncio.run(phone_with(start_timeout_s=1.5).start(PLAN))

    def test_a_command_that_the_phone_refuses_may_be_repeated(self, fake_adb, quick):
        phone = phone_with(hooks=CameraAppHooks(start="echo 'Error: Activity not started'"))
        for _ in range(2):
            with pytest.raises(DeviceError, match="refused 'echo") as caught:
                asyncio.run(phone.start(PLAN))
            assert not caught.value.unknown

    def test_unfinished_names_are_followed(self, fake_adb, quick):
        fake_adb.set(
            will_record=[
                "sdcard/DCIM/Camera/.pending-1747-rear_1.mp4",
                "sdcard/DCIM/Camera/.pending-1747-front_1.mp4",
            ]
        )
        phone = phone_with()

        async def drive():
            started = await phone.start(PLAN)
            await phone.stop()
            return started, await phone.files()

        started, files = asyncio.run(drive())
        assert ".pending" not in started.recording_id
        assert {file.name for file in files} == {f"/{ROAD}", f"/{DRIVER}"}


class TestDrive:
    def test_health_files_and_stop(self, fake_adb, quick):
        phone = phone_with()

        async def drive():
            await phone.start(PLAN)
            seen = []
            for _ in range(4):
                seen.append(await phone.health())
                await asyncio.sleep(0.3)
            await phone.stop()
            await phone.stop()  # one that has stopped is fine
            return seen, await phone.files()

        seen, files = asyncio.run(drive())
        assert all(health.growing and health.recording for health in seen)
        assert seen[-1].recorded_bytes > seen[0].recorded_bytes > 0
        assert seen[-1].recorded_s > seen[0].recorded_s
        assert (seen[0].battery_percent, seen[0].temperature_c) == (82.0, 28.7)
        # 92 GB at two times 400 kB/s
        assert seen[-1].storage_minutes == pytest.approx(90e6 * 1024 / 8e5 / 60, rel=0.2)
        assert {file.target: file.name for file in files} == {
            "phone/road.mp4": f"/{ROAD}",
            "phone/driver.mp4": f"/{DRIVER}",
        }
        assert all(
            file.size_bytes == (fake_adb.root / file.name[1:]).stat().st_size for file in files
        )
        assert fake_adb.state["stop_count"] == 1

    def test_a_file_that_stops_growing_is_told(self, fake_adb, quick):
        phone = phone_with()

        async def drive():
            await phone.start(PLAN)
            end_by_hand(fake_adb, DRIVER)
            for _ in range(12):
                health = await phone.health()
                if not health.growing:
                    return health
                await asyncio.sleep(0.2)
            return health

        health = asyncio.run(drive())
        assert health.growing is False
        assert health.reachable
        assert "Stopped growing: front_1.mp4" in health.note

    def test_a_new_part_is_told_and_counts(self, fake_adb, quick):
        phone = phone_with()
        second = ROAD.replace("_1", "_1_2"), DRIVER.replace("_1", "_1_2")

        async def drive():
            await phone.start(PLAN)
            await asyncio.sleep(1.1)
            end_by_hand(fake_adb)
            record_by_hand(fake_adb, *second)
            await asyncio.sleep(0.2)
            first = await phone.health()
            later = []
            for _ in range(6):
                await asyncio.sleep(0.2)
                later.append(await phone.health())
            return first, later, await phone.files()

        first, later, files = asyncio.run(drive())
        assert "A new part began: front_1_2.mp4." in first.note
        assert "A new part began: rear_1_2.mp4." in first.note
        assert later[-1].growing
        assert later[-1].note == ""
        assert [(file.target, file.name[-12:]) for file in files] == [
            ("phone/road_1.mp4", "a/rear_1.mp4"),
            ("phone/road_2.mp4", "rear_1_2.mp4"),
            ("phone/driver_1.mp4", "/front_1.mp4"),
            ("phone/driver_2.mp4", "ront_1_2.mp4"),
        ]

    def test_health_knows_no_growth_before_the_start(self, fake_adb, quick):
        health = asyncio.run(phone_with().health())
        assert (health.reachable, health.recording, health.growing) == (True, None, None)
        assert health.battery_percent == 82.0

    def test_stop_by_hand_that_nobody_does(self, fake_adb, quick):
        phone = phone_with(hooks=CameraAppHooks(start=HOOKS.start), stop_timeout_s=1.0)

        async def drive():
            await phone.start(PLAN)
            await phone.stop()

        with pytest.raises(DeviceError, match="still grow") as caught:
            asyncio.run(drive())
        assert caught.value.unknown

    def test_closing_and_losing_it_stops_nothing(self, fake_adb, quick):
        phone = phone_with()

        async def drive():
            await phone.start(PLAN)
            await phone.close()

        asyncio.run(drive())
        assert fake_adb.state["stop_count"] == 0
        assert all("end_s" not in recording for recording in fake_adb.state["recordings"])

    def test_another_run_adopts_the_recording(self, fake_adb, quick):
        (fake_adb.camera / "rear_0.mp4").write_bytes(b"of yesterday")
        import os

        os.utime(fake_adb.camera / "rear_0.mp4", (time.time() - 90_000,) * 2)
        begun_s = time.time()
        started = asyncio.run(phone_with().start(PLAN))
        later = phone_with()
        with pytest.raises(DeviceError, match="not known which"):
            asyncio.run(later.files())
        later.adopt(started.recording_id, started_s=begun_s)

        async def drive():
            await later.health()
            await asyncio.sleep(0.4)
            health = await later.health()
            await later.stop()
            return health, await later.files()

        health, files = asyncio.run(drive())
        assert health.growing
        assert {file.target for file in files} == {"phone/road.mp4", "phone/driver.mp4"}
        assert fake_adb.state["stop_count"] == 1


class TestPull:
    @pytest.fixture
    def video(self, fake_adb):
        content = bytes(range(256)) * 4096 * 5 + b"end"  # 5 MiB and a bit
        path = fake_adb.camera / "it's a road.mp4"
        path.write_bytes(content)
        return "/sdcard/DCIM/Camera/it's a road.mp4", content

    def pull(self, video, local, **given):
        from dashgaze.collection.field.device import RemoteFile

        file = RemoteFile(name=video[0], target="phone/road.mp4")
        return asyncio.run(AdbPhone().pull(file, local, **given))

    def test_whole(self, fake_adb, video, tmp_path):
        seen = []
        local = tmp_path / "s" / "road.mp4"
        size = self.pull(video, local, progress=lambda phase, share: seen.append(share))
        assert local.read_bytes() == video[1]
        assert size == len(video[1])
        assert seen == sorted(seen)
        assert seen[-1] == 1.0

    def test_goes_on_after_the_cable_was_pulled(self, fake_adb, video, tmp_path):
        local = tmp_path / "road.mp4"
        fake_adb.set(disconnect_after_bytes=3_500_000)
        with pytest.raises(DeviceError, match="3500000 of 5242883 bytes") as caught:
            self.pull(video, local)
        assert "broke off" in caught.value.what
        assert local.stat().st_size == 3_500_000
        with local.open("r+b") as file:  # what lies behind the last whole block is not trusted
            file.seek(3 * BLOCK_BYTES + 5)
            file.write(b"damage")
        self.pull(video, local, offset=3_500_000)
        assert local.read_bytes() == video[1]
        assert any(f"skip={3_500_000 // BLOCK_BYTES}" in call[-1] for call in fake_adb.calls())

    @pytest.mark.parametrize("offset", [0, 1, BLOCK_BYTES, 10**9])
    def test_any_offset_ends_in_the_same_file(self, fake_adb, video, tmp_path, offset):
        local = tmp_path / "road.mp4"
        local.write_bytes(video[1][:2_000_000])
        self.pull(video, local, offset=offset)
        assert local.read_bytes() == video[1]

    def test_a_file_that_is_gone(self, fake_adb, tmp_path):
        with pytest.raises(DeviceError, match="has no file"):
            self.pull(("/sdcard/x.mp4", b""), tmp_path / "x.mp4")

    def test_a_place_that_can_t_be_written(self, fake_adb, video, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(OutputError, match="can't be written"):
            self.pull(video, tmp_path / "file" / "road.mp4")

    def test_the_phone_computes_the_checksum(self, fake_adb, video):
        from dashgaze.collection.field.device import RemoteFile

        file = RemoteFile(name=video[0], target="phone/road.mp4")
        sha256 = asyncio.run(AdbPhone().sha256(file))
        assert sha256 == hashlib.sha256(video[1]).hexdigest()

    def test_a_phone_without_sha256sum(self, fake_adb, video):
        from dashgaze.collection.field.device import RemoteFile

        phone = AdbPhone()
        file = RemoteFile(name="/sdcard/DCIM/Camera", target="phone/road.mp4")  # a folder
        with pytest.raises(DeviceError, match="no SHA-256"):
            asyncio.run(phone.sha256(file))


class TestHooks:
    def test_come_from_yaml(self):
        hooks = CameraAppHooks.from_mapping({"start": "input keyevent 27", "stop": None})
        assert (hooks.start, hooks.stop) == ("input keyevent 27", None)
        with pytest.raises(InputError, match="unknown key 'begin'"):
            CameraAppHooks.from_mapping({"begin": "x"})
        with pytest.raises(InputError, match="not text"):
            CameraAppHooks.from_mapping({"start": 27})
        with pytest.raises(InputError, match="one line"):
            CameraAppHooks(start=" ")

    @pytest.fixture
    def app(self, fake_adb):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/start":
                    record_by_hand(fake_adb, ROAD, DRIVER)
                self.send_response(200 if self.path == "/start" else 403)
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        server.server_close()
        thread.join()

    def test_an_app_that_listens_on_http(self, fake_adb, quick, app):
        phone = phone_with(hooks=CameraAppHooks(start=f"{app}/start"))
        assert "rear_1" in asyncio.run(phone.start(PLAN)).recording_id

    def test_an_app_that_refuses(self, fake_adb, quick, app):
        phone = phone_with(hooks=CameraAppHooks(start=f"{app}/other"))
        with pytest.raises(DeviceError, match="refused with status 403"):
            asyncio.run(phone.start(PLAN))

    def test_an_app_that_is_not_there(self, fake_adb, quick):
        phone = phone_with(hooks=CameraAppHooks(start="http://127.0.0.1:9/start"))
        with pytest.raises(DeviceError, match="can't be reached") as caught:
            asyncio.run(phone.start(PLAN))
        assert not caught.value.unknown


class TestFiles:
    @pytest.mark.parametrize(
        ("path", "role"),
        [
            ("/sdcard/DCIM/Camera/VID_1_rear.mp4", "road"),
            ("/sdcard/DCIM/Camera/VID_1_FRONT.mp4", "driver"),
            ("/sdcard/DCIM/Camera/back/1.mp4", "road"),
            ("/sdcard/DCIM/Camera/VID_1.mp4", None),
            ("/sdcard/DCIM/Camera/front_rear.mp4", None),
        ],
    )
    def test_roles_by_words(self, path, role):
        assert CameraFiles().role_of(path) == role

    def test_roles_by_pattern(self):
        cameras = CameraFiles(road="*_0.mp4", driver="*/two/*")
        assert cameras.role_of("/sdcard/DCIM/Camera/x_0.mp4") == "road"
        assert cameras.role_of("/sdcard/DCIM/Camera/two/x.mp4") == "driver"
        assert cameras.role_of("/sdcard/DCIM/Camera/two/x_0.mp4") is None

    def test_what_does_not_tell_is_left_to_the_import(self):
        files = [
            FoundFile(name=f"/sdcard/{name}", path=f"/sdcard/{name}", size_bytes=1, modified_s=1)
            for name in ("a.mp4", "b.mov")
        ]
        targets = [file.target for file in as_remote(files, CameraFiles())]
        assert targets == ["phone/video_1.mp4", "phone/video_2.mov"]

    def test_numbers_sort_as_numbers(self):
        names = ["a_10.mp4", "a_2.mp4", "a.mp4", "a_1.mp4"]
        assert sorted(names, key=natural) == ["a.mp4", "a_1.mp4", "a_2.mp4", "a_10.mp4"]

    def test_growth_is_judged_over_seconds(self):
        watch = FileWatch()

        def look(at_s, size):
            file = FoundFile(name="/a.mp4", path="/a.mp4", size_bytes=size, modified_s=1)
            watch.observe({"/a.mp4": file}, at_s)
            return watch.growing()

        assert look(0.0, 10) is None
        assert look(1.0, 10) is None  # apps write in bursts
        assert look(2.0, 11) == {"/a.mp4"}
        assert look(6.0, 11) == {"/a.mp4"}
        assert look(7.5, 11) == set()
        assert look(8.0, 12) == {"/a.mp4"}


class TestAnotherRunOfTheProgram:
    """After a crash nothing is known of the recording but that files grow."""

    def test_sees_that_it_runs_and_takes_it_over(self, fake_adb, quick):
        asyncio.run(phone_with().start(PLAN))
        again = phone_with()

        async def look():
            seen = []
            while not seen or seen[-1] is None:
                seen.append((await again.health()).recording)
                await asyncio.sleep(0.1)
            return seen[-1]

        assert asyncio.run(asyncio.wait_for(look(), 10)) is True
        # times of files that lag behind must not make it press a button that would stop the recording
        fake_adb.set(skew_s=3600.0)
        asyncio.run(again.start(PLAN))
        assert fake_adb.state["start_count"] == 1

    def test_sees_that_none_runs_but_not_at_once(self, fake_adb, quick):
        (fake_adb.camera / "rear_0.mp4").write_bytes(b"of yesterday")
        again = phone_with()

        async def look():
            seen, end_s = [], time.monotonic() + 10
            while (not seen or seen[-1] is None) and time.monotonic() < end_s:
                seen.append((await again.health()).recording)
                await asyncio.sleep(0.1)
            return seen

        seen = asyncio.run(look())
        assert seen[-1] is False
        assert len(seen) > 1
