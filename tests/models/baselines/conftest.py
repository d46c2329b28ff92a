"""Frames whose gaze follows the head, in sessions that sit differently."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dashgaze.models.baselines import boosting
from dashgaze.models.baselines.registry import baseline_names, fit_baselines
from dashgaze.models.contract.predictions import Predictor
from dashgaze.models.contract.samples import Samples

MOUNTS = ("under_mirror", "windscreen_centre")
FIVE_POINTS = np.array([[40.0, 0.0], [-40.0, 0.0], [0.0, 40.0], [25.0, 80.0], [-25.0, 80.0]])


def make_samples(sessions: int, frames: int, *, seed: int = 0, name: str = "s") -> Samples:
    """Make sessions of one frame every 0.5 s; two sessions a driver."""
    random = np.random.default_rng(seed)
    count = sessions * frames
    number = np.repeat(np.arange(sessions), frames)
    time = np.tile(np.arange(frames) * 0.5, sessions)
    yaw = 15 * np.sin(time / 7 + number) + random.normal(0, 3, count)
    pitch = 4 * np.cos(time / 5 + number) + random.normal(0, 1, count)
    seat = random.normal(0, 30, (sessions, 2))[number]
    turn = np.stack([-4.0 * yaw, -6.0 * pitch], axis=1)
    face = np.array([640.0, 330.0]) + seat + turn
    noise = random.normal(0, 25, (count, 2))
    gaze = np.array([900.0, 520.0]) + np.stack([-12 * yaw, -10 * pitch], axis=1) + noise
    gaze += random.normal(0, 40, (sessions, 2))[number]
    angle = np.stack([-0.5 * yaw, 0.4 * pitch], axis=1) + random.normal(0, 1, (count, 2))
    text = np.array([f"{name}{each:02d}" for each in range(sessions)])[number]
    nothing = np.full(count, "")
    return Samples(
        session_id=text,
        driver_id=np.array([f"{name}d{each // 2}" for each in range(sessions)])[number],
        split=np.full(count, "train"),
        frame_index=np.tile(np.arange(frames) * 15, sessions),
        time_s=time,
        gaze_road_px=gaze,
        gaze_road_cov_px2=np.tile([400.0, 0.0, 400.0], (count, 1)),
        gaze_in_view=np.ones(count, dtype=np.bool_),
        gaze_angle_deg=angle,
        road_size_px=np.tile([1920.0, 1080.0], (count, 1)),
        driver_size_px=np.tile([1280.0, 720.0], (count, 1)),
        landmarks_px=face[:, None] + FIVE_POINTS + random.normal(0, 1, (count, 5, 2)),
        face_box_px=np.column_stack([face - [90, 80], np.tile([180.0, 240.0], (count, 1))]),
        face_confidence=np.ones(count),
        head_pose_deg=np.stack([yaw, pitch, np.zeros(count)], axis=1)
        + random.normal(0, 1, (count, 3)),
        vanishing_point_px=np.array([960.0, 480.0]) + random.normal(0, 5, (count, 2)),
        speed_m_s=np.full(count, 12.0),
        fixation=np.ones(count, dtype=np.bool_),
        blink=np.zeros(count, dtype=np.bool_),
        homography_source=np.full(count, "direct"),
        homography_error_px=np.ones(count),
        lighting=np.full(count, "day"),
        weather=np.full(count, "clear"),
        camera_position=np.array(MOUNTS)[number % 2],
        eyewear=np.full(count, "none"),
        car=nothing,
    )


def with_gaps(samples: Samples) -> Samples:
    """Take away some labels, faces, poses and vanishing points."""
    rows = np.arange(len(samples))

    def gap(values: np.ndarray, every: int) -> np.ndarray:
        shown = (rows % every != 3).reshape(-1, *[1] * (values.ndim - 1))
        return np.where(shown, values, np.nan)

    faceless = rows % 11 == 5
    keep = ~faceless
    return replace(
        samples,
        gaze_road_px=gap(samples.gaze_road_px, 7),
        gaze_angle_deg=gap(samples.gaze_angle_deg, 8),
        landmarks_px=np.where(keep[:, None, None], samples.landmarks_px, np.nan),
        face_box_px=np.where(keep[:, None], samples.face_box_px, np.nan),
        head_pose_deg=gap(samples.head_pose_deg, 13),
        vanishing_point_px=gap(samples.vanishing_point_px, 5),
    )


def without_labels(samples: Samples, rows: np.ndarray | None = None) -> Samples:
    """Take away all labels, or those of some rows."""
    gone = np.ones(len(samples), dtype=np.bool_) if rows is None else rows
    return replace(
        samples,
        gaze_road_px=np.where(gone[:, None], np.nan, samples.gaze_road_px),
        gaze_road_cov_px2=np.where(gone[:, None], np.nan, samples.gaze_road_cov_px2),
        gaze_angle_deg=np.where(gone[:, None], np.nan, samples.gaze_angle_deg),
        gaze_in_view=samples.gaze_in_view & ~gone,
        fixation=samples.fixation & ~gone,
    )


@pytest.fixture(scope="session")
def _few_trees() -> Iterator[None]:
    """Boost with fewer trees, each counting more: the same code in a fifth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "TREES", 25)
        patch.setattr(boosting, "LEARNING_RATE", 0.25)
        yield


@pytest.fixture(scope="session")
def fitted(train: Samples, _few_trees: None) -> dict[str, Predictor]:
    """All baselines; not to be changed."""
    names = baseline_names()
    return dict(zip(names, fit_baselines(names, train), strict=True))


@pytest.fixture(scope="session")
def train() -> Samples:
    """Eight sessions of four drivers, with gaps."""
    return with_gaps(make_samples(8, 200))


@pytest.fixture(scope="session")
def tested() -> Samples:
    """Four sessions of other drivers, with gaps."""
    return with_gaps(make_samples(4, 240, seed=9, name="t"))
