"""One map for each frame, or the reason why there is none."""

import numpy as np
import pytest

from dashgaze.alignment.chains import CHAIN_GROWTH_RAD
from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.frame_pairs import MissingReason
from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.observations import Observations
from dashgaze.alignment.road_camera import RoadCamera, usual_focal_px
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.solution import (
    REASONS,
    SOURCES,
    STAMP_ERROR_MS,
    WITHOUT_CALIBRATION_DEG,
    Solution,
    SolveOptions,
    solve,
)
from dashgaze.alignment.sweep import RowResult
from dashgaze.alignment.tracks import TRACK_GROWTH_RAD
from dashgaze.alignment.turn_fit import TurnFit

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 536.1], [0, 0, 1]])
CAMERA = EgoCamera(EGO, np.zeros(8), size_px=(1088, 1080))
FOCAL_PX = 1663.0
ROAD = np.array([[FOCAL_PX, 0, 959.5], [0, FOCAL_PX, 539.5], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(1920, 1080))
ROAD_CAMERA = RoadCamera(
    focal_px=FOCAL_PX, spread_px=np.nan, count=0, size_px=(1920, 1080), centre_px=(959.5, 539.5)
)
STRONG, WEAK = 1e-5, 5e-3
DEGREE_PX = FOCAL_PX * np.radians(1)


def wandering(count: int) -> np.ndarray:
    """Turns of a head that wanders a few degrees to and fro, rad."""
    at = np.arange(count)[:, None]
    return 0.008 * np.sin(at / (5, 7, 9)) * (0.5, 1, 0.3)


class Drive:
    """Frames of which the truth is known."""

    def __init__(self, count: int, turns: np.ndarray | None = None) -> None:
        self.turns = wandering(count) if turns is None else turns
        orientation = rotation_matrix(np.array([0.03, -0.04, 0.02]))
        self.truth = []
        for turn in self.turns:
            orientation = orientation @ rotation_matrix(turn)
            matrix = ROAD @ orientation @ np.linalg.inv(EGO)
            self.truth.append(Mapping.from_matrix(matrix, STRONG**2 * np.eye(8), FRAME))
        self.rows = [RowResult(row=row, refusal="no_consensus") for row in range(count)]
        self.time_s = np.arange(count) / 30

    def matched(self, *rows: int, sigma: float = STRONG, off: np.ndarray | None = None) -> "Drive":
        for row in rows:
            true = self.truth[row]
            mapping = Mapping(true.normal_map, sigma**2 * np.eye(8), FRAME)
            result = RowResult(row=row, direct=mapping if off is None else mapping.turned(off))
            result.inlier_count, result.match_count, result.sigma_px = 80, 120, 0.5
            result.spread_px, result.velocity_px_s = 0.0, np.zeros(2)
            result.carried = self.rows[row].carried
            self.rows[row] = result
        return self

    def missing(self, reason: MissingReason, *rows: int) -> "Drive":
        for row in rows:
            self.rows[row] = RowResult(row=row, missing=reason)
        return self

    def carried(self, way: str, *rows: int) -> "Drive":
        for row in rows:
            self.rows[row].carried[way] = TurnFit(
                mapping=self.truth[row],
                inlier_count=33,
                inlier_probability=np.ones(33),
                sigma_px=0.3,
            )
        return self

    def solve(self, *, gyro: bool = True, **given) -> Solution:
        options = {k: given.pop(k) for k in list(given) if k in SolveOptions.__dataclass_fields__}
        turns = self.turns if gyro else np.full_like(self.turns, np.nan)
        return solve(
            Observations.collect(self.rows), camera=CAMERA, frame=FRAME, time_s=self.time_s,
            turn_rad=turns, options=SolveOptions(**options),
            **{"road_camera": ROAD_CAMERA, **given},
        )  # fmt: skip

    def off_px(self, found: Solution, row: int) -> float:
        """Largest distance from the truth in the middle part of the road view."""
        x, y = np.meshgrid([700, 960, 1200], [400, 540, 700])
        road = np.column_stack([x.ravel(), y.ravel(), np.ones(9)])
        ego = road @ np.linalg.inv(self.truth[row].road_from_ego).T
        mapping = found.mapping(row)
        assert mapping is not None
        apart = mapping.map_points(ego[:, :2] / ego[:, 2:]) - road[:, :2]
        return float(np.hypot(*apart.T).max())


def sources(found: Solution) -> list[str]:
    return [SOURCES[each] for each in found.source]


def reason(found: Solution, row: int) -> str | None:
    return None if found.reason[row] < 0 else REASONS[found.reason[row]]


def error_px(found: Solution, row: int) -> float:
    """Error in the middle of the road view, without what a plane can't explain."""
    mapping = found.mapping(row)
    assert mapping is not None
    middle = np.linalg.inv(mapping.road_from_ego) @ [959.5, 539.5, 1.0]
    spread = mapping.covariance_px2((middle[:2] / middle[2])[None])[0]
    return float(np.sqrt(np.trace(spread) / 2))


def test_matched_frames_are_direct_and_gaps_are_filled() -> None:
    drive = Drive(90)
    gap = range(40, 52)
    drive.matched(*(row for row in range(90) if row not in gap))
    found = drive.solve()
    assert sources(found) == ["propagated" if row in gap else "direct" for row in range(90)]
    assert (found.reason == -1).all()
    assert found.hops.tolist() == [
        min(row - 39, 52 - row) if row in gap else 0 for row in range(90)
    ]
    assert found.inlier_count[39:41].tolist() == [80, 0]  # by the gyroscope alone
    assert max(drive.off_px(found, row) for row in gap) < 1
    assert found.answered.all()


@pytest.mark.parametrize(
    "why", ["no_road_frame", "ego_invalid", "road_undecodable", "road_other_shape"]
)
def test_frames_without_pictures_keep_their_reason(why: MissingReason) -> None:
    drive = Drive(60).matched(*range(60)).missing(why, 20, 21)
    found = drive.solve()
    assert [reason(found, row) for row in (19, 20, 21, 22)] == [None, why, why, None]
    assert sources(found)[20:22] == ["none"] * 2
    assert found.hops[20] == -1
    assert found.inlier_count[20] == 0
    assert np.isnan(found.road_from_ego[20]).all()
    assert np.isnan(found.covariance[20]).all()
    assert found.mapping(20) is None


def test_a_damaged_ego_picture_is_filled_in_like_a_blurred_one() -> None:
    drive = Drive(60).matched(*range(60)).missing("ego_undecodable", 20, 21)
    found = drive.solve()
    assert sources(found)[19:23] == ["direct", "propagated", "propagated", "direct"]
    assert drive.off_px(found, 20) < 1


def test_a_damaged_ego_picture_that_can_t_be_filled_in_says_so() -> None:
    drive = Drive(60).matched(*range(10)).missing("ego_undecodable", 59)
    found = drive.solve(max_hops=5)
    assert reason(found, 58) == "no_match_near"
    assert reason(found, 59) == "ego_undecodable"


def test_further_from_a_match_than_allowed_nothing_is_answered() -> None:
    drive = Drive(90).matched(*range(40), *range(70, 90))
    found = drive.solve(max_hops=6)
    near = [*range(40, 46), *range(64, 70)]
    assert [row for row in range(90) if sources(found)[row] == "propagated"] == near
    for row in range(46, 64):
        assert reason(found, row) == "no_match_near"
    assert drive.solve(max_hops=0).answered.sum() == 60


def test_without_any_match_nothing_is_answered() -> None:
    found = Drive(20).solve(road_camera=None)
    assert set(sources(found)) == {"none"}
    assert {reason(found, row) for row in range(20)} == {"no_match_near"}
    assert found.road_camera is None
    assert found.road_px_per_rad == usual_focal_px((1920, 1080))


def test_a_guess_is_given_up_where_it_is_too_uncertain() -> None:
    drive = Drive(140).matched(*range(80))
    found = drive.solve(gyro=False)
    assert found.gyro_errors is None
    assert found.steady_errors is not None
    answered = found.answered[80:]
    assert answered[0]
    last = 80 + int(np.flatnonzero(answered)[-1])
    assert last < 139
    assert answered[: last - 79].all()
    assert reason(found, last + 1) in ("too_uncertain", "no_match_near")
    assert error_px(found, last) <= 0.75 * DEGREE_PX
    errors = [error_px(found, row) for row in range(80, last + 1)]
    assert (np.diff(errors) >= -1e-9).all()
    # a tighter limit gives up sooner, and says that this is why
    tight = drive.solve(gyro=False, max_error_deg=0.1)
    assert tight.answered.sum() < found.answered.sum()
    first_none = int(np.flatnonzero(~tight.answered)[0])
    assert reason(tight, first_none) == "too_uncertain"


def test_the_gyroscope_reaches_further_than_a_guess() -> None:
    drive = Drive(140).matched(*range(80))
    with_it, without = drive.solve(), drive.solve(gyro=False)
    assert with_it.answered.sum() > without.answered.sum()
    assert error_px(with_it, 81) < error_px(without, 81)


def test_looking_away_from_the_road_says_so() -> None:
    turns = wandering(120)
    turns[40:50, 1] += np.radians(6.0)
    turns[70:80, 1] -= np.radians(6.0)
    drive = Drive(120, turns).matched(*range(40), *range(80, 120))
    found = drive.solve()
    for row in range(52, 68):
        assert sources(found)[row] == "none"
        assert reason(found, row) == "road_out_of_view"
    assert sources(found)[41] == sources(found)[78] == "propagated"
    # whoever wants them, may have them
    assert drive.solve(min_common_share=0.0, max_error_deg=90.0).answered[60]


def test_a_weak_match_gives_way_to_what_is_carried_to_it() -> None:
    drive = Drive(90).matched(*range(90))
    drive.matched(45, sigma=WEAK, off=np.array([0.01, 0.02, 0]))
    found = drive.solve()
    assert sources(found)[44:47] == ["direct", "propagated", "direct"]
    assert found.hops[45] == 1
    assert drive.off_px(found, 45) < 1


def test_a_weak_match_carries_no_others() -> None:
    drive = Drive(90).matched(*range(40), *range(60, 90))
    drive.matched(50, sigma=WEAK, off=np.array([0, 0.05, 0]))
    found = drive.solve()
    assert max(drive.off_px(found, row) for row in range(40, 60)) < 1
    assert found.hops[50] == 10


def test_a_weak_match_stands_where_nothing_better_is_near() -> None:
    drive = Drive(160).matched(*range(40)).matched(150, sigma=WEAK)
    found = drive.solve(gyro=False, max_error_deg=5.0)
    assert sources(found)[150] == "direct"
    assert found.hops[150] == 0
    assert found.inlier_count[150] == 80
    # but not if it is beyond the limit
    assert reason(drive.solve(gyro=False, max_error_deg=0.2), 150) == "too_uncertain"


def test_where_all_matches_are_weak_they_carry_others() -> None:
    drive = Drive(60).matched(*range(30), *range(32, 60), sigma=WEAK / 2)
    found = drive.solve(max_error_deg=3.0)
    assert sources(found)[29:33] == ["direct", "propagated", "propagated", "direct"]


def test_tracked_points_lose_little_and_chains_much() -> None:
    def after(method: str, step: int) -> float:
        drive = Drive(60).matched(*range(40)).carried("forward", *range(40, 60))
        found = drive.solve(gyro=False, method=method, max_error_deg=20.0)
        assert found.inlier_count[39 + step] == 33
        assert drive.off_px(found, 39 + step) < 1
        return error_px(found, 39 + step)

    for step in (2, 10, 20):
        chain_px = step * CHAIN_GROWTH_RAD * FOCAL_PX
        assert after("chain", step) == pytest.approx(chain_px, rel=0.1)
        assert after("tracks", step) < 0.2 * chain_px
    assert after("tracks", 20) > 20 * TRACK_GROWTH_RAD * FOCAL_PX * 0.5


def test_chains_know_no_gyroscope() -> None:
    drive = Drive(60).matched(*range(40)).carried("forward", 40, 41)
    found = drive.solve(method="chain", max_error_deg=5.0)
    assert sources(found)[39:43] == ["direct", "propagated", "propagated", "none"]
    assert reason(found, 42) == "no_match_near"
    assert found.gyro_errors is None


def test_the_published_way_knows_no_limits() -> None:
    drive = Drive(100).matched(0).carried("forward", *range(1, 100))
    found = drive.solve(method="paper", max_hops=3, max_error_deg=0.01, min_common_share=1.0)
    assert sources(found) == ["direct"] + ["propagated"] * 99
    assert found.hops.tolist() == list(range(100))


def test_what_a_plane_can_t_explain_is_stated_beside_the_map() -> None:
    drive = Drive(40).matched(*range(40))
    drive.rows[10].spread_px = 3.0
    drive.rows[10].velocity_px_s = np.array([2000.0, 0.0])
    found = drive.solve()
    sway = (STAMP_ERROR_MS / 1e3 * 2000.0) ** 2
    assert found.model_px2[10, 0, 0] == pytest.approx(9 + sway, rel=0.01)
    assert found.model_px2[10, 1, 1] == pytest.approx(9, rel=0.01)
    assert found.model_px2[11, 1, 1] < 1
    assert found.model_px2[11, 0, 1] == pytest.approx(0)


def test_frames_without_a_match_are_as_is_usual_near_them() -> None:
    drive = Drive(60).matched(*range(30), *range(40, 60))
    for row in [*range(30), *range(40, 60)]:
        drive.rows[row].spread_px = 4.0 if row < 30 else 2.0
    drive.rows[29].spread_px = 50.0  # a picture that begins to blur
    found = drive.solve()
    assert found.model_px2[29, 0, 0] == pytest.approx(2500, rel=0.02)
    for row, spread in ((30, 4.0), (33, 4.0), (38, 2.0)):
        assert found.model_px2[row, 0, 0] == pytest.approx(spread**2, rel=0.05)


def test_without_calibration_errors_are_larger() -> None:
    drive = Drive(40).matched(*range(40))
    own, usual = drive.solve(), drive.solve(calibrated=False)
    extra = np.sqrt(usual.model_px2[5, 0, 0] - own.model_px2[5, 0, 0])
    assert extra == pytest.approx(WITHOUT_CALIBRATION_DEG * DEGREE_PX, rel=0.01)
    assert own.road_from_ego == pytest.approx(usual.road_from_ego)


def test_the_road_camera_is_found_from_the_maps() -> None:
    found = Drive(40).matched(*range(40)).solve(road_camera=None)
    assert found.road_camera is not None
    assert found.road_camera.focal_px == pytest.approx(FOCAL_PX, rel=1e-3)
    assert found.road_px_per_rad == found.road_camera.focal_px
    few = Drive(40).matched(1, 2, 3).solve(road_camera=None)
    assert few.road_camera is None


def test_a_few_matches_that_contradict_each_other_are_no_drive() -> None:
    """Of two drives: now and then something fits by chance, as maps that no camera can have."""
    drive = Drive(200)
    rng = np.random.default_rng(3)
    for row in range(0, 200, 20):
        form = np.eye(3) + rng.normal(0, 0.2, (3, 3))
        result = RowResult(
            row=row,
            direct=Mapping(drive.truth[row].normal_map @ form, STRONG**2 * np.eye(8), FRAME),
        )
        result.inlier_count, result.match_count, result.spread_px = 30, 290, 0.0
        result.velocity_px_s = np.zeros(2)
        drive.rows[row] = result
    found = drive.solve(road_camera=None)
    assert found.road_camera is None
    assert not found.answered.any()


@pytest.mark.parametrize(
    "wrong", [{"max_hops": -1}, {"max_error_deg": 0.0}, {"min_common_share": 1.5}]
)
def test_impossible_limits(wrong: dict) -> None:
    with pytest.raises(ValueError, match="positive"):
        SolveOptions(**wrong)
