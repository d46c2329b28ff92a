"""The windscreen phone on its cable, taken up again after the drive."""

from dashgaze.errors import DeviceError

from ..phone import Adb, AdbPhone, CameraFiles
from .adb_store import AdbStore
from .drive_times import DeviceTimes


async def open_phone(
    times: DeviceTimes, *, folders: tuple[str, ...] = (), serial: str | None = None
) -> AdbStore:
    """Find the phone and tell it which recording is meant.

    Parameters
    ----------
    times
        The phone's part in the drive, from the journal.
    folders
        Where its camera app writes; the usual place if empty.
    serial
        Which phone, if several are attached.

    Raises
    ------
    DeviceError
        If it is not attached, or the journal does not tell its recording.
    """
    if times.start_ns is None:
        raise DeviceError(
            "The journal of this drive does not tell when the phone recorded.",
            fix="Give a folder with its videos: --from-phone DIR.",
        )
    names = [name for name in times.recording_id.split("|") if name]
    # A page or another phone that recorded gives no paths.
    names = [name for name in names if name.startswith("/")]
    cameras = CameraFiles(count=min(2, len(names) or 2))
    if folders or names:
        places = folders or tuple(sorted({name.rpartition("/")[0] for name in names}))
        cameras = CameraFiles(folders=places, count=cameras.count)
    phone = AdbPhone(Adb(serial=serial), cameras=cameras)
    await phone.connect()
    stop_s = None if times.stop_ns is None else times.on_device_ns(times.stop_ns) / 1e9
    phone.adopt(
        "|".join(names), started_s=times.on_device_ns(times.start_ns) / 1e9, stopped_s=stop_s
    )
    return AdbStore(phone)
