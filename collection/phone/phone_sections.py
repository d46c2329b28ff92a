"""Several commands in one go: a round trip over USB takes longer than most of them."""

from collections.abc import Mapping

from .adb import Adb

_MARK = "@@"


async def run_sections(
    adb: Adb, commands: Mapping[str, str], *, timeout_s: float
) -> dict[str, str]:
    """Run commands on the phone one after another, and tell their outputs apart.

    Parameters
    ----------
    adb
        The phone.
    commands
        Lines for its shell, by names of their own.
    timeout_s
        For all of them together.

    Returns
    -------
    dict
        What each printed, errors included; none for those that were not reached.

    Raises
    ------
    DeviceError
        If the phone is not there, or does not answer in time (then ``unknown`` is set).
    """
    script = "; ".join(f"echo {_MARK}{key}; {{ {line}; }} 2>&1" for key, line in commands.items())
    said = await adb.shell(f"{script}; echo {_MARK}", timeout_s=timeout_s)
    found = {}
    for piece in ("\n" + said).split(f"\n{_MARK}")[1:]:
        key, _, text = piece.partition("\n")
        found[key.strip()] = text
    return {key: found[key] for key in commands if key in found}
