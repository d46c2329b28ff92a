"""What serving to phones on the local network takes: an address, and a certificate for it."""

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError, OutputError

_OPENSSL_S = 30.0
_VALID_DAYS = 30
_DAY_S = 86_400
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


def settings_folder() -> Path:
    """Give the folder of this computer's own settings; made if missing.

    Keys are kept there, not in a session, which is handed on.

    Raises
    ------
    OutputError
        If it can't be made.
    """
    root = os.environ.get("XDG_CONFIG_HOME", "")
    folder = (Path(root) if root else Path.home() / ".config") / "dashgaze"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} can't be made: {error.strerror or error}.",
            fix="Give a certificate with --certificate and --key.",
            path=folder,
        ) from error
    return folder


def own_certificate(folder: Path, address: str) -> Certificate:
    """Give a self-signed certificate for an address, made with the openssl program.

    The phone warns of it on its first visit; its SHA-256 can be compared there. It stays the same until
    the day before it ends, for a page that was let in must not be locked out in the middle of a drive.

    Raises
    ------
    OutputError
        If there is no openssl, or it fails.
    """
    certificate, key = folder / f"certificate_{address}.pem", folder / f"key_{address}.pem"
    made = Certificate(path=certificate, key=key)
    program = shutil.which("openssl")
    if certificate.is_file() and key.is_file() and not _ends_soon(certificate, program):
        return made
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
        key.unlink(missing_ok=True)
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


def _ends_soon(certificate: Path, program: str | None) -> bool:
    """Whether a certificate has ended, ends within a day, or can't be read."""
    if program is None:
        return False  # another can't be made either
    command = [program, "x509", "-noout", "-checkend", str(_DAY_S), "-in", str(certificate)]
    try:
        return (
            subprocess.run(command, check=False, capture_output=True, timeout=_OPENSSL_S).returncode
            != 0
        )
    except (OSError, subprocess.SubprocessError):
        return False
