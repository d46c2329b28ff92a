"""Making the devices of a drive from how they were named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dashgaze.errors import InputError
from dashgaze.schemas.manifest import StrictLoader

from ..field.device import FieldDevice, Role
from .drive_folder import DriveFolder
from .hand_phone import Confirm, HandPhone

_CONFIG_KEYS = ("folders", "count", "road", "driver", "start", "stop")


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """How the devices are named.

    Attributes
    ----------
    tracker
        ``auto``, ``HOST``, ``HOST:PORT`` or ``none``.
    phone
        ``adb``, ``adb:SERIAL``, ``page``, ``page:lan`` or ``hand``.
    phone_config
        For adb: the camera app's ``folders``, ``count``, ``road``, ``driver`` (patterns), and what
        ``start`` and ``stop`` it.
    """

    tracker: str = "auto"
    phone: str = "adb"
    phone_config: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind, _, rest = self.phone.partition(":")
        right = kind == "adb" or (kind == "page" and rest in ("", "lan")) or self.phone == "hand"
        if not right or self.phone.endswith(":"):
            raise InputError(
                f"The phone can't be {self.phone!r}.",
                fix="Give --phone adb, adb:SERIAL, page, page:lan or hand.",
            )
        if not self.tracker.strip():
            raise InputError(
                "The tracker has no name.", fix="Give --tracker auto, HOST, HOST:PORT or none."
            )

    @property
    def adb(self) -> bool:
        """Whether the phone hangs on adb."""
        return self.phone.startswith("adb")

    @property
    def roles(self) -> tuple[Role, ...]:
        """The devices that there are."""
        return ("phone",) if self.tracker == "none" else ("phone", "tracker")


def read_phone_config(path: Path) -> dict[str, Any]:
    """Read how the phone's camera app is handled, from a YAML file.

    Raises
    ------
    InputError
        If it can't be read or has an unknown key.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=StrictLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InputError(
            f"{path} can't be read: {' '.join(str(error).split())}.",
            fix=f"Its keys are {', '.join(_CONFIG_KEYS)}.",
            path=path,
        ) from error
    if not isinstance(content, dict) or not set(content) <= set(_CONFIG_KEYS):
        raise InputError(
            f"{path} has keys that are not known.",
            fix=f"Its keys are {', '.join(_CONFIG_KEYS)}.",
            path=path,
        )
    folders = content.get("folders")
    if folders is not None and not (
        isinstance(folders, list) and all(isinstance(name, str) for name in folders)
    ):
        raise InputError(
            f"{path}: folders is no list of names.", fix="Write `folders: [/sdcard/DCIM/Camera]`."
        )
    return content


def make_devices(root: Path, options: DeviceOptions, confirm: Confirm) -> dict[Role, FieldDevice]:
    """Make the devices; nothing is asked of them yet.

    Parameters
    ----------
    root
        The session folder.
    options
        How they are named.
    confirm
        Asks the observer, for a phone that is handled by hand.

    Raises
    ------
    DashgazeError
        If a program or package that one needs is missing.
    """
    devices: dict[Role, FieldDevice] = {"phone": _phone(root, options, confirm)}
    if options.tracker != "none":
        from ..companion import CompanionDevice

        field_folder = DriveFolder(root).field
        devices["tracker"] = CompanionDevice(
            None if options.tracker == "auto" else options.tracker,
            field_folder=field_folder if field_folder.is_dir() else None,
        )
    return devices


def _phone(root: Path, options: DeviceOptions, confirm: Confirm) -> FieldDevice:
    kind, _, rest = options.phone.partition(":")
    if kind == "hand":
        return HandPhone(confirm)
    if kind == "page":
        return _page(root, lan=rest == "lan")
    from ..phone import Adb, AdbPhone, CameraAppHooks, CameraFiles

    config = dict(options.phone_config)
    hooks = CameraAppHooks.from_mapping({k: config.pop(k, None) for k in ("start", "stop")})
    if "folders" in config:
        config["folders"] = tuple(config["folders"])
    return AdbPhone(Adb(serial=rest or None), cameras=CameraFiles(**config), hooks=hooks)


def _page(root: Path, *, lan: bool) -> FieldDevice:
    from ..page import lan_address, open_page_phone, own_certificate, settings_folder

    if not lan:
        return open_page_phone(root)
    address = lan_address()
    made = own_certificate(settings_folder(), address)
    return open_page_phone(
        root, host="0.0.0.0", names=(address,), certificate=made.path, key=made.key
    )
