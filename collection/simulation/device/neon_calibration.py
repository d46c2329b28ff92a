"""The 803 bytes in which a Neon tells its cameras."""

import zlib

import numpy as np

from ...eye_tracker import SceneCamera
from ...eye_tracker.scene_camera import NEON_LAYOUT

_EYE_FOCAL_PX, _EYE_CENTRE_PX = 140.0, 96.0


def pack_neon_calibration(camera: SceneCamera, serial: str) -> bytes:
    """Give ``calibration.bin`` of a Neon with a scene camera and plain eye cameras.

    Parameters
    ----------
    camera
        The scene camera.
    serial
        Serial number of the module, up to 6 characters.
    """
    record = np.zeros((), dtype=NEON_LAYOUT)
    record["version"], record["serial"] = 1, serial.encode("ascii")
    record["scene_matrix"], record["scene_distortion"] = camera.matrix, camera.distortion
    eye = np.diag([_EYE_FOCAL_PX, _EYE_FOCAL_PX, 1.0])
    eye[:2, 2] = _EYE_CENTRE_PX
    for name in ("right", "left"):
        record[f"{name}_matrix"] = eye
    for name in ("scene", "right", "left"):
        record[f"{name}_extrinsics"] = np.eye(4)
    record["crc"] = zlib.crc32(record.tobytes()[:-4])
    return record.tobytes()
