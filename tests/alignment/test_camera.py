import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgaze.alignment.camera import distort_points, fold_radius, undistort_points

# A real Pupil Invisible (rx7vp), Pupil Player's default for it, and its default for Neon.
INVISIBLE = (
    [[758.4496713313719, 0, 527.8879057509266], [0, 757.7808640950572, 533.5321970486801], [0, 0, 1]],
    [-0.1247860767994248, 0.09942132620500195, 0.0004573976158320329, 0.0009418012364615087,
     0.017099523456675172, 0.20107966451590206, 0.010423831533627314, 0.062261038589581784],
)  # fmt: skip
INVISIBLE_DEFAULT = (
    [[766.2927454396544, 0, 543.6272327745995], [0, 766.3976103393867, 566.0580149497666], [0, 0, 1]],
    [-0.12390715699556255, 0.09983010007937897, 0.0013846288331131738, -0.00036539454816030264,
     0.020072404577046853, 0.2052173023022547, 0.009921380887245364, 0.06631870205961587],
)  # fmt: skip
NEON_DEFAULT = (
    [[892.1746128870618, 0, 829.7903330088201], [0, 891.4721112020742, 606.9965952706247], [0, 0, 1]],
    [-0.13199101574152391, 0.11064108837365579, 0.00010404274838141136, -0.00019483441697480834,
     -0.002837744957163781, 0.17125797998042083, 0.05167573834059702, 0.021300346544012465],
)  # fmt: skip
PLAIN = [[1000.0, 0, 500], [0, 800, 400], [0, 0, 1]]


def grid(x_px: tuple[float, float], y_px: tuple[float, float], count: int = 61) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(*x_px, count), np.linspace(*y_px, count))
    return np.column_stack([x.ravel(), y.ravel()])


def opencv_project(points: np.ndarray, matrix: object, distortion: object) -> np.ndarray:
    rays = np.column_stack([points, np.ones(len(points))])
    return cv2.projectPoints(
        rays[:, None], np.zeros(3), np.zeros(3), np.array(matrix), np.array(distortion, dtype=float)
    )[0][:, 0]


@pytest.mark.parametrize("camera", [INVISIBLE, INVISIBLE_DEFAULT, NEON_DEFAULT])
def test_projects_as_opencv_does(camera: tuple) -> None:
    rays = grid((-1.2, 1.2), (-1.1, 1.1))
    assert np.abs(distort_points(rays, *camera) - opencv_project(rays, *camera)).max() < 1e-9


@pytest.mark.parametrize(
    "coefficients", [[], [-0.3, 0.1, 1e-3, -2e-3], [-0.3, 0.1, 1e-3, -2e-3, 0.02]]
)
def test_shorter_models_are_opencvs(coefficients: list[float]) -> None:
    rays = grid((-0.5, 0.5), (-0.5, 0.5))
    ours = distort_points(rays, PLAIN, coefficients)
    assert np.abs(ours - opencv_project(rays, PLAIN, coefficients or np.zeros(4))).max() < 1e-9


@pytest.mark.parametrize("camera", [INVISIBLE, INVISIBLE_DEFAULT])
def test_inverse_holds_over_the_frame_and_beyond_its_edge(camera: tuple) -> None:
    # gaze of a real Pupil Invisible was seen from −88 to 1118 px
    pixels = grid((-88, 1118), (-88, 1118))
    again = opencv_project(undistort_points(pixels, *camera), *camera)
    assert np.abs(again - pixels).max() < 2e-6


def test_neon_has_no_rays_in_its_outermost_corners() -> None:
    # Player's default model turns back some 948 px from its principal point; a corner is 1028 px away
    pixels = grid((0, 1599), (0, 1199))
    rays = undistort_points(pixels, *NEON_DEFAULT)
    radius_px = np.hypot(*(pixels - np.array(NEON_DEFAULT[0])[:2, 2]).T)
    known = np.isfinite(rays[:, 0])
    assert known[radius_px < 944].all()
    assert not known[radius_px > 955].any()
    again = opencv_project(rays[known], *NEON_DEFAULT)
    assert np.abs(again - pixels[known]).max() < 2e-6


def test_inverse_gives_back_the_rays() -> None:
    rays = grid((-0.9, 0.9), (-0.9, 0.9))
    assert (
        np.abs(undistort_points(distort_points(rays, *INVISIBLE), *INVISIBLE) - rays).max() < 1e-8
    )


def test_without_distortion_it_is_the_pinhole() -> None:
    rays = undistort_points([[500, 400], [1500, 400], [500, -400]], PLAIN, [])
    assert rays.tolist() == [[0, 0], [1, 0], [0, -1]]


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_missing_points_stay_missing_and_alone(missing: float) -> None:
    pixels = np.array([[100.0, 200.0], [missing, 5.0], [5.0, missing], [700.0, 800.0]])
    rays = undistort_points(pixels, *INVISIBLE)
    assert np.isnan(rays).all(axis=1).tolist() == [False, True, True, False]
    whole = undistort_points(pixels[[0, 3]], *INVISIBLE)
    assert rays[[0, 3]].tolist() == whole.tolist()
    projected = distort_points([[0.1, missing], [0.1, 0.2]], *INVISIBLE)
    assert np.isnan(projected[:, 0]).tolist() == [True, False]


def test_no_points() -> None:
    assert undistort_points(np.zeros((0, 2)), *INVISIBLE).shape == (0, 2)
    assert distort_points(np.zeros((0, 2)), *INVISIBLE).shape == (0, 2)


def test_float32_pixels_are_computed_in_float64() -> None:
    pixels = np.array([[12.3456, 987.654]], dtype=np.float32)
    rays = undistort_points(pixels, *INVISIBLE)
    assert rays.dtype == np.float64
    assert rays.tolist() == undistort_points(pixels.astype(float), *INVISIBLE).tolist()


def test_fold_of_a_cubic_lens() -> None:
    # r − 0.3 r³ turns back at r² = 1 / 0.9
    assert fold_radius([-0.3, 0, 0, 0]) == pytest.approx((1 / 0.9) ** 0.5, rel=1e-12)
    assert fold_radius([]) == np.inf
    assert fold_radius([0.1, 0.2, 0, 0]) == np.inf
    # 1 / (1 − 0.25 r²) has its pole at r = 2
    assert fold_radius([0, 0, 0, 0, 0, -0.25, 0, 0]) == pytest.approx(2.0)
    assert fold_radius(INVISIBLE[1]) == np.inf


def test_beyond_the_fold_there_is_nothing() -> None:
    edge = fold_radius([-0.3, 0, 0, 0])
    highest = edge * (1 - 0.3 * edge**2)  # 0.7027: no ray is seen further out
    near, far = 500 + 1000 * (highest - 1e-3), 500 + 1000 * (highest + 1e-3)
    rays = undistort_points([[near, 400], [far, 400]], PLAIN, [-0.3, 0, 0, 0])
    assert 0.95 * edge < rays[0, 0] < edge
    assert np.isnan(rays[1]).all()
    pixels = distort_points([[edge * 0.99, 0], [edge * 1.01, 0]], PLAIN, [-0.3, 0, 0, 0])
    assert np.isnan(pixels[:, 0]).tolist() == [False, True]


def test_of_several_branches_the_lens_s_own_is_taken() -> None:
    # r − 0.5 r³ + 0.1 r⁵ rises to 0.6 at r = 1, falls to 0.566 at √2, and rises for ever
    distortion = [-0.5, 0.1, 0, 0]
    assert fold_radius(distortion) == pytest.approx(1)
    target = np.array([0.3, 0.57, 0.5999, 0.6001, 0.7, 1.0, 3.0, 30.0])
    rays = undistort_points(
        np.column_stack([500 + 1000 * target, 0 * target + 400]), PLAIN, distortion
    )
    assert np.isfinite(rays[:, 0]).tolist() == [True] * 3 + [False] * 5
    assert (rays[:3, 0] < 1).all()
    assert rays[:3, 0] - 0.5 * rays[:3, 0] ** 3 + 0.1 * rays[:3, 0] ** 5 == pytest.approx(
        target[:3]
    )


@pytest.mark.parametrize("camera", [INVISIBLE, (PLAIN, [-0.1, 0.02, 0.04, -0.03])])
def test_seven_steps_are_enough(camera: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashgaze.alignment.camera.MAX_STEPS", 7)
    assert np.isfinite(undistort_points(grid((0, 1088), (0, 1080)), *camera)).all()


coefficient = st.floats(-1, 1)


@given(
    distortion=st.tuples(*[coefficient] * 8),
    pixels=st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=20),
)
@settings(deadline=None, max_examples=200)
def test_any_model_gives_right_rays_or_none(
    distortion: tuple[float, ...], pixels: list[tuple[float, float]]
) -> None:
    rays = undistort_points(pixels, PLAIN, distortion)
    known = np.isfinite(rays).all(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = distort_points(rays, PLAIN, distortion)
    assert np.abs(again - np.array(pixels))[known].max(initial=0) < 1e-5
    assert np.isnan(rays[~known]).all()


@pytest.mark.parametrize(
    ("points", "matrix", "distortion", "message"),
    [
        (np.zeros((3, 3)), PLAIN, [], r"shape \(n, 2\), not \(3, 3\)"),
        (np.zeros(2), PLAIN, [], r"shape \(n, 2\)"),
        (np.zeros((1, 2)), np.eye(4), [], "3 × 3"),
        (np.zeros((1, 2)), np.zeros((3, 3)), [], "positive focal lengths"),
        (np.zeros((1, 2)), PLAIN, [0.1, 0.2], "0, 4, 5 or 8"),
        (np.zeros((1, 2)), PLAIN, [[0.0] * 8], "0, 4, 5 or 8"),
        (np.zeros((1, 2)), PLAIN, [np.nan] * 8, "finite"),
    ],
)
def test_arguments_of_the_wrong_form(
    points: object, matrix: object, distortion: object, message: str
) -> None:
    for function in (distort_points, undistort_points):
        with pytest.raises(ValueError, match=message):
            function(points, matrix, distortion)
