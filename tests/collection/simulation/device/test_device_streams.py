"""Gaze and scene video as the vendor's library receives them."""

import asyncio
import struct
from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("pupil_labs.realtime_api")

from pupil_labs.realtime_api import Device, receive_gaze_data, receive_video_frames
from pupil_labs.realtime_api.streaming.gaze import (
    BinoAndDualMonoGazeData,
    EyestateEyelidGazeData,
    EyestateGazeData,
    GazeData,
)

from dashgaze.collection.simulation.device import (
    DeviceSimulator,
    GazePoint,
    read_frame_number,
    rtsp_server,
)
from dashgaze.collection.simulation.device.rtp import h264_payloads
from dashgaze.collection.simulation.device.scene_encoder import SceneEncoder, split_nal_units
from dashgaze.collection.simulation.device.scene_picture import write_frame_number

TICK_NS = 1e9 / 90_000


def url_of(device: DeviceSimulator, camera: str, scheme: str = "rtsp") -> str:
    return f"{scheme}://{device.address}:{device.rtsp_port}/?camera={camera}"


def assert_true_gaze(device: DeviceSimulator, samples: list[Any]) -> np.ndarray:
    """See that each sample is one of those planted, and give the steps from one to the next."""
    truth = device.gaze_truth()
    stamps = np.array([sample.timestamp_unix_seconds for sample in samples]) * 1e9
    places = np.searchsorted(truth.timestamp_ns, stamps - 1e6)
    # Half a tick of RTP time, and what float64 seconds can't tell.
    assert np.abs(truth.timestamp_ns[places] - stamps).max() < TICK_NS / 2 + 500
    points = np.array([(sample.x, sample.y) for sample in samples], dtype=np.float32)
    assert np.array_equal(truth.points_px[places], points)
    assert truth.worn is not None
    assert truth.worn[places].tolist() == [sample.worn for sample in samples]
    return np.diff(places)


@pytest.mark.parametrize(("rate_hz", "scheme"), [(120, "rtsp"), (200, "rtsp"), (200, "rtspt")])
def test_gaze_has_the_planted_values_and_times(
    with_device: Any, kit: Any, rate_hz: float, scheme: str
) -> None:
    async def check(device: DeviceSimulator) -> None:
        samples = await kit.take(receive_gaze_data(url_of(device, "gaze", scheme)), 120)
        assert {type(sample) for sample in samples} == {GazeData}
        assert (assert_true_gaze(device, samples) == 1).all()  # none is missing
        seconds = np.array([sample.timestamp_unix_seconds for sample in samples])
        # The spacing is planted on the device's clock, not measured on a busy computer.
        assert np.diff(seconds) == pytest.approx(1 / rate_hz, abs=3e-5)

    with_device(check, gaze_hz=rate_hz, clock_offset_ms=86_400_000, clock_drift_ppm=-200)


def test_gaze_can_be_given_as_a_function_of_time(with_device: Any, kit: Any) -> None:
    def path(device_ns: int) -> GazePoint:
        return GazePoint(device_ns % 1000 / 8, -88.25, worn=device_ns // 10**8 % 2 == 0)

    async def check(device: DeviceSimulator) -> None:
        samples = await kit.take(receive_gaze_data(url_of(device, "gaze")), 60)
        assert {sample.y for sample in samples} == {-88.25}
        assert {sample.worn for sample in samples} == {True, False}
        assert_true_gaze(device, samples)
        truth = device.gaze_truth()
        for stamp, point in zip(truth.timestamp_ns.tolist(), truth.points_px, strict=True):
            assert point[0] == stamp % 1000 / 8

    with_device(check, gaze=path)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("binocular", BinoAndDualMonoGazeData),
        ("eye_state", EyestateGazeData),
        ("eyelids", EyestateEyelidGazeData),
    ],
)
def test_a_neon_sends_longer_samples(with_device: Any, kit: Any, form: str, kind: type) -> None:
    async def check(device: DeviceSimulator) -> None:
        samples = await kit.take(receive_gaze_data(url_of(device, "gaze")), 20)
        assert {type(sample) for sample in samples} == {kind}
        assert_true_gaze(device, samples)
        if form != "binocular":
            assert {sample.pupil_diameter_left for sample in samples} == {3.5}
            assert {sample.eyeball_center_right_x for sample in samples} == {32.0}

    with_device(check, kind="neon", gaze_payload=form)


@pytest.mark.parametrize("scheme", ["rtsp", "rtspt"])
def test_pictures_are_decoded_with_their_own_times(with_device: Any, kit: Any, scheme: str) -> None:
    async def check(device: DeviceSimulator) -> None:
        frames = await kit.take(receive_video_frames(url_of(device, "world", scheme)), 24)
        truth = device.frame_truth()
        numbers = [read_frame_number(frame.to_ndarray(format="gray")) for frame in frames]
        assert len(set(numbers)) == len(numbers)
        assert numbers == sorted(numbers)
        for number, frame in zip(numbers, frames, strict=True):
            assert abs(truth[number] - frame.timestamp_unix_seconds * 1e9) < TICK_NS / 2 + 500
        assert frames[0].bgr_buffer().shape == (320, 320, 3)

    with_device(check, clock_offset_ms=2500)


def test_pictures_of_a_real_device_have_its_size_and_show_the_gaze(
    with_device: Any, kit: Any
) -> None:
    async def check(device: DeviceSimulator) -> None:
        frames = await kit.take(receive_video_frames(url_of(device, "world")), 3)
        picture = frames[-1].to_ndarray(format="gray")
        assert picture.shape == (1080, 1088)
        # A bright ring around the gaze, on a dark road.
        assert picture[700:732, 492:524].max() > 200
        assert picture[740:772, 560:592].max() < 120

    with_device(check, scene_size_px=None, gaze=lambda _: GazePoint(508.0, 716.0))


def test_several_clients_get_both_streams_at_once(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        gaze_a, gaze_b, frames = await asyncio.gather(
            kit.take(receive_gaze_data(url_of(device, "gaze")), 60),
            kit.take(receive_gaze_data(url_of(device, "gaze", "rtspt")), 60),
            kit.take(receive_video_frames(url_of(device, "world")), 10),
        )
        assert (assert_true_gaze(device, gaze_a) == 1).all()
        assert (assert_true_gaze(device, gaze_b) == 1).all()
        assert len(frames) == 10

    with_device(check)


def test_urls_of_the_status_play(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            sensor = (await client.get_status()).direct_gaze_sensor()
        assert sensor is not None
        assert sensor.url is not None
        assert len(await kit.take(receive_gaze_data(sensor.url), 5)) == 5

    with_device(check)


def test_rtsp_speaks_as_the_real_server_does(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        reader, writer = await asyncio.open_connection(device.address, device.rtsp_port)

        async def ask(method: str, url: str = "/", **headers: str) -> str:
            lines = [f"{method} rtsp://{device.address}{url} RTSP/1.0", "CSeq: 7"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = head.lower().partition("content-length: ")[2].split("\r\n")[0]
            return head + (await reader.readexactly(int(length or 0))).decode()

        options = await ask("OPTIONS", "/?camera=gaze")
        assert options.startswith("RTSP/1.0 200 OK\r\nCSeq: 7\r\n")
        assert "Public: OPTIONS, DESCRIBE" in options
        assert "Server: Pupil Invisible RTSP Server" in options
        described = await ask("DESCRIBE")  # the camera is remembered
        assert "com.pupillabs.gaze1/90000" in described
        assert f"Content-Base: rtsp://127.0.0.1:{device.rtsp_port}/\r\n" in described
        assert "H264/90000" in await ask("DESCRIBE", "/?camera=world&audioenable=on")
        assert "404" in await ask("DESCRIBE", "/?camera=eyes")
        await ask("OPTIONS", "/?camera=gaze")
        assert "455" in await ask("PLAY")
        assert "461" in await ask("SETUP", Transport="RTP/AVP;multicast")
        assert "461" in await ask("SETUP", Transport="RTP/AVP;client_port=1-99999999")
        ready = await ask("SETUP", Transport="RTP/AVP;unicast;client_port=50000-50001")
        assert "Session: " in ready
        assert "timeout=60" in ready
        assert "server_port=" in ready
        assert "454" in await ask("PLAY", Session="wrong")
        assert "200" in await ask("GET_PARAMETER")
        assert "501" in await ask("RECORD")
        assert "200" in await ask("TEARDOWN")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        reader, writer = await asyncio.open_connection(device.address, device.rtsp_port)
        writer.write(b"GET / HTTP/1.1 or whatever else\r\n\r\n")
        assert b"400 Bad Request" in await reader.read()
        writer.close()
        await writer.wait_closed()

    with_device(check)


def test_the_first_packet_is_a_report_and_one_follows_each_second(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        reader, writer = await asyncio.open_connection(device.address, device.rtsp_port)
        for line in ("OPTIONS /?camera=gaze", "SETUP /", "PLAY /"):
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=4-5"
            writer.write(f"{line} RTSP/1.0\r\nCSeq: 1\r\n{transport}\r\n\r\n".encode())
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        channels, reports = [], []
        while len(reports) < 2:
            sign, channel, length = struct.unpack("!cBH", await reader.readexactly(4))
            assert sign == b"$"
            packet = await reader.readexactly(length)
            channels.append(channel)
            if channel == 5:
                reports.append(struct.unpack("!BBHIIIIII", packet[:28]))
        assert channels[0] == 5
        assert channels.count(4) > 20
        assert [report[1] for report in reports] == [200, 200]
        counts = [report[7] for report in reports]
        assert counts == [0, channels.count(4)]
        unix_s = [report[4] - 2_208_988_800 + report[5] / 2**32 for report in reports]
        ticks = [report[6] for report in reports]
        assert unix_s[1] - unix_s[0] <= 1.5
        assert (ticks[1] - ticks[0]) / 90_000 == pytest.approx(unix_s[1] - unix_s[0], abs=2e-6)
        assert unix_s[1] == pytest.approx(device.clock.now_ns() / 1e9, abs=1)
        writer.close()
        await writer.wait_closed()

    with_device(check, clock_offset_ms=60_000)


def test_a_client_that_says_nothing_is_cut_off(
    with_device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtsp_server, "SESSION_TIMEOUT_S", 0.1)

    async def check(device: DeviceSimulator) -> None:
        reader, writer = await asyncio.open_connection(device.address, device.rtsp_port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        await writer.wait_closed()

    with_device(check)


def test_fragments_join_to_the_unit() -> None:
    unit = bytes([0x65]) + bytes(range(256)) * 20
    payloads = list(h264_payloads(unit))
    assert all(len(payload) <= 1200 for payload in payloads)
    assert {payload[0] for payload in payloads} == {0x60 | 28}
    assert [payload[1] >> 6 for payload in payloads] == [2, 0, 0, 0, 1]
    assert {payload[1] & 0x1F for payload in payloads} == {5}
    assert b"".join(payload[2:] for payload in payloads) == unit[1:]
    assert list(h264_payloads(unit[:1200])) == [unit[:1200]]


def test_a_keyframe_begins_with_the_described_parameter_sets() -> None:
    encoder = SceneEncoder((320, 320), 30.0)
    picture = np.full((480, 320), 128, dtype=np.uint8)
    for number in range(10):
        write_frame_number(picture[:320], number)
        if number == 5:
            encoder.want_keyframe()
        frame = encoder.encode(picture, number=number, steady_ns=number, stamp_ns=number)
        assert frame.keyframe == (number in (0, 5))
        if frame.keyframe:
            assert tuple(split_nal_units(frame.data)[:2]) == encoder.parameter_sets()


@pytest.mark.parametrize("number", [0, 1, 2**31 + 5, 2**32 - 1])
def test_the_frame_number_can_be_read(number: int) -> None:
    luma = np.full((1080, 1088), 90, dtype=np.uint8)
    write_frame_number(luma, number)
    assert read_frame_number(luma) == number
