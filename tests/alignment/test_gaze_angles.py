import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashgaze.alignment.gaze_angles import gaze_angles_deg

PLAIN = [[1000.0, 0, 500], [0, 1000, 500], [0, 0, 1]]


@pytest.mark.parametrize(
    ("pixel", "azimuth_deg", "elevation_deg"),
    [
        ((500, 500), 0, 0),
        ((1500, 500), 45, 0),
        ((-500, 500), -45, 0),
        ((500, 1500), 0, -45),
        ((500, -500), 0, 45),
        # −asin(1 / √3), not −atan 1 = −45
        ((1500, 1500), 45, -35.264389682754654),
        ((500 + 1000 * 3**0.5, -500), 60, np.degrees(np.arcsin(1 / 5**0.5))),
    ],
)
def test_angles_of_the_pinhole(
    pixel: tuple[float, float], azimuth_deg: float, elevation_deg: float
) -> None:
    azimuth, elevation = gaze_angles_deg([pixel], PLAIN, [])
    assert azimuth[0] == pytest.approx(azimuth_deg, abs=1e-12)
    assert elevation[0] == pytest.approx(elevation_deg, abs=1e-12)


def test_missing_gaze_has_no_angle() -> None:
    azimuth, elevation = gaze_angles_deg([[np.nan, 1.0], [600.0, 500.0]], PLAIN, [])
    assert np.isnan(azimuth).tolist() == [True, False]
    assert np.isnan(elevation).tolist() == [True, False]


def test_agrees_with_pupil_cloud(shared_data: Path) -> None:
    folder = shared_data / "eye_tracker" / "pupil_invisible_cloud"
    camera = json.loads((folder / "scene_camera.json").read_text())
    gaze = pd.read_csv(folder / "gaze.csv")
    # the device computes from float32
    pixels = gaze[["gaze x [px]", "gaze y [px]"]].to_numpy(dtype=np.float32)
    assert len(pixels) == 3385
    azimuth, elevation = gaze_angles_deg(pixels, camera["camera_matrix"], camera["dist_coefs"][0])
    assert np.abs(azimuth - gaze["azimuth [deg]"]).max() < 1e-4
    assert np.abs(elevation - gaze["elevation [deg]"]).max() < 1e-4
