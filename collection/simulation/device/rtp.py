"""RTP and RTCP packets (RFC 3550), and H.264 in them (RFC 6184)."""

import struct
from collections.abc import Iterator

CLOCK_HZ = 90_000
_NTP_FROM_UNIX_S = 2_208_988_800
_VERSION = 0x80
_MARKER = 0x80
_SENDER_REPORT, _SOURCE_DESCRIPTION, _BYE = 200, 202, 203
_FU_A = 28
_LARGEST_PAYLOAD = 1200  # fits into one Ethernet frame with all headers


def rtp_packet(
    payload: bytes, *, payload_type: int, sequence: int, ticks: int, source: int, marker: bool
) -> bytes:
    """Give an RTP packet."""
    header = struct.pack(
        "!BBHII",
        _VERSION,
        payload_type | (_MARKER if marker else 0),
        sequence & 0xFFFF,
        ticks & 0xFFFFFFFF,
        source,
    )
    return header + payload


def sender_report(
    *, source: int, unix_ns: int, ticks: int, packet_count: int, byte_count: int
) -> bytes:
    """Give an RTCP sender report, which says what Unix time an RTP time is, with the sender's name."""
    seconds, rest_ns = divmod(unix_ns, 10**9)
    report = struct.pack(
        "!BBHIIIIII",
        _VERSION,
        _SENDER_REPORT,
        6,
        source,
        seconds + _NTP_FROM_UNIX_S & 0xFFFFFFFF,
        # Rounded up: a report of exactly the tick's time is not one ns early when read.
        ((rest_ns << 32) + 10**9 - 1) // 10**9 & 0xFFFFFFFF,
        ticks & 0xFFFFFFFF,
        packet_count & 0xFFFFFFFF,
        byte_count & 0xFFFFFFFF,
    )
    name = b"companion"
    item = struct.pack("!IBB", source, 1, len(name)) + name + b"\x00"
    item += b"\x00" * (-len(item) % 4)
    return report + struct.pack("!BBH", _VERSION | 1, _SOURCE_DESCRIPTION, len(item) // 4) + item


def goodbye(source: int) -> bytes:
    """Give an RTCP packet that says that a stream has ended."""
    return struct.pack("!BBHI", _VERSION | 1, _BYE, 1, source)


def h264_payloads(unit: bytes) -> Iterator[bytes]:
    """Give the payloads that carry a NAL unit: itself, or fragments of type FU-A."""
    if len(unit) <= _LARGEST_PAYLOAD:
        yield unit
        return
    indicator, kind, body = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F, unit[1:]
    size = _LARGEST_PAYLOAD - 2
    for start in range(0, len(body), size):
        first, last = start == 0, start + size >= len(body)
        yield bytes((indicator, first << 7 | last << 6 | kind)) + body[start : start + size]
