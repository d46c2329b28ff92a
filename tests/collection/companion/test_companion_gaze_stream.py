import asyncio
import struct
import time
from itertools import count

import pytest

from dashgaze.collection.companion.gaze_stream import GazeSample, GazeStream
from dashgaze.collection.companion.rtp import RtpPacket, StreamClock


class Kept:
    def __init__(self) -> None:
        self.samples: list[GazeSample] = []
        self.lost_count = 0

    def add(self, sample: GazeSample) -> None:
        self.samples.append(sample)

    def lost(self, count: int) -> None:
        self.lost_count += count

    def connection_began(self, connection: int, url: str) -> None:
        raise NotImplementedError

    def connection_ended(self, connection: int, why: str) -> None:
        raise NotImplementedError


async def nowhere() -> str:
    raise NotImplementedError


@pytest.fixture
def kept() -> Kept:
    return Kept()


def stream_into(kept: Kept) -> GazeStream:
    stream = GazeStream(nowhere)
    stream.attach(kept)
    return stream


def packet(sequence: int, *, more: bytes = b"", ticks: int = 0, worn: int = 255) -> RtpPacket:
    return RtpPacket(99, sequence, ticks, struct.pack("!ffB", 10.5, -2.25, worn) + more)


def test_a_sample_is_kept_as_it_came(kept: Kept) -> None:
    stream_into(kept).on_packet(packet(7), 123, 456)
    assert kept.samples == [GazeSample(123, 456, 10.5, -2.25, True, 7, 0)]


@pytest.mark.parametrize("size", [9, 17, 25, 65, 89, 105])
def test_all_known_forms_give_point_and_worn(kept: Kept, size: int) -> None:
    stream = stream_into(kept)
    stream.on_packet(packet(7, more=bytes(size - 9), worn=0), 1, 2)
    (sample,) = kept.samples
    assert (sample.x_px, sample.y_px, sample.worn) == (10.5, -2.25, False)
    assert stream.strange == 0


def test_an_unknown_form_is_kept_as_far_as_it_is_understood(kept: Kept) -> None:
    stream = stream_into(kept)
    stream.on_packet(packet(7, more=bytes(4)), 1, 2)
    stream.on_packet(RtpPacket(99, 8, 0, b"short"), 1, 2)
    assert len(kept.samples) == 1
    assert stream.strange == 2


@pytest.mark.parametrize(
    ("sequences", "lost"),
    [
        ([65_534, 65_535, 0, 1], 0),
        ([10, 11, 14], 2),
        ([10, 12, 11, 13], 0),
        ([65_535, 1], 1),
        ([5, 5, 6], 0),
    ],
)
def test_what_the_network_lost_is_counted(kept: Kept, sequences: list[int], lost: int) -> None:
    stream = stream_into(kept)
    for sequence in sequences:
        stream.on_packet(packet(sequence), 1, 2)
    assert stream.lost == kept.lost_count == lost


def test_samples_before_the_first_report_wait_for_their_time(kept: Kept) -> None:
    stream = stream_into(kept)
    stream.on_packet(packet(1, ticks=90_000), None, 1)
    stream.on_packet(packet(2, ticks=180_000), None, 2)
    assert kept.samples == []
    clock = StreamClock(90_000)
    clock.report(10**18, 180_000)
    stream.on_clock(clock)
    assert [(one.device_ns, one.host_ns) for one in kept.samples] == [
        (10**18 - 10**9, 1),
        (10**18, 2),
    ]


def test_a_late_sample_does_not_make_the_clock_look_set(kept: Kept) -> None:
    stream = stream_into(kept)
    assert stream.clock_lead_ns() is None
    host_ns = time.time_ns()
    for number, late_ns in zip(count(), (10**6, 900 * 10**6, 2 * 10**6), strict=False):
        stream.on_packet(packet(number), host_ns + 50 * 10**6, host_ns + late_ns)
    assert stream.clock_lead_ns() == 49 * 10**6


def test_waiting_for_a_sample_ends_with_the_next_one(kept: Kept) -> None:
    async def wait() -> None:
        stream = stream_into(kept)
        stream.on_packet(packet(1), 1, 2)
        waiting = asyncio.ensure_future(stream.first_sample())
        await asyncio.sleep(0)
        assert not waiting.done()
        stream.on_packet(packet(2), 1, 2)
        await asyncio.wait_for(waiting, 1)

    asyncio.run(wait())
