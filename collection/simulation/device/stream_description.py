"""Describing the streams to a client (SDP, RFC 4566)."""

import base64

from .rtp import CLOCK_HZ

PAYLOAD_TYPE = {"world": 96, "gaze": 99}
"""RTP payload type of each stream that is served."""


def describe_stream(camera: str, address: str, parameter_sets: tuple[bytes, bytes]) -> str:
    """Give the description of ``world`` or ``gaze``.

    Parameters
    ----------
    camera
        Name of the sensor.
    address
        The device's.
    parameter_sets
        Sequence and picture parameter set of the H.264 stream.
    """
    number = PAYLOAD_TYPE[camera]
    lines = [
        "v=0",
        f"o=- 0 0 IN IP4 {address}",
        f"s={camera}",
        f"c=IN IP4 {address}",
        "t=0 0",
        "a=recvonly",
    ]
    if camera == "world":
        sps, pps = (base64.b64encode(part).decode() for part in parameter_sets)
        profile = parameter_sets[0][1:4].hex()
        details = f"profile-level-id={profile};sprop-parameter-sets={sps},{pps}"
        lines += [
            f"m=video 0 RTP/AVP {number}",
            f"a=rtpmap:{number} H264/{CLOCK_HZ}",
            f"a=fmtp:{number} packetization-mode=1;{details}",
        ]
    else:
        lines += [
            f"m=application 0 RTP/AVP {number}",
            f"a=rtpmap:{number} com.pupillabs.gaze1/{CLOCK_HZ}",
        ]
    return "\r\n".join([*lines, "a=control:trackID=1", ""])
