"""One simulated drive for all tests of sessions, with its truth read once."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.collection.simulation.session.drive import Drive
from dashgaze.collection.simulation.session.simulate_drive import simulate_drive
from dashgaze.collection.simulation.story import Story, plan_story
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.session import Session, open_session


@pytest.fixture(scope="session")
def drive() -> Drive:
    return Drive(
        seconds=22,
        seed=5,
        road_camera=RoadCamera(size_px=(640, 360)),
        driver_size_px=(320, 240),
    )


@pytest.fixture(scope="session")
def root(drive: Drive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its session folder; tests that add to it copy it first."""
    return simulate_drive(tmp_path_factory.mktemp("drives") / "s01", drive)


@pytest.fixture(scope="session")
def session(root: Path) -> Session:
    return open_session(root)


@pytest.fixture(scope="session")
def recording(session: Session) -> EyeTrackerRecording:
    return session.recording()


@pytest.fixture(scope="session")
def story(drive: Drive) -> Story:
    """What happens in it, planned again."""
    return plan_story(drive.seed, drive.conditions, drive.seconds, drive.effects)


@pytest.fixture(scope="session")
def facts(root: Path) -> dict:
    return json.loads((root / "truth" / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def truth(root: Path) -> pd.DataFrame:
    return pd.read_parquet(root / "truth" / "frames.parquet")


@pytest.fixture(scope="session")
def objects(root: Path) -> pd.DataFrame:
    return pd.read_parquet(root / "truth" / "objects.parquet")


@pytest.fixture(scope="session")
def poses(truth: pd.DataFrame) -> dict[str, np.ndarray]:
    """The poses of both cameras in all ego frames, shape (n, 3, 4)."""
    return {
        name: np.stack(truth[f"world_from_{name}"].to_numpy()).reshape(-1, 3, 4)
        for name in ("ego", "road")
    }
