"""Which key logs which event."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from dashgaze.errors import InputError
from dashgaze.schemas.manifest import StrictLoader

from .events import check_event_name

COMMAND_KEYS: Mapping[str, str] = {
    "n": "note",
    "u": "undo",
    "c": "chirp or clap",
    "v": "five-point validation",
    "e": "end the drive",
    "d": "leave, recording goes on",
}
"""Keys of the screen itself; no event may have one of them."""


@dataclass(frozen=True, kw_only=True)
class EventKey:
    """A key and what it logs.

    Attributes
    ----------
    key
        One sign.
    label
        What stands on the screen.
    names
        The event; of two, one after the other with each press (``rain.on``, ``rain.off``).
    """

    key: str
    label: str
    names: tuple[str, ...]


DEFAULT_EVENT_KEYS: tuple[EventKey, ...] = (
    EventKey(key="o", label="overtake", names=("overtake",)),
    EventKey(key="j", label="junction", names=("junction",)),
    EventKey(key="p", label="pedestrian", names=("pedestrian",)),
    EventKey(key="s", label="stop", names=("stop",)),
    EventKey(key="r", label="rain on/off", names=("rain.on", "rain.off")),
    EventKey(key="g", label="glare", names=("glare",)),
    EventKey(key="1", label="traffic: light", names=("traffic.light",)),
    EventKey(key="2", label="medium", names=("traffic.medium",)),
    EventKey(key="3", label="heavy", names=("traffic.heavy",)),
)


def read_event_keys(path: Path) -> tuple[EventKey, ...]:
    """Read keys from a YAML file, such as ``k: cyclist`` or ``t: [tunnel.in, tunnel.out]``.

    They are added to the usual ones, or take their place where the key is the same.

    Raises
    ------
    InputError
        If the file can't be read or a key can't be used.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=StrictLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InputError(
            f"{path} can't be read: {' '.join(str(error).split())}.",
            fix="Write one line a key, such as `k: cyclist`.",
            path=path,
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"{path} holds no keys.", fix="Write one line a key, such as `k: cyclist`.", path=path
        )
    keys = {each.key: each for each in DEFAULT_EVENT_KEYS}
    for key, value in content.items():
        names = value if isinstance(value, list) else [value]
        sign = str(key)
        if len(sign) != 1 or not sign.isprintable() or sign.isspace() or sign in COMMAND_KEYS:
            raise InputError(
                f"{path}: {sign!r} can't be an event key.",
                fix="Take one sign; these are taken by the screen itself: "
                + ", ".join(COMMAND_KEYS)
                + ".",
                path=path,
            )
        if not names or not all(isinstance(name, str) for name in names):
            raise InputError(
                f"{path}: key {sign!r} names no event.",
                fix="Give a name, or two of them in brackets to switch between.",
                path=path,
            )
        checked = tuple(check_event_name(name) for name in names)
        keys[sign] = EventKey(key=sign, label=" / ".join(checked), names=checked)
    return tuple(keys.values())
