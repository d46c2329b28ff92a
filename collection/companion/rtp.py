"""RTP packets and RTCP sender reports (RFC 3550), as far as a receiver needs them."""

import struct
from typing import NamedTuple

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
_REPORT_HEADER = struct.Struct("!BBH")
_REPORT = struct.Struct("!IIII")
_SENDER_REPORT, _RECEIVER_REPORT, _SOURCE_DESCRIPTION = 200, 201, 202
_NTP_FROM_UNIX_S = 2_208_988_800
_VERSION = 2
_WRAP = 2**32


class RtpPacket(NamedTuple):
    """One packet of a stream."""

    payload_type: int
    sequence: int
    ticks: int
    payload: bytes


def read_rtp(data: bytes) -> RtpPacket | None:
    """Read a packet; None if it is none."""
    if len(data) < _HEADER.size:
        return None
    flags, kind, sequence, ticks, _source = _HEADER.unpack_from(data)
    if flags >> 6 != _VERSION:
        return None
    start, end = _HEADER.size + 4 * (flags & 0x0F), len(data)
    if flags & 0x10:
        if start + _EXTENSION.size > end:
            return None
        start += _EXTENSION.size + 4 * _EXTENSION.unpack_from(data, start)[1]
    if flags & 0x20:
        end -= data[-1]
    return RtpPacket(kind & 0x7F, sequence, ticks, data[start:end]) if start <= end else None


def read_sender_report(data: bytes) -> tuple[int, int] | None:
    """Give Unix time, ns, and RTP time of a sender report; None if the packet holds none."""
    start = 0
    while start + _REPORT_HEADER.size <= len(data):
        flags, kind, words = _REPORT_HEADER.unpack_from(data, start)
        body = start + _REPORT_HEADER.size
        if flags >> 6 != _VERSION:
            return None
        if kind == _SENDER_REPORT and body + _REPORT.size <= len(data):
            _source, seconds, fraction, ticks = _REPORT.unpack_from(data, body)
            unix_s = seconds - _NTP_FROM_UNIX_S
            return unix_s * 10**9 + (fraction * 10**9 >> 32), ticks
        start += 4 * (words + 1)
    return None


def receiver_report(source: int) -> bytes:
    """Give an empty receiver report with a name: it says that somebody is listening."""
    name = b"dashgaze"
    item = struct.pack("!IBB", source, 1, len(name)) + name + b"\x00"
    item += b"\x00" * (-len(item) % 4)
    report = _REPORT_HEADER.pack(_VERSION << 6, _RECEIVER_REPORT, 1) + struct.pack("!I", source)
    head = _REPORT_HEADER.pack(_VERSION << 6 | 1, _SOURCE_DESCRIPTION, len(item) // 4)
    return report + head + item


class StreamClock:
    """Turns a stream's RTP times into Unix times of the device, by its last sender report.

    Whole numbers throughout, and RTP times may wrap.

    Parameters
    ----------
    rate_hz
        RTP time units a second.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._report: tuple[int, int] | None = None

    def report(self, unix_ns: int, ticks: int) -> None:
        """Take a sender report."""
        self._report = unix_ns, ticks

    def unix_ns(self, ticks: int) -> int | None:
        """Give the time of a packet; None as long as no report has come."""
        if self._report is None:
            return None
        unix_ns, reported = self._report
        since = (ticks - reported + _WRAP // 2) % _WRAP - _WRAP // 2
        return unix_ns + since * 10**9 // self._rate_hz
