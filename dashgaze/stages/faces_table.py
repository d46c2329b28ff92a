"""The face table from what was found."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.head_pose import HeadPoses
from dashgaze.schemas.face_table import FACE_TABLE, LANDMARKS


def driver_faces(found: Faces, face: NDArray[np.int64]) -> Faces:
    """Give one face for each picture; NaN where there is none.

    Parameters
    ----------
    found
        All faces.
    face
        Number of the driver's in each of m pictures, shape (m,); -1 where there is none.
    """
    seen = face >= 0
    boxes = np.full((len(face), 4), np.nan)
    confidence = np.full(len(face), np.nan)
    landmarks = np.full((len(face), *found.landmarks.shape[1:]), np.nan)
    boxes[seen] = found.boxes[face[seen]]
    confidence[seen] = found.confidence[face[seen]]
    landmarks[seen] = found.landmarks[face[seen]]
    return Faces(boxes=boxes, confidence=confidence, landmarks=landmarks)


def face_table(
    session_id: str, index: NDArray[np.int64], driver: Faces, poses: HeadPoses
) -> pa.Table:
    """Build the table.

    Parameters
    ----------
    session_id
        The session.
    index
        Frames of the driver video that were looked at, shape (m,).
    driver
        The driver's face in each; NaN where there is none.
    poses
        Of the same faces.

    Returns
    -------
    pa.Table
        After `FACE_TABLE`.
    """
    columns: dict[str, NDArray[np.float64]] = {
        f"face_{name}_px": driver.boxes[:, place]
        for place, name in enumerate(("x", "y", "width", "height"))
    }
    columns["face_confidence"] = driver.confidence
    for place, landmark in enumerate(LANDMARKS):
        for axis, name in enumerate("xy"):
            columns[f"{landmark}_{name}_px"] = driver.landmarks[:, place, axis]
    for place, name in enumerate(("yaw", "pitch", "roll")):
        columns[f"head_{name}_deg"] = poses.angles_deg[:, place]
    schema = FACE_TABLE.to_arrow()
    arrays = [
        pa.array([session_id] * len(index), schema.field("session_id").type),
        pa.array(index.astype(np.int32), schema.field("driver_frame_index").type),
    ]
    for field in list(schema)[len(arrays) :]:
        values = columns[field.name]
        arrays.append(pa.array(values.astype(np.float32), field.type, mask=~np.isfinite(values)))
    return pa.Table.from_arrays(arrays, schema=schema)
