"""What serving to phones on the local network takes: an address, and a certificate for it."""

import shutil
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError, OutputError

_OPENSSL_S = 30.0
_VALID_DAYS = 30
_ANYWHERE = ("192.0.2.1", 9)  # never sent to: choosing a route tells this computer's address


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate and its key, PEM files."""

    path: Path
    key: Path


def lan_address() -> str:
    """Give this computer's address on the local network.

    Raises
    ------
    InputError
        If it has none.
    """
    address = ""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ANYWHERE)
        address = str(probe.getsockname()[0])
    if not address or address.startswith("127."):
        raise InputError(
            "This computer is in no network that a phone could reach it by.",
            fix="Join the phone's hotspot, or use a cable: leave --lan away.",
        )
    return address


def own_certificate(folder: Path, address: str) -> Certificate:
    """Give a self-signed certificate for an address, made once with the openssl program.

    The phone warns of it on its first visit; its SHA-256 can be compared there.

    Raises
    ------
    OutputError
        If there is no openssl, or it fails.
    """
    certificate, key = folder / f"certificate_{address}.pem", folder / f"key_{address}.pem"
    made = Certificate(path=certificate, key=key)
    if certificate.is_file() and key.is_file():
        return made
    program = shutil.which("openssl")
    command = [
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *(
            "-days",
            str(_VALID_DAYS),
            "-subj",
            "/CN=dashgaze",
            "-addext",
            f"subjectAltName=IP:{address}",
        ),
        *("-keyout", str(key), "-out", str(certificate)),
    ]
    if program is None:
        raise OutputError(
            "Phones use their cameras over the network only with https, and there is no openssl here "
            "to make a certificate with.",
            fix="Install openssl, or give a certificate with --certificate and --key, or use a cable "
            "and leave --lan away.",
        )
    try:
        key.touch(mode=0o600)
        subprocess.run(
            [program, *command], check=True, capture_output=True, timeout=_OPENSSL_S, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        key.unlink(missing_ok=True)
        told = getattr(error, "stderr", None) or str(error)
        raise OutputError(
            f"openssl could not make a certificate: {told.strip().splitlines()[-1]}.",
            fix="Give one with --certificate and --key, or use a cable and leave --lan away.",
        ) from error
    return made
