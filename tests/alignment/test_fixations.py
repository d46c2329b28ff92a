"""Fixations planted in made-up gaze, and the device's own in a real recording."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashgaze.alignment.fixations import (
    SMOOTHING_ORDER,
    SMOOTHING_WINDOW,
    EyeMovements,
    _smoothed,
    find_fixations,
    gaps_between,
)
from dashgaze.alignment.frame_grid import interval_of

START_NS = 1_685_088_813_175_076_015
MATRIX = [[766.0, 0, 544], [0, 766.0, 540], [0, 0, 1]]
PX_PER_DEG = 766 * np.pi / 180  # at the centre of the image


def gaze_path(
    knots: list[tuple[float, float]], times_ms: np.ndarray, noise_px: float = 0.0
) -> np.ndarray:
    """Give gaze at some times: x (px from the centre) at knots (ms), jerk-free between them."""
    at_ms, x_px = np.array(knots).T
    i = np.clip(np.searchsorted(at_ms, times_ms, side="right") - 1, 0, len(at_ms) - 2)
    u = np.clip((times_ms - at_ms[i]) / (at_ms[i + 1] - at_ms[i]), 0, 1)
    x = x_px[i] + (x_px[i + 1] - x_px[i]) * u**3 * (10 - 15 * u + 6 * u * u)
    points = np.column_stack([544 + x, np.full(len(x), 540.0)])
    return points + np.random.default_rng(5).normal(0, noise_px, points.shape)


def at_200_hz(length_ms: float) -> np.ndarray:
    return np.arange(0, length_ms, 5.0)


def find(
    times_ms: np.ndarray, points: np.ndarray, usable: np.ndarray | None = None, **options: float
) -> EyeMovements:
    return find_fixations(
        START_NS + (times_ms * 1e6).astype(np.int64),
        points,
        usable=np.ones(len(times_ms), dtype=bool) if usable is None else usable,
        matrix=MATRIX,
        distortion=[],
        **options,
    )


def fixations_ms(found: EyeMovements) -> np.ndarray:
    spans = np.column_stack([found.fixation_start_ns, found.fixation_end_ns])
    return (spans - START_NS) / 1e6


def saccades_ms(found: EyeMovements) -> np.ndarray:
    spans = np.column_stack([found.saccade_start_ns, found.saccade_end_ns])
    return (spans - START_NS) / 1e6


@pytest.mark.parametrize("noise_px", [0.0, 1.0])
@pytest.mark.parametrize("amplitude_deg", [5, 10, 20])
def test_planted_saccades_are_found_within_10_ms(amplitude_deg: float, noise_px: float) -> None:
    # main sequence (Carpenter 1988): duration = 21 ms + 2.2 ms per degree
    length_ms, x = 21 + 2.2 * amplitude_deg, amplitude_deg * PX_PER_DEG
    knots, truth, t, side = [(0.0, 0.0)], [], 0.0, 0.0
    for pause_ms in (200, 300, 250, 400, 150, 350):
        truth.append((t, t + pause_ms))
        knots += [(t + pause_ms, side)]
        side = x - side
        t += pause_ms + length_ms
        knots += [(t, side)]
    times = at_200_hz(truth[-1][1])
    found = find(times, gaze_path(knots, times, noise_px))
    assert len(fixations_ms(found)) == len(truth)
    assert np.abs(fixations_ms(found) - truth).max() <= 10
    np.testing.assert_array_equal(
        saccades_ms(found),
        np.column_stack([fixations_ms(found)[:-1, 1], fixations_ms(found)[1:, 0]]),
    )


def test_irregular_samples_give_the_same() -> None:
    knots = [(0, 0), (300, 0), (345, 150), (700, 150)]
    steps = np.random.default_rng(3).choice([4.0, 8.0, 12.1], 200, p=[0.35, 0.6, 0.05])
    times = np.cumsum(steps)[np.cumsum(steps) < 700]
    found = fixations_ms(find(times, gaze_path(knots, times)))
    assert np.abs(found - [[times[0], 300], [345, 700]]).max() <= 12


def test_still_gaze_is_one_fixation_with_its_last_sample_inside() -> None:
    times = at_200_hz(1000)
    found = find(times, gaze_path([(0, 0), (1000, 0)], times))
    assert fixations_ms(found).tolist() == [[0, 995.000001]]
    assert found.saccade_start_ns.tolist() == []


def test_pursuit_below_the_threshold_is_a_fixation() -> None:
    times = at_200_hz(1000)
    points = np.column_stack([0.85 * times, np.full(len(times), 540.0)])  # 850 px/s
    assert len(fixations_ms(find(times, points))) == 1
    assert len(fixations_ms(find(times, points, velocity_px_s=840))) == 0
    points[:, 0] = 0.95 * times
    assert len(fixations_ms(find(times, points))) == 0


def test_microsaccades_are_bridged_by_size_and_length() -> None:
    # smoothing slows them down, so the threshold is lowered for them to show at all
    def count(amplitude_deg: float, **options: float) -> int:
        x = amplitude_deg * PX_PER_DEG
        points = gaze_path([(0, 0), (500, 0), (515, x), (1000, x)], times)
        return len(fixations_ms(find(times, points, velocity_px_s=300, **options)))

    times = at_200_hz(1000)
    assert count(1.3, microsaccade_deg=0) == 2
    assert count(1.3) == 1
    assert count(2.5) == 2
    assert count(2.5, microsaccade_deg=3) == 1
    # the pause between the two is 30 ms long; the limit is included
    assert count(1.3, microsaccade_ms=30) == 1
    assert count(1.3, microsaccade_ms=29) == 2


def test_fixations_have_to_last() -> None:
    # a stop of about 60 ms between two saccades of 10°
    x = 10 * PX_PER_DEG
    times = at_200_hz(900)
    points = gaze_path([(0, 0), (300, 0), (340, x), (425, x), (465, 2 * x), (900, 2 * x)], times)
    stop = fixations_ms(find(times, points, min_fixation_ms=20))
    assert len(stop) == 3
    length_ms = float(np.ptp(stop[1]))
    kept = find(times, points, min_fixation_ms=length_ms - 1)
    assert len(fixations_ms(kept)) == 3
    dropped = find(times, points, min_fixation_ms=length_ms)
    assert len(fixations_ms(dropped)) == 2
    # one long saccade is left where it was
    assert saccades_ms(dropped).tolist() == [[stop[0, 1], stop[2, 0]]]


@pytest.mark.parametrize(("gap_ms", "pieces"), [(50.0, 1), (55.0, 2)])
def test_missing_samples_end_a_fixation(gap_ms: float, pieces: int) -> None:
    times = at_200_hz(1000)
    times = times[(times <= 500) | (times >= 500 + gap_ms)]
    found = find(times, gaze_path([(0, 0), (1000, 0)], times))
    expected = [[0, 995.000001]] if pieces == 1 else [[0, 500.000001], [555, 995.000001]]
    assert fixations_ms(found).tolist() == expected
    # nothing was seen between the two, so it is no saccade
    assert saccades_ms(found).tolist() == []


def test_blinks_and_removed_glasses_end_a_fixation() -> None:
    times = at_200_hz(1000)
    points = gaze_path([(0, 0), (1000, 0)], times)
    usable = (times < 400) | (times >= 430)
    points[~usable] = [5000, -5000]
    found = find(times, points, usable)
    assert fixations_ms(found).tolist() == [[0, 395.000001], [430, 995.000001]]
    assert saccades_ms(found).tolist() == []


def test_unusable_points_may_be_missing() -> None:
    times = at_200_hz(1000)
    points = gaze_path([(0, 0), (1000, 0)], times)
    points[100] = np.nan
    found = find(times, points, np.isfinite(points[:, 0]))
    assert fixations_ms(found).tolist() == [[0, 495.000001], [505, 995.000001]]


@pytest.mark.parametrize("count", [0, 1, 2, 10])
def test_too_little_gaze(count: int) -> None:
    times = at_200_hz(5.0 * count)
    found = find(times, np.full((count, 2), 540.0))
    assert fixations_ms(found).tolist() == []
    assert found.fixation_start_ns.dtype == np.int64
    nothing = find(times, np.full((count, 2), 540.0), np.zeros(count, dtype=bool))
    assert saccades_ms(nothing).tolist() == []


def test_method_names_the_threshold() -> None:
    times = at_200_hz(200)
    points = np.full((len(times), 2), 540.0)
    assert find(times, points).method == "ivt_900px_s"
    assert find(times, points, velocity_px_s=1200).method == "ivt_1200px_s"


def test_gaps_between_fixations() -> None:
    start, end = np.array([0, 10, 20, 30]), np.array([5, 20, 25, 33])
    before, after = gaps_between(start, end)
    assert before.tolist() == [5, 25]
    assert after.tolist() == [10, 30]
    assert gaps_between(start[:1], end[:1])[0].tolist() == []
    assert gaps_between(start[:0], end[:0])[0].tolist() == []


class TestAgainstPupilCloud:
    """17.6 s of a real Pupil Invisible with 17 fixations and two blinks found by Pupil Cloud."""

    @pytest.fixture
    def folder(self, shared_data: Path) -> Path:
        return shared_data / "eye_tracker" / "pupil_invisible_cloud"

    def find(self, folder: Path, *, without_blinks: bool) -> tuple[EyeMovements, pd.DataFrame]:
        gaze = pd.read_csv(folder / "gaze.csv")
        camera = json.loads((folder / "scene_camera.json").read_text())
        usable = gaze["blink id"].isna() if without_blinks else gaze["worn"] == 1
        found = find_fixations(
            gaze["timestamp [ns]"].to_numpy(),
            gaze[["gaze x [px]", "gaze y [px]"]].to_numpy(),
            usable=usable.to_numpy(),
            matrix=camera["camera_matrix"],
            distortion=camera["dist_coefs"][0],
        )
        return found, gaze

    def agreement(self, found: EyeMovements, gaze: pd.DataFrame) -> tuple[float, float]:
        """Give the share of equally labelled samples, and what of it is not chance (kappa)."""
        stamps = gaze["timestamp [ns]"].to_numpy()
        ours = interval_of(stamps, found.fixation_start_ns, found.fixation_end_ns).found
        theirs = gaze["fixation id"].notna().to_numpy()
        share = float((ours == theirs).mean())
        chance = ours.mean() * theirs.mean() + (1 - ours.mean()) * (1 - theirs.mean())
        return share, (share - chance) / (1 - chance)

    def test_every_fixation_is_found(self, folder: Path) -> None:
        # the Cloud's detector does not know of blinks; nor does ours, then
        found, gaze = self.find(folder, without_blinks=False)
        theirs = pd.read_csv(folder / "fixations.csv")
        assert len(found.fixation_start_ns) == len(theirs) == 17
        start_ms = (found.fixation_start_ns - theirs["start timestamp [ns]"]) / 1e6
        # the last one ends with the recording, which the Cloud lets go on for 29 ms after the last sample
        end_ms = (found.fixation_end_ns - theirs["end timestamp [ns]"])[:-1] / 1e6
        assert np.abs(start_ms).max() < 10
        assert np.abs(end_ms).max() < 10
        share, kappa = self.agreement(found, gaze)
        assert share > 0.995
        assert kappa > 0.95

    def test_blinks_are_the_difference(self, folder: Path) -> None:
        found, gaze = self.find(folder, without_blinks=True)
        share, _ = self.agreement(found, gaze)
        assert share > 0.96
        outside = gaze[gaze["blink id"].isna()]
        share, kappa = self.agreement(found, outside)
        assert share > 0.995
        assert kappa > 0.9


@pytest.mark.parametrize("count", [SMOOTHING_WINDOW, SMOOTHING_WINDOW + 1, 300])
def test_gaze_is_smoothed_as_by_scipy(count: int) -> None:
    from scipy.signal import savgol_filter

    path = np.random.default_rng(3).normal(540, 200, (count, 2))
    other = savgol_filter(path, SMOOTHING_WINDOW, SMOOTHING_ORDER, axis=0)
    assert _smoothed(path) == pytest.approx(other, abs=1e-10)


def test_smoothing_changes_no_polynomial_of_its_order() -> None:
    t = np.arange(40.0)
    path = np.column_stack([1 + t - 0.03 * t**2 + 0.001 * t**3, 500 - 2 * t])
    assert _smoothed(path) == pytest.approx(path, abs=1e-9)
