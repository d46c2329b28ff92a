"""Faces in pictures: where they are, which one is the driver's, and how the head is turned.

Knows pictures, arrays and files, no session folders. A detector is chosen by a short text, see
`open_face_detector`. None of the modules imports torch before MTCNN is asked for.
"""

from .detector import FaceDetector, Faces
from .driver_face import DriverChoice, VideoFaces, choose_driver
from .face_file import FaceFile, read_face_file
from .head_pose import HeadPoses, head_poses
from .opening import DetectorChoice, open_face_detector

__all__ = [
    "DetectorChoice",
    "DriverChoice",
    "FaceDetector",
    "FaceFile",
    "Faces",
    "HeadPoses",
    "VideoFaces",
    "choose_driver",
    "head_poses",
    "open_face_detector",
    "read_face_file",
]
