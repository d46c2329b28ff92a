import struct

import pytest

from dashgaze.collection.companion.rates import RateMeter
from dashgaze.collection.companion.rtp import (
    StreamClock,
    read_rtp,
    read_sender_report,
    receiver_report,
)

NTP_FROM_UNIX_S = 2_208_988_800


def report(seconds: int, fraction: int, ticks: int) -> bytes:
    return struct.pack("!BBHIIIIII", 0x80, 200, 6, 1, seconds, fraction, ticks, 0, 0)


def test_a_plain_packet() -> None:
    packet = read_rtp(struct.pack("!BBHII", 0x80, 99 | 0x80, 7, 1234, 1) + b"payload")
    assert packet is not None
    assert packet == (99, 7, 1234, b"payload")


def test_sources_extension_and_padding_are_no_payload() -> None:
    head = struct.pack("!BBHII", 0x80 | 0x20 | 0x10 | 2, 99, 7, 1234, 1)
    rest = bytes(8) + struct.pack("!HH", 0xBEDE, 1) + bytes(4) + b"payload" + b"\x00\x00\x03"
    packet = read_rtp(head + rest)
    assert packet is not None
    assert packet.payload == b"payload"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x80", bytes(12), struct.pack("!BBHII", 0x9F, 99, 0, 0, 0), b"\xff" * 200],
)
def test_what_is_no_packet_is_none(data: bytes) -> None:
    assert read_rtp(data) is None


def test_a_sender_report_is_found_behind_others() -> None:
    other = struct.pack("!BBHI", 0x80, 201, 1, 5)
    data = other + report(NTP_FROM_UNIX_S + 1_700_000_000, 1 << 31, 42)
    assert read_sender_report(data) == (1_700_000_000_500_000_000, 42)
    assert read_sender_report(other) is None
    assert read_sender_report(b"\x80\xc8") is None
    assert read_sender_report(report(1, 1, 1)[:-12]) is None


def test_a_receiver_report_is_well_formed() -> None:
    data = receiver_report(77)
    assert len(data) % 4 == 0
    assert struct.unpack_from("!BBHI", data) == (0x80, 201, 1, 77)
    flags, kind, words = struct.unpack_from("!BBH", data, 8)
    assert (flags, kind) == (0x81, 202)
    assert 8 + 4 * (words + 1) == len(data)


def test_stream_times_follow_the_last_report_and_may_wrap() -> None:
    clock = StreamClock(90_000)
    assert clock.unix_ns(5) is None
    clock.report(10**18, 2**32 - 45_000)
    assert clock.unix_ns(45_000) == 10**18 + 10**9
    assert clock.unix_ns(2**32 - 135_000) == 10**18 - 10**9
    clock.report(2 * 10**18, 0)
    assert clock.unix_ns(90) == 2 * 10**18 + 10**6


def test_rates_count_whole_seconds_and_good_ones() -> None:
    meter = RateMeter()
    assert meter.good_share(0.0) is None
    assert meter.silent_s(0.0) is None
    for number in range(1000):
        meter.add(100.0 + number / 200, good=number >= 500)
    assert meter.rate_hz(105.2) == 200.0
    assert meter.good_share(104.9) == 0.5
    assert meter.rate_hz(109.0) == 0.0
    assert meter.silent_s(105.995) == pytest.approx(1.0)
    assert meter.total == 1000
