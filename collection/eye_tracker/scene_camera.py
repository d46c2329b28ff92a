"""Intrinsics of the scene camera, from the device, from Pupil Cloud, or typical ones."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import RecordingError

from .notes import NoteBook
from .recording import Kind, SceneCamera
from .untrusted import is_file, read_bytes, read_json_object

INVISIBLE_LAYOUT = np.dtype(
    [
        ("serial", "S5"),
        ("matrix", "<f8", (3, 3)),
        ("distortion", "<f8", (8,)),
        ("rotation", "<f8", (3, 3)),
    ]
)
NEON_LAYOUT = np.dtype(
    [
        ("version", "u1"),
        ("serial", "S6"),
        *(
            (f"{camera}_{name}", "<f8", shape)
            for camera in ("scene", "right", "left")
            for name, shape in (("matrix", (3, 3)), ("distortion", (8,)), ("extrinsics", (4, 4)))
        ),
        ("crc", "<u4"),
    ]
)

_SIZES_PX: dict[Kind, tuple[int, int]] = {"pupil_invisible": (1088, 1080), "neon": (1600, 1200)}

# Typical cameras, as Pupil Player has them: fx, fy, cx, cy, then k1, k2, p1, p2, k3, k4, k5, k6.
_TYPICAL: dict[Kind, tuple[float, ...]] = {
    "pupil_invisible": (
        *(766.2927454396544, 766.3976103393867, 543.6272327745995, 566.0580149497666),
        *(-0.12390715699556255, 0.09983010007937897, 0.0013846287331131738),
        *(-0.00036539454816030264, 0.020072404577046853, 0.2052173022520547),
        *(0.009921380887245364, 0.06631870205961587),
    ),
    "neon": (
        *(892.1746128870618, 891.4721112020742, 829.7903330088201, 606.9965952706247),
        *(-0.13199101574152391, 0.11064108837365579, 0.00010404274838141136),
        *(-0.00019483441697480834, -0.002837744957163781, 0.17125797998042083),
        *(0.05167573834059702, 0.021300346544012465),
    ),
}
# What the app writes into calibration.bin when it does not know the camera.
_UNKNOWN_SERIALS = ("", "00000", "000000", "default", "-1")

# Far beyond any lens; damaged files hold numbers like 1e290.
_FOCAL_RANGE_PX = (100.0, 10_000.0)
_MAX_DISTORTION = 100.0


def typical_camera(kind: Kind, serial: str | None = None) -> SceneCamera:
    """Give the typical scene camera of a device type; its principal point may be tens of px off."""
    fx, fy, cx, cy, *distortion = _TYPICAL[kind]
    width_px, height_px = _SIZES_PX[kind]
    return SceneCamera(
        matrix=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], dtype=np.float64),
        distortion=np.array(distortion, dtype=np.float64),
        width_px=width_px,
        height_px=height_px,
        serial=serial,
        origin="default",
    )


def read_calibration(path: Path, kind: Kind, serial: str | None, notes: NoteBook) -> SceneCamera:
    """Read ``calibration.bin``; fall back to the typical camera, noting why.

    Parameters
    ----------
    path
        The file, 213 bytes (Pupil Invisible) or 803 bytes (Neon); may be missing.
    kind
        The device type.
    serial
        Serial number of the camera or module from ``info.json``, if known.
    """
    if not is_file(path):
        return _fall_back(kind, serial, f"There is no {path.name}", notes)
    content = read_bytes(path)
    layout = INVISIBLE_LAYOUT if kind == "pupil_invisible" else NEON_LAYOUT
    if len(content) != layout.itemsize:
        notes.add(
            "CALIBRATION-BROKEN",
            f"{path.name} has {len(content)} bytes; {layout.itemsize} are expected.",
        )
        return _fall_back(kind, serial, f"{path.name} can't be used", notes)
    record = np.frombuffer(content, dtype=layout)[0]
    prefix = "" if kind == "pupil_invisible" else "scene_"
    if kind == "neon" and zlib.crc32(content[:-4]) != int(record["crc"]):
        notes.add("CALIBRATION-CRC", f"The checksum in {path.name} does not match its content.")
    matrix = record[f"{prefix}matrix"].astype(np.float64)
    distortion = record[f"{prefix}distortion"].astype(np.float64)
    fault = _find_fault(matrix, distortion, kind)
    if fault:
        notes.add("CALIBRATION-BROKEN", f"{path.name} can't be right: {fault}.")
        return _fall_back(kind, serial, f"{path.name} can't be used", notes)
    own_serial = bytes(record["serial"]).decode("ascii", errors="replace").strip("\0 ")
    if own_serial.lower() in _UNKNOWN_SERIALS:
        notes.add(
            "CALIBRATION-DEFAULT",
            f"{path.name} is the vendor's typical camera (serial number {own_serial!r}), not this "
            "one's: the principal point may be tens of pixels off.",
        )
    return _camera(
        matrix,
        distortion,
        kind,
        serial=serial if own_serial.lower() in _UNKNOWN_SERIALS else own_serial,
        origin="default" if own_serial.lower() in _UNKNOWN_SERIALS else "calibration.bin",
    )


def read_scene_camera_json(
    path: Path, kind: Kind, serial: str | None, notes: NoteBook
) -> SceneCamera:
    """Read ``scene_camera.json`` of an export; fall back to the typical camera, noting why."""
    if not is_file(path):
        return _fall_back(kind, serial, f"There is no {path.name}", notes)
    try:
        content = read_json_object(path)
    except RecordingError as error:
        notes.add("CALIBRATION-BROKEN", error.what)
        return _fall_back(kind, serial, f"{path.name} can't be used", notes)
    matrix = _numbers(content.get("camera_matrix"))
    distortion = _numbers(content.get("dist_coefs", content.get("distortion_coefficients")))
    if matrix is None or matrix.shape != (3, 3):
        fault = "camera_matrix is not 3 × 3 numbers"
    elif distortion is None or distortion.size not in (4, 5, 8):
        fault = "the distortion is not 4, 5 or 8 numbers"
    else:
        # the shorter models are the rational one with zeros for the rest
        distortion = np.pad(distortion.ravel(), (0, 8 - distortion.size))
        fault = _find_fault(matrix, distortion, kind)
        if not fault:
            own_serial = content.get("serial_number")
            known = isinstance(own_serial, str) and own_serial.lower() not in _UNKNOWN_SERIALS
            return _camera(
                matrix,
                distortion,
                kind,
                serial=str(own_serial) if known else serial,
                origin="scene_camera.json",
            )
    notes.add("CALIBRATION-BROKEN", f"{path.name} can't be right: {fault}.")
    return _fall_back(kind, serial, f"{path.name} can't be used", notes)


def _fall_back(kind: Kind, serial: str | None, why: str, notes: NoteBook) -> SceneCamera:
    device = "Pupil Invisible" if kind == "pupil_invisible" else "Neon"
    notes.add(
        "CALIBRATION-DEFAULT",
        f"{why}: the typical scene camera of a {device} is used, whose principal point may be "
        "tens of pixels off.",
    )
    return typical_camera(kind, serial)


def _camera(
    matrix: NDArray[np.float64],
    distortion: NDArray[np.float64],
    kind: Kind,
    *,
    serial: str | None,
    origin: Any,
) -> SceneCamera:
    width_px, height_px = _SIZES_PX[kind]
    return SceneCamera(
        matrix=matrix,
        distortion=distortion,
        width_px=width_px,
        height_px=height_px,
        serial=serial,
        origin=origin,
    )


def _find_fault(matrix: NDArray[np.float64], distortion: NDArray[np.float64], kind: Kind) -> str:
    """Say what is wrong with intrinsics; empty if nothing is."""
    if not (np.isfinite(matrix).all() and np.isfinite(distortion).all()):
        return "it holds numbers that are not finite"
    low, high = _FOCAL_RANGE_PX
    for focal in (matrix[0, 0], matrix[1, 1]):
        if not low <= focal <= high:
            return f"a focal length of {focal:g} px"
    width_px, height_px = _SIZES_PX[kind]
    centre = matrix[0, 2], matrix[1, 2]
    if not (0 < centre[0] < width_px and 0 < centre[1] < height_px):
        return f"the principal point ({centre[0]:g}, {centre[1]:g}) px lies outside of the image"
    if np.any(matrix[[0, 1, 2, 2, 2], [1, 0, 0, 1, 2]] != (0, 0, 0, 0, 1)):
        return "the matrix is not that of a camera"
    if np.abs(distortion).max() > _MAX_DISTORTION:
        return f"a distortion of {np.abs(distortion).max():g}"
    return ""


def _numbers(value: Any) -> NDArray[np.float64] | None:
    """Turn nested JSON lists into an array; None where they are not rectangles of numbers."""
    flat = value
    while isinstance(flat, list) and flat and isinstance(flat[0], list):
        if not all(isinstance(row, list) and len(row) == len(flat[0]) for row in flat):
            return None
        flat = [item for row in flat for item in row]
    if not isinstance(flat, list) or not flat:
        return None
    if not all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in flat):
        return None
    try:
        return np.array(value, dtype=np.float64)
    except (ValueError, OverflowError):
        return None
