"""A drive whose computed tables are put in the place of the stages', so that their errors are known."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashgaze.session import Session, open_session
from dashgaze.stages.frames import frames

SIGMA_PX = 0.5


@dataclass
class Planted:
    """A session with truth, whose frame table can be changed."""

    session: Session

    @property
    def table_path(self) -> Path:
        return self.session.derived / "frames.parquet"

    def change(self, how: Callable[[pd.DataFrame], pd.DataFrame | None]) -> None:
        """Change the frame table in place, or replace it by what is given."""
        table = pd.read_parquet(self.table_path)
        changed = how(table)
        (table if changed is None else changed).to_parquet(self.table_path)


@pytest.fixture(scope="session")
def framed(short_drive, made_drive, tmp_path_factory) -> Path:
    """The short drive with its true clocks and its frame table; not to be changed."""
    root = short_drive.copy_of(made_drive, tmp_path_factory.mktemp("framed") / "s")
    frames(short_drive.set_clocks(root))
    return root


@pytest.fixture
def planted(short_drive, framed, tmp_path) -> Planted:
    """The true place of gaze in every frame, with a stated error of 0.5 px in x and y."""
    planted = Planted(open_session(short_drive.copy_of(framed, tmp_path / "s")))
    truth = pd.read_parquet(planted.session.truth / "frames.parquet")

    def answer(table: pd.DataFrame) -> None:
        for axis in "xy":
            table[f"gaze_road_{axis}_px"] = truth[f"gaze_road_{axis}"]
        for name, value in (("xx", SIGMA_PX**2), ("xy", 0.0), ("yy", SIGMA_PX**2)):
            table[f"gaze_road_cov_{name}_px2"] = np.where(truth["gaze_road_x"].notna(), value, None)
        columns = [f"gaze_road_cov_{name}_px2" for name in ("xx", "xy", "yy")]
        table[columns] = table[columns].astype(float)
        table["homography_error_px"] = SIGMA_PX

    planted.change(answer)
    (planted.session.derived / "homographies.parquet").write_bytes(b"")
    return planted
