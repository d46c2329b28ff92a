"""Faces that are drawn by hand, and networks whose attention is known."""

from typing import ClassVar

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from dashgaze.face_detection.head_pose import FACE_MM, camera_matrix
from dashgaze.models.contract.batch import Batch, Output
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.samples import Samples
from dashgaze.models.explanation.chosen_frames import Frames, gather
from dashgaze.models.explanation.picture_places import picture_place

DRIVER_PX = (640, 480)
FACE_PX = (56, 56)
SMALL_DRIVER_PX = (56, 56)
GREY = 120


class RedEye(GazeNetwork):
    """Says how much red there is in the face's picture: only the driver's left eye is red."""

    name: ClassVar[str] = "red_eye"

    def __init__(self) -> None:
        super().__init__()
        self.options = {}
        self.picture_sizes_px = {"face": FACE_PX, "driver": SMALL_DRIVER_PX}
        self.face = ColourBranch()
        self.driver = ColourBranch(weight=(0.0, 0.0, 0.0))
        self.head = nn.Linear(2, 4)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[9.0, 9], [-6, -6], [4, 4], [2, 2]]))
            self.head.bias.zero_()

    def forward(self, batch: Batch) -> Output:
        face, driver = self.face(batch.pictures["face"]), self.driver(batch.pictures["driver"])
        answer = self.head(torch.cat([face, driver], dim=1))
        return Output(
            xy=answer[:, :2], angle=answer[:, 2:], features={"face": face, "driver": driver}
        )

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        return {"total": (output.xy - batch.target_xy).square().mean()}


class Colour(nn.Module):
    """How much of one colour there is in each pixel."""

    def __init__(self, weight: tuple[float, float, float]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, pictures: Tensor) -> Tensor:
        red, green, blue = (pictures[:, i].float() * self.weight[i] for i in range(3))
        return (red + green + blue).relu() / 255


class ColourBranch(nn.Module):
    """The mean of what is of one colour."""

    def __init__(self, weight: tuple[float, float, float] = (1.0, -1.0, -1.0)) -> None:
        super().__init__()
        self.colour = Colour(weight)
        self.calls = 0

    def forward(self, pictures: Tensor) -> Tensor:
        self.calls += len(pictures)
        return self.colour(pictures).mean(dim=(1, 2))[:, None]


class HandMade:
    """Pictures in memory."""

    def __init__(self, pictures: dict[str, np.ndarray]) -> None:
        self.pictures = pictures

    def read(self, rows, name, size_px=None):
        given = self.pictures[name][rows]
        assert size_px is None or given.shape[2:] == (size_px[1], size_px[0])
        return given, np.ones(len(rows), bool)

    def take(self, rows):
        return HandMade({name: each[rows] for name, each in self.pictures.items()})


def make_samples(count: int = 8, sessions: int = 2) -> Samples:
    """Frames of heads that are turned and placed differently."""
    random = np.random.default_rng(5)
    matrix = camera_matrix(DRIVER_PX)
    landmarks, boxes = [], []
    for number in range(count):
        yaw = np.radians(np.linspace(-25, 25, count)[number])
        turn = cv2.Rodrigues(np.array([0.0, yaw, 0.0]))[0] @ np.diag([-1.0, 1.0, -1.0])
        place = np.array([random.uniform(-40, 40), random.uniform(-30, 30), 520.0])
        seen = (FACE_MM @ turn.T + place) @ matrix.T
        points = seen[:, :2] / seen[:, 2:]
        middle = points.mean(axis=0)
        landmarks.append(points)
        boxes.append([middle[0] - 70, middle[1] - 95, 140, 190])
    texts = {
        "session_id": np.array([f"session_{i * sessions // count:03d}" for i in range(count)]),
        "driver_id": np.array([f"driver_{i * sessions // count:02d}" for i in range(count)]),
        "split": np.full(count, "test"),
        "homography_source": np.full(count, "direct"),
        "lighting": np.full(count, "day"),
        "weather": np.full(count, "clear"),
        "camera_position": np.full(count, "under_mirror"),
        "eyewear": np.array([("none", "glasses")[i * sessions // count % 2] for i in range(count)]),
        "car": np.full(count, "Car A"),
    }
    return Samples(
        **texts,
        frame_index=np.arange(count),
        time_s=np.arange(count) * 2.0,
        gaze_road_px=random.uniform(300, 700, (count, 2)),
        gaze_road_cov_px2=np.tile([100.0, 0, 100], (count, 1)),
        gaze_in_view=np.ones(count, bool),
        gaze_angle_deg=random.uniform(-10, 10, (count, 2)),
        road_size_px=np.tile([1920.0, 1080], (count, 1)),
        driver_size_px=np.tile(np.array(DRIVER_PX, float), (count, 1)),
        landmarks_px=np.array(landmarks),
        face_box_px=np.array(boxes),
        face_confidence=np.ones(count),
        head_pose_deg=np.full((count, 3), np.nan),
        vanishing_point_px=np.full((count, 2), np.nan),
        speed_m_s=np.full(count, 10.0),
        fixation=np.ones(count, bool),
        blink=np.zeros(count, bool),
        homography_error_px=np.full(count, 4.0),
    )


def make_pictures(samples: Samples, *, red: bool = True) -> HandMade:
    """Grey faces; the driver's left eye is a red disc of 9 mm, the right one a blue one."""
    pictures = {}
    for name, size in (("face", FACE_PX), ("driver", SMALL_DRIVER_PX)):
        drawn = np.full((len(samples), size[1], size[0], 3), GREY, np.uint8)
        for row in range(len(samples)):
            place = picture_place(samples, row, name, size)
            eyes = place.points_px(samples.landmarks_px[row, :2])
            radius = max(2, round(13 * place.scale[0]))
            for eye, colour in zip(eyes, ((250, 30, 30), (30, 30, 250)), strict=True):
                if red:
                    centre = tuple(int(v) for v in np.rint(eye))
                    cv2.circle(drawn[row], centre, radius, colour, -1)
        pictures[name] = drawn.transpose(0, 3, 1, 2).copy()
    return HandMade(pictures)


def make_frames(network: GazeNetwork, *, count: int = 8, red: bool = True) -> Frames:
    samples = make_samples(count)
    pictures = make_pictures(samples, red=red)
    return gather(network, samples, pictures, np.arange(count))
