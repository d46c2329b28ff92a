"""Frames whose truth is known, and models whose errors are planted."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.predictions import Predictions
from dashgaze.models.contract.samples import Samples
from dashgaze.models.evaluation.entrants import Entrant
from dashgaze.progress import Progress, silent

WIDTH_PX, HEIGHT_PX = 1000.0, 500.0


def make_samples(sessions: int = 8, frames: int = 30, *, seed: int = 0) -> Samples:
    """Sessions s0, s1 … of drivers d0, d1 …; frame 0 is a blink, frame 1 out of view, frame 2 not known."""
    random = np.random.default_rng(seed)
    count = sessions * frames
    number = np.repeat(np.arange(sessions), frames)
    frame = np.tile(np.arange(frames), sessions)
    gaze = random.normal(0, 1, (count, 2)) * [80.0, 40.0] + [520.0, 240.0]
    gaze += (random.normal(0, 1, (sessions, 2)) * [40.0, 20.0])[number]
    gaze = gaze.clip([0, 0], [WIDTH_PX - 1, HEIGHT_PX - 1])
    gaze[frame == 1] = [WIDTH_PX + 100, 200.0]
    gaze[frame == 2] = np.nan
    box = np.tile([500.0, 200.0, 200.0, 260.0], (count, 1))
    landmarks = np.array([[660, 300], [560, 300], [610, 350], [640, 400], [580, 400]], dtype=float)
    landmarks = np.tile(landmarks, (count, 1, 1))
    landmarks[frame == 3] = np.nan

    def words(*levels: str) -> np.ndarray:
        return np.array(levels)[number % len(levels)]

    return Samples(
        session_id=np.array([f"s{n}" for n in number]),
        driver_id=np.array([f"d{n}" for n in number]),
        split=np.full(count, "test"),
        frame_index=frame * 6,
        time_s=frame * 0.2,
        gaze_road_px=gaze,
        gaze_road_cov_px2=np.tile([9.0, 0.0, 9.0], (count, 1)),
        gaze_in_view=(frame != 1) & (frame != 2),
        gaze_angle_deg=random.normal(0, 8, (count, 2)),
        road_size_px=np.tile([WIDTH_PX, HEIGHT_PX], (count, 1)),
        driver_size_px=np.tile([1280.0, 720.0], (count, 1)),
        landmarks_px=landmarks,
        face_box_px=box,
        face_confidence=np.full(count, 0.9),
        head_pose_deg=np.stack([(frame - 15) * 3.0, 0 * frame, 0 * frame], axis=1),
        vanishing_point_px=np.tile([500.0, 240.0], (count, 1)),
        speed_m_s=frame * 0.7,
        fixation=frame % 3 != 0,
        blink=frame == 0,
        homography_source=np.where(frame == 2, "none", np.where(frame % 2, "direct", "propagated")),
        homography_error_px=np.full(count, 3.0),
        lighting=words("day", "day", "night"),
        weather=words("clear"),
        camera_position=words("under_mirror", "windscreen_centre"),
        eyewear=words("none", "none", "none", "glasses", "none", "none", "none", "lenses"),
        car=words("A", ""),
    )


@dataclass
class PlantedPredictor:
    """Answers the truth moved by a known amount; it knows the truth from elsewhere, not from the frames."""

    name: str
    truth: Samples
    move_px: tuple[float, float] = (0.0, 0.0)
    move_deg: tuple[float, float] | None = None
    oracle: bool = False
    cov_px2: tuple[float, float, float] | None = None
    answers: Callable[[Samples], np.ndarray] | None = None
    shown: list[Samples] = field(default_factory=list)

    def predict(
        self, samples: Samples, pictures: PictureSource | None, progress: Progress = silent
    ) -> Predictions:
        self.shown.append(samples)
        xy = np.nan_to_num(self.truth.gaze_road_px, nan=100.0) + self.move_px
        if self.answers is not None:
            xy = np.where(self.answers(samples)[:, None], xy, np.nan)
        return Predictions(
            xy_px=xy,
            xy_cov_px2=None if self.cov_px2 is None else np.tile(self.cov_px2, (len(xy), 1)),
            angle_deg=None
            if self.move_deg is None
            else self.truth.gaze_angle_deg + np.array(self.move_deg),
        )


@dataclass
class FixedPredictor:
    """Answers one point."""

    name: str
    point_px: tuple[float, float]
    oracle: bool = False

    def predict(
        self, samples: Samples, pictures: PictureSource | None, progress: Progress = silent
    ) -> Predictions:
        return Predictions(xy_px=np.tile(self.point_px, (len(samples), 1)))


@dataclass
class PlainPictures:
    """Noise of a grey of its own for each row."""

    count: int
    sizes: dict[str, tuple[int, int]] = field(
        default_factory=lambda: {
            "driver": (224, 224),
            "face": (224, 224),
            "left_eye": (100, 50),
            "right_eye": (100, 50),
        }
    )
    rows_read: np.ndarray | None = None

    def read(self, rows, name, size_px=None):
        width, height = size_px or self.sizes[name]
        made = [
            np.random.default_rng(int(row)).integers(60, 200, (3, height, width), dtype=np.uint8)
            for row in self._own(rows)
        ]
        return np.stack(made), np.ones(len(rows), bool)

    def _own(self, rows):
        return rows if self.rows_read is None else self.rows_read[rows]

    def take(self, rows):
        return PlainPictures(len(rows), self.sizes, self._own(np.asarray(rows)))


@pytest.fixture
def samples() -> Samples:
    return make_samples()


@pytest.fixture
def planted(samples: Samples) -> Callable[..., Entrant]:
    """Make a model that is wrong by a planted amount."""

    def make(name: str, move_px: tuple[float, float] = (0.0, 0.0), **more) -> Entrant:
        of_entrant = {
            key: more.pop(key) for key in ("calibrated", "constant", "kind") if key in more
        }
        return Entrant(
            name=name,
            predictor=PlantedPredictor(name=name, truth=samples, move_px=move_px, **more),
            **of_entrant,
        )

    return make


@pytest.fixture
def median() -> Entrant:
    """The fallback: one point."""
    return Entrant(
        name="train_median",
        predictor=FixedPredictor("train_median", (500.0, 250.0)),
        constant=True,
    )


@pytest.fixture
def session_mean() -> Entrant:
    return Entrant(
        name="session_mean", predictor=FixedPredictor("session_mean", (510.0, 245.0), oracle=True)
    )


@pytest.fixture
def plain_pictures() -> type[PlainPictures]:
    return PlainPictures
