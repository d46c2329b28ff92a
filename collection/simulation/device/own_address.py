"""The address by which others on the network reach this computer."""

import ipaddress
import socket

_NEVER_ROUTED = ("192.0.2.1", 9)  # kept for documentation (RFC 5737)
_LOOPBACK = "127.0.0.1"


def reachable_address(address: str) -> str:
    """Give an address to tell others for one that is listened on; sends nothing.

    Parameters
    ----------
    address
        IPv4; ``0.0.0.0``, which stands for all of this computer's, becomes the one it would use itself.
    """
    if not ipaddress.IPv4Address(address).is_unspecified:
        return address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NEVER_ROUTED)
        except OSError:
            return _LOOPBACK
        return str(probe.getsockname()[0])
