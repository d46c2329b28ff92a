"""A short drive whose driver's face moves in a known way, and a network that points where the nose is."""

from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import torch

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.face_detection.detector import Faces
from dashgaze.models.contract.batch import Batch, Output
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.training.checkpoint import save_checkpoint
from dashgaze.schemas.face_table import LANDMARKS

DRIVER_PX, ROAD_PX = (320, 240), (640, 360)
COUNT = 48
# Variable frame rate, and a video that does not start at zero.
TIMES_S = 0.25 + np.cumsum(np.tile([0.033, 0.021, 0.047, 0.034], COUNT // 4)) - 0.033
FACE_SIZE = np.array([70.0, 90.0])
# left_eye, right_eye, nose, left_mouth, right_mouth in sizes of the box, from its centre
POINTS = np.array([[0.2, -0.15], [-0.2, -0.15], [0.0, 0.05], [0.16, 0.25], [-0.16, 0.25]])
LOG_SD = (-2.0, -1.0)


def noise(size_px, seed, sigma):
    grey = np.random.default_rng(seed).normal(0, 1, size_px[::-1])
    smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
    return smooth / smooth.std()


BACKGROUND = np.clip(70 + 12 * noise(DRIVER_PX, 1, 6), 16, 235)
TEXTURE = np.clip(150 + 30 * noise((200, 200), 2, 4), 16, 235)


def pose(index):
    """Centre (x, y), scale and turn (radians) of the face in a frame."""
    centre = (150 + 30 * np.sin(index / 9), 115 + 10 * np.cos(index / 7))
    return np.array(centre), 1 + 0.08 * np.sin(index / 11), 0.12 * np.sin(index / 8)


def landmarks(index):
    centre, scale, turn = pose(index)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return centre + scale * (POINTS * FACE_SIZE) @ rotation.T


def box(index):
    centre, scale, _ = pose(index)
    return np.concatenate([centre - scale * FACE_SIZE / 2, scale * FACE_SIZE])


def luma(index, *, face=True):
    """The driver view, upright."""
    picture = BACKGROUND.copy()
    if face:
        centre, scale, turn = pose(index)
        matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = np.column_stack([matrix, centre - matrix @ (99.5, 99.5)])
        oval = np.zeros((200, 200))
        cv2.ellipse(oval, (100, 100), (42, 55), 0, 0, 360, 1.0, -1)
        head, mask = (
            cv2.warpAffine(each, matrix, DRIVER_PX, flags=cv2.INTER_LINEAR)
            for each in (TEXTURE, oval)
        )
        picture = picture * (1 - mask) + head * mask
    return np.asarray(np.rint(picture), dtype=np.uint8)


def write_driver(path, *, rotation_deg=0, face=lambda index: True, times_s=TIMES_S):
    turns = {0: None, 90: cv2.ROTATE_90_CLOCKWISE, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

    def stored(index):
        y = luma(index, face=face(index))
        if rotation_deg:
            y = cv2.rotate(y, turns[rotation_deg])
        return np.concatenate([y, np.full((y.shape[0] // 2, y.shape[1]), 128, np.uint8)])

    return write_video(
        path,
        times_s=times_s,
        size_px=DRIVER_PX if not rotation_deg else DRIVER_PX[::-1],
        images=stored,
        options=FileOptions(
            rotation_deg=rotation_deg,
            key_interval=12,
            video_options={"preset": "ultrafast", "crf": "10"},
        ),
    )


def write_road(path, *, start_s=0.0, count=60):
    return write_video(path, times_s=start_s + np.arange(count) / 30, size_px=ROAD_PX)


def write_faces(path, frames=range(COUNT), *, marks=True, seen=lambda index: True):
    """A file of faces found elsewhere; all of them are true."""
    names = ["driver_frame_index", *(f"face_{n}_px" for n in ("x", "y", "width", "height"))]
    names.append("face_confidence")
    if marks:
        names += [f"{name}_{axis}_px" for name in LANDMARKS for axis in "xy"]
    lines = [",".join(names)]
    for index in frames:
        values = [*box(index), 0.97, *(landmarks(index).ravel() if marks else ())]
        known = values if seen(index) else [""] * len(values)
        lines.append(",".join([str(index), *(str(each) for each in known)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class TrueDetector:
    """Finds the planted face in pictures and in parts of them, and counts how often it was asked."""

    name, facts, notes = "true", {}, ()

    def __init__(self):
        self.asked = 0
        self.index = 0

    def faces(self, index):
        return Faces(
            boxes=box(index)[None], confidence=np.array([0.9]), landmarks=landmarks(index)[None]
        )

    def detect(self, picture, *, least_face_px=0.0):
        self.asked += 1
        if picture.shape[1::-1] == DRIVER_PX:
            return self.faces(self.index)
        whole = cv2.convertScaleAbs(luma(self.index), alpha=255 / 219, beta=-16 * 255 / 219)
        match = cv2.matchTemplate(whole, picture[:, :, 0].copy(), cv2.TM_CCOEFF_NORMED)
        left, top = cv2.minMaxLoc(match)[3]
        return self.faces(self.index).moved(-left, -top)


class NosePointer(GazeNetwork):
    """Says that gaze is where the nose is, in shares of the pictures, and that the head tells the angle."""

    name: ClassVar[str] = "nose_pointer"

    def __init__(self, options=None):
        super().__init__()
        self.options = {}
        self.picture_sizes_px = {"face": (32, 32)}
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, batch: Batch) -> Output:
        nose = batch.landmarks[:, 2] * self.weight
        spread = torch.tensor(LOG_SD).expand(len(batch), 2)
        return Output(
            xy=nose,
            xy_log_sd=spread,
            angle=batch.head_pose[:, :2],
            features={"landmarks": batch.landmarks.flatten(1)},
        )

    def loss(self, output, batch):
        return {"total": output.xy.sum()}


def write_checkpoint(folder: Path, network, *, digest="0" * 64) -> Path:
    config = CheckpointConfig(
        model=network.name,
        options=network.options,
        training={},
        data_digest=digest,
        data_title="planted",
        train_sessions=("s1",),
        train_drivers=("D1",),
        step=0,
    )
    return save_checkpoint(folder, network, config)
