"""Switching faults over the network."""

import asyncio
import io
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

aiohttp = pytest.importorskip("aiohttp")

from dashgaze.collection.simulation.device import FAULTS, DeviceSimulator
from dashgaze.collection.simulation.device.control_page import CONTROL_PAGE


def wav(seconds: float, *, width: int = 2) -> bytes:
    """Give a 440 Hz tone."""
    at_s = np.arange(round(16_000 * seconds)) / 16_000
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(16_000)
        samples = (10_000 * np.sin(2 * np.pi * 440 * at_s)).astype("<i2" if width == 2 else "i1")
        file.writeframes(samples.tobytes())
    return content.getvalue()


def test_faults_are_switched_and_listed_on_both_ports(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with aiohttp.ClientSession() as session:
            for port in (device.port, device.control_port):
                base = f"http://{device.address}:{port}/simulator"
                async with session.get(base) as answer:
                    assert await answer.text() == CONTROL_PAGE
                content = {"name": "packet_loss", "on": True, "value": "10"}
                async with session.post(f"{base}/fault", json=content) as answer:
                    state = await answer.json()
                assert state["faults"]["packet_loss"]["on"]
                assert state["faults"]["packet_loss"]["value"] == 10
                assert set(state["faults"]) == set(FAULTS)
                assert device.faults.all_on() == {"packet_loss": 10.0}
                content = {"name": "packet_loss", "on": False}
                async with session.post(f"{base}/fault", json=content) as answer:
                    assert not (await answer.json())["faults"]["packet_loss"]["on"]
                async with session.get(f"{base}/state") as answer:
                    assert (await answer.json())["rtsp_port"] == device.rtsp_port

    with_device(check)


def test_a_device_that_is_gone_can_be_called_back(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        base = f"http://{device.address}:{device.control_port}/simulator"
        status = f"http://{device.address}:{device.port}/api/status"
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{base}/fault", json={"name": "gone", "on": True}):
                pass
            await asyncio.sleep(0.3)
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(status)
            async with session.post(f"{base}/fault", json={"name": "gone", "on": False}):
                pass
            await asyncio.sleep(0.3)
            async with session.get(status) as answer:
                assert answer.status == 200

    with_device(check)


def test_nonsense_is_refused_in_plain_words(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        base = f"http://{device.address}:{device.control_port}/simulator"
        async with aiohttp.ClientSession() as session:
            for path, sent, code, text in (
                ("fault", {"data": '{"name": "gone", "on": true}'}, 415, "JSON"),
                ("fault", {"json": ["gone"]}, 400, "JSON"),
                ("fault", {"json": {"name": "flood", "on": True}}, 400, "no fault"),
                ("fault", {"json": {"name": "latency", "on": True, "value": "x"}}, 400, "number"),
                ("hear", {"json": {}}, 415, "audio/wav"),
            ):
                async with session.post(f"{base}/{path}", **sent) as answer:
                    assert answer.status == code
                    assert text in (await answer.json())["error"]
            headers = {"Content-Type": "audio/wav"}
            for query, body, text in (
                ("", wav(0.1), "host_ns"),
                ("?host_ns=1", wav(0.1), "recorded already"),
                (f"?host_ns={time.time_ns()}", b"RIFF", "no WAV"),
                (f"?host_ns={time.time_ns()}", wav(0.1, width=1), "16-bit"),
            ):
                async with session.post(
                    f"{base}/hear{query}", data=body, headers=headers
                ) as answer:
                    assert answer.status == 400
                    assert text in (await answer.json())["error"]
            assert device.faults.all_on() == {}

    with_device(check)


def test_a_sound_sent_over_the_network_is_recorded(with_device: Any, tmp_path: Path) -> None:
    from dashgaze.media import read_sound

    async def check(device: DeviceSimulator) -> None:
        api = f"http://{device.address}:{device.port}"
        async with aiohttp.ClientSession() as session:
            await session.post(f"{api}/api/recording:start")
            await asyncio.sleep(0.5)
            async with session.post(
                f"{api}/simulator/hear?host_ns={time.time_ns()}",
                data=wav(0.5),
                headers={"Content-Type": "audio/wav"},
            ) as answer:
                assert answer.status == 200
            await asyncio.sleep(0.6)
            await session.post(f"{api}/api/recording:stop_and_save")
        video = device.recordings[0] / "PI world v1 ps1.mp4"
        samples = read_sound(video, rate_hz=16_000).samples
        loud = np.abs(samples) > 0.1
        assert loud.sum() / 16_000 == pytest.approx(0.5 * 0.8, abs=0.1)

    with_device(check, record_to=tmp_path, scene_lead_s=0.1)
