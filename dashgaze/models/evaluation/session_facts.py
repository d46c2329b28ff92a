"""What the data set says of sessions beside their frames: lens, consent, and how the road looks."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.samples import Samples
from dashgaze.schemas.dataset_manifest import read_dataset_manifest

_GROUND_FRAMES = 48
_COLUMNS = ("session_id", "road_focal_px", "driver_pictures")


@dataclass(frozen=True, kw_only=True)
class SessionFacts:
    """Facts of sessions, by their names.

    Attributes
    ----------
    focal_px
        Of the road camera; those not known are left out.
    raw_faces
        Sessions whose driver agreed to raw pictures.
    """

    focal_px: dict[str, float]
    raw_faces: frozenset[str]

    def focal_of(self, samples: Samples) -> NDArray[np.float64]:
        """Give the focal length behind each frame, shape (n,); NaN where it is not known."""
        return np.array(
            [self.focal_px.get(name, np.nan) for name in samples.session_id.tolist()],
            dtype=np.float64,
        ).reshape(-1)


def read_session_facts(root: Path) -> SessionFacts:
    """Read the session table of a packed data set.

    Columns that an older data set lacks are as if they were null.

    Parameters
    ----------
    root
        The data set's folder.
    """
    import pyarrow.parquet as pq

    focal: dict[str, float] = {}
    raw = set()
    for file in read_dataset_manifest(root).shards("sessions"):
        path = root / file.path
        columns = [name for name in _COLUMNS if name in pq.read_schema(path).names]
        for row in pq.read_table(path, columns=columns, partitioning=None).to_pylist():
            if row.get("road_focal_px"):
                focal[row["session_id"]] = float(row["road_focal_px"])
            if row.get("driver_pictures") == "raw":
                raw.add(row["session_id"])
    return SessionFacts(focal_px=focal, raw_faces=frozenset(raw))


def road_ground(root: Path, split: str, sessions: list[str]) -> NDArray[np.uint8] | None:
    """Give how the road usually looks: the median of some grey pictures, in which nobody is seen.

    Parameters
    ----------
    root
        The data set's folder.
    split, sessions
        Whose pictures.

    Returns
    -------
    ndarray or None
        Shape (h, w), of the picture without its black edges; None where no road pictures were packed.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = set(sessions)
    files = [
        root / file.path
        for file in read_dataset_manifest(root).shards("images")
        if file.session_id in wanted and file.split == split
    ]
    found: list[NDArray[np.uint8]] = []
    each = max(1, _GROUND_FRAMES // max(1, len(files)))
    for path in files:
        if "road" not in pq.read_schema(path).names:
            continue
        column = pq.read_table(path, columns=["road"], partitioning=None)["road"]
        there = column.filter(pc.is_valid(column))
        places = np.linspace(0, len(there) - 1, min(each, len(there))).round().astype(int)
        for place in places:
            content = there[int(place)].as_py()
            picture = cv2.imdecode(
                np.frombuffer(content["bytes"] or b"\0", np.uint8), cv2.IMREAD_GRAYSCALE
            )
            if picture is not None:
                found.append(np.asarray(picture, dtype=np.uint8))
    if len(found) < 3 or len({picture.shape for picture in found}) > 1:
        return None
    ground: NDArray[np.uint8] = np.median(np.stack(found), axis=0).astype(np.uint8)
    lit = ground > 8
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if not len(rows):
        return None
    cut: NDArray[np.uint8] = ground[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cut
