"""What tests of faces share: a real face, weights, and faces that are planted."""

import importlib.util

import numpy as np
import pytest

from dashgaze.errors import MissingExtraError
from dashgaze.face_detection.detector import Faces


@pytest.fixture(scope="session")
def mtcnn():
    """MTCNN on the published weights."""
    from dashgaze.face_detection.mtcnn import Mtcnn

    try:
        return Mtcnn()
    except MissingExtraError as error:
        pytest.skip(f"MTCNN is not installed: {error}")


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """Eileen Collins, NASA, public domain; blue, green and red."""
    if importlib.util.find_spec("skimage") is None:
        pytest.skip("scikit-image, which brings the picture of a face, is not installed")
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


@pytest.fixture(scope="session")
def planted():
    """Make faces from boxes."""

    def make(*boxes, confidence=0.99) -> Faces:
        rows = np.array(boxes, dtype=float).reshape(-1, 4)
        middle = rows[:, None, :2] + rows[:, None, 2:] / 2
        shape = np.array([[0.2, -0.15], [-0.2, -0.15], [0, 0.05], [0.16, 0.25], [-0.16, 0.25]])
        return Faces(
            boxes=rows,
            confidence=np.full(len(rows), confidence),
            landmarks=middle + shape * rows[:, None, 2:],
        )

    return make
